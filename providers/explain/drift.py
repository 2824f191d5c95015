"""Differences between what the state recorded and what hosts report, by host and property.

Each resource type's own finding, which is what the providers' `read` records, is compared as by their `diff`. Two
things are
added: ids and `adopted`, which are outputs, so that a network which somebody recreated is seen; and what stands in the
place of something that is gone. A forecast says who wins on the next `up --refresh`. No reading or printing here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from providers.explain.forecast import Forecast
from providers.rules.live.ingress_rollout import LACKS_IT
from providers.rules.resource_types.resource_type import Known, Status, Thing
from providers.rules.resource_types.table import RESOURCE_TYPES, type_of
from providers.rules.vocabulary.errors import SwarmnetError
from providers.rules.vocabulary.facts import (
    GwbridgeFacts,
    IngressFacts,
    Member,
    NodeFacts,
    OverlayFacts,
    SwarmFacts,
    UnreachableHost,
)
from providers.rules.vocabulary.specs import GwbridgeSpec, OverlaySpec, Spec

Facts = GwbridgeFacts | SwarmFacts | NodeFacts | IngressFacts | OverlayFacts

EXISTS = "exists"
SETTLED = "settled"
OUTPUTS = frozenset({*(resource_type.output for resource_type in RESOURCE_TYPES), "adopted"})


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One property that is not as recorded. `host` is empty for what is the swarm's.

    property: an input (`labels.team` for one label), an output (`network_id`, `adopted`), or `exists`.
    """

    resource: str
    host: str
    property: str
    recorded: Any
    actual: Any


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """A resource, or one host's part of it, that could not be compared, and why."""

    resource: str
    host: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The finding on one resource. `live`: its inputs as they are, or None if it is not there or nobody knows.

    gone: what the state names is proven absent, whatever has its place.
    """

    resource: str
    differences: tuple[Difference, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    live: Spec | None = None
    gone: bool = False


def finding(spec: Spec, outputs: Known, facts: Facts | SwarmnetError, *, ended: bool = False) -> Finding:
    """Compare a resource of the state with what was read for it, or with why nothing could be.

    ended: the swarm is proven to be no more; see `ended`.
    """
    spec = spec.model_copy(update={SETTLED: True})  # a refresh may have put a sentence in its place
    resource_type = type_of(spec)
    if ended and resource_type.of_swarm:
        status: Status[Spec] = Status(gone=True)
    elif isinstance(facts, SwarmnetError):
        status = Status(doubt=str(facts))
    else:
        status = resource_type.status(spec, outputs, facts)
    return _finding_of(spec, outputs, status)


def _finding_of(spec: Spec, outputs: Known, status: Status[Spec]) -> Finding:
    name, host = spec.resource_name, getattr(spec, "host", "")
    live = spec.read_as(status.live) if status.live else None
    differing: list[tuple[str, str, object, object]] = []
    if live:
        differing += [(host, *each) for each in _inputs(spec, live)]
    elif status.gone:
        differing += [(host, EXISTS, True, False)]
    if status.actual:
        differing += [(host, *each) for each in _outputs(spec, outputs, status.actual)]
    differing += [(lacks, SETTLED, True, LACKS_IT) for lacks in status.lacking]
    doubts = status.unreachable or ((UnreachableHost(host=host, why=status.doubt),) if status.doubt else ())
    return Finding(
        resource=name,
        differences=tuple(
            Difference(resource=name, host=at, property=key, recorded=recorded, actual=actual)
            for at, key, recorded, actual in differing
        ),
        unknown=tuple(Unknown(resource=name, host=each.host, why=each.why) for each in doubts),
        live=live,
        gone=status.gone,
    )


def _inputs(spec: Spec, live: Spec) -> Iterator[tuple[str, object, object]]:
    """Yield the inputs that differ, each label, each option and each part of how a host is reached by itself."""
    parts = ("access", "labels", "options")
    for key in sorted(spec.changed(live) - {*parts}):
        yield key, getattr(spec, key), getattr(live, key)
    for part in parts:
        recorded, actual = getattr(spec, part, {}), getattr(live, part, {})
        for key in sorted({*recorded, *actual}):
            if recorded.get(key) != actual.get(key):
                yield f"{part}.{key}", recorded.get(key), actual.get(key)


def _outputs(spec: Spec, outputs: Known, actual: Thing) -> Iterator[tuple[str, object, object]]:
    """Yield the outputs that differ."""
    for key, value in type_of(spec).outputs(spec, actual).items():
        if value != outputs.get(key):
            yield key, outputs.get(key), value


def doubted(found: Finding, spec: Spec, members: Iterable[Member]) -> Finding:
    """Return the finding, unknown if something of a swarm is gone and managers are in two: the other may have it."""
    managers = {member.swarm_id: member.host for member in members if member.good_manager}
    if not found.gone or len(managers) < 2 or isinstance(spec, GwbridgeSpec):
        return found
    places = ", ".join(f"{host} in {swarm_id}" for swarm_id, host in sorted(managers.items()))
    why = (
        f"{found.resource}: the hosts are in {len(managers)} swarms ({places}), and its own is not known: "
        "let the hosts of all others leave"
    )
    unknown = Unknown(resource=found.resource, host=str(getattr(spec, "host", "")), why=why)
    return Finding(resource=found.resource, unknown=(unknown,))


def ended(members: Iterable[Member], unreachable: Iterable[UnreachableHost]) -> bool:
    """Tell whether what was in the swarm is gone with it: every declared host answers, and none is in any swarm.

    That proves it only if the stack declares the swarm, and so all of its members.
    """
    states = {member.state for member in members}
    return states == {"inactive"} and not list(unreachable)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The winner: the stack file, what is there, or nobody, since `up` refuses it. `why` it is not the stack file."""

    wins: Literal["stack file", "there", "refused"]
    why: str = ""


