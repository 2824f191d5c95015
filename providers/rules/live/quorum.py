"""Tells whether the swarm can lose a manager, permanently or temporarily, and which ones it has lost."""

from collections.abc import Mapping

from providers.rules.vocabulary.facts import Node
from providers.rules.vocabulary.words import some


def voters(nodes: tuple[Node, ...]) -> list[Node]:
    """Return the managers that count for a majority: none that was only just promoted, or that a forced new swarm does
    without (measurements.md#force-a-new-cluster)."""
    return [node for node in nodes if node.role == "manager" and node.reachability]


def removal_refusal(node: Node, nodes: tuple[Node, ...]) -> str | None:
    """Say why the swarm can't do without this manager, or None if it can. The rule is swarmkit's:
    https://github.com/moby/swarmkit/blob/master/manager/state/raft/raft.go (CanRemoveMember)."""
    remaining = [other for other in voters(nodes) if other.id != node.id]
    if not remaining:
        return "it is the last manager of the swarm"
    if not node.reachability:
        return None
    reachable = sum(other.reachability == "reachable" for other in remaining)
    needed = len(remaining) // 2 + 1
    if reachable >= needed:
        return None
    return (
        f"of the other {len(remaining)} managers only {reachable} can be reached and {needed} are needed: "
        "bring the others back first"
    )


def absence_refusal(node: Node, nodes: tuple[Node, ...]) -> str | None:
    """Say why the swarm would have no leader while this manager is away for a moment, or None if it would have one.

    It stays a voter meanwhile: the others alone have to be a majority of all. A removal takes less, because it makes
    the swarm smaller: four managers of which one is down can lose another for good, but not for a moment.
    https://docs.docker.com/engine/swarm/admin_guide/#add-manager-nodes-for-fault-tolerance
    """
    managers = voters(nodes)
    reachable = sum(other.reachability == "reachable" for other in managers if other.id != node.id)
    needed = len(managers) // 2 + 1
    if reachable >= needed:
        return None
    return (
        f"of the other {len(managers) - 1} managers only {reachable} can be reached, and a majority of all "
        f"{len(managers)} takes {needed}: bring the others back first"
    )


def describe_quorum(nodes: tuple[Node, ...]) -> str:
    """Say how many managers answer, and how many more the swarm can lose; empty if all answer."""
    managers = voters(nodes)
    answering = sum(node.reachability == "reachable" for node in managers)
    if answering == len(managers):
        return ""
    spare = answering - (len(managers) // 2 + 1)
    loss = "one more loss stops the swarm" if spare <= 0 else f"the swarm bears {spare} more"
    return f"{answering} of {len(managers)} managers answer; {loss}"


def describe_unanswering(nodes: tuple[Node, ...], hosts: Mapping[str, str]) -> str:
    """Name the managers that do not answer, with what the quorum bears; empty if all do.

    hosts: names by node id; the others go by their hostnames.
    """
    dead = [node for node in voters(nodes) if node.reachability != "reachable"]
    if not dead:
        return ""
    names = [hosts.get(node.id, node.hostname) for node in dead]
    return (
        f"manager {some(names)}: no answer to the others: {describe_quorum(nodes)}: bring it back, or set "
        f"hosts.{names[0]}.lost: true if it is gone for good"
    )
