"""Seconds of work, rows of one table, and where and with what they were measured."""

import os
import platform
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from tests.support.machines import ROOT

RESULTS = Path(__file__).parent / "results"
WIDTH = 180


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of the processors."""

    elapsed: float
    cpu: float


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be measured: on which Engine, how often, on hosts of which group; beside which other checkout, if any;
    with how many overlays, hosts and services, one after the other.
    """

    engine: str
    rounds: int
    group: str
    beside: Path | None
    overlays: Sequence[int]
    hosts: Sequence[int]
    services: Sequence[int]


@dataclass(frozen=True)
class Row:
    """One job. runs: the figures of all its runs, by what the column is called."""

    job: str
    runs: Mapping[str, Sequence[float]]
    unit: str = "s"


Part = Callable[[Asked], list[Row]]


def spent(work: Callable[[], object]) -> Spent:
    """Measure some work, with all processes that it starts and waits for."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Spent(time.monotonic() - began, cpu)


def printed(name: str, asked: Asked, parts: Mapping[str, Part]) -> int:
    """Measure, print and keep one table, which is kept as it grows.

    A part that fails does not take the others' figures away; returns 1 if one did.
    """
    rows: list[Row] = []
    failed = 0
    title = f"On hosts of Engine {asked.engine}: median, and least to most, of {asked.rounds} rounds"
    for part, measure in parts.items():
        try:
            rows += measure(asked)
        except (AssertionError, OSError, subprocess.SubprocessError) as problem:
            failed = 1
            said(f"{part} is not measured: {problem}")
        shown = table(title, rows), machine(asked.beside)
        with (RESULTS / f"{name}-engine-{asked.engine}.txt").open("w") as file:
            Console(file=file, width=WIDTH).print(*shown)
    Console(width=WIDTH, highlight=False).print(*shown)
    return failed


def said(line: str) -> None:
    """Print a figure at once."""
    print(line, flush=True)


def table(title: str, rows: Sequence[Row]) -> Table:
    """Return all rows; a column for each name that any of them has."""
    columns = list(dict.fromkeys(column for row in rows for column in row.runs))
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    shown.add_column("job")
    for column in columns:
        shown.add_column(column, justify="right")
    for row in rows:
        shown.add_row(row.job, *(figure(row.runs.get(column, ()), row.unit) for column in columns))
    return shown


def figure(runs: Sequence[float], unit: str) -> str:
    """Return the median, with the least and the most if they differ; empty if nothing was measured."""
    told = [amount(each, unit) for each in sorted(runs)]
    if len(set(told)) < 2:
        return "".join(told[:1])
    return f"{amount(statistics.median(runs), unit)} ({told[0]} to {told[-1]})"


def amount(value: float, unit: str) -> str:
    """Return a figure with as many digits as it is worth."""
    return f"{value:.0f} {unit}" if value >= 100 else f"{value:.1f} {unit}"


def machine(beside: Path | None) -> str:
    """Say where and with what it was measured."""
    processors = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in processors if line.startswith("model name")), platform.machine())
    cli = subprocess.run(("pulumi", "version"), capture_output=True, text=True, check=True).stdout.strip()
    return (
        f"{os.cpu_count()} x {model}, Linux {platform.release()}, Python {platform.python_version()}, Pulumi {cli}, "
        f"its SDK {version('pulumi')}, this project at {commit(ROOT)}"
        f"{f', beside it at {commit(beside)}' if beside else ''}, load average at the end {os.getloadavg()[0]:.1f}"
    )


def commit(checkout: Path) -> str:
    """Return the commit of a checkout, in short."""
    asked = ("git", "rev-parse", "--short", "HEAD")
    return subprocess.run(asked, cwd=checkout, capture_output=True, text=True, check=False).stdout.strip()
