"""`swarmnet drift`: what somebody changed on the hosts since the last `up`, by host and property."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import typer

from cli.lines import asking, errors_end_command, print_data, print_line, so_many
from cli.observe import Late, Seen, Waiting, seen
from cli.plan import Line, fields
from cli.project import owner, short
from cli.stack_argument import AsJson, Stack
from cli.stack_files import STACKS, Directory, declared
from cli.state import hosts_left, members_of, state_of
from providers.explain import drift as explain
from providers.explain.drift import Difference, Finding, Outcome, Unknown
from providers.explain.forecast import Forecast, lasting
from providers.hosts.hosts_api import Hosts
from providers.loop.forecasts import State, forecasts
from providers.loop.preflight import preflight
from providers.rules.checks.members import certificates
from providers.rules.live.quorum import describe_unanswering
from providers.rules.plan import Plan
from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.resolved import Resolved, without_lost
from providers.rules.vocabulary.errors import SwarmnetError
from providers.rules.vocabulary.facts import SwarmFacts
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.snapshot import Snapshot
from providers.rules.vocabulary.words import lines as joined
from providers.simulate.from_snapshot import copied

SCHEMA = 1
CLEAN, UNKNOWN, DRIFTED = 0, 1, 7
WINS = {
    "stack file": "the next `up` applies the stack file",
    "there": "the next `up` keeps it",
    "refused": "the next `up` refuses it",
}


@dataclass(frozen=True, kw_only=True)
class Report:
    """The report. drifted: each difference and who wins; next_up: what `up` would then do, if that can be told;
    pending: resources that did not drift, and yet are not what the stack file wants. warnings: what did not drift
    either, and will be trouble.
    """

    drifted: tuple[tuple[Difference, Outcome], ...] = ()
    unknown: tuple[Unknown, ...] = ()
    pending: tuple[str, ...] = ()
    next_up: tuple[Forecast, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def status(self) -> int:
        """Return the command's exit status."""
        return DRIFTED if self.drifted else UNKNOWN if self.unknown else CLEAN


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The ground that the next `up` is tried on. clashes: what forbids its first write."""

    seen: Snapshot
    clashes: str = ""


def drift(stack: Stack, directory: Directory = STACKS, as_json: AsJson = False) -> None:
    """Compare what the state recorded with what the hosts report, by host and property. Writes nothing.

    Says who wins on the next `pulumi up --refresh`, and what that would disturb. A host that does not answer is
    unknown, never drifted; the others are compared.

    Exits with 0 if nothing drifted, with 7 if something did, with 1 if nothing did and something is unknown.
    """
    with errors_end_command(stack):
        desired, resolved = declared(directory, stack)
        state = state_of(stack, directory)
        of = owner(directory, stack)
    accesses = {**hosts_left(state, desired, resolved.lost), **desired.access}
    waiting = Waiting()
    with asking(so_many(len(accesses))):
        observed = seen(waiting, state, accesses, resolved.roles)
        found = compared(state, observed, own_swarm=desired.swarm is not None)
        hosts: Trial | SwarmnetError | None = None
        if any(each.differences for each in found) and not any(each.unknown for each in found):
            hosts = waiting.answer("hosts", lambda: hosts_of(of, resolved, accesses, desired))
        heard = {own.host: accesses[own.host] for own in observed.members}
        warned = waiting.answer("warnings", lambda: ending(Hosts(heard, resolved.roles)))
    dead = unanswered(state, observed)
    warnings = (*([dead] if dead else []), *(() if isinstance(warned, SwarmnetError) else warned))
    result = replace(report(desired, state, found, hosts, resolved.lost), warnings=warnings)
    if as_json:
        print_data(as_data(short(stack), result))
    else:
        for text, colour in lines(result, len(state)):
            print_line(text, colour)
    if observed.late or isinstance(hosts, Late) or isinstance(warned, Late):
        sys.stdout.flush()
        os._exit(result.status)  # threads that still wait for a host would keep the process alive
    raise typer.Exit(result.status)


def ending(api: HostsApi) -> tuple[str, ...]:
    """Warn of trouble to come though nothing drifted: certificates that end soon."""
    return tuple(certificates(api.reports()[0]))


def unanswered(state: State, observed: Seen) -> str:
    """Say which managers do not answer, though nothing drifted; empty if all do."""
    facts = observed.facts.get("swarm")
    return describe_unanswering(facts.nodes, members_of(state)) if isinstance(facts, SwarmFacts) else ""


def hosts_of(of: str, resolved: Resolved, accesses: Mapping[str, HostAccess], desired: Plan) -> Trial:
    """Read them as `swarmnet plan` does. `of`: the owner."""
    taken = preflight(Hosts(desired.access, resolved.roles), without_lost(resolved), of)
    return Trial(seen=Hosts(accesses, resolved.roles).snapshot(), clashes=joined(taken.refused))


def compared(state: State, observed: Seen, *, own_swarm: bool) -> list[Finding]:
    """Return each resource of the state with what was read of it. `own_swarm`: the stack declares the swarm."""
    no_swarm = own_swarm and explain.ended(observed.members, observed.unreachable)
    return [
        explain.doubted(explain.finding(spec, known, observed.facts[name], ended=no_swarm), spec, observed.members)
        for name, (spec, known) in sorted(state.items())
    ]


def report(
    desired: Plan,
    state: State,
    found: list[Finding],
    hosts: Trial | SwarmnetError | None,
    lost: frozenset[str] = frozenset(),
) -> Report:
    """Report the findings. `hosts`: what the next `up` is tried on, or why that can't be told."""
    specs = {spec.resource_name: spec for spec in desired.specs}
    unknown = tuple(each for one in found for each in one.unknown)
    ahead: list[Forecast] = []
    problem = f"`pulumi up --refresh` can't read {unknown[0].resource}: {unknown[0].why}" if unknown else ""
    if isinstance(hosts, Trial):
        gone = {each.resource for each in found if each.gone}
        kept = {name: known for name, known in state.items() if name not in gone}
        ahead = forecasts(desired, kept, copied(hosts.seen), lost, hosts.clashes)
    elif hosts is not None:
        problem = str(hosts)
    foretold = {one.resource: Forecast(resource=one.resource, problem=problem) for one in found}
    foretold |= {each.resource: each for each in ahead}
    drifted = (
        (each, explain.outcome(each, one, specs.get(one.resource), foretold[one.resource]))
        for one in found
        for each in one.differences
    )
    waiting = [one.resource for one in found if explain.pending(one, specs.get(one.resource))]
    return Report(
        drifted=tuple(drifted),
        unknown=unknown,
        pending=(*waiting, *(name for name in specs if name not in state)),
        next_up=tuple(each for each in ahead if each.stages or each.problem),
    )


