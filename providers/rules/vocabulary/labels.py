"""The labels `swarmnet.*` that Swarmnet writes onto networks, nodes, services and the swarm: a published format.

| label | on | holds |
|---|---|---|
| `swarmnet.owner` | networks, nodes, the swarm | `<project>/<stack>` of whoever created it |
| `swarmnet.change` | the swarm | the owner in the middle of a change of it; after a space, what its stack file wants |
| `swarmnet.journal` | a service | what was taken off it and has to come back (JSON, see live/journal.py) |
| `swarmnet.journal.<service id>` | the swarm | that journal's copy: a rollback takes a service's labels away |
| `swarmnet.former` | the swarm, a node | the ingress or docker_gwbridge before its change (JSON, live/former.py) |
| `swarmnet.former.<name>` | the swarm | the same of the overlay of that name, without what was declared |
| `swarmnet.restarts` | a node | how often its docker was restarted for the change that it is in |
| `swarmnet.rejoins` | a node | the address by which it joins again; then, on its new entry, the id of the former one |
| `swarmnet.rotated` | the swarm | the id of the lost member that it got new join tokens for, until that is gone |
| `swarmnet.availability` | a node | the availability that it had before it was drained |
| `swarmnet.stopped` | a node | ids of the containers that were stopped on it, with commas; `@` when each was started |
| `swarmnet.paused` | a node | ids of those of them that were paused before, with commas |
| `swarmnet.kick` | a node | `<12 characters of the ingress's id>.<number of kicks>` |
| `swarmnet.twin` | an overlay | the name of the overlay that it stands in for |
| `swarmnet.moved.<service id>` | the swarm | where it moves to: `<network id>[.<version>]` |

The version is that at which an earlier update of the service had failed. What a stack file wants is a digest
(digest.py); version 0.1.0 wrote none.

A container that is not started again was started at `-`.

Whose labels decide what is in resource types and live.
"""

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass

from providers.rules.vocabulary.answers import Pairs
from providers.rules.vocabulary.facts import Network, Node, Swarm, SwarmService, Task

PREFIX = "swarmnet."
OWNER = "swarmnet.owner"
CHANGE = "swarmnet.change"
JOURNAL = "swarmnet.journal"
AVAILABILITY = "swarmnet.availability"
STOPPED = "swarmnet.stopped"
PAUSED = "swarmnet.paused"
FORMER = "swarmnet.former"
RESTARTS = "swarmnet.restarts"
REJOINS = "swarmnet.rejoins"
ROTATED = "swarmnet.rotated"
KICK = "swarmnet.kick"
TWIN = "swarmnet.twin"
MOVED = "swarmnet.moved"


@dataclass(frozen=True)
class Change:
    """The content of `swarmnet.change`. digest: empty if the label has none."""

    owner: str
    digest: str = ""

    @property
    def text(self) -> str:
        """Return the label's value."""
        return f"{self.owner} {self.digest}".rstrip()


def change_on(labels: Pairs) -> Change | None:
    """Return the change that the swarm's labels name, or None."""
    text = dict(labels).get(CHANGE)
    if text is None:
        return None
    owner, _, digest = text.partition(" ")
    return Change(owner, digest)


def owner_of(labels: Pairs) -> str | None:
    """Return the `<project>/<stack>` that the labels name, or None if there is no owner label."""
    return dict(labels).get(OWNER)


def with_owner(labels: Mapping[str, str], owner: str) -> Pairs:
    """Return the labels to write on what we create: the declared ones and the owner's."""
    return tuple(sorted({**labels, OWNER: owner}.items()))


def declared_labels(desired: Mapping[str, str], live: Pairs) -> dict[str, str]:
    """Return the live values of the declared keys: only those labels are compared, and ours never differ."""
    return {key: value for key, value in live if key in desired and not key.startswith(PREFIX)}


def count(text: str) -> int:
    """Return the small number in a label; 0 if somebody has written something else there."""
    return int(text) if text.isdecimal() and len(text) < 5 else 0


def copy_label(service_id: str) -> str:
    """Return the key of the copy on the swarm of a service's journal."""
    return f"{JOURNAL}.{service_id}"


def concerns(service: SwarmService, swarm: Swarm) -> bool:
    """Tell whether an ingress swap left something on it: a journal, its copy, or a rollback that would bring one."""
    labels = {**dict(service.labels), **dict(service.rollback_labels)}
    return JOURNAL in labels or swarm.label(copy_label(service.id)) is not None


def of_ingress(
    services: Iterable[SwarmService],
    tasks: Collection[Task],
    nodes: Iterable[Node],
    swarm: Swarm,
    ingresses: Set[str],
) -> tuple[tuple[SwarmService, ...], tuple[Task, ...]]:
    """Return what matters to a swap of the ingress (ids): services that publish ports, on which a swap left something,
    or that have a task on it; and their tasks, those on it, and those on members that are out of service.

    A task stays on the ingress though its service publishes nothing any more, where the last update of that changed its
    placement (measurements.md#placement-alone).
    """
    attached = {task.service_id for task in tasks if task.alive and not ingresses.isdisjoint(task.networks)}
    found = tuple(each for each in services if each.ports or each.id in attached or concerns(each, swarm))
    moved = attached | {each.id for each in found if each.publishes_ingress or concerns(each, swarm)}
    out = {node.id for node in nodes if node.label(AVAILABILITY) is not None}
    return found, tuple(
        task
        for task in tasks
        if task.service_id in moved or task.node_id in out or not ingresses.isdisjoint(task.networks)
    )


def moved_label(service_id: str) -> str:
    """Return the key on the swarm of where a service moves to."""
    return f"{MOVED}.{service_id}"


def former_label(name: str) -> str:
    """Name the swarm's label that says what an overlay was like that is being recreated."""
    return f"{FORMER}.{name}"


def journal_copies(labels: Pairs) -> dict[str, str]:
    """Return the copies of journals among the swarm's labels, by service id."""
    start = copy_label("")
    return {key.removeprefix(start): value for key, value in labels if key.startswith(start)}


def twin_name(name: str) -> str:
    """Return the name of the network that stands in for an overlay while it changes."""
    return f"{name}-swarmnet-twin"


def twin_of(name: str, listed: Iterable[Network]) -> Network | None:
    """Return the twin that a change of the overlay left or needs, or None."""
    return next((network for network in listed if (TWIN, name) in network.labels), None)
