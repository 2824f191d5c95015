"""Overlays: what counts as a difference, who holds one, and what is done about it."""

from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers import simulate
from providers.rules.nouns import overlay
from providers.rules.vocabulary.facts import Network, Node, OverlayFacts, SwarmService, Task
from providers.rules.vocabulary.network_options import MTU
from providers.rules.vocabulary.specs import OverlaySpec
from providers.rules.vocabulary.steps import Blocked, Done, InitSwarm, RemoveNetwork
from providers.simulate import World, bare
from tests.support.decisions import reason, steps, waits_for
from tests.support.lifecycle import OTHER_OWNER, OWNER, overlay_spec
from tests.support.networks import a_network, altered, create_network

VNI = ("com.docker.network.driver.overlay.vxlanid_list", "4097")
OURS = (("swarmnet.owner", OWNER),)
OTHERS = (("swarmnet.owner", OTHER_OWNER),)


def network(**given: Any) -> Network:
    """An overlay just as `overlay_spec()` wants it, made by nobody in particular."""
    return a_network(
        **{
            "id": "x" * 25,
            "name": "app",
            "driver": "overlay",
            "scope": "swarm",
            "subnets": ("10.20.0.0/24",),
            "gateways": ("10.20.0.1",),
            "options": (VNI,),
            **given,
        }
    )


DEAD = network(driver="", subnets=(), gateways=(), options=())
DRIFT: dict[str, Network] = {
    "subnet": network(subnets=("10.20.1.0/24",)),
    "gateway": network(gateways=("10.20.0.254",)),
    "ip_range": network(ip_ranges=("10.20.0.128/25",)),
    "mtu": network(options=((MTU, "1400"), VNI)),
    "attachable": network(attachable=True),
    "internal": network(internal=True),
    "encrypted": network(options=(VNI, ("encrypted", ""))),
}


def known(found: Network, **given: Any) -> OverlayFacts:
    """Return a manager's report of a network whose id is in the state."""
    return OverlayFacts(network=found, **given)


# It is not there


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
    facts = OverlayFacts(network=None, listed=(network(),), name_held_by="m1")
    assert "the name app to be free again on m1" == waits_for(overlay.next_step(overlay_spec(), facts))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param(network(name="App", subnets=("10.30.0.0/24",)), "has a network App", id="other letter case"),
        pytest.param(network(name="big", subnets=("10.16.0.0/12",)), "overlaps 10.16.0.0/12", id="inside another"),
        pytest.param(network(name="ingress", ingress=True), "overlaps 10.20.0.0/24", id="the ingress"),
        pytest.param(
            network(name="small", subnets=("10.20.0.128/25",)), "overlaps 10.20.0.128/25", id="around another"
        ),
    ],
)
def test_clash_with_another_network_blocks(other: Network, expected: str):
    """The Engine would answer 201 and make a dead network: the one in the way is named beforehand."""
    assert expected in reason(overlay.next_step(overlay_spec(), OverlayFacts(network=None, listed=(other,))))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(network(name="else", subnets=("10.21.0.0/24",)), id="another range"),
        pytest.param(network(name="docker_gwbridge", scope="local"), id="a host's own network"),
        pytest.param(network(name="six", subnets=("fd00:1::/64",)), id="IPv6"),
        pytest.param(altered(DEAD, name="dead"), id="a dead one"),
    ],
)
def test_no_clash(other: Network):
    """A network that shares no address with the swarm's others is created."""
    assert steps(overlay.next_step(overlay_spec(), OverlayFacts(network=None, listed=(other,))))


# It has no addresses


def test_allocation_is_waited_for():
    """Addresses come some milliseconds after the network."""
    assert "overlay app to get its addresses" == waits_for(overlay.next_step(overlay_spec(), known(DEAD)))


