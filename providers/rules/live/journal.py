"""Labels that hold what must come back: the ports taken off a service, a node's availability, stopped containers. Such
a label is called a journal.

A journal is written by the very update that makes it necessary, so that no cut can come between. The ports' journal
has a copy on the swarm, since other tools may replace a service's labels, and know nothing of ours.
Service specs go through here as the Engine gave them: what is not named stays to the letter.

To finish by hand: `swarmnet.journal` on a service holds `ports`, the EndpointSpec.Ports to put back, and `update`,
the UpdateConfig to put back (null: there was none).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from shlex import quote
from typing import Any

from pydantic import BaseModel, JsonValue, ValidationError

from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.facts import Swarm, SwarmService, Task
from providers.rules.vocabulary.labels import JOURNAL, journal_copies
from providers.rules.vocabulary.service_spec import Port

Json = dict[str, Any]

# While ports are away: all tasks at once (with Parallelism 1 a strip of 3 replicas took 11 to 12 s instead of 4), no
# automatic rollback (it would bring the ports back in the middle and leave the service dead), and the Engine's own
# five seconds (in nanoseconds) of watching, whatever the service had. measurements.md#parallelism, #rollback
MEANWHILE = {
    "Parallelism": 0,
    "Delay": 0,
    "Monitor": 5_000_000_000,
    "FailureAction": "pause",
    "Order": "stop-first",
}
# A constraint that each node fulfils, in a Placement that was there, or that is there for its sake alone. An update of
# the placement alone makes only those tasks anew that have no node. measurements.md#placement-alone, #forgotten-tasks
AGAIN, ALONE = MARKS = ("node.id!=swarmnet.again", "node.id!=swarmnet.alone")
# The values that the Engine adds to an UpdateConfig without them.
FILLED_IN = {"MaxFailureRatio": 0, "Order": "stop-first"}


@dataclass(frozen=True)
class Journal:
    """The settings taken off one service. `network`: the id of the ingress that it published through then."""

    service_id: str
    network: str
    ports: tuple[str, ...]  # each as the JSON that the Engine gave
    numbers: tuple[str, ...]  # Endpoint.Ports, with the numbers that the swarm chose for dynamic ones
    update: str  # UpdateConfig as JSON, `null` where there was none

    def text(self) -> str:
        """Return the label's value."""
        return json.dumps(
            {
                "network": self.network,
                "ports": [json.loads(port) for port in self.ports],
                "numbers": [json.loads(port) for port in self.numbers],
                "update": json.loads(self.update),
            },
            separators=(",", ":"),
        )


class _Written(BaseModel):
    """The content of a journal's label."""

    network: str
    ports: list[Port]
    numbers: list[Port]
    update: dict[str, JsonValue] | None


@lru_cache(maxsize=256)  # asked for at each look, several times
def parse_journal(service_id: str, text: str) -> Journal:
    """Return the journal in a label's value. Raises Blocked if somebody has written something else there."""
    try:
        _Written.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise Blocked(
            f"service {service_id}: the label {JOURNAL} was not written by Swarmnet: restore the ports by "
            f"hand, and remove the label from the service and the swarm (`docker service update --label-rm {JOURNAL} "
            f"{quote(service_id)}`), then run again"
        ) from error
    raw = json.loads(text)
    return Journal(
        service_id=service_id,
        network=raw["network"],
        ports=tuple(map(json.dumps, raw["ports"])),
        numbers=tuple(map(json.dumps, raw["numbers"])),
        update=json.dumps(raw["update"]),
    )


def journal_on(service: SwarmService) -> Journal | None:
    """Return the journal that the service carries, or None."""
    text = dict(service.labels).get(JOURNAL)
    return parse_journal(service.id, text) if text else None


@lru_cache(maxsize=4)  # asked for each of its services
def copies(swarm: Swarm) -> Mapping[str, Journal]:
    """Return the swarm's copies of journals, by service id."""
    return {service_id: parse_journal(service_id, text) for service_id, text in journal_copies(swarm.labels).items()}


def new_journal(service: SwarmService, network_id: str) -> Journal:
    """Return the journal of a service as it is: its ports, their present numbers, its update settings."""
    spec = json.loads(service.spec)
    return Journal(
        service_id=service.id,
        network=network_id,
        ports=tuple(map(json.dumps, ports_in(spec))),
        numbers=tuple(map(json.dumps, json.loads(service.endpoint))),
        update=json.dumps(spec.get("UpdateConfig")),
    )


