"""Prints what `swarmnet drift` found: as lines, as a table on a terminal, and as data."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.lines import as_shown
from cli.plan_report import fields
from providers.explain.drift import EXISTS, SETTLED, Difference, Outcome, Unknown
from providers.explain.forecast import Forecast

SCHEMA = 1
CLEAN, UNKNOWN, DRIFTED = 0, 1, 7
WINS = {"stack file": "the stack file wins", "there": "what is there stays", "refused": "`up` refuses it"}


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


def as_data(stack: str, result: Report) -> dict[str, Any]:
    """Return the report as docs/drift.md describes it: a published format, to which keys may be added."""
    return {
        "schema": SCHEMA,
        "stack": stack,
        "status": {CLEAN: "clean", UNKNOWN: "unknown", DRIFTED: "drifted"}[result.status],
        "drifted": [{**asdict(difference), **asdict(end)} for difference, end in result.drifted],
        "unknown": [asdict(each) for each in result.unknown],
        "pending": list(result.pending),
        "next_up": [fields(each) for each in result.next_up],
        "warnings": list(result.warnings),
    }


def show(console: Console, result: Report, compared: int) -> None:
    """The report for people: a table on a terminal, else a line for each row."""
    if result.drifted and console.is_terminal:
        console.print(table(result))
    for line in lines(result, rows=not console.is_terminal):
        console.print(line)
    if result.status == CLEAN:
        console.print(as_shown(f"nothing drifted: {compared} resources are as recorded", style="green"))


def table(result: Report) -> Table:
    """Show what drifted, row by row."""
    rows = Table("where", "property", "recorded", "there", "who wins", header_style="bold")
    for each, end in result.drifted:
        rows.add_row(*map(as_shown, (place(each), each.property, said(each.recorded), said(each.there), end.wins)))
    return rows


def lines(result: Report, *, rows: bool) -> Iterator[Text]:
    """Yield the report, line by line; `rows`: also what a table would show."""
    for warning in result.warnings:
        yield as_shown(f"warning: {warning}", style="yellow")
    for each, end in result.drifted if rows else ():
        yield as_shown(f"{place(each)}: {changed(each)}; {WINS[end.wins]}", style="yellow")
    for why in dict.fromkeys(end.why for _, end in result.drifted if end.wins == "refused"):
        refused = dict.fromkeys(each.resource for each, end in result.drifted if end.why == why)
        yield as_shown(f"refused: {', '.join(refused)}: {why}", style="red")
    for unknown in result.unknown:
        yield as_shown(f"{place(unknown)}: unknown: {unknown.why}", style="red")
    for forecast in result.next_up:
        if forecast.disturbs:
            lasts = f"; about {forecast.seconds:.0f} s in all"
            yield as_shown(f"`pulumi up --refresh` will, for {forecast.resource}: {forecast.disturbs}{lasts}")
    if result.pending:
        yield as_shown(f"not drifted, but different in the stack file: {', '.join(result.pending)}")


def place(each: Difference | Unknown) -> str:
    """Return the resource, and the host if its name does not end in it."""
    named = not each.host or each.resource.endswith((f"@{each.host}", f"/{each.host}"))
    return each.resource if named else f"{each.resource} on {each.host}"


def changed(each: Difference) -> str:
    """Say in words what happened to a property."""
    if each.property == EXISTS:
        return "is gone"
    if each.property == SETTLED:
        return f"is not as it should be: {each.there}"
    return f"{each.property}: recorded {said(each.recorded)}, there {said(each.there)}"


def said(value: object) -> str:
    """Return a value in words."""
    if value is None:
        return "not set"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "not set"
    return value if isinstance(value, str) else json.dumps(value)
