"""Counts by the hosts themselves: connections to each for a command, requests for an overlay that is as it was."""

from collections.abc import Callable

from bench.measuring import FETCH, Asked, Row, Spent
from bench.programs import REFRESH, UP, made_a_swarm, networks_alone, programs
from bench.witness import connections, watch
from bench.witness import requests as sent
from tests.support import machines

FEW, MANY = 10, 100


def rows(asked: Asked) -> list[Row]:
    """Count, on three hosts."""
    try:
        group = made_a_swarm(machines.start(asked.group, asked.engine, seconds=FETCH))
        watch(group)
        logins, requests = dict[str, int](), list[int]()
        with programs(False) as (ours,):
            for count in (FEW, MANY):
                ours.declare(networks_alone(group, count))
                looks: dict[str, Callable[[], Spent]] = {
                    "up": lambda: ours.pulumi(*UP),
                    "preview --refresh": lambda: ours.pulumi(*REFRESH),
                    **{name: lambda name=name: ours.swarmnet(name) for name in ("drift", "plan", "facts")},  # type: ignore[misc]
                }
                for job, look in looks.items():
                    before, asked_before = connections(group), sent(group)
                    look()
                    logins[job] = max(now - then for now, then in zip(connections(group), before, strict=True))
                    if job == "preview --refresh":
                        requests.append(sent(group) - asked_before)
    finally:
        machines.end(asked.group)
    most = max(logins, key=lambda job: logins[job])
    return [
        Row(job=f"SSH connections to a host, most of all commands: {most}", ours=logins[most], more=1, unit=""),
        Row(
            job="requests for an unchanged overlay, preview --refresh",
            ours=(requests[1] - requests[0]) / (MANY - FEW),
            more=0.05,
            unit="",
        ),
    ]
