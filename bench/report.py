"""Parts that are measured one after the other, their one table, and where it is kept."""

import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping

from rich.console import Console

from bench.measuring import WIDTH, Asked, Row, keep, machine, table
from tools.lab import why_not_here

GROUP = "b"
Part = Callable[[Asked], list[Row]]


def printed(name: str, engines: Iterable[str], rounds: int, group: str, parts: Mapping[str, Part]) -> int:
    """Measure, print and keep a table for each Engine. A part that fails does not take the others' figures away.

    Returns 1 if a promise is not kept or a part failed, 2 if there are no hosts to measure on.
    """
    if reason := why_not_here():
        print(f"no real Docker hosts on this machine: {reason}", file=sys.stderr)
        return 2
    return max(of_engine(name, Asked(engine=each, rounds=rounds, group=group, say=said), parts) for each in engines)


def of_engine(name: str, asked: Asked, parts: Mapping[str, Part]) -> int:
    """One table, which is kept as it grows."""
    rows: list[Row] = []
    failed = False
    title = f"On hosts of Engine {asked.engine}, median of {asked.rounds}"
    for part, measure in parts.items():
        try:
            rows += measure(asked)
        except (AssertionError, OSError, subprocess.SubprocessError) as problem:
            failed = True
            said(f"{part} is not measured: {problem}")
        keep(f"{name}-engine-{asked.engine}", title, rows)
    Console(width=WIDTH, highlight=False).print(table(title, rows), machine())
    return 1 if failed or any(row.broken for row in rows) else 0


def said(line: str) -> None:
    """Print a figure at once."""
    print(line, flush=True)
