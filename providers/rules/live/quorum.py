"""Whether the swarm can do without one of its managers. Which one, and why, must not enter."""

from providers.rules.vocabulary.facts import Node


def no_quorum_without(node: Node, nodes: tuple[Node, ...]) -> str | None:
    """Why the swarm can't do without this manager, None where it can. The rule is swarmkit's:
    https://github.com/moby/swarmkit/blob/master/manager/state/raft/raft.go (CanRemoveMember)."""
    managers = [other for other in nodes if other.role == "manager"]
    if len(managers) <= 1:
        return "it is the last manager of the swarm"
    remaining = [other for other in managers if other.id != node.id]
    reachable = sum(other.reachability == "reachable" for other in remaining)
    needed = len(remaining) // 2 + 1
    if reachable >= needed:
        return None
    return (
        f"of the other {len(remaining)} managers only {reachable} can be reached and {needed} are needed: "
        "bring the others back first"
    )
