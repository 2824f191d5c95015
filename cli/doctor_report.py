"""Prints what `swarmnet doctor` found: as lines, as a table on a terminal, and as data."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import permutations
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Column, Table
from rich.text import Text

from cli.lines import as_shown
from providers.rules.doctor.diagnosis import Diagnosis
from providers.rules.vocabulary.diagnosis import Finding, Result

SCHEMA = 1
_CELL = {  # keys of a row of the matrix, and where they are
    "from": "sender",
    "to": "receiver",
    "channel": "channel",
    "port": "port",
    "status": "outcome",
    "why": "why",
}
EXIT = {"well": 0, "unknown": 1, "wrong": 7}
_COLOURS = {"failed": "red", "warning": "yellow", "unknown": "yellow"}
_ENDS = {
    "well": "well",
    "wrong": "something is wrong",
    "unknown": "no problem found, but not everything could be checked",
}


def as_data(stack: str, found: Diagnosis) -> dict[str, Any]:
    """Return the report as docs/doctor.md describes it: a published format, to which keys may be added."""
    return {
        "schema": SCHEMA,
        "stack": stack,
        "status": found.status,
        "findings": [asdict(each) for each in found.findings],
        "matrix": [{key: getattr(each, name) for key, name in _CELL.items()} for each in found.results],
        "networks": [asdict(each) for each in found.rooms],
    }


def show(console: Console, found: Diagnosis) -> None:
    """The report for people: on a terminal what passes between hosts and what was found as tables, as far as there is
    any of it; else a line for each finding."""
    if console.is_terminal and found.results:
        console.print(matrix(found.results, _cell))
    if console.is_terminal and found.findings:
        table = Table("", "id", "host", "what", "what to do", header_style="bold")
        for each in found.findings:
            status = as_shown(each.status, style=_COLOURS.get(each.status, ""))
            table.add_row(status, *map(as_shown, (each.id, _place(each), each.fact, each.remedy)))
        console.print(table)
    for line in lines(found, rows=not console.is_terminal):
        console.print(line)


@contextmanager
def waiting(console: Console, hosts: Collection[str]) -> Iterator[None]:
    """On a terminal, the matrix of these hosts while it is not known yet; it makes way for the whole report."""
    pairs = [
        Result(sender=one, receiver=other, channel="managers", outcome="unknown")
        for one, other in permutations(hosts, 2)
    ]
    if not (console.is_terminal and pairs):
        yield
        return
    with Live(matrix(pairs, lambda pair: as_shown("…" * bool(pair))), console=console, transient=True):
        yield


def matrix(results: Collection[Result], cell: Callable[[list[Result]], Text]) -> Table:
    """Show what passes from host to host: a row for each sender, a column for each receiver, each cell made by
    `cell`.
    """
    hosts = list(dict.fromkeys(each.sender for each in results))
    shown = Table("from, to", *(Column(as_shown(host)) for host in hosts), header_style="bold")
    for sender in hosts:
        pairs = ([each for each in results if (each.sender, each.receiver) == (sender, other)] for other in hosts)
        shown.add_row(as_shown(sender, style="bold"), *map(cell, pairs))
    return shown


def _cell(pair: list[Result]) -> Text:
    for outcome, colour in (("closed", "red"), ("unknown", "yellow")):
        if channels := dict.fromkeys(each.channel for each in pair if each.outcome == outcome):
            return as_shown(f"{outcome}: {', '.join(channels)}", style=colour)
    return as_shown("ok" * bool(pair), style="green")


def lines(found: Diagnosis, *, rows: bool) -> Iterator[Text]:
    """Yield the report, line by line; `rows`: also what a table would show."""
    for each in found.findings if rows else ():
        where = f"{_place(each)}: " if each.host else ""
        line = f"{each.status}: {each.id}: {where}{each.fact}: {each.remedy}"
        yield as_shown(" ".join(line.split()), style=_COLOURS.get(each.status, ""))
    for room in found.rooms:
        yield as_shown(f"addresses of {room.network}, {room.subnet}: {room.used} used, {room.left} left")
    yield as_shown(_ENDS[found.status], style="green" if found.status == "well" else "")


def _place(each: Finding) -> str:
    return f"{each.host}, {each.peer}" if each.peer else each.host
