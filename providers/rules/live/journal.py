"""Labels that hold what must come back: the ports taken off a service, a node's availability, stopped containers. Such
a label is called a journal.

A journal is written by the very update that makes it necessary, so that no cut can come between. The ports' journal
has a copy on the swarm, since a rollback restores a service's whole former spec and takes its labels away.
Service specs go through here as the Engine gave them: what is not named stays to the letter.

To finish by hand: `swarmnet.journal` on a service holds `ports`, the EndpointSpec.Ports to put back, and `update`,
the UpdateConfig to put back (null: there was none).
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from shlex import quote
from typing import Any, Literal

from pydantic import BaseModel, JsonValue, ValidationError

from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.facts import Swarm, SwarmService
from providers.rules.vocabulary.labels import JOURNAL, journal_copies

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


class _Port(BaseModel):
    """The parts of a journaled port that are read."""

    Protocol: Literal["", "tcp", "udp", "sctp"] | None = None
    TargetPort: int | None = None
    PublishedPort: int | None = None
    PublishMode: Literal["", "ingress", "host"] | None = None


class _Written(BaseModel):
    """The content of a journal's label."""

    network: str
    ports: list[_Port]
    numbers: list[_Port]
    update: dict[str, JsonValue] | None


@lru_cache(maxsize=256)  # asked for at each look, several times
def opened(service_id: str, text: str) -> Journal:
    """Return the journal in a label's value. Raises Blocked if somebody has written something else there."""
    try:
        _Written.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise Blocked(
            f"service {service_id}: the label {JOURNAL} was not written by Swarmnet: put the ports back by "
            f"hand, and take it off the service and the swarm (`docker service update --label-rm {JOURNAL} "
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
    return opened(service.id, text) if text else None


@lru_cache(maxsize=4)  # asked for each of its services
def copies(swarm: Swarm) -> Mapping[str, Journal]:
    """Return the swarm's copies of journals, by service id."""
    return {service_id: opened(service_id, text) for service_id, text in journal_copies(swarm.labels).items()}


def written(service: SwarmService, network_id: str) -> Journal:
    """Return the journal of a service as it is: its ports, their present numbers, its update settings."""
    spec = json.loads(service.spec)
    return Journal(
        service_id=service.id,
        network=network_id,
        ports=tuple(map(json.dumps, ports_in(spec))),
        numbers=tuple(map(json.dumps, json.loads(service.endpoint))),
        update=json.dumps(spec.get("UpdateConfig")),
    )


def to_strip(service: SwarmService, network_id: str) -> Journal:
    """Return the journal for taking a service's ports off now: a new one, or the one it carries with later
    additions."""
    carried, fresh = journal_on(service), written(service, network_id)
    if carried is None:
        return fresh
    known = set(carried.ports)
    added = tuple(port for port in fresh.ports if by_ingress(json.loads(port)) and port not in known)
    return replace(carried, ports=carried.ports + added, numbers=carried.numbers + fresh.numbers)


def stripped(service: SwarmService, journal: Journal) -> str:
    """Return the spec without its ingress-mode ports, with the journal, and safe against the swarm's own rollback."""
    spec = json.loads(service.spec)
    spec["EndpointSpec"] = {**spec["EndpointSpec"], "Ports": [port for port in ports_in(spec) if not by_ingress(port)]}
    spec["Labels"] = {**(spec.get("Labels") or {}), JOURNAL: journal.text()}
    spec["UpdateConfig"] = {**(spec.get("UpdateConfig") or {}), **MEANWHILE}
    return json.dumps(spec)


def refilled(service: SwarmService, journal: Journal, *, pin: bool) -> str:
    """Return the spec with its ports back; the journal stays until the tasks have moved.

    Ports that somebody changed in the meantime stay beside them. `pin`: dynamic ports get the numbers they had.
    """
    spec = json.loads(service.spec)
    wanted = [pinned(port, journal) if pin else port for port in map(json.loads, journal.ports)]
    present = ports_in(spec)
    untouched = [port for port in wanted if not by_ingress(port)] == present
    added = [] if untouched else [port for port in present if port not in wanted]
    kept = [port for port in wanted if by_ingress(port) or untouched or port in present]
    spec["EndpointSpec"] = {**(spec.get("EndpointSpec") or {}), "Ports": kept + added}
    spec["Labels"] = {**(spec.get("Labels") or {}), JOURNAL: journal.text()}
    spec["UpdateConfig"] = {**(spec.get("UpdateConfig") or {}), **MEANWHILE}
    return json.dumps(spec)


def closed(service: SwarmService, journal: Journal) -> str:
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


def placement(service: SwarmService) -> str:
    """Return where its tasks may run, as raw JSON."""
    return json.dumps(json.loads(service.spec).get("TaskTemplate", {}).get("Placement"))


def forced(text: str) -> str:
    """Return a spec with its ForceUpdate counter raised, which moves tasks that nothing else moves."""
    spec = json.loads(text)
    template = spec["TaskTemplate"]
    spec["TaskTemplate"] = {**template, "ForceUpdate": (template.get("ForceUpdate") or 0) + 1}
    return json.dumps(spec)


def ports_back(service: SwarmService, journal: Journal) -> bool:
    """Tell whether every ingress-mode port of the journal is in the spec again, a fixed one with its number."""
    return all(_back(service.spec, journal.ports))


def targets_back(service: SwarmService, journal: Journal) -> bool:
    """Tell whether every ingress-mode port of the journal is in the spec again, by target and protocol."""
    return _back(service.spec, journal.ports)[0]


@lru_cache(maxsize=4096)  # most services are as they were at the look before
def _back(spec: str, journaled: tuple[str, ...]) -> tuple[bool, bool]:
    """Tell whether all are in a spec, by target and protocol, and the fixed ones with their number."""
    present = [port for port in ports_in(json.loads(spec)) if by_ingress(port)]
    wanted = [port for port in map(json.loads, journaled) if by_ingress(port)]
    numbers = {(ident(port), port.get("PublishedPort")) for port in present}
    fixed = {(ident(port), port["PublishedPort"]) for port in wanted if port.get("PublishedPort")}
    return Counter(map(ident, wanted)) <= Counter(map(ident, present)), fixed <= numbers


def pinned(port: Json, journal: Journal) -> Json:
    """Return a dynamic port with the number that the swarm had given it; other ports as they are."""
    if port.get("PublishedPort") or not by_ingress(port):
        return port
    fixed = {other.get("PublishedPort") for other in map(json.loads, journal.ports)}
    numbers = (number for number in map(json.loads, journal.numbers) if ident(number) == ident(port))
    published = next((n["PublishedPort"] for n in numbers if n.get("PublishedPort") not in {None, 0, *fixed}), None)
    return {**port, "PublishedPort": published} if published else port


def numbers_of(journal: Journal, *, pin: bool) -> set[tuple[str, int]]:
    """Return the numbers that the journal's ports will take through the ingress, each with its protocol."""
    wanted = [pinned(port, journal) if pin else port for port in map(json.loads, journal.ports) if by_ingress(port)]
    return {(port.get("Protocol") or "tcp", port["PublishedPort"]) for port in wanted if port.get("PublishedPort")}


def taken(journal: Journal, others: Iterable[SwarmService], *, pin: bool) -> tuple[SwarmService, int] | None:
    """Return the service that meanwhile publishes one of the journal's ports, and the number; None if none does."""
    numbers = numbers_of(journal, pin=pin)
    for service in others:
        for port in service.ports:
            if port.mode == "ingress" and (port.protocol, port.published) in numbers:
                return service, port.published
    return None


def ports_in(spec: Json) -> list[Json]:
    """Return all published ports of a spec."""
    return list((spec.get("EndpointSpec") or {}).get("Ports") or [])


def by_ingress(port: Json) -> bool:
    """Tell whether a port goes through the ingress, which is the Engine's default."""
    return (port.get("PublishMode") or "ingress") == "ingress"


def ident(port: Json) -> tuple[str, int]:
    """Return what tells the ports of one service apart, whatever number is published."""
    return port.get("Protocol") or "tcp", port.get("TargetPort") or 0