def as_data(stack: str, result: Report) -> dict[str, Any]:
    """Return the report as docs/operations.md describes it: a published format, to which keys may be added."""
    return {
        "schema": SCHEMA,
        "stack": stack,
        "status": {CLEAN: "clean", UNKNOWN: "unknown", DRIFTED: "drifted"}[result.status],
        "drifted": [{**in_json(difference), **asdict(end)} for difference, end in result.drifted],
        "unknown": [asdict(each) for each in result.unknown],
        "pending": list(result.pending),
        "next_up": [fields(each) for each in result.next_up],
        "warnings": list(result.warnings),
    }


def in_json(difference: Difference) -> dict[str, object]:
    """Return its keys as published: what is actual stands under `there`."""
    return {"there" if key == "actual" else key: value for key, value in asdict(difference).items()}


def lines(result: Report, compared: int) -> Iterator[Line]:
    """Yield the report, line by line. compared: how many resources were."""
    yield from ((f"warning: {warning}", "yellow") for warning in result.warnings)
    for each, end in result.drifted:
        yield f"{place(each)}: {changed(each)}; {WINS[end.wins]}", "yellow"
    for why in dict.fromkeys(end.why for _, end in result.drifted if end.wins == "refused"):
        refused = dict.fromkeys(each.resource for each, end in result.drifted if end.why == why)
        yield f"refused: {', '.join(refused)}: {why}", "red"
    for unknown in result.unknown:
        yield f"{place(unknown)}: unknown: {unknown.why}", "red"
    for forecast in result.next_up:
        if forecast.disturbs:
            lasts = f"; {lasting(forecast.seconds)} in all"
            yield f"`pulumi up --refresh` will, for {forecast.resource}: {forecast.disturbs}{lasts}", ""
    if result.pending:
        yield f"not drifted, but different in the stack file: {', '.join(result.pending)}", ""
    if result.status == CLEAN:
        yield f"nothing drifted: {compared} resources are as recorded", "green"


def place(each: Difference | Unknown) -> str:
    """Return the resource, and the host if its name does not end in it."""
    named = not each.host or each.resource.endswith((f"@{each.host}", f"/{each.host}"))
    return each.resource if named else f"{each.resource} on {each.host}"


def changed(each: Difference) -> str:
    """Say in words what happened to a property."""
    if each.property == explain.EXISTS:
        return "is gone"
    if each.property == explain.SETTLED:
        return f"is not as it should be: {each.actual}"
    return f"{each.property}: recorded {format_value(each.recorded)}, actual {format_value(each.actual)}"


def format_value(value: object) -> str:
    """Return a value in words."""
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value)) or None
    if value is None:
        return "not set"
    return value if isinstance(value, str) else json.dumps(value)
