"""`swarmnet drift`: what somebody changed on the hosts since the last `up`, by host and property."""

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.errors import told
from cli.forecasts import forecasts, named
from cli.looks import SECONDS, Late, Seen, answers, seen
from cli.plan import fields
from cli.stack_files import STACKS, Directory, declared
from cli.state import State, left, state_of
from providers.hosts.fleet import fleet_for
from providers.hosts.survey import survey
from providers.rules.drift import EXISTS, SETTLED, Difference, Finding, Unknown, ended, finding
from providers.rules.errors import SwarmnetError
from providers.rules.forecast import Forecast
from providers.rules.next_up import Outcome, outcome, pending
from providers.rules.plan import Plan
from providers.rules.simulate.copied import copied
from providers.rules.survey import Survey

SCHEMA = 1
CLEAN, UNKNOWN, DRIFTED = 0, 1, 7
WINS = {"stack file": "the stack file wins", "there": "what is there stays", "refused": "`up` refuses it"}


@dataclass(frozen=True, kw_only=True)
class Report:
    """What is told. drifted: each difference and who wins; next_up: what `up` would then do, where that can be told;
    pending: resources that did not drift, and yet are not what the stack file wants."""

    drifted: tuple[tuple[Difference, Outcome], ...] = ()
    unknown: tuple[Unknown, ...] = ()
    pending: tuple[str, ...] = ()
    next_up: tuple[Forecast, ...] = ()

    @property
    def status(self) -> int:
        """The command's exit status."""
        return DRIFTED if self.drifted else UNKNOWN if self.unknown else CLEAN


def drift(
    stack: Annotated[str, typer.Argument(metavar="STACK", help="The stack to look at.")],
    directory: Directory = STACKS,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: the same, for programs.")] = False,
) -> None:
    """Compare what the state recorded with what the hosts report, by host and property. Writes nothing.

    Says who wins on the next `pulumi up --refresh`, and what that would disturb. A host that does not answer is
    unknown, never drifted; the others are compared.

    Exits with 0 where nothing drifted, with 7 where something did, with 1 where nothing did and something is unknown.
    """
    with told(stack):
        wanted, lost = declared(directory, stack)
        state = state_of(stack, directory)
    accesses = {**left(state, wanted, lost), **wanted.access}
    began = time.monotonic()
    looked = seen(state, accesses)
    found = compared(state, looked, own_swarm=wanted.swarm is not None)
    hosts: Survey | SwarmnetError | None = None
    if any(each.differences for each in found) and not any(each.unknown for each in found):
        rest = max(0.0, SECONDS - (time.monotonic() - began))
        hosts = answers({"hosts": partial(survey, fleet_for(accesses))}, rest, 1)["hosts"]
    result = report(wanted, state, found, hosts, lost)
    if as_json:
        typer.echo(json.dumps(as_data(stack, result), indent=2))
    else:
        show(Console(highlight=False, soft_wrap=True), result, len(state))
    if looked.late or isinstance(hosts, Late):
        sys.stdout.flush()
        os._exit(result.status)  # the threads that still wait for a host would keep the process
    raise typer.Exit(result.status)


def compared(state: State, looked: Seen, *, own_swarm: bool) -> list[Finding]:
    """Each resource of the state with what was read of it. `own_swarm`: the stack declares the swarm."""
    no_swarm = own_swarm and ended(looked.members, looked.silent)
    return [
        finding(name, spec, known, looked.facts[name], ended=no_swarm) for name, (spec, known) in sorted(state.items())
    ]


