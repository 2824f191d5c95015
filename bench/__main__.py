"""Rounds of every contender, turn by turn, and what came of them as tables."""

import argparse
import os
import statistics
import sys

from rich import box
from rich.console import Console
from rich.table import Table

from bench import outage
from bench.contenders import ALL, BY_HAND, PULUMI, WITHOUT_WAIT, Contender, counted, timed
from bench.witness import Counts
from tests.support import machines
from tests.support.machines import Group
from tools.real_hosts import why_not_here

GROUP = "b"
OUTAGE_ROUNDS = 3
ENGINE = "28"
# How many times as long as the script `pulumi up` may take, by number of overlays.
AT_MOST = {5: 1.3, 100: 1.2}

Times = dict[Contender, list[float]]
Counted = dict[Contender, dict[str, Counts]]


def main() -> int:
    """Measure and print; return 1 if a promise is not kept, 2 if there are no hosts to measure on."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="`pulumi up` against a shell script.")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each contender; default: 5")
    rounds = parser.parse_args().rounds
    if reason := why_not_here():
        print(f"no real Docker hosts on this machine: {reason}", file=sys.stderr)
        return 2
    console = Console(soft_wrap=True, highlight=False)
    try:
        group = machines.start(GROUP, ENGINE)
        times = {overlays: race(group, overlays, rounds, console) for overlays in AT_MOST}
        found = {overlays: {each: counted(each, group, overlays) for each in (PULUMI, BY_HAND)} for overlays in AT_MOST}
    finally:
        machines.end(GROUP)
    console.print(seconds_table(times, rounds), counts_table(found), outage.table(OUTAGE_ROUNDS))
    for promise in broken(times):
        console.print(f"not kept: {promise}")
    return 1 if broken(times) else 0


def race(group: Group, overlays: int, rounds: int, console: Console) -> Times:
    """Seconds of every run. Contenders take turns, so that whatever else the machine does meets them all."""
    times: Times = {each: [] for each in ALL}
    for number in range(1, rounds + 1):
        for each in ALL:
            times[each].append(timed(each, group, overlays))
            load = os.getloadavg()[0]
            console.print(
                f"{overlays} overlays, round {number}: {each.name}: {times[each][-1]:.1f} s (load average {load:.1f})"
            )
    return times


def seconds_table(times: dict[int, Times], rounds: int) -> Table:
    """Medians with the fastest and the slowest run, and how many times as long `pulumi up` takes."""
    table = table_of(
        f"Seconds from bare hosts (3, Engine {ENGINE}) to the stack, median of {rounds} (fastest, slowest)"
    )
    for heading in ("overlays", *(each.name for each in ALL), "ratio", "at most", "no wait"):
        table.add_column(heading, justify="right")
    for overlays, by in times.items():
        spread = (f"{statistics.median(of):.1f} ({min(of):.1f}, {max(of):.1f})" for of in by.values())
        ratios = f"{ratio(by, BY_HAND):.2f}", f"{AT_MOST[overlays]:.1f}", f"{ratio(by, WITHOUT_WAIT):.2f}"
        table.add_row(str(overlays), *spread, *ratios)
    return table


def table_of(title: str) -> Table:
    """Return a table that reads well in a log, too."""
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))


def ratio(times: Times, to: Contender) -> float:
    """Return how many times as long `pulumi up` takes."""
    return statistics.median(times[PULUMI]) / statistics.median(times[to])


def counts_table(found: dict[int, Counted]) -> Table:
    """Requests by kind and SSH connections on each host."""
    table = table_of("What the hosts counted")
    table.add_column("host\n")
    table.add_column("request\n", no_wrap=True)
    runs = [(overlays, each) for overlays in found for each in found[overlays]]
    for overlays, each in runs:
        table.add_column(f"{each.name}\n{overlays} overlays", justify="right")
    for host in found[min(found)][PULUMI]:
        on_host = [found[overlays][each][host] for overlays, each in runs]
        table.add_row(host, "SSH connections", *(str(counts.connections) for counts in on_host))
        for kind in sorted(set().union(*(counts.requests for counts in on_host))):
            table.add_row("", kind, *(str(counts.requests[kind]) for counts in on_host))
        table.add_row("", "in all", *(str(counts.requests.total()) for counts in on_host), end_section=True)
    return table


def broken(times: dict[int, Times]) -> list[str]:
    """Ratios above what is promised."""
    return [
        f"{overlays} overlays: {ratio(by, BY_HAND):.2f} times as long as the script, at most {AT_MOST[overlays]:.1f}"
        for overlays, by in times.items()
        if ratio(by, BY_HAND) > AT_MOST[overlays]
    ]


if __name__ == "__main__":
    sys.exit(main())
