"""Measures how long ports are away while the ingress changes.

For each service that is the time between the end of its last task on the old ingress and the start of its first on the
new one, by the Engines' own clocks.
"""

from collections.abc import Iterable
from contextlib import ExitStack, closing
from datetime import datetime
from typing import Any

import docker

from bench.measuring import Asked, Figures, Spent, no_figures
from bench.programs import PATIENT, UP, Program, lab_hosts, programs
from tests.support.machines import Group, Host, eventually
from tests.support.services import FOREVER, all_run, deploy
from tests.support.what_hosts_show import stack_of

SECONDS = 1800.0

Json = Any


def figures(asked: Asked) -> Figures:
    """Measure with each number of services, over services and rounds. Checkouts take turns, each on its own hosts."""
    found = no_figures()
    for count in asked.services:
        with ExitStack() as ended:
            scenes = [
                (program, ended.enter_context(lab_hosts(asked, letter=letter)))
                for program, letter in zip(ended.enter_context(programs(asked)), ("", "a"), strict=False)
            ]
            for program, group in scenes:
                bring_up(program, group, count)
            for number in range(asked.rounds):
                for program, group in scenes:
                    took, spans = changed(program, group, number)
                    found[f"{count} services: a port is away while the ingress changes"][program.name] += spans
                    found[f"{count} services: up, another range for the ingress"][program.name].append(took.elapsed)
                    print(f"{count} services: {program.name}: {min(spans):.1f} to {max(spans):.1f} s", flush=True)
    return found


def bring_up(program: Program, group: Group, services: int) -> None:
    """Make a swarm of bare hosts, with so many services of one task each."""
    group.provide_image()
    program.declare({**stack_of(group), "timeouts": PATIENT})
    program.pulumi(*UP)
    wanted = {f"web{number}": f"--publish {8100 + number}:80 busybox:lab {FOREVER}" for number in range(services)}
    deploy(next(iter(group)), wanted)


def changed(program: Program, group: Group, number: int) -> tuple[Spent, list[float]]:
    """Change the ingress, for the so-and-so-many-th time from 0 on.

    Returns the seconds of the whole `up`, and those that each service's ports are away.
    """
    manager = next(iter(group))
    old = manager.network("ingress")["Id"]
    subnet = f"10.201.{16 * (1 + number % 15)}.0/20"  # another one than before, and than the first
    program.declare({**program.sections, "ingress": {"subnet": subnet}})
    took = program.pulumi(*UP)
    new = manager.network("ingress")["Id"]
    spans = eventually(lambda: away(tasks(manager), old, new), SECONDS)
    eventually(lambda: all_run(manager), SECONDS)
    return took, spans


def away(shown: Iterable[Json], old: str, new: str) -> list[float]:
    """Seconds that the ports of each service were away, by the swarm's tasks and the ids of both ingresses; nothing as
    long as one has no task on the new ingress.
    """
    ended: dict[str, float] = {}
    begun: dict[str, float] = {}
    for task in shown:
        on = {each["Network"]["ID"] for each in task.get("NetworksAttachments") or []}
        if old in on:
            ended[task["ServiceID"]] = max(ended.get(task["ServiceID"], 0.0), seconds(task))
        if new in on and task["Status"]["State"] == "running":
            begun[task["ServiceID"]] = min(begun.get(task["ServiceID"], float("inf")), seconds(task))
    return [begun[service] - ended[service] for service in ended] if ended.keys() <= begun.keys() else []


def seconds(task: Json) -> float:
    """When its state last changed, by its Engine's clock. The Engine gives nanoseconds."""
    whole, _, fraction = task["Status"]["Timestamp"].rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{fraction or 0}")


def tasks(manager: Host) -> list[Json]:
    """Return all tasks of the swarm, as its newest API has them."""
    with closing(docker.APIClient(f"unix:///proc/{manager.pid}/root/run/docker.sock", version="auto")) as api:
        return list(api.tasks())  # type: ignore[no-untyped-call]
