"""Taking a member out of service for a moment: drained with its former availability journaled, restarted, put back.

Used where only a restart of a host's Engine helps: a changed docker_gwbridge, an ingress that does not arrive. What
makes the restart necessary must not enter.
"""

from collections.abc import Iterable

from providers.rules.live.quorum import no_quorum_meanwhile
from providers.rules.vocabulary.facts import Member, Node, Swarm, Task
from providers.rules.vocabulary.labels import AVAILABILITY, CHANGE, STOPPED, journal_copies, owner_of
from providers.rules.vocabulary.steps import RestartEngine, Steps, UnlockSwarm, UpdateNode

# Seconds after a restart (or the emptying) without any change before another restart is worth a try.
PATIENCE = 10.0
# A container that ignores TERM costs its stop grace and about 3.5 s (measurements.md#strip); 10 s is the Engine's
# default grace.
EMPTIED = 120.0


def refused(node: Node, nodes: tuple[Node, ...], swarm: Swarm) -> str | None:
    """Why this member's Engine may not be restarted now, None where it may.

    A swarm of one or two managers is without an answer while one of them restarts, whoever does it: there all the
    others have to be well. A locked manager needs the key, which only another manager has.
    """
    if node.role != "manager":
        return None
    others = [other for other in nodes if other.role == "manager" and other.id != node.id]
    well = [other for other in others if other.reachability == "reachable"]
    if swarm.autolock and not well:
        return (
            "its swarm is locked on restart (autolock) and no other manager can give the unlock key: "
            "bring another manager up, or turn autolock off"
        )
    if len(others) >= 2:
        return no_quorum_meanwhile(node, nodes)
    unwell = [other.hostname for other in others if other not in well]
    return f"the other manager {unwell[0]} can't be reached: bring it back first" if unwell else None


def out(node: Node) -> bool:
    """Whether it was taken out of service by us and has not been put back: its former availability is on it."""
    return node.label(AVAILABILITY) is not None


def something_due(swarm: Swarm, nodes: Iterable[Node]) -> bool:
    """Whether a change of ours has left something that has to come back: ports of services, hosts in service."""
    return any(map(out, nodes)) or bool(journal_copies(swarm.labels))


def drained(node: Node) -> bool:
    """Whether it is out of service, and nobody has given it another availability since."""
    return out(node) and node.availability == "drain"


def availability(node: Node) -> str:
    """The availability that it will have once it is put back."""
    return (node.label(AVAILABILITY) or node.availability) if drained(node) else node.availability


def drain(node: Node, stopped: Iterable[str] = ()) -> UpdateNode:
    """Drain it and journal what it was (and the containers that will be stopped) by the same update."""
    journal = {AVAILABILITY: availability(node)}
    ids = ",".join(sorted(stopped))
    if ids:
        journal[STOPPED] = ids
    return UpdateNode(
        node_id=node.id, version=node.version, availability="drain", set_labels=tuple(sorted(journal.items()))
    )


def stopped_on(node: Node) -> tuple[str, ...]:
    """Ids of the containers that were stopped for the restart."""
    return tuple((node.label(STOPPED) or "").split(",")) if node.label(STOPPED) else ()


def running_on(node: Node, tasks: Iterable[Task]) -> list[Task]:
    """Tasks of services that still live on it."""
    return [task for task in tasks if task.node_id == node.id and task.service_id and task.alive]


def restart(node: Node, host: str, swarm: Swarm) -> RestartEngine:
    """Restart its Engine; a manager of an autolocked swarm is unlocked after it."""
    return RestartEngine(host=host, unlock=swarm.autolock and node.role == "manager")


def opened(node: Node) -> UpdateNode:
    """Give it the availability that was journaled; the journal stays until what was stopped runs again."""
    return UpdateNode(node_id=node.id, version=node.version, availability=availability(node))


def put_back(node: Node) -> UpdateNode:
    """Give it the availability that was journaled, and take the journal away by the same update.

    What somebody else has given it since stays.
    """
    return UpdateNode(
        node_id=node.id,
        version=node.version,
        availability=availability(node) if drained(node) else None,
        drop_labels=(AVAILABILITY, STOPPED),
    )


def unlocked(member: Member, swarm: Swarm | None, owner: str) -> Steps | None:
    """Unlock a manager that a cut run left locked: where the swarm, or the change it is in, is ours and another manager
    can give the key."""
    if member.state != "locked" or swarm is None or owner not in (owner_of(swarm.labels), swarm.label(CHANGE)):
        return None
    return Steps((UnlockSwarm(host=member.host),), f"unlock {member.host}")