@pytest.mark.parametrize(
    ("labels", "undo"),
    [
        pytest.param(OURS, (RemoveNetwork(id=DEAD.id),), id="ours is taken away again"),
        pytest.param(OTHERS, (), id="another stack's is left alone"),
        pytest.param((), (), id="somebody's is left alone"),
    ],
)
def test_dead_one_blocks(labels: tuple[tuple[str, str], ...], undo: tuple[RemoveNetwork, ...]):
    """Nothing will ever start on an overlay without addresses after two seconds."""
    decision = overlay.next_step(overlay_spec(), known(altered(DEAD, labels=labels), unchanged_for=2.0))
    assert isinstance(decision, Blocked)
    assert undo == decision.undo


# It is there


@pytest.mark.parametrize("network_id", ["", network().id])
def test_right_one_needs_nothing(network_id: str):
    """An overlay that is as wanted takes no step, and neither does its adoption."""
    assert Done() == overlay.next_step(overlay_spec(), known(network()), network_id=network_id)


@pytest.mark.parametrize("property_name", DRIFT)
def test_drift_of_ours_is_repaired(property_name: str):
    """Nothing about an overlay can be changed in place: it is removed, to be made again."""
    found = DRIFT[property_name]
    assert (RemoveNetwork(id=found.id),) == steps(overlay.next_step(overlay_spec(), known(found), network_id=found.id))


@pytest.mark.parametrize("property_name", DRIFT)
def test_drift_of_somebodys_blocks(property_name: str):
    """A differing overlay of somebody else is refused, with both values."""
    decision = overlay.next_step(overlay_spec(), known(DRIFT[property_name]))
    assert f"{property_name}: " in reason(decision)


@pytest.mark.parametrize(
    ("adopt", "labels", "expected"),
    [
        pytest.param("refuse", (), "adopt is refuse", id="refuse what is there"),
        pytest.param("converge", OTHERS, OTHER_OWNER, id="never another stack's"),
    ],
)
def test_create_refuses(adopt: str, labels: tuple[tuple[str, str], ...], expected: str):
    """An overlay of somebody else is refused unless `adopt` allows to take it."""
    assert expected in reason(overlay.next_step(overlay_spec(adopt=adopt), known(network(labels=labels))))


def test_create_changes():
    """An overlay that differs and may be changed is removed, to be made again."""
    found = altered(DRIFT["mtu"], labels=())
    assert (RemoveNetwork(id=found.id),) == steps(overlay.next_step(overlay_spec(adopt="converge"), known(found)))


def test_update_leaves_a_namesake_alone():
    """A network of the same name that is not the one the state knows is somebody else's."""
    decision = overlay.next_step(overlay_spec(), known(DRIFT["mtu"]), network_id="y" * 25)
    assert "exists already and differs" in reason(decision)


def test_update_leaves_another_stacks_alone():
    """A network that another stack took over since is not changed."""
    found = altered(DRIFT["mtu"], labels=OTHERS)
    assert OTHER_OWNER in reason(overlay.next_step(overlay_spec(), known(found), network_id=found.id))


# Who holds it


NODE = Node(id="n1", hostname="w1", role="worker", availability="active", state="ready")
WEB = SwarmService(id="s1", name="web", networks=(network().id,))


def task(state: str = "running", **given: Any) -> Task:
    """A task of web on w1."""
    given = {"id": "t1", "service_id": "s1", "node_id": "n1", "networks": (network().id,), **given}
    return Task(state=state, desired="running", **given)


@pytest.mark.parametrize(
    ("services", "tasks", "expected"),
    [
        pytest.param((WEB,), (), ["service web"], id="a service without tasks"),
        pytest.param((WEB,), (task(),), ["service web on w1"], id="a service and where its tasks are"),
        pytest.param((), (task(),), [], id="a task of a removed service stops by itself"),
        pytest.param(
            (), (task(service_id="", container_id="c" * 64),), [f"container {'c' * 12} on w1"], id="a container"
        ),
        pytest.param((WEB,), (task(node_id="n9"),), ["service web on ?"], id="a task on a node without an entry"),
        pytest.param((), (task("shutdown", service_id=""),), [], id="what has ended holds nothing"),
        pytest.param((), (task(service_id="", networks=("z" * 25,)),), [], id="what is on another network"),
    ],
)
def test_holders(services: tuple[SwarmService, ...], tasks: tuple[Task, ...], expected: list[str]):
    """Users of a network are named as an operator knows them."""
    facts = known(network(), services=services, tasks=tasks, nodes=(NODE,))
    assert expected == overlay.holders(network(), facts)