def journal_to_strip(service: SwarmService, network_id: str) -> Journal:
    """Return the journal for taking a service's ports off now: a new one, or the one it carries with later
    additions. A dynamic port that is back with its number, as after a change that turned round, is none."""
    carried, fresh = journal_on(service), new_journal(service, network_id)
    if carried is None:
        return fresh
    known = {(ident(port), number(port)) for pin in (False, True) for port in due(carried, pin=pin)}
    ports = zip(fresh.ports, map(json.loads, fresh.ports), strict=True)
    added = tuple(text for text, port in ports if by_ingress(port) and (ident(port), number(port)) not in known)
    return replace(carried, ports=carried.ports + added, numbers=carried.numbers + fresh.numbers)


def stripped_spec(service: SwarmService, journal: Journal) -> str:
    """Return the spec without its ingress-mode ports, with the journal, and safe against the swarm's own rollback."""
    spec = json.loads(service.spec)
    spec["EndpointSpec"] = {**spec["EndpointSpec"], "Ports": [port for port in ports_in(spec) if not by_ingress(port)]}
    spec["Labels"] = {**(spec.get("Labels") or {}), JOURNAL: journal.text()}
    spec["UpdateConfig"] = {**(spec.get("UpdateConfig") or {}), **MEANWHILE}
    return json.dumps(spec)


def refilled_spec(service: SwarmService, journal: Journal, ports: Sequence[Json], *, pin: bool) -> str:
    """Return the spec with some of its ports back; the journal stays until the tasks have moved.

    Ports that somebody published in the meantime stay beside them. ports, pin: of `absent`.
    """
    spec = json.loads(service.spec)
    desired, present = due(journal, pin=pin), ports_in(spec)
    back = [port for port in desired if port in ports or port in present]
    spec["EndpointSpec"] = {
        **(spec.get("EndpointSpec") or {}),
        "Ports": back + [p for p in present if p not in desired],
    }
    spec["Labels"] = {**(spec.get("Labels") or {}), JOURNAL: journal.text()}
    spec["UpdateConfig"] = {**(spec.get("UpdateConfig") or {}), **MEANWHILE}
    return json.dumps(spec)


def restored_spec(service: SwarmService, journal: Journal) -> str:
    """Return the spec as it was before: its own update settings, no journal. This restarts no task.

    Update settings that somebody changed meanwhile stay.
    """
    spec = json.loads(service.spec)
    spec["Labels"] = {key: value for key, value in (spec.get("Labels") or {}).items() if key != JOURNAL}
    update = json.loads(journal.update)
    edited = edits(spec.get("UpdateConfig") or {}, update or {})
    if edited:
        update = {**(update or {}), **edited}
    if update is None:
        spec.pop("UpdateConfig", None)
    else:
        spec["UpdateConfig"] = update
    return json.dumps(spec)


def edits(present: Json, before: Json) -> Json:
    """Return what somebody changed of the update settings while ours stood in their place."""
    return {
        key: value
        for key, value in present.items()
        if value != MEANWHILE.get(key, before.get(key, FILLED_IN.get(key))) and value != before.get(key)
    }


def is_stripped(service: SwarmService) -> bool:
    """Tell whether it has the update settings of the time without ports. Whoever wrote its spec as a whole since then,
    as a deployment does, has put others in their place; a rollback to before has brought others back."""
    update = json.loads(service.spec).get("UpdateConfig") or {}
    return all((update.get(key) or 0) == value for key, value in MEANWHILE.items())  # the Engine leaves zeros out


def placement(service: SwarmService) -> str:
    """Return where its tasks may run, as raw JSON."""
    return json.dumps(json.loads(service.spec).get("TaskTemplate", {}).get("Placement"))


def is_marked(service: SwarmService) -> bool:
    """Tell whether its placement has a mark."""
    return any(mark in service.spec for mark in MARKS) and unmarked_spec(service.spec) != service.spec


def has_mark(task: Task) -> bool:
    """Tell whether it was made while its service had a mark."""
    return any(mark in task.placement for mark in MARKS)


def marked_spec(text: str) -> str:
    """Return a spec with a mark in its placement, which makes tasks that wait for a host anew and moves no other."""
    spec = json.loads(text)
    before = spec["TaskTemplate"].get("Placement")
    constraints = [*((before or {}).get("Constraints") or ()), ALONE if before is None else AGAIN]
    spec["TaskTemplate"]["Placement"] = {**(before or {}), "Constraints": constraints}
    return json.dumps(spec)


