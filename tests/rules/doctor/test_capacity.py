"""Findings on addresses: how many are left, and who waits for one."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from providers.rules.doctor.diagnosis import diagnosis
from providers.rules.vocabulary.diagnosis import Room
from providers.rules.vocabulary.facts import Endpoint, SwarmService, Task
from tests.support.examined import NOW, found, host, seen, swarm, wants
from tests.support.networks import a_network

SUBNET = "10.202.0.0/28"


def network(name="app", subnet=SUBNET, driver="overlay", endpoints=0, ingress=False, gateway="10.202.0.1"):
    """A network of 13 addresses to give; without a driver it never got them."""
    ranges = {"subnets": (subnet,), "gateways": (gateway,)} if driver else {}
    hanging = tuple(Endpoint(name=f"e{number}", key=f"c{number}") for number in range(endpoints))
    config = {"name": name, "driver": driver, "ingress": ingress}
    return a_network(id=f"id-{name}", scope="swarm", endpoints=hanging, **ranges, **config)


def service(mode="vip"):
    """A service on the network."""
    spec = json.dumps({"EndpointSpec": {"Mode": mode}})
    return SwarmService(id="web", name="web", networks=("id-app",), spec=spec)


TASK = Task(id="t", service_id="web", node_id="", state="new", desired="running")


def tasks(count, nodes=("m1", "w1", "w2")):
    """Tasks that run, spread over the nodes."""
    runs = replace(TASK, state="running", networks=("id-app",))
    return tuple(replace(runs, id=f"t{at}", node_id=f"id-{nodes[at % len(nodes)]}") for at in range(count))


def waiting(age=60.0, **keys):
    """A task that no host has, for so many seconds."""
    since = datetime.fromtimestamp(NOW - age, UTC).isoformat().replace("+00:00", "Z")
    return replace(TASK, since=since, **keys)


def of(**snapshot):
    """Return a swarm with one network."""
    return swarm(**{"networks": (network(),), "services": (service(),), **snapshot})


def rooms(read):
    """Return what each network of a swarm has left."""
    return list(diagnosis(seen(swarm=read), wants()).rooms)


(ENDED,) = tasks(1)
# No task that ended, no service without an address of its own, no host without a task.
FEW = {
    "services": (service(mode="dnsrr"),),
    "tasks": (*tasks(2, nodes=("w2",)), replace(ENDED, id="x", state="shutdown", desired="shutdown")),
}


def shown(gateway):
    """A network as an old Engine shows it: with host bits, and perhaps a mask behind the gateway."""
    return {"networks": (network(subnet="10.202.0.5/28", gateway=gateway),), "services": ()}


@pytest.mark.parametrize(
    ("used", "snapshot"),
    [
        pytest.param([12], {"tasks": tasks(5)}, id="three hosts, five tasks, one service"),
        pytest.param([16], {"tasks": tasks(9)}, id="the measured example"),
        pytest.param([6], FEW, id="few"),
        pytest.param([6], {"networks": (network(ingress=True),), "services": ()}, id="the ingress is on every host"),
        *(pytest.param([3], shown(gateway), id=f"old: {gateway}") for gateway in ("10.202.0.1/28", "10.202.0.1", "")),
        pytest.param([], {"networks": (network(driver=""), network("six", "fd00::/64", gateway=""))}, id="no range"),
    ],
)
def test_what_a_network_gives_is_counted(used, snapshot):
    """It is counted as Engine 29 does; of a network without an IPv4 range there is nothing to count."""
    expected = [Room(network="app", subnet=SUBNET, used=each, left=16 - each) for each in used]

    assert expected == rooms(of(**snapshot))


@pytest.mark.parametrize(
    ("count", "expected"), [(9, ["failed: app, 10.202.0.0/28: no address is left, 16 are used"]), (7, [])]
)
def test_network_without_room_is_told(count, expected):
    """A /28 with one service on three hosts is full at nine tasks; a tenth is enough."""
    assert expected == found("network-addresses", swarm=of(tasks=tasks(count)))


def test_count_of_the_swarm_itself_is_believed():
    """The swarm's own count of addresses is used if it keeps one."""
    own = Room(network="app", subnet=SUBNET, used=15, left=1)
    read = swarm(networks=(network(),), rooms=(own,))

    assert [own] == rooms(read)
    assert ["warning: app, 10.202.0.0/28: 1 address is left, 15 are used"] == found("network-addresses", swarm=read)


TWO = (*tasks(9), waiting(id="t1"), waiting(id="t2"))


@pytest.mark.parametrize(
    ("told", "snapshot"),
    [
        # The network that has no address left, or got no range, is named; else it is told all the same.
        (["2 tasks of web stay `new`: app has no address left"], {"tasks": TWO}),
        (["1 task of web stays `new`: app never got its range"], {"networks": (network(driver=""),)}),
        (["1 task of web stays `new`: the swarm does not say why"], {}),
        # Addresses come within milliseconds; `pending` is for want of a host.
        ([], {"tasks": (waiting(age=5),)}),
        ([], {"tasks": (waiting(state="pending"),)}),
        ([], {"tasks": (waiting(desired="shutdown"),)}),
    ],
)
def test_task_that_waits(told, snapshot):
    """It is told if it has been new for too long, and is wanted."""
    read = of(**{"tasks": (waiting(),), **snapshot})

    assert [f"failed: {each}" for each in told] == found("waiting-tasks", swarm=read)


@pytest.mark.parametrize(
    ("subnet", "endpoints", "expected"),
    [
        ("10.200.0.0/28", 11, []),
        ("10.200.0.0/28", 12, ["w1 warning: docker_gwbridge, 10.200.0.0/28: 1 address is left, 15 are used"]),
        ("10.200.0.0/28", 13, ["w1 failed: docker_gwbridge, 10.200.0.0/28: no address is left, 16 are used"]),
        ("10.200.0.0/20", 1023, ["w1 failed: docker_gwbridge, 10.200.0.0/20: no address is left, 1026 are used"]),
    ],
)
def test_containers_of_a_host_against_its_bridge(subnet, endpoints, expected):
    """Its mask, and the ports that a bridge has at most."""
    bridge = network("docker_gwbridge", subnet, "bridge", endpoints, gateway="10.200.0.1")

    assert expected == found("gwbridge-addresses", host("w1", bridge=bridge))