def test_used_one_is_not_changed():
    """A change of a network in use names its users and writes nothing."""
    facts = known(DRIFT["mtu"], services=(WEB,), nodes=(NODE,))
    assert "used by service web" in reason(overlay.next_step(overlay_spec(), facts, network_id=network().id))


# Its section is taken away


def test_removal_removes():
    """An unused one goes in one step."""
    assert (RemoveNetwork(id=network().id),) == steps(overlay.next_step_of_removal(overlay_spec(), known(network())))


def test_removal_of_a_used_one_blocks():
    """One in use stays, and its users are named."""
    assert "used by service web" in reason(
        overlay.next_step_of_removal(overlay_spec(), known(network(), services=(WEB,)))
    )


def test_removal_waits_for_stopping_tasks():
    """A removal while tasks still run would leave hosts with a copy that blocks the name."""
    assert "1 tasks to leave overlay app" == waits_for(
        overlay.next_step_of_removal(overlay_spec(), known(network(), tasks=(task(),)))
    )


def test_removal_does_not_wait_for_a_host_that_is_down():
    """Tasks that the swarm remembers on a host that is down do not hold up a removal."""
    facts = known(network(), tasks=(task(),), nodes=(replace(NODE, state="down"),))
    assert (RemoveNetwork(id=network().id),) == steps(overlay.next_step_of_removal(overlay_spec(), facts))


def test_removal_waits_for_the_name():
    """Gone is what the manager asked has let go of, too: a replacement needs the name."""
    facts = OverlayFacts(network=None, name_held_by="m1")
    assert "its name to be free again on m1" == waits_for(overlay.next_step_of_removal(overlay_spec(), facts))


def test_removal_of_a_missing_one_is_done():
    """Absence, proven by the reader, is the goal."""
    assert Done() == overlay.next_step_of_removal(overlay_spec(), OverlayFacts(network=None))


# What the Engine shows


@pytest.mark.parametrize("value", ["", "true", "false"])
def test_encrypted_counts_by_presence(value: str):
    """The Engine encrypts whatever value the option has."""
    assert overlay.live_spec(overlay_spec(), network(options=(("encrypted", value),))).encrypted


def test_dead_one_is_unsettled():
    """A network without addresses shows as unfinished work."""
    assert overlay.live_spec(overlay_spec(), DEAD).settled is not True


@st.composite
def specs(draw: st.DrawFn) -> OverlaySpec:
    """Any overlay outside the swarm's own ingress."""
    net = IPv4Network((11 << 24 | draw(st.integers(0, 1023)) << 14, draw(st.integers(10, 27))), strict=False)
    return overlay_spec(
        subnet=str(net),
        gateway=str(net[draw(st.integers(1, 14))]),
        ip_range=draw(st.none() | st.just(str(IPv4Network((net[16], 28))))),
        mtu=draw(st.none() | st.integers(68, 9000)),
        attachable=draw(st.booleans()),
        internal=draw(st.booleans()),
        encrypted=draw(st.booleans()),
        labels=draw(st.dictionaries(st.text("abc", min_size=1), st.text(), max_size=2)),
    )


def swarm_of_one() -> World:
    """A swarm with nothing but its own ingress."""
    return simulate.elapse(simulate.perform(bare("m1"), InitSwarm(host="m1")), 5)


@given(spec=specs())
def test_what_is_created_is_what_is_wanted(spec: OverlaySpec):
    """One step makes it, and it is seen to be right, whatever is wanted."""
    world = swarm_of_one()
    for step in steps(overlay.next_step(spec, simulate.overlay_facts(world, "app"))):
        world = simulate.elapse(simulate.perform(world, step), 1)
    assert Done() == overlay.next_step(spec, simulate.overlay_facts(world, "app"))