STACK_FILE = Outcome(wins="stack file")
NOTHING_TO_DO = Outcome(wins="there", why="nothing has to change")
AGREED = Outcome(wins="there", why="the stack file has that value now")


def outcome(difference: Difference, found: Finding, desired: Spec | None, forecast: Forecast) -> Outcome:
    """Say what becomes of a difference. `desired`: by the stack file, or None if it has the resource no more."""
    refusal = protected(found, desired) or forecast.problem
    if refusal:
        return Outcome(wins="refused", why=refusal)
    if desired is not None and difference.property in (EXISTS, SETTLED):
        return STACK_FILE  # work on another resource may put it right
    if not forecast.stages:
        return NOTHING_TO_DO
    if desired is None or difference.property in OUTPUTS:
        return STACK_FILE
    section, _, label = difference.property.partition(".")
    digest = getattr(desired, section)
    return AGREED if difference.actual == (digest.get(label) if label else digest) else STACK_FILE


def protected(found: Finding, desired: Spec | None) -> str:
    """Say why a change is refused before anything is done, empty if it is not: as in the providers' check, and, if an
    overlay would be replaced, as by Pulumi's own protection.
    """
    if desired is None or found.live is None or found.gone:
        return ""
    changed = found.live.protected_from(desired)
    if isinstance(desired, OverlaySpec) and desired.protect and desired.on_in_use == "refuse":
        changed |= found.live.changed(desired) - desired.UNPROTECTED
    what = f"{found.resource}: {', '.join(sorted(changed))}"
    return f"{what}: it is protected: set protect to false in one `pulumi up` before changing it" if changed else ""


def pending(found: Finding, desired: Spec | None) -> bool:
    """Tell whether nothing drifted and yet the stack file wants something else than what is there."""
    if found.differences or found.unknown or found.live is None:
        return False
    return desired is None or bool(found.live.changed(desired))