def unmarked_spec(text: str) -> str:
    """Return a spec with its placement as it was before the mark."""
    spec = json.loads(text)
    template = spec["TaskTemplate"]
    placement = template.get("Placement") or {}
    constraints = placement.get("Constraints") or []
    left = [each for each in constraints if each not in MARKS]
    if left == constraints:
        return text
    if ALONE in constraints:
        del template["Placement"]
    elif left:
        placement["Constraints"] = left
    else:
        del placement["Constraints"]
    return json.dumps(spec)


def forced_spec(text: str) -> str:
    """Return a spec with its ForceUpdate counter raised, which moves tasks that nothing else moves."""
    spec = json.loads(text)
    template = spec["TaskTemplate"]
    spec["TaskTemplate"] = {**template, "ForceUpdate": (template.get("ForceUpdate") or 0) + 1}
    return json.dumps(spec)


def due(journal: Journal, *, pin: bool) -> list[Json]:
    """Return the journal's ports as they are to be in the spec again.

    pin: a dynamic one gets a number that the swarm had given it, and no two the same.
    """
    ports: list[Json] = list(map(json.loads, journal.ports))
    if not pin:
        return ports
    used = set(map(number, ports))
    chosen = [port for port in map(json.loads, journal.numbers) if by_ingress(port)]
    for port in ports:
        if by_ingress(port) and not port.get("PublishedPort"):
            had = next((one for one in chosen if ident(one) == ident(port) and number(one) not in used), port)
            if had.get("PublishedPort"):
                port["PublishedPort"] = had["PublishedPort"]
                used.add(number(port))
    return ports


def absent(
    service: SwarmService, journal: Journal, others: Iterable[SwarmService], *, pin: bool
) -> list[tuple[Json, SwarmService | None]]:
    """Return the journal's ports through the ingress that are not in the spec again, each with who holds its number.

    A dynamic one is there with any number, a fixed one with its own, or with another while somebody else holds that.
    """
    missing, spare = _missing(service.spec, journal, pin)
    left, found = list(spare), []
    for port in map(json.loads, missing):
        other = holder(port, others)
        if other and ident(port) in left:
            left.remove(ident(port))
        else:
            found.append((port, other))
    return found


@lru_cache(maxsize=4096)  # most services are as they were at the look before
def _missing(spec: str, journal: Journal, pin: bool) -> tuple[list[str], list[tuple[str, int]]]:
    """Return the journal's ports that are not in a spec, as JSON, and what tells the others in it apart."""
    present = [port for port in ports_in(json.loads(spec)) if by_ingress(port)]
    free = [not json.loads(port).get("PublishedPort") for port in journal.ports]
    desired = [(port, dynamic) for port, dynamic in zip(due(journal, pin=pin), free, strict=True) if by_ingress(port)]
    missing = []
    for port, dynamic in sorted(desired, key=lambda pair: pair[1]):  # those with a number of their own choose first
        actual = (one for one in present if ident(one) == ident(port) and (dynamic or number(one) == number(port)))
        if match := next(actual, None):
            present.remove(match)
        else:
            missing.append(json.dumps(port))
    return missing, list(map(ident, present))


def holder(port: Json, others: Iterable[SwarmService]) -> SwarmService | None:
    """Return the service that has a port's number by now, in a way that allows no other: two may have it on hosts.

    https://github.com/moby/swarmkit/blob/master/manager/controlapi/service.go (checkPortConflicts)
    """
    if not port.get("PublishedPort"):
        return None
    clashes = {(*number(port), True), (*number(port), not by_ingress(port))}
    return next((other for other in others if clashes & _published(other.spec, other.endpoint)), None)


@lru_cache(maxsize=4096)
def _published(spec: str, endpoint: str) -> frozenset[tuple[str, int, bool]]:
    """Return the numbers of a service, those that the swarm chose too, and whether each goes through the ingress."""
    return frozenset((*number(port), by_ingress(port)) for port in (*ports_in(json.loads(spec)), *json.loads(endpoint)))


def ports_in(spec: Json) -> list[Json]:
    """Return all published ports of a spec."""
    return list((spec.get("EndpointSpec") or {}).get("Ports") or [])


def by_ingress(port: Json) -> bool:
    """Tell whether a port goes through the ingress, which is the Engine's default."""
    return (port.get("PublishMode") or "ingress") == "ingress"


def number(port: Json) -> tuple[str, int]:
    """Return a port's published number, 0 for a dynamic one, with its protocol."""
    return port.get("Protocol") or "tcp", port.get("PublishedPort") or 0


def ident(port: Json) -> tuple[str, int]:
    """Return what tells the ports of one service apart, whatever number is published."""
    return port.get("Protocol") or "tcp", port.get("TargetPort") or 0
