"""Measures how long ports are away while the ingress changes, beside the least that the Engine itself needs for it.

The floor is a bare script: ports off, tasks gone, ingress removed, another created, nodes kicked, ports back, first
task; with no check between and no journal, so that nobody would want it on a swarm that matters. Both are measured by
the same witness: for each service the time between the end of its last task on the old ingress and the start of its
first on the new one, by the Engines' own clocks.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import docker
from rich import box
from rich.console import Console
from rich.table import Table

from tests.support import machines
from tests.support.machines import Group, Host, eventually
from tests.support.project import Project
from tests.support.services import FOREVER, all_run, deploy
from tests.support.what_hosts_show import stack_of
from tools.real_hosts import why_not_here

GROUP = "o"
ENGINES = ("20.10", "26", "28", "29")
SERVICES = (3, 10)
FETCH = 900.0
KICK = "bench.kick"
POLL = 0.02
ENDED = frozenset({"complete", "shutdown", "failed", "rejected", "remove", "orphaned"})
Json = Any


class Api:
    """A manager's Engine API at its newest version, over its own socket."""

    def __init__(self, host: Host) -> None:
        self.client = docker.APIClient(f"unix:///proc/{host.pid}/root/run/docker.sock", version="auto", timeout=60)
        self.base = f"http+docker://localhost/v{self.client.api_version}"

    def get(self, path: str) -> Json:
        """Return the JSON at a path."""
        return self.client.get(self.base + path).json()

    def post(self, path: str, body: Json) -> int:
        """Return the status answered."""
        return int(self.client.post(self.base + path, json=body).status_code)

    def update(self, path: str, change: Callable[[Json], None]) -> None:
        """Change a spec as it is now, again if the swarm was faster."""
        while True:
            found = self.get(path)
            change(found["Spec"])
            if self.post(f"{path}/update?version={found['Version']['Index']}", found["Spec"]) < 400:
                return

    def ingress(self) -> str:
        """Return the id of the swarm's ingress."""
        return str(next(each["Id"] for each in self.get("/networks") if each.get("Ingress")))

    def tasks(self, network: str) -> list[Json]:
        """Return the tasks of services with an address on a network."""
        return [task for task in self.get("/tasks") if network in networks_of(task)]


def networks_of(task: Json) -> set[str]:
    """Return ids of the networks that a task has an address on."""
    return {each["Network"]["ID"] for each in task.get("NetworksAttachments") or []}


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
        api.client.delete(f"{api.base}/networks/{old}")
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
    project: Project
    sections: dict[str, Json]
    number: int = 0

    @classmethod
    def brought_up(cls, group: Group, services: int) -> "Scene":
        """From bare hosts, with so many services of one task each."""
        group.reset()
        group.provide_image()
        folder = Path(tempfile.mkdtemp(prefix="swarmnet-outage-"))
        project, sections = Project(folder, folder / "home"), stack_of(group)
        project.declare(sections)
        run = project.up()
        assert run.ok, run.told
        wanted = {f"web{n}": f"--publish {8100 + n}:80 busybox:lab {FOREVER}" for n in range(services)}
        deploy(next(iter(group)), wanted)
        return cls(group, project, sections)

    def measured(self, change: Callable[["Scene", Api, str], None]) -> list[float]:
        """Return seconds that each service's ports are away in one change."""
        self.number += 1
        manager = next(iter(self.group))
        api = Api(manager)
        old = api.ingress()
        change(self, api, f"10.201.{16 * self.number}.0/20")
        new = api.ingress()
        spans = eventually(lambda: away(api, old, new))
        eventually(lambda: self.reached(api, new) and all_run(manager))
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
        self.project.declare({**self.sections, "ingress": {"subnet": subnet}})
        run = self.project.up()
        assert run.ok, run.told

    def by_script(self, api: Api, subnet: str) -> None:
        """As the Engine allows it at best."""
        bare_script(api, subnet)


WAYS: dict[str, Callable[[Scene, Api, str], None]] = {"pulumi up": Scene.by_pulumi, "floor": Scene.by_script}


def table(rounds: int, engines: tuple[str, ...] = ENGINES, counts: tuple[int, ...] = SERVICES) -> Table:
    """Measure on hosts of each Engine; medians over services and rounds, with the shortest and the longest."""
    title = f"Seconds that a port is away while the ingress changes, 3 hosts, median of {rounds} (shortest, longest)"
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("engine", "services", *WAYS, "ratio"):
        shown.add_column(heading, justify="right")
    for engine in engines:
        try:
            group = machines.start(GROUP, engine, seconds=FETCH)
            for count in counts:
                found = measured(Scene.brought_up(group, count), rounds)
                medians = {way: statistics.median(spans) for way, spans in found.items()}
                cells = (f"{medians[way]:.1f} ({min(of):.1f}, {max(of):.1f})" for way, of in found.items())
                shown.add_row(engine, str(count), *cells, f"{medians['pulumi up'] / medians['floor']:.2f}")
        finally:
            machines.end(GROUP)
    return shown


def measured(scene: Scene, rounds: int) -> dict[str, list[float]]:
    """All spans by way. The ways take turns."""
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, change in WAYS.items():
            found[way] += scene.measured(change)
    return found


def main() -> int:
    """Measure and print; 2 if there are no hosts to measure on."""
    parser = argparse.ArgumentParser(prog="python -m bench.outage", description="How long ports are away.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", action="append", help=f"repeatable; default: {', '.join(ENGINES)}")
    parser.add_argument("--services", type=int, action="append", help="repeatable; default: 3 and 10")
    given = parser.parse_args()
    if reason := why_not_here():
        print(f"no real Docker hosts on this machine: {reason}", file=sys.stderr)
        return 2
    counts = tuple(given.services or SERVICES)
    Console(soft_wrap=True, highlight=False).print(table(given.rounds, tuple(given.engine or ENGINES), counts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
