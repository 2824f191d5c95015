"""Measures each job on so many overlays: this project beside the floor, which is Pulumi itself.

The floor is a program with as many resources that do nothing, under the same CLI, virtual environment and backend.
Beside the seconds by the clock stand those of the processors (user and system, of all processes of a job): they say
something on a machine that is busy with other things too.

    python -m bench.jobs --engine 28 --count 100 --rounds 5
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise

from bench import terraform
from bench.allowance import Allowance, allowance
from bench.measuring import FETCH, Asked, Row, Spent, median
from bench.programs import REFRESH, UP, Program, made_a_swarm, networks_alone, programs
from bench.report import GROUP, printed
from tests.support import machines
from tests.support.machines import Group

COUNTS = (100, 1000)
# Of a hundred networks or fewer, since Terraform's provider takes minutes for more.
FOR_TERRAFORM = 100
ADDED, PREVIEW, REFRESHED, NOTHING, REMOVED = (
    "up, all added",
    "preview",
    "preview --refresh",
    "up, nothing to do",
    "up, all removed",
)
DRIFT = "swarmnet drift"
# How many times the floor a job may take, and the Engine's own seconds for the calls that it makes. Beside these, each
# may take what a process pays that reaches hosts, also those that reach none.
AT_MOST: dict[str, tuple[float, Callable[[Allowance], float]]] = {
    ADDED: (1.25, lambda own: own.create + own.inspect),
    PREVIEW: (1.25, lambda _: 0.0),
    REFRESHED: (1.25, lambda own: own.listing),
    NOTHING: (1.25, lambda _: 0.0),
    REMOVED: (1.5, lambda own: own.remove),
}
REACHING = (ADDED, REFRESHED, REMOVED)
GROWTH = 1.1
# Of a network's milliseconds, less is noise.
LEAST = 1.0

Times = dict[tuple[str, str], list[Spent]]  # by job and program


def jobs(program: Program, group: Group, count: int) -> Iterator[tuple[str, Callable[[], Spent]]]:
    """One round: each job by its name, in the order in which they are done."""
    program.declare(networks_alone(group, count))
    yield ADDED, lambda: program.pulumi(*UP)
    yield PREVIEW, lambda: program.pulumi("preview")
    yield REFRESHED, lambda: program.pulumi(*REFRESH)
    yield NOTHING, lambda: program.pulumi(*UP)
    if program.name == "ours":
        yield DRIFT, lambda: program.swarmnet("drift")
    program.declare(networks_alone(group, 0))
    yield REMOVED, lambda: program.pulumi(*UP)


def rows(asked: Asked, counts: tuple[int, ...] = COUNTS) -> list[Row]:
    """Measure all jobs with each number of overlays, on three hosts."""
    try:
        group = made_a_swarm(machines.start(asked.group, asked.engine, seconds=FETCH))
        found = {count: measured(group, count, asked) for count in counts}
    finally:
        machines.end(asked.group)
    return [
        *(row for count, (times, own, others) in found.items() for row in of_count(count, times, own, others)),
        *(
            row
            for few, many in pairwise(found)
            for row in growth(few, many, *(found[each][:2] for each in (few, many)))
        ),
    ]


def measured(group: Group, count: int, asked: Asked) -> tuple[Times, Allowance, dict[str, float]]:
    """All jobs of all rounds, what is allowed beside the floor, and what Terraform's provider takes.

    Programs take turns, so that whatever else the machine does meets both.
    """
    own = allowance(next(iter(group)), count)
    asked.say(f"{count}: allowed: " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in vars(own).items()))
    times: Times = {}
    with programs(False, True) as both:
        for number in range(1, asked.rounds + 1):
            for each in both:
                for job, work in jobs(each, group, count):
                    took = work()
                    times.setdefault((job, each.name), []).append(took)
                    asked.say(
                        f"{count}, round {number}: {each.name}: {job}: {took.elapsed:.1f} s, cpu {took.cpu:.1f} s, "
                        f"load average {os.getloadavg()[0]:.1f}"
                    )
    others = terraform.seconds(group, count, asked.say) if count <= FOR_TERRAFORM else {}
    return times, own, others


def of_count(count: int, times: Times, own: Allowance, others: dict[str, float]) -> Iterator[Row]:
    """Each job beside the floor."""
    for job, (factor, calls) in AT_MOST.items():
        ours, floor = (median(times[job, name]) for name in ("ours", "floor"))
        yield Row(
            job=f"{count} overlays: {job}",
            ours=ours.elapsed,
            beside=floor.elapsed,
            of="floor",
            factor=factor,
            named={"imports, handshake": own.reaching, "Engine": calls(own)},
            terraform=others.get(job),
            cpu=(ours.cpu, floor.cpu),
        )
    ours = median(times[DRIFT, "ours"])
    yield Row(job=f"{count} overlays: {DRIFT}", ours=ours.elapsed, cpu=(ours.cpu,))


def growth(few: int, many: int, before: tuple[Times, Allowance], after: tuple[Times, Allowance]) -> Iterator[Row]:
    """Time for each network beyond the floor's, and beyond what a process pays that reaches hosts."""
    for job in AT_MOST:
        small, large = (
            (each(job, *found) / n * 1000) for n, found, each in ((few, before, beyond), (many, after, beyond))
        )
        yield Row(
            job=f"each of {many:,} overlays: {job}",
            ours=max(large, 0.0),
            beside=max(small, LEAST),
            of=f"each of {few:,}",
            factor=GROWTH,
            unit="ms",
        )


def beyond(job: str, times: Times, own: Allowance) -> float:
    """Return the seconds of a job that are ours and grow with the networks."""
    ours, floor = (median(times[job, name]).elapsed for name in ("ours", "floor"))
    return ours - floor - (own.reaching if job in REACHING else 0.0)


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
    counts = tuple(given.count or COUNTS)
    name = "-".join(("jobs", *map(str, given.count or ())))
    return printed(
        name, given.engine or ["20.10", "28"], given.rounds, given.group, {"jobs": lambda asked: rows(asked, counts)}
    )


if __name__ == "__main__":
    sys.exit(main())
