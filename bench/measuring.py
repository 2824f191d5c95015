"""What is measured and what it is held against: seconds of work, rows of one table, the machine."""

import os
import platform
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from tests.support.machines import ROOT

RESULTS = Path(__file__).parent / "results"
WIDTH = 180
FETCH = 900.0  # seconds for hosts whose Engine has to be built first
Say = Callable[[str], None]


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of the processors."""

    elapsed: float
    cpu: float


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be measured: on which Engine, how often, on hosts of which group; `say` tells each figure at once."""

    engine: str
    rounds: int
    group: str
    say: Say

    @property
    def few(self) -> int:
        """Return how often what takes minutes is measured."""
        return (self.rounds + 1) // 2


@dataclass(frozen=True, kw_only=True)
class Row:
    """One job. `ours` is to be at most `factor` times what stands `beside` it, and `more`; without both nothing is
    promised.

    named: what it may take beyond that, by what each is for. of: what stands beside. terraform: seconds of Terraform's
    provider. cpu: seconds of the processors, of ours and of what stands beside.
    """

    job: str
    ours: float
    beside: float = 0.0
    of: str = ""
    factor: float = 0.0
    more: float = 0.0
    named: Mapping[str, float] = field(default_factory=dict)
    unit: str = "s"
    terraform: float | None = None
    cpu: tuple[float, ...] = ()

    @property
    def at_most(self) -> float:
        """Return what is promised, in the row's unit; 0 if nothing is."""
        return self.factor * self.beside + self.more + sum(self.named.values())

    @property
    def broken(self) -> bool:
        """Tell whether a promise is not kept."""
        return 0 < self.at_most < self.ours


def spent(work: Callable[[], object]) -> Spent:
    """Measure some work, with all processes that it starts and waits for."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Spent(time.monotonic() - began, cpu)


def median(of: Iterable[Spent]) -> Spent:
    """Return the median of each kind of seconds."""
    runs = list(of)
    return Spent(*(statistics.median(getattr(each, kind) for each in runs) for kind in ("elapsed", "cpu")))


def table(title: str, rows: Iterable[Row]) -> Table:
    """Return all rows, each with what it may be at most and how that is made up."""
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    shown.add_column("job")
    for heading in ("ours", "beside"):
        shown.add_column(heading, justify="right")
    shown.add_column("which is")
    for heading in ("times", "Terraform", "at most", "made up of"):
        shown.add_column(heading, justify="right")
    shown.add_column("met")
    shown.add_column("cpu", justify="right")
    for row in rows:
        shown.add_row(*cells(row))
    return shown


def cells(row: Row) -> tuple[str, ...]:
    """Return a row's figures as words; what is not measured is empty."""
    parts = [f"{row.factor:g} x" if row.factor else "", amount(row.more, row.unit) if row.more else ""]
    parts += [f"{amount(value, row.unit)} {what}" for what, value in row.named.items() if value]
    return (
        row.job,
        amount(row.ours, row.unit),
        amount(row.beside, row.unit) if row.of else "",
        row.of,
        f"{row.ours / row.beside:.2f}" if row.beside else "",
        amount(row.terraform, row.unit) if row.terraform is not None else "",
        amount(row.at_most, row.unit) if row.at_most else "",
        " + ".join(part for part in parts if part) if row.factor else "",
        ("NO" if row.broken else "yes") if row.at_most else "",
        " / ".join(f"{each:.1f}" for each in row.cpu),
    )


def amount(value: float, unit: str) -> str:
    """Return a figure with as many digits as it is worth."""
    if not unit:
        return f"{value:.0f}" if value >= 10 else f"{value:.3g}"
    return f"{value:.0f} {unit}" if value >= 100 else f"{value:.1f} {unit}"


def keep(name: str, title: str, rows: list[Row]) -> None:
    """Write the table into `results`, with the machine and the versions."""
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / f"{name}.txt").open("w") as file:
        Console(file=file, width=WIDTH).print(table(title, rows), machine())


def machine() -> str:
    """Say where and with what it was measured."""
    processors = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in processors if line.startswith("model name")), platform.machine())
    commit = subprocess.run(
        ("git", "rev-parse", "--short", "HEAD"), cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    cli = subprocess.run(("pulumi", "version"), capture_output=True, text=True, check=True).stdout.strip()
    return (
        f"{os.cpu_count()} x {model}, Linux {platform.release()}, Python {platform.python_version()}, Pulumi {cli}, "
        f"its SDK {version('pulumi')}, this project at {commit.strip()}, "
        f"load average at the end {os.getloadavg()[0]:.1f}"
    )
