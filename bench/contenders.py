"""From bare hosts to the stack: `pulumi up` beside a careful shell script, each as one process that is timed whole."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.measuring import FETCH, Asked, Row, Spent, median, spent
from bench.programs import UP, programs
from bench.programs import overlays as so_many
from bench.witness import connections, requests, watch
from tests.support import machines
from tests.support.machines import KEY_FILE, KNOWN_HOSTS, Group
from tests.support.what_hosts_show import SSH, networks_of

SCRIPT = Path(__file__).parent / "by_hand.sh"
SECONDS = 600.0
# How many times as long as the script `pulumi up` may take, by number of overlays.
AT_MOST = {5: 1.3, 100: 1.2}


def rows(asked: Asked) -> list[Row]:
    """Measure each number of overlays. The two take turns, so that whatever else the machine does meets both."""
    found = []
    try:
        group = machines.start(asked.group, asked.engine, seconds=FETCH)
        for overlays, factor in AT_MOST.items():
            runs: dict[str, list[Spent]] = {"ours": [], "script": [], "floor": []}
            for number in range(1, asked.rounds + 1):
                for name, way in WAYS.items():
                    runs[name].append(way(group, overlays))
                    prove(group, overlays)
                    asked.say(f"bare hosts, {overlays} overlays, round {number}: {name}: {runs[name][-1]}")
                runs["floor"].append(by_nobody(len(group.hosts), overlays))
            ours, script, floor = (median(each) for each in runs.values())
            job = f"bare hosts to {overlays} overlays: up"
            found.append(Row(job=job, ours=ours.elapsed, beside=script.elapsed, of="script", factor=factor))
            found.append(Row(job=f"{job}, less the floor", ours=ours.elapsed - floor.elapsed))
        found += counted(group)
    finally:
        machines.end(asked.group)
    return found


def counted(group: Group) -> list[Row]:
    """Return what the hosts count of each way, in runs of their own, since counting takes time."""
    overlays = min(AT_MOST)
    found = []
    for way in WAYS.values():
        way(group, overlays, before=watch)
        found.append((requests(group), max(connections(group))))
    ours, script = found
    return [
        Row(job=f"bare hosts to {overlays} overlays: {what}", ours=mine, beside=theirs, of="script", unit="")
        for what, mine, theirs in zip(("requests to Engines", "connections to a host"), ours, script, strict=True)
    ]


def by_pulumi(group: Group, overlays: int, before: Callable[[Group], None] = lambda _: None) -> Spent:
    """`pulumi up --yes --skip-preview`, in a new project."""
    group.reset()
    before(group)
    with programs(False) as (ours,):
        ours.declare(stack(group, overlays))
        return ours.pulumi(*UP)


def by_script(group: Group, overlays: int, before: Callable[[Group], None] = lambda _: None) -> Spent:
    """by_hand.sh."""
    group.reset()
    before(group)
    words = [SCRIPT, KEY_FILE, KNOWN_HOSTS, str(overlays), *(host.address for host in group)]

    def work() -> None:
        done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert done.returncode == 0, done.stderr

    return spent(work)


def by_nobody(hosts: int, number: int) -> Spent:
    """The floor of as many resources: a bridge and a node for each host, swarm, ingress and overlays."""
    with programs(True) as (floor,):
        floor.declare({"hosts": {}, "overlays": so_many(2 * hosts + 2 + number)})
        return floor.pulumi(*UP)


def stack(group: Group, overlays: int) -> dict[str, Any]:
    """Return the stack file's sections; by_hand.sh has the same ranges."""
    first, *_ = group
    return {
        "hosts": {
            host.name: {"address": host.address, "role": "manager" if host is first else "worker"} for host in group
        },
        "ssh": SSH,
        "swarm": {},
        "gwbridge": {"subnet": "10.200.0.0/20"},
        "ingress": {"subnet": "10.201.0.0/20"},
        "overlays": {f"app{number}": {"subnet": f"10.202.{number}.0/24"} for number in range(overlays)},
    }


def prove(group: Group, overlays: int) -> None:
    """Raise AssertionError unless every host is right."""
    right = {"bridge": "10.200.0.0/20", "ingress": "10.201.0.0/20", "sandbox": True, "way out": True}
    for host in group:
        assert networks_of(host) == right, f"{host.name}: {networks_of(host)}"
    made = [name for name in next(iter(group)).networks() if name.startswith("app")]
    assert len(made) == overlays, made


WAYS: dict[str, Callable[..., Spent]] = {"ours": by_pulumi, "script": by_script}
