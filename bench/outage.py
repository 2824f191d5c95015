"""Measures how long ports are away while the ingress changes, beside the least that the Engine itself needs for it.

The floor is a bare script: ports off, tasks gone, ingress removed, another created, nodes kicked, ports back, first
task; with no check between and no journal, so that nobody would want it on a swarm that matters. Both are measured by
the same witness: for each service the time between the end of its last task on the old ingress and the start of its
first on the new one, by the Engines' own clocks.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bench.api import Api, Json
from bench.measuring import FETCH, Asked, Row, Spent, median, spent
from bench.programs import PATIENT, UP, Program, programs
from bench.report import GROUP, printed
from tests.support import machines
from tests.support.machines import Group, eventually
from tests.support.services import FOREVER, all_run
from tests.support.what_hosts_show import stack_of

ENGINES = ("20.10", "26", "28", "29")
SERVICES = (3, 10)
# With so many, the whole change may take so many seconds more than the Engine's own steps.
MANY, OWN_SECONDS = 300, 10.0
SECONDS = 1800.0
KICK = "bench.kick"
POLL = 0.02
ENDED = frozenset({"complete", "shutdown", "failed", "rejected", "remove", "orphaned"})


def seconds(task: Json) -> float:
    """When its state last changed, by its Engine's clock. The Engine gives nanoseconds."""
    whole, _, fraction = task["Status"]["Timestamp"].rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{fraction or 0}")


def away(api: Api, old: str, new: str) -> list[float]:
    """Seconds that the ports of each service were away; nothing as long as one has no task on the new ingress."""
    ended: dict[str, float] = {}
    for task in api.tasks(old):
        ended[task["ServiceID"]] = max(ended.get(task["ServiceID"], 0.0), seconds(task))
    begun: dict[str, float] = {}
    for task in api.tasks(new):
        if task["Status"]["State"] == "running":
            begun[task["ServiceID"]] = min(begun.get(task["ServiceID"], float("inf")), seconds(task))
    return [begun[service] - ended[service] for service in ended] if ended.keys() <= begun.keys() else []


def bare_script(api: Api, subnet: str) -> None:
    """Strip, tasks gone, remove, create, kick, restore, first tasks: with nothing between."""
    old, services = api.ingress(), [f"/services/{each['ID']}" for each in api.get("/services")]
    former = {path: api.get(path)["Spec"]["EndpointSpec"]["Ports"] for path in services}

    def strip(spec: Json) -> None:
        spec["EndpointSpec"]["Ports"] = []
        spec["UpdateConfig"] = {**(spec.get("UpdateConfig") or {}), "Parallelism": 0, "FailureAction": "pause"}

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda path: api.update(path, strip), services))
        while any(task["Status"]["State"] not in ENDED for task in api.tasks(old)):
            time.sleep(POLL)
        api.delete(f"/networks/{old}")
        config = {"Subnet": subnet}
        wanted = {"Name": "ingress", "Driver": "overlay", "Ingress": True, "IPAM": {"Config": [config]}}
        while api.post("/networks/create", wanted) >= 400:
            time.sleep(POLL)
        kick(api)
        list(pool.map(lambda path: api.update(path, lambda spec: restore(spec, former[path])), services))


def kick(api: Api) -> None:
    """An update of each node that changes it."""
    for node in api.get("/nodes"):
        api.update(f"/nodes/{node['ID']}", lambda spec: spec["Labels"].update({KICK: str(time.monotonic())}))


def restore(spec: Json, ports: Json) -> None:
    """Put a service's ports back."""
    spec["EndpointSpec"]["Ports"] = ports


