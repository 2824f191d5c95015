"""Findings on addresses: how many are left, and who waits for one."""

import json
from datetime import UTC, datetime

import pytest

from providers.rules.doctor.capacity import full_bridges, full_networks, rooms, waiting_tasks
from providers.rules.vocabulary.diagnosis import Room
from providers.rules.vocabulary.facts import Endpoint, Network, SwarmService, Task
from providers.rules.vocabulary.shape import NetworkShape, Pool
from tests.support.examined import NOW, host, seen, swarm, wants

SUBNET = "10.202.0.0/28"


def network(name="app", subnet=SUBNET, driver="overlay", endpoints=0, ingress=False, gateway="10.202.0.1"):
    """A network of 13 addresses to give; without a driver it never got them."""
    pools = (Pool(subnet=subnet, gateway=gateway),) if driver else ()
    return Network(
        id=f"id-{name}",
        scope="swarm",
        shape=NetworkShape(name=name, driver=driver, pools=pools, ingress=ingress),
        endpoints=tuple(Endpoint(name=f"e{number}", key=f"c{number}") for number in range(endpoints)),
    )


def service(name="web", mode="vip", networks=("id-app",)):
    """A service on the network."""
    return SwarmService(id=name, name=name, networks=networks, spec=json.dumps({"EndpointSpec": {"Mode": mode}}))


def tasks(count, nodes=("m1", "w1", "w2"), name="web"):
    """Tasks that run, spread over the nodes."""
    return tuple(
        Task(
            id=f"{name}{number}",
            service_id=name,
            node_id=f"id-{nodes[number % len(nodes)]}",
            state="running",
            desired="running",
            networks=("id-app",),
        )
        for number in range(count)
    )


def waiting(age=60.0, state="new", desired="running", **keys):
    """A task that no host has, for so many seconds."""
    since = datetime.fromtimestamp(NOW - age, UTC).isoformat().replace("+00:00", "Z")
    return Task(
        **{"id": "t", "service_id": "web", "node_id": "", "state": state, "desired": desired, "since": since} | keys
    )


def of(**survey):
    """Return what was read of a swarm with one network."""
    return seen(swarm=swarm(**{"networks": (network(),), "services": (service(),), **survey}))


def found(check, examined):
    """Hosts, statuses and facts of what a check finds."""
    return [(each.host, each.status, each.fact) for each in check(examined, wants())]


def test_what_a_network_gives_is_counted():
    """Network, gateway and broadcast; three hosts, five tasks, one service: as Engine 29 counts it."""
    assert [Room(network="app", subnet=SUBNET, used=12, left=4)] == list(rooms(of(tasks=tasks(5))))


def test_measured_example_is_full():
    """A /28 with one service on three hosts, at nine tasks."""
    assert [Room(network="app", subnet=SUBNET, used=16, left=0)] == list(rooms(of(tasks=tasks(9))))
    assert [("", "failed", "app, 10.202.0.0/28: no address is left, 16 are used")] == found(
        full_networks, of(tasks=tasks(9))
    )


def test_what_gives_nothing_does_not_count():
    """Tasks that ended, services without an address of their own, hosts without a task."""
    ended = Task(id="x", service_id="web", node_id="id-w1", state="shutdown", desired="shutdown", networks=("id-app",))
    examined = of(services=(service(mode="dnsrr"),), tasks=(*tasks(2, nodes=("w2",)), ended))

    assert [Room(network="app", subnet=SUBNET, used=6, left=10)] == list(rooms(examined))


def test_ingress_is_on_every_host():
    """It is there with and without tasks."""
    assert [6] == [each.used for each in rooms(of(networks=(network(ingress=True),), services=()))]


def test_count_of_the_swarm_itself_is_believed():
    """The swarm's own count of addresses is used if it keeps one."""
    told = Room(network="app", subnet=SUBNET, used=15, left=1)
    examined = seen(swarm=swarm(networks=(network(),), rooms=(told,)))

    assert [told] == list(rooms(examined))
    assert [("", "warning", "app, 10.202.0.0/28: 1 address is left, 15 are used")] == found(full_networks, examined)


@pytest.mark.parametrize("gateway", ["10.202.0.1/28", "10.202.0.1", ""])
def test_ranges_are_read_as_old_engines_show_them(gateway):
    """They have host bits, and a mask behind the gateway."""
    assert [(SUBNET, 13)] == [
        (each.subnet, each.left)
        for each in rooms(of(networks=(network(subnet="10.202.0.5/28", gateway=gateway),), services=()))
    ]


def test_network_without_a_range_has_no_room():
    """One of IPv6 has none either."""
    assert [] == list(rooms(of(networks=(network(driver=""), network("six", "fd00::/64", gateway="")))))


def test_nothing_is_said_of_a_network_with_room():
    """A tenth is enough."""
    assert [] == found(full_networks, of(tasks=tasks(7)))


def test_task_waits_for_an_address():
    """The network that has none left is named."""
    examined = of(tasks=(*tasks(9), waiting(id="t1"), waiting(id="t2")))

    assert [("", "failed", "2 tasks of web stay `new`: app has no address left")] == found(waiting_tasks, examined)


def test_task_waits_for_a_network():
    """One to which the swarm gave nothing."""
    assert [("", "failed", "1 task of web stays `new`: app never got its range")] == found(
        waiting_tasks, of(networks=(network(driver=""),), tasks=(waiting(),))
    )


def test_task_waits_for_what_nobody_says():
    """It is told all the same."""
    assert [("", "failed", "1 task of web stays `new`: the swarm does not say why")] == found(
        waiting_tasks, of(tasks=(waiting(),))
    )


@pytest.mark.parametrize(
    "task", [waiting(age=5), waiting(state="pending"), waiting(desired="shutdown")], ids=["new", "placed", "not wanted"]
)
def test_task_that_does_not_wait(task):
    """Addresses come within milliseconds; `pending` is for want of a host."""
    assert [] == found(waiting_tasks, of(tasks=(task,)))


@pytest.mark.parametrize(
    ("subnet", "endpoints", "expected"),
    [
        ("10.200.0.0/28", 11, []),
        ("10.200.0.0/28", 12, [("w1", "warning", "docker_gwbridge, 10.200.0.0/28: 1 address is left, 15 are used")]),
        ("10.200.0.0/28", 13, [("w1", "failed", "docker_gwbridge, 10.200.0.0/28: no address is left, 16 are used")]),
        (
            "10.200.0.0/20",
            1023,
            [("w1", "failed", "docker_gwbridge, 10.200.0.0/20: no address is left, 1026 are used")],
        ),
    ],
)
def test_containers_of_a_host_against_its_bridge(subnet, endpoints, expected):
    """Its mask, and the ports that a bridge has at most."""
    bridge = network("docker_gwbridge", subnet, "bridge", endpoints, gateway="10.200.0.1")

    assert expected == found(full_bridges, seen(host("w1", bridge=bridge)))
