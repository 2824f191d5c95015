"""Times `swarmnet doctor`, with a packet for everything from every host to every other."""

from bench.measuring import FETCH, Asked, Row, median
from bench.programs import programs
from tests.support import machines
from tests.support.what_hosts_show import stack_of

# Seconds that it may take, by number of hosts.
AT_MOST = {3: 5.0, 20: 15.0}


def rows(asked: Asked) -> list[Row]:
    """Measure it on each number of hosts, which are in no swarm: there most is sent."""
    return [row(asked, count, seconds) for count, seconds in AT_MOST.items()]


def row(asked: Asked, count: int, at_most: float) -> Row:
    """On so many hosts, on which it has to find every channel open."""
    try:
        group = machines.start(asked.group, asked.engine, count=count, seconds=FETCH)
        with programs(False) as (ours,):
            sections = stack_of(group)
            ours.declare({key: sections[key] for key in ("hosts", "ssh")})
            took = median(ours.swarmnet("doctor", "--skip=kernel-ipvs") for _ in range(asked.rounds))
    finally:
        machines.end(asked.group)
    return Row(job=f"{count} hosts: swarmnet doctor", ours=took.elapsed, more=at_most, cpu=(took.cpu,))
