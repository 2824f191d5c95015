"""Overlays: what counts as a difference, who holds one, and what is done about it."""

from dataclasses import replace
from typing import Any

import pytest

from providers.rules.resource_types import overlay
from providers.rules.vocabulary.facts import Network, Node, OverlayFacts, SwarmService, Task
from providers.rules.vocabulary.network_options import MTU
from providers.rules.vocabulary.steps import Blocked, Decision, Done, RemoveNetwork, Step
from tests.support.decisions import reason, steps, todo, waits_for
from tests.support.lifecycle import OTHER_OWNER, OTHERS, OURS, OWNER, overlay_spec
from tests.support.networks import a_network, altered, create_network
from tests.support.tables import cases

ID = "x" * 25
VNI = ("com.docker.network.driver.overlay.vxlanid_list", "4097")
REMOVED = (RemoveNetwork(id=ID),)
RIGHT = a_network(
    id=ID,
    name="app",
    driver="overlay",
    scope="swarm",
    subnets=("10.20.0.0/24",),
    gateways=("10.20.0.1",),
    options=(VNI,),
)
DEAD = altered(RIGHT, driver="", subnets=(), options=())
DRIFT = {
    "subnet": altered(RIGHT, subnets=("10.20.1.0/24",)),
    "gateway": altered(RIGHT, gateways=("10.20.0.254",)),
    "ip_range": altered(RIGHT, ip_ranges=("10.20.0.128/25",)),
    "mtu": altered(RIGHT, options=((MTU, "1400"), VNI)),
    "attachable": altered(RIGHT, attachable=True),
    "internal": altered(RIGHT, internal=True),
    "encrypted": altered(RIGHT, options=(VNI, ("encrypted", ""))),
}


def decided(found: Network | None, *, known: bool = False, adopt: str = "identical", **given: Any) -> Decision:
    """Return the next decision on a network with these other facts. known: its id is in the state."""
    facts = OverlayFacts(network=found, **given)
    return overlay.next_step(overlay_spec(adopt=adopt), facts, network_id=ID if known else "")


def test_missing_one_is_created():
    """One step makes it, with all that is wanted said outright."""
    spec = overlay_spec(mtu=1400, ip_range="10.20.0.128/25", attachable=True, encrypted=True, labels={"team": "a"})
    expected = create_network(
        name="app",
        driver="overlay",
        subnet="10.20.0.0/24",
        gateway="10.20.0.1",
        ip_range="10.20.0.128/25",
        options=((MTU, "1400"), ("encrypted", "")),
        labels=(("swarmnet.owner", OWNER), ("team", "a")),
        attachable=True,
    )
    assert (expected,) == steps(overlay.next_step(spec, OverlayFacts(network=None)))


def test_taken_name_is_waited_for():
    """A manager keeps the name of a removed network for seconds, and would refuse a new one."""
    assert "the name app to be free again on m1" == waits_for(decided(None, listed=(RIGHT,), name_held_by="m1"))


@cases(
    "other, expected",
    {
        "other letter case": (altered(RIGHT, name="App", subnets=("10.30.0.0/24",)), "has a network App"),
        "inside another": (altered(RIGHT, name="big", subnets=("10.16.0.0/12",)), "overlaps 10.16.0.0/12"),
        "the ingress": (altered(RIGHT, name="ingress", ingress=True), "overlaps 10.20.0.0/24"),
        "around another": (altered(RIGHT, name="small", subnets=("10.20.0.128/25",)), "overlaps 10.20.0.128/25"),
    },
)
def test_clash_with_another_network_blocks(other: Network, expected: str):
    """The Engine would answer 201 and make a dead network: the one in the way is named beforehand."""
    assert expected in reason(decided(None, listed=(other,)))


@cases(
    "other",
    {
        "another range": altered(RIGHT, name="else", subnets=("10.21.0.0/24",)),
        "a host's own network": altered(RIGHT, name="docker_gwbridge", scope="local"),
        "IPv6": altered(RIGHT, name="six", subnets=("fd00:1::/64",)),
        "a dead one": altered(DEAD, name="dead"),
    },
)
def test_no_clash(other: Network):
    """A network that shares no address with the swarm's others is created."""
    assert steps(decided(None, listed=(other,)))


def test_allocation_is_waited_for():
    """Addresses come some milliseconds after the network."""
    assert "overlay app to get its addresses" == waits_for(decided(DEAD))


