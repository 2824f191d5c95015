"""Takes a member out of service for a moment: drained with its former availability journaled, restarted, put back.

Used when only a restart of a host's Engine helps: a changed docker_gwbridge, an ingress that does not arrive. The
reason for the restart is not known here.
"""

from collections.abc import Iterable, Mapping
from shlex import quote

from providers.rules.live import running_change
from providers.rules.live.quorum import absence_refusal
from providers.rules.vocabulary.facts import Member, Node, Swarm, Task
from providers.rules.vocabulary.labels import (
    AVAILABILITY,
    FORMER,
    PAUSED,
    RESTARTS,
    STOPPED,
    count,
    journal_copies,
    owner_of,
)
from providers.rules.vocabulary.steps import Blocked, RestartEngine, Steps, UnlockSwarm, UpdateNode

# Seconds without any change, once the host is empty, before a restart is worth a try. After a restart it counts how
# long that took on this host: the ingress was back 8.5 s after an Engine that took 13 s
# (measurements.md#restart-of-docker).
PATIENCE = 10.0
TIMES, UNKNOWN = 5, 60.0
# systemd gives a unit up that is started more than three times in 60 s (measurements.md#start-limit).
MOST_RESTARTS = 2


def restart_refusal(node: Node, nodes: tuple[Node, ...], swarm: Swarm) -> str | None:
    """Say why this member's Engine may not be restarted now, or None if it may.

    A swarm of one or two managers gives no answer while one of them restarts, whoever restarts it: there all the others
    have to be well. A locked manager needs the key, which only another manager has.
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
        return absence_refusal(node, nodes)
    unwell = [other.hostname for other in others if other not in well]
    return f"the other manager {unwell[0]} can't be reached: bring it back first" if unwell else None


def is_out_of_service(node: Node) -> bool:
    """Tell whether we took it out of service and have not put it back: its former availability is on it."""
    return node.label(AVAILABILITY) is not None


def has_something_due(swarm: Swarm, nodes: Iterable[Node]) -> bool:
    """Tell whether a change of ours has left something that has to come back: ports of services, hosts in service."""
    return any(map(is_out_of_service, nodes)) or bool(journal_copies(swarm.labels))


def is_drained(node: Node) -> bool:
    """Tell whether it is out of service, and nobody has given it another availability since."""
    return is_out_of_service(node) and node.availability == "drain"


def availability(node: Node) -> str:
    """Return the availability that it will have once it is put back."""
    return (node.label(AVAILABILITY) or node.availability) if is_drained(node) else node.availability


def drain(
    node: Node, stopped: Mapping[str, str] | None = None, former: str = "", paused: Iterable[str] = ()
) -> UpdateNode:
    """Drain the member and journal its former availability in the same update.

    stopped: the containers that will be stopped, and when each was started; paused: those of them that are. former:
    what its bridge was like.
    """
    journal = {AVAILABILITY: availability(node)}
    ids = ",".join(f"{key}@{started}" if started else key for key, started in sorted((stopped or {}).items()))
    if ids:
        journal[STOPPED] = ids
    if still := ",".join(sorted({*paused} | paused_on(node))):
        journal[PAUSED] = still
    if former:
        journal[FORMER] = node.label(FORMER) or former
    return UpdateNode(
        node_id=node.id, version=node.version, availability="drain", set_labels=tuple(sorted(journal.items()))
    )


def stopped_on(node: Node) -> dict[str, str]:
    """Return the containers that were stopped for the restart: by id, when each was started before; empty if not
    noted."""
    noted = (each.partition("@") for each in (node.label(STOPPED) or "").split(",") if each)
    return {key: started for key, _, started in noted}


def paused_on(node: Node) -> set[str]:
    """Return the ids of those that were paused before."""
    return set(filter(None, (node.label(PAUSED) or "").split(",")))


def running_on(node: Node, tasks: Iterable[Task]) -> list[Task]:
    """Return the tasks of services that still live on it."""
    return [task for task in tasks if task.node_id == node.id and task.service_id and task.alive]


def restarts(node: Node) -> int:
    """Return how often its Engine was restarted for its present change."""
    noted = node.label(RESTARTS) or ""
    return count(noted)


def patience(node: Node, took: float) -> float:
    """Return the seconds without any change after which a (further) restart is worth a try. `took`: seconds of the last
    restart, 0 if nobody has seen it."""
    if not restarts(node):
        return PATIENCE
    return max(PATIENCE, TIMES * took) if took else UNKNOWN


def restart(node: Node, host: str, nodes: tuple[Node, ...], swarm: Swarm) -> Steps | Blocked:
    """Restart its Engine, if allowed, and count that; not a third time. A manager of an autolocked swarm is unlocked
    after it."""
    guard = restart_refusal(node, nodes, swarm)
    if guard:
        return Blocked(f"{host}: its docker has to be restarted, and {guard}; it stays drained until then")
    count = restarts(node)
    if count >= MOST_RESTARTS:
        return Blocked(
            f"{host}: its docker was restarted {count} times, and it is still not attached to the ingress: "
            "it stays drained: see docker's log there, fix the cause, then run again; "
            f"`docker node update --availability {quote(availability(node))} {quote(node.hostname)}` puts it back in "
            "service as it is"
        )
    noted = UpdateNode(node_id=node.id, version=node.version, set_labels=((RESTARTS, str(count + 1)),))
    unlock = swarm.autolock and node.role == "manager"
    return Steps((RestartEngine(host=host, unlock=unlock, noted=noted),), f"restart docker on {host}")


def restore_availability(node: Node) -> UpdateNode:
    """Give it the journaled availability; the journal stays until what was stopped runs again."""
    return UpdateNode(node_id=node.id, version=node.version, availability=availability(node))


def put_back(node: Node) -> UpdateNode:
    """Give it the journaled availability, and remove the journal in the same update.

    An availability that somebody else has given it since stays.
    """
    noted = (AVAILABILITY, STOPPED, PAUSED, FORMER, RESTARTS)
    return UpdateNode(
        node_id=node.id,
        version=node.version,
        availability=availability(node) if is_drained(node) else None,
        drop_labels=tuple(key for key in noted if node.label(key) is not None),
    )


def unlock(member: Member, swarm: Swarm | None, owner: str) -> Steps | None:
    """Unlock a manager that a cut run left locked, if the swarm or its present change is ours and another manager has
    the key."""
    if member.state != "locked" or swarm is None:
        return None
    if owner_of(swarm.labels) != owner and not running_change.is_ours(owner, swarm):
        return None
    return Steps((UnlockSwarm(host=member.host),), f"unlock {member.host}")
