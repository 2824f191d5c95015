"""Seconds of work, the figures of one table, and where and with what they were measured."""

import os
import platform
import resource
import statistics
import subprocess
import time
from collections import defaultdict
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


# Of all runs, by job, which says the unit if that is not seconds, and by what the column is called.
Figures = dict[str, dict[str, list[float]]]
Part = Callable[[Asked], Figures]


def no_figures() -> Figures:
    """Return a place for some."""
    return defaultdict(lambda: defaultdict(list))


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
    figures: Figures = {}
    failed = 0
    title = f"On hosts of Engine {asked.engine}: seconds, median (least to most) of {asked.rounds} rounds"
    for part, measure in parts.items():
        try:
            figures |= measure(asked)
        except (AssertionError, OSError, subprocess.SubprocessError) as problem:
            failed = 1
            print(f"{part} is not measured: {problem}", flush=True)
        shown = table(title, figures), machine(asked.beside)
        with (RESULTS / f"{name}-engine-{asked.engine}.txt").open("w") as file:
            Console(file=file, width=WIDTH).print(*shown)
    Console(width=WIDTH, highlight=False).print(*shown)
    return failed


def table(title: str, figures: Figures) -> Table:
    """Return a row for each job; a column for each name that any of them has."""
    columns = list(dict.fromkeys(column for runs in figures.values() for column in runs))
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    shown.add_column("job")
    for column in columns:
        shown.add_column(column, justify="right")
    for job, runs in figures.items():
        shown.add_row(job, *(figure(runs.get(column, ())) for column in columns))
    return shown


def figure(runs: Sequence[float]) -> str:
    """Return the median, with the least and the most if they differ; empty if nothing was measured.

    Each has as many digits as it is worth.
    """
    if not runs:
        return ""
    least, middle, most = (
        f"{each:.0f}" if each >= 100 else f"{each:.1f}" for each in (min(runs), statistics.median(runs), max(runs))
    )
    return middle if least == most else f"{middle} ({least} to {most})"


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