@cases("labels, undo", {"ours": (OURS, REMOVED), "another stack's": (OTHERS, ()), "somebody's": ((), ())})
def test_dead_one_blocks(labels: tuple[tuple[str, str], ...], undo: tuple[RemoveNetwork, ...]):
    """Nothing will ever start on an overlay without addresses after two seconds: only ours is taken away again."""
    decision = decided(altered(DEAD, labels=labels), unchanged_for=2.0)
    assert isinstance(decision, Blocked)
    assert undo == decision.undo


@pytest.mark.parametrize("known", [True, False])
def test_right_one_needs_nothing(known: bool):
    """An overlay that is as wanted takes no step, and neither does its adoption."""
    assert Done() == decided(RIGHT, known=known)


@pytest.mark.parametrize("name", DRIFT)
@pytest.mark.parametrize("given", [{"known": True}, {"adopt": "converge"}], ids=["ours", "may be changed"])
def test_drift_is_repaired(name: str, given: dict[str, Any]):
    """Nothing about an overlay can be changed in place: it is removed, to be made again."""
    assert REMOVED == steps(decided(DRIFT[name], **given))


NODE = Node(id="n1", hostname="w1", role="worker", availability="active", state="ready")
WEB = SwarmService(id="s1", name="web", networks=(ID,))


@cases(
    "expected, found, given",
    {
        "refuse what is there": ("adopt is refuse", RIGHT, {"adopt": "refuse"}),
        "never another stack's": (OTHER_OWNER, altered(RIGHT, labels=OTHERS), {"adopt": "converge"}),
        "another stack took it over": (OTHER_OWNER, altered(DRIFT["mtu"], labels=OTHERS), {"known": True}),
        "somebody's that differs": ("(mtu: 1400, desired None)", DRIFT["mtu"], {}),
        "a namesake": ("exists already and differs", altered(DRIFT["mtu"], id="y" * 25), {"known": True}),
        "in use": ("used by service web", DRIFT["mtu"], {"known": True, "services": (WEB,), "nodes": (NODE,)}),
    },
)
def test_it_is_left_alone(expected: str, found: Network, given: dict[str, Any]):
    """An overlay that is somebody else's or in use stays as it is, and it is said why."""
    assert expected in reason(decided(found, **given))


def task(state: str = "running", **given: Any) -> Task:
    """A task of web on w1."""
    given = {"id": "t1", "service_id": "s1", "node_id": "n1", "networks": (ID,), **given}
    return Task(state=state, desired="running", **given)


@cases(
    "expected, services, found",
    {
        "a service without tasks": (["service web"], (WEB,), ()),
        "a service and where its tasks are": (["service web on w1"], (WEB,), (task(),)),
        "a task of a removed service stops by itself": ([], (), (task(),)),
        "a container": ([f"container {'c' * 12} on w1"], (), (task(service_id="", container_id="c" * 64),)),
        "a task on a node without an entry": (["service web on ?"], (WEB,), (task(node_id="n9"),)),
        "what has ended holds nothing": ([], (), (task("shutdown", service_id=""),)),
        "what is on another network": ([], (), (task(service_id="", networks=("z" * 25,)),)),
    },
)
def test_holders(expected: list[str], services: tuple[SwarmService, ...], found: tuple[Task, ...]):
    """Users of a network are named as an operator knows them."""
    facts = OverlayFacts(network=RIGHT, services=services, tasks=found, nodes=(NODE,))
    assert expected == overlay.holders(RIGHT, facts)


# Its section is taken away


def removal(found: Network | None = RIGHT, **given: Any) -> Decision:
    """Return the next decision of its removal, with these other facts."""
    return overlay.next_step_of_removal(overlay_spec(), OverlayFacts(network=found, **given))


@cases(
    "expected, found, given",
    {
        "unused": (REMOVED, RIGHT, {}),
        # Tasks that the swarm remembers there do not hold it up.
        "its host is down": (REMOVED, RIGHT, {"tasks": (task(),), "nodes": (replace(NODE, state="down"),)}),
        "absent, as the reader has proven": ((), None, {}),
    },
)
def test_removal(expected: tuple[Step, ...], found: Network | None, given: dict[str, Any]):
    """An unused one goes in one step."""
    assert expected == todo(removal(found, **given))


def test_removal_of_a_used_one_blocks():
    """One in use stays, and its users are named."""
    assert "used by service web" in reason(removal(services=(WEB,)))


def test_removal_waits():
    """If it went while tasks still run, hosts would keep a copy that blocks the name; a replacement needs the name."""
    assert "1 tasks to leave overlay app" == waits_for(removal(tasks=(task(),)))
    assert "its name to be free again on m1" == waits_for(removal(None, name_held_by="m1"))


def test_dead_one_is_unsettled():
    """A network without addresses shows as unfinished work."""
    assert overlay.live_spec(overlay_spec(), DEAD).settled is not True
