"""Many hosts: how much longer than three they are looked at over slow links, what twelve take beside the floor, and
what memory the plugin takes with fifty."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import services
from bench.links import slow
from bench.measuring import FETCH, Asked, Row, Spent, median, spent
from bench.memory import most
from bench.programs import PATIENT, REFRESH, UP, Program, overlays, programs
from lab import access, state
from providers.hosts.engine_api.http_over_stdio import DIAL
from tests.support import machines
from tests.support.machines import Host
from tests.support.what_hosts_show import stack_of

FEW, MANY = 3, 50
LINK = 0.020  # seconds there and back
LOOKS = ("drift", "plan", "facts")
# A group of the lab has no more.
IN_A_GROUP = 20
FEW_NETWORKS, NETWORKS = 10, 1000  # the few have addresses for the tasks of all services
MEGABYTES = 200.0


def rows(asked: Asked) -> list[Row]:
    """Measure each look on few hosts and on many, over links of 20 ms."""
    found: dict[int, dict[str, Spent]] = {}
    bare: dict[int, Spent] = {}
    for count in (FEW, MANY):
        with many(asked, count) as hosts, stack(hosts) as ours:
            bare[count] = median(spent(lambda hosts=hosts: log_in(hosts)) for _ in range(asked.rounds))  # type: ignore[misc]
            found[count] = {each: median(ours.swarmnet(each) for _ in range(asked.rounds)) for each in LOOKS}
            asked.say(f"{count} hosts: {found[count]}")
            if count == MANY:
                megabytes = memory(asked, hosts[0], ours)
    return [
        *(
            Row(
                job=f"{MANY} hosts over links of {LINK * 1000:.0f} ms: swarmnet {each}",
                ours=found[MANY][each].elapsed,
                beside=found[FEW][each].elapsed,
                of=f"{FEW} hosts",
                factor=2,
                cpu=(found[MANY][each].cpu, found[FEW][each].cpu),
            )
            for each in LOOKS
        ),
        Row(
            job=f"{MANY} hosts: bare ssh to their docker",
            ours=bare[MANY].elapsed,
            beside=bare[FEW].elapsed,
            of=f"{FEW} hosts",
        ),
        *(
            Row(
                job=f"plugin, {NETWORKS:,} networks, {MANY} hosts, {services.COUNT} services: {job}",
                ours=taken,
                more=MEGABYTES,
                unit="MB",
            )
            for job, taken in megabytes.items()
        ),
    ]


def log_in(hosts: list[Host]) -> None:
    """Do by OpenSSH, at all hosts at once, what any look begins with: all of them share this machine's processors."""
    records = state.load()
    words = [access.ssh(records[host.name], *DIAL) for host in hosts]
    begun = [subprocess.Popen(each, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) for each in words]
    assert not any([each.wait() for each in begun])


def memory(asked: Asked, manager: Host, ours: Program) -> dict[str, float]:
    """Return the megabytes that the plugin has at most by job."""
    asked.say(f"tasks: {services.add(manager, services.COUNT, FEW_NETWORKS)}")
    sections = ours.sections
    ours.declare({**sections, "overlays": overlays(NETWORKS)})
    found = {}
    for words in (UP, REFRESH):
        found[" ".join(words)] = most(lambda words=words: ours.pulumi(*words))  # type: ignore[misc]
        asked.say(f"plugin: {found}")
    return found


@contextmanager
def many(asked: Asked, count: int) -> Iterator[list[Host]]:
    """Give so many bare hosts, of as many groups as it takes."""
    groups = [f"{asked.group}{letter}" for letter in ("", "a", "b")]
    left, hosts = count, list[Host]()
    try:
        for group in groups:
            if left > 0:
                size = min(left, IN_A_GROUP)
                hosts += machines.start(group, asked.engine, count=size, seconds=FETCH)
                left -= size
        yield hosts
    finally:
        for group in groups:
            machines.end(group)


@contextmanager
def stack(hosts: list[Host]) -> Iterator[Program]:
    """Give a project whose stack is on these hosts, all reached over slow links: three managers, ten overlays."""
    with (
        tempfile.TemporaryDirectory() as folder,
        slow(hosts, LINK, Path(folder)) as (reached, ssh),
        programs(False) as (ours,),
    ):
        for number, host in enumerate(reached.values()):
            host["role"] = "manager" if number < 3 else "worker"
        ours.declare(
            {
                "hosts": reached,
                "ssh": ssh,
                "swarm": {},
                "gwbridge": {"subnet": "10.200.0.0/20"},
                "ingress": {"subnet": "10.201.0.0/20"},
                "overlays": overlays(FEW_NETWORKS),
                "timeouts": PATIENT,
                "preflight": "off",
            }
        )
        ours.pulumi(*UP)
        yield ours


def twelve(asked: Asked) -> list[Row]:
    """Measure a refresh of twelve hosts beside the floor with as many resources, and `swarmnet drift`."""
    try:
        group = machines.start(asked.group, asked.engine, count=12, seconds=FETCH)
        with programs(False, True) as (ours, floor):
            ours.declare(stack_of(group, managers=3))
            ours.pulumi(*UP)
            count = len(ours.project.state())
            floor.declare({"hosts": {}, "overlays": overlays(count)})
            floor.pulumi(*UP)
            found: dict[str, list[Spent]] = {"ours": [], "floor": [], "drift": []}
            for _ in range(asked.rounds):
                found["ours"].append(ours.pulumi(*REFRESH))
                found["floor"].append(floor.pulumi(*REFRESH))
                found["drift"].append(ours.swarmnet("drift"))
    finally:
        machines.end(asked.group)
    refreshed, least, drift = (median(each) for each in found.values())
    asked.say(f"12 hosts, {count} resources: {refreshed}, floor {least}, drift {drift}")
    return [
        Row(
            job=f"12 hosts, {count} resources: preview --refresh",
            ours=refreshed.elapsed,
            beside=least.elapsed + drift.elapsed,
            of="floor and drift",
            factor=1.2,
            cpu=(refreshed.cpu, least.cpu + drift.cpu),
        )
    ]