@dataclass
class Scene:
    """A swarm whose services publish, and the project that made its networks."""

    group: Group
    ours: Program
    number: int = 0

    @classmethod
    def brought_up(cls, group: Group, ours: Program, services: int) -> "Scene":
        """From bare hosts, with so many services of one task each."""
        group.reset()
        group.provide_image()
        ours.declare({**stack_of(group), "timeouts": PATIENT})
        ours.pulumi(*UP)
        manager = next(iter(group))
        for number in range(services):
            Api(manager).create("/services", service(number))
        eventually(lambda: all_run(manager), SECONDS)
        return cls(group, ours)

    def measured(self, change: Callable[["Scene", Api, str], None]) -> list[float]:
        """Return seconds that each service's ports are away in one change."""
        self.number += 1
        manager = next(iter(self.group))
        api = Api(manager)
        old = api.ingress()
        change(self, api, f"10.201.{16 * self.number}.0/20")
        new = api.ingress()
        spans = eventually(lambda: away(api, old, new), SECONDS)
        eventually(lambda: self.reached(api, new) and all_run(manager), SECONDS)
        return spans

    def reached(self, api: Api, ingress: str) -> bool:
        """Tell whether every host has the ingress. Those without it are kicked, so that the next change finds them
        well.

        The bare script does not look.
        """
        for host in self.group:
            if "ingress-sbox" not in ((host.network(ingress) or {}).get("Containers") or {}):
                kick(api)
                time.sleep(1)
                return False
        return True

    def by_pulumi(self, _: Api, subnet: str) -> None:
        """As a user does it."""
        self.ours.declare({**self.ours.sections, "ingress": {"subnet": subnet}})
        self.ours.pulumi(*UP)

    def by_script(self, api: Api, subnet: str) -> None:
        """As the Engine allows it at best."""
        bare_script(api, subnet)


def service(number: int) -> Json:
    """Return a service of one task that publishes, as the Engine is asked for it."""
    return {
        "Name": f"web{number}",
        "TaskTemplate": {
            "ContainerSpec": {"Image": "busybox:lab", "Args": FOREVER.split(), "StopGracePeriod": 1_000_000_000}
        },
        "Mode": {"Replicated": {"Replicas": 1}},
        "EndpointSpec": {"Ports": [{"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 8100 + number}]},
    }


WAYS: dict[str, Callable[[Scene, Api, str], None]] = {"pulumi up": Scene.by_pulumi, "floor": Scene.by_script}


def rows(asked: Asked, counts: tuple[int, ...] = SERVICES) -> list[Row]:
    """Measure with each number of services: the median over services and rounds."""
    found = []
    try:
        group = machines.start(asked.group, asked.engine, seconds=FETCH)
        for count in counts:
            with programs(False) as (ours,):
                spans = alternating(Scene.brought_up(group, ours, count), asked.rounds)
            asked.say(
                f"{count} services: "
                + ", ".join(f"{way} {min(of):.1f} to {max(of):.1f} s" for way, of in spans.items())
            )
            away_by_us, least = (statistics.median(of) for of in spans.values())
            job = f"{count} services: a port is away while the ingress changes"
            found.append(Row(job=job, ours=away_by_us, beside=least, of="the Engine's steps"))
    finally:
        machines.end(asked.group)
    return found


def alternating(scene: Scene, rounds: int) -> dict[str, list[float]]:
    """All spans by way. The ways take turns."""
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, change in WAYS.items():
            found[way] += scene.measured(change)
    return found


def many(asked: Asked, services: int = MANY) -> list[Row]:
    """Measure a change under hundreds of services, to the moment when all run again."""
    spent_by: dict[str, list[Spent]] = {way: [] for way in WAYS}
    try:
        group = machines.start(asked.group, asked.engine, seconds=FETCH)
        with programs(False) as (ours,):
            scene = Scene.brought_up(group, ours, services)
            for _ in range(asked.few):
                for way, change in WAYS.items():
                    spent_by[way].append(spent(partial(scene.measured, change)))
                    asked.say(f"{services} services: {way}: {spent_by[way][-1]}")
    finally:
        machines.end(asked.group)
    whole, engine = (median(of) for of in spent_by.values())
    return [
        Row(
            job=f"{services} services: ingress changed, all run again",
            ours=whole.elapsed,
            beside=engine.elapsed,
            of="the Engine's steps",
            factor=1,
            more=OWN_SECONDS,
            cpu=(whole.cpu,),
        )
    ]


def main() -> int:
    """Measure, print and keep; 2 if there are no hosts to measure on."""
    parser = argparse.ArgumentParser(prog="python -m bench.outage", description="How long ports are away.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", action="append", help=f"repeatable; default: {', '.join(ENGINES)}")
    parser.add_argument("--services", type=int, action="append", help="repeatable; default: 3 and 10")
    parser.add_argument("--group", default=GROUP, help="of the lab's hosts")
    given = parser.parse_args()
    counts = tuple(given.services or SERVICES)
    parts = {"outage": partial(rows, counts=counts)}
    return printed("outage", given.engine or ENGINES, given.rounds, given.group, parts)


if __name__ == "__main__":
    sys.exit(main())
