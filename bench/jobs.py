"""Measures each job on so many overlays: this project beside the floor, which is Pulumi itself.

The floor is a program with as many resources that do nothing, under the same CLI, virtual environment and backend.
Beside the seconds by the clock stand those of the processors (user and system, of all processes of a job): they say
something on a machine that is busy with other things too.

    python -m bench.jobs --engine 28 --count 100 --rounds 5
"""

import argparse
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from tests.support import machines
from tests.support.machines import ROOT, Group
from tests.support.project import Project
from tests.support.what_hosts_show import SSH
from tools.real_hosts import why_not_here

GROUP = "b"
COUNTS = (100, 1000)
FETCH, SECONDS = 900.0, 1200.0
FLOOR = Path(__file__).parent / "floor"
RESULTS = Path(__file__).parent / "results"
UP = ("up", "--yes", "--skip-preview")


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of the processors."""

    elapsed: float
    cpu: float


Times = dict[tuple[str, str], list[Spent]]  # by job and contender


def spent(work: Callable[[], object]) -> Spent:
    """Measure some work, with all processes that it starts and waits for."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Spent(time.monotonic() - began, cpu)


class Contender:
    """A project on hosts that are a swarm already. Of the `floor` the program is another."""

    def __init__(self, group: Group, folder: Path, *, floor: bool) -> None:
        folder.mkdir()
        self.name = "floor" if floor else "ours"
        self.project = Project(folder, folder.parent / "home")
        if floor:
            (folder / "__main__.py").unlink()
            (folder / "__main__.py").symlink_to(FLOOR / "__main__.py")
            (folder / "bench").symlink_to(ROOT / "bench")
        self.sections: dict[str, Any] = {"hosts": {host.name: {"address": host.address} for host in group}, "ssh": SSH}

    def declare(self, count: int) -> None:
        """Write the stack file with so many overlays."""
        overlays = {f"app{n}": {"subnet": f"10.{100 + n // 250}.{n % 250}.0/24"} for n in range(count)}
        self.project.declare({**self.sections, **({"overlays": overlays} if overlays else {})})

    def jobs(self, count: int) -> Iterator[tuple[str, Callable[[], object]]]:
        """One round: each job by its name, in the order in which they are done."""
        self.declare(count)
        yield "up, all added", lambda: self.done(*UP)
        yield "preview", lambda: self.done("preview")
        yield "preview --refresh", lambda: self.done("preview", "--refresh")
        yield "up, nothing to do", lambda: self.done(*UP)
        if self.name == "ours":
            yield "swarmnet drift", self.drift
        self.declare(0)
        yield "up, all removed", lambda: self.done(*UP)

    def done(self, *words: str) -> None:
        """Run `pulumi` to a good end."""
        run = self.project.run(*words, seconds=SECONDS)
        assert run.ok, run.text[-2000:]

    def drift(self) -> None:
        """`swarmnet drift`."""
        command = (ROOT / ".tools" / "venv" / "bin" / "swarmnet", "drift", self.project.stack)
        env = {"PULUMI_BACKEND_URL": f"file://{self.project.backend}", "PULUMI_CONFIG_PASSPHRASE": ""}
        subprocess.run(command, cwd=self.project.folder, env={**os.environ, **env}, check=True, capture_output=True)


def measured(group: Group, counts: tuple[int, ...], rounds: int, say: Callable[[str], None]) -> dict[int, Times]:
    """All jobs of all rounds. Contenders take turns, so that whatever else the machine does meets both."""
    found: dict[int, Times] = {}
    folder = Path(tempfile.mkdtemp(prefix="swarmnet-jobs-"))
    try:
        both = [Contender(group, folder / name, floor=name == "floor") for name in ("ours", "floor")]
        for count in counts:
            times = found[count] = {}
            for number in range(1, rounds + 1):
                for each in both:
                    for job, work in each.jobs(count):
                        took = spent(work)
                        times.setdefault((job, each.name), []).append(took)
                        say(f"{count}, round {number}: {each.name}: {job}: {took.elapsed:.1f} s, cpu {took.cpu:.1f} s")
    finally:
        shutil.rmtree(folder)
    return found


def table(found: dict[int, Times], rounds: int, engine: str) -> Table:
    """Medians, and how many times the floor they are."""
    title = f"Seconds on 3 hosts of Engine {engine}, median of {rounds}"
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("overlays", "job", "ours", "floor", "ratio", "cpu: ours", "floor", "ratio", "for each, ms"):
        shown.add_column(heading, justify="left" if heading == "job" else "right")
    for count, times in found.items():
        for job in dict.fromkeys(job for job, _ in times):
            ours, floor = (times.get((job, name)) for name in ("ours", "floor"))
            assert ours
            clock, cpu = ([median(of, kind) for of in (ours, floor)] for kind in ("elapsed", "cpu"))
            own = (cpu[0] - cpu[1]) / count * 1000
            shown.add_row(str(count), job, *cells(*clock), *cells(*cpu), f"{own:.1f}" if floor else "")
    return shown


def median(of: list[Spent] | None, kind: str) -> float:
    """Of one contender's runs of a job; 0 if it has no such job."""
    return statistics.median(getattr(each, kind) for each in of) if of else 0.0


def cells(ours: float, floor: float) -> tuple[str, str, str]:
    """Two medians and their ratio."""
    return f"{ours:.1f}", *((f"{floor:.1f}", f"{ours / floor:.2f}") if floor else ("", ""))


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


def main() -> int:
    """Measure, print and keep; 2 if there are no hosts to measure on."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.jobs", description="Each job beside what Pulumi itself takes."
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engine", action="append", help="repeatable; default: 20.10 and 28")
    parser.add_argument("--count", type=int, action="append", help="overlays; repeatable; default: 100 and 1,000")
    parser.add_argument("--group", default=GROUP, help="of the lab's hosts")
    given = parser.parse_args()
    if reason := why_not_here():
        print(f"no real Docker hosts on this machine: {reason}", file=sys.stderr)
        return 2
    for engine in given.engine or ("20.10", "28"):
        on_engine(given.group, engine, tuple(given.count or COUNTS), given.rounds)
    return 0


def on_engine(name: str, engine: str, counts: tuple[int, ...], rounds: int) -> None:
    """One table, printed and kept in `results`."""
    screen = Console(soft_wrap=True, highlight=False)
    try:
        group = machines.start(name, engine, seconds=FETCH).reset()
        first, *others = group
        first.docker("swarm", "init", "--advertise-addr", first.address)
        token = first.docker("swarm", "join-token", "--quiet", "worker").strip()
        for host in others:
            host.docker("swarm", "join", "--token", token, f"{first.address}:2377")
        found = table(measured(group, counts, rounds, screen.print), rounds, engine)
    finally:
        machines.end(name)
    screen.print(found, machine())
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / f"jobs-engine-{engine}.txt").open("w") as file:
        Console(file=file, width=140).print(found, machine())


if __name__ == "__main__":
    sys.exit(main())
