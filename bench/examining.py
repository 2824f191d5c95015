"""Times `swarmnet doctor`, with a packet for everything from every host to every other."""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml
from rich import box
from rich.console import Console
from rich.table import Table

from tests.support import machines
from tests.support.machines import ROOT, Group
from tests.support.what_hosts_show import stack_of
from tools.real_hosts import why_not_here

GROUP = "qb"
# Seconds that it may take, by number of hosts.
AT_MOST = {3: 5.0, 20: 15.0}
SECONDS = 600.0


def main() -> int:
    """Measure and print; return 1 if a promise is not kept, 2 if there are no hosts to measure on."""
    parser = argparse.ArgumentParser(prog="python -m bench.examining", description="Seconds of `swarmnet doctor`.")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each; default: 3")
    parser.add_argument("--hosts", type=int, action="append", choices=list(AT_MOST), help="default: 3 and 20")
    asked = parser.parse_args()
    if reason := why_not_here():
        print(f"no real Docker hosts on this machine: {reason}", file=sys.stderr)
        return 2
    found = {count: measured(count, asked.rounds) for count in asked.hosts or AT_MOST}
    Console(soft_wrap=True, highlight=False).print(table(found))
    return 1 if broken(found) else 0


def measured(count: int, rounds: int) -> list[float]:
    """Seconds of each run on so many hosts that are in no swarm, where most is sent."""
    try:
        group = machines.start(GROUP, "28", count=count, seconds=SECONDS)
        return [timed(group) for _ in range(rounds)]
    finally:
        machines.end(GROUP)


def timed(group: Group) -> float:
    """Seconds of one run, which has to find every channel open."""
    sections: dict[str, Any] = stack_of(group)
    config = {f"swarmnet:{key}": sections[key] for key in ("hosts", "ssh")}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Pulumi.bench.yaml").write_text(yaml.safe_dump({"config": config}))
        command = [sys.executable, "-m", "cli", "doctor", "bench", f"--dir={folder}", "--skip=kernel-ipvs"]
        began = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        took = time.monotonic() - began
    if done.returncode:
        raise SystemExit(f"hosts are not well: {done.stdout}{done.stderr}")
    return took


def broken(found: dict[int, list[float]]) -> list[str]:
    """Times above what is promised."""
    return [
        f"{count} hosts: doctor takes {statistics.median(times):.1f} s, at most {AT_MOST[count]:.0f}"
        for count, times in found.items()
        if statistics.median(times) > AT_MOST[count]
    ]


def table(found: dict[int, list[float]]) -> Table:
    """Medians with the fastest and the slowest run."""
    rows = Table(
        "hosts",
        "seconds",
        "at most",
        title="Seconds of `swarmnet doctor`, median (fastest, slowest)",
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    for count, times in found.items():
        spread = f"{statistics.median(times):.1f} ({min(times):.1f}, {max(times):.1f})"
        rows.add_row(str(count), spread, f"{AT_MOST[count]:.0f}")
    return rows


if __name__ == "__main__":
    sys.exit(main())