def report(
    wanted: Plan,
    state: State,
    found: list[Finding],
    hosts: Survey | SwarmnetError | None,
    lost: frozenset[str] = frozenset(),
) -> Report:
    """What is told of the findings. `hosts`: what the next `up` is tried on, or why that can't be told."""
    specs = dict(named(wanted))
    unknown = tuple(each for one in found for each in one.unknown)
    ahead: list[Forecast] = []
    problem = f"`pulumi up --refresh` can't read {unknown[0].resource}: {unknown[0].why}" if unknown else ""
    if isinstance(hosts, Survey):
        gone = {each.resource for each in found if each.gone}
        kept = {name: known for name, known in state.items() if name not in gone}
        ahead = forecasts(wanted, kept, copied(hosts), lost)
    elif hosts is not None:
        problem = str(hosts)
    foretold = {one.resource: Forecast(resource=one.resource, problem=problem) for one in found}
    foretold |= {each.resource: each for each in ahead}
    drifted = (
        (each, outcome(each, one, specs.get(one.resource), foretold[one.resource]))
        for one in found
        for each in one.differences
    )
    waiting = [one.resource for one in found if pending(one, specs.get(one.resource))]
    return Report(
        drifted=tuple(drifted),
        unknown=unknown,
        pending=(*waiting, *(name for name in specs if name not in state)),
        next_up=tuple(each for each in ahead if each.stages or each.problem),
    )


def as_data(stack: str, result: Report) -> dict[str, Any]:
    """The report as docs/drift.md describes it: a published format, to which keys may be added."""
    return {
        "schema": SCHEMA,
        "stack": stack,
        "status": {CLEAN: "clean", UNKNOWN: "unknown", DRIFTED: "drifted"}[result.status],
        "drifted": [{**asdict(difference), **asdict(end)} for difference, end in result.drifted],
        "unknown": [asdict(each) for each in result.unknown],
        "pending": list(result.pending),
        "next_up": [fields(each) for each in result.next_up],
    }


def show(console: Console, result: Report, compared: int) -> None:
    """The report for people: a table on a terminal, else a line for each row."""
    if result.drifted and console.is_terminal:
        console.print(table(result))
    for line in lines(result, rows=not console.is_terminal):
        console.print(line)
    if result.status == CLEAN:
        console.print(Text(f"nothing drifted: {compared} resources are as recorded", style="green"))


def table(result: Report) -> Table:
    """What drifted, row by row."""
    rows = Table("where", "property", "recorded", "there", "who wins", header_style="bold")
    for each, end in result.drifted:
        rows.add_row(*map(Text, (place(each), each.property, said(each.recorded), said(each.there), end.wins)))
    return rows


def lines(result: Report, *, rows: bool) -> Iterator[Text]:
    """The report, line by line; `rows`: also what a table would show."""
    for each, end in result.drifted if rows else ():
        yield Text(f"{place(each)}: {changed(each)}; {WINS[end.wins]}", style="yellow")
    for why in dict.fromkeys(end.why for _, end in result.drifted if end.wins == "refused"):
        refused = dict.fromkeys(each.resource for each, end in result.drifted if end.why == why)
        yield Text(f"refused: {', '.join(refused)}: {why}", style="red")
    for unknown in result.unknown:
        yield Text(f"{place(unknown)}: unknown: {unknown.why}", style="red")
    for forecast in result.next_up:
        if forecast.disturbs:
            lasts = f"; about {forecast.seconds:.0f} s in all"
            yield Text(f"`pulumi up --refresh` will, for {forecast.resource}: {forecast.disturbs}{lasts}")
    if result.pending:
        yield Text(f"not drifted, and the stack file wants it otherwise: {', '.join(result.pending)}")


def place(each: Difference | Unknown) -> str:
    """The resource, and the host where its name does not end in it."""
    named = not each.host or each.resource.endswith((f"@{each.host}", f"/{each.host}"))
    return each.resource if named else f"{each.resource} on {each.host}"


def changed(each: Difference) -> str:
    """What happened to a property, in words."""
    if each.property == EXISTS:
        return "is gone"
    if each.property == SETTLED:
        return f"is not as it should be: {each.there}"
    return f"{each.property}: recorded {said(each.recorded)}, there {said(each.there)}"


def said(value: object) -> str:
    """A value in words."""
    if value is None:
        return "not set"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "not set"
    return value if isinstance(value, str) else json.dumps(value)
