"""docker_gwbridge: what counts as a difference, and what is done about it."""

from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers import simulate
from providers.rules.nouns import gwbridge
from providers.rules.vocabulary.facts import Endpoint, GwbridgeFacts, Member, Network
from providers.rules.vocabulary.network_options import NEUTRAL
from providers.rules.vocabulary.specs import GwbridgeSpec
from providers.rules.vocabulary.steps import DisconnectEndpoint, Done, RemoveNetwork
from providers.simulate import bare
from tests.support.decisions import reason, steps, waits_for
from tests.support.lifecycle import OTHER_OWNER, OWNER, gwbridge_spec
from tests.support.networks import a_network, altered, create_network

OPTIONS = {
    "com.docker.network.bridge.enable_icc": "false",
    "com.docker.network.bridge.enable_ip_masquerade": "true",
    "com.docker.network.bridge.name": "docker_gwbridge",
}
INGRESS = Endpoint(name="gateway_ingress-sbox", key="ingress-sbox")
LEFTOVER = Endpoint(name="gateway_ingress-sbox", key="ep-0123456789ab")
CONTAINER = Endpoint(name="gateway_5f2c1b9e0d3a", key="c0ffee" * 10)

OURS = (("swarmnet.owner", OWNER),)
OTHERS = (("swarmnet.owner", OTHER_OWNER),)


def bridge(options: dict[str, str] = OPTIONS, **given: Any) -> Network:
    """A docker_gwbridge just as `gwbridge_spec()` wants it, made by nobody in particular."""
    return a_network(
        **{
            "id": "b" * 64,
            "name": "docker_gwbridge",
            "driver": "bridge",
            "scope": "local",
            "subnets": ("10.12.0.0/16",),
            "gateways": ("10.12.0.1",),
            "options": tuple(sorted(options.items())),
            **given,
        }
    )


def without(option: str) -> dict[str, str]:
    """The usual options without one."""
    return {key: value for key, value in OPTIONS.items() if key != option}


DEFAULT = bridge(subnets=("172.18.0.0/16",), gateways=("172.18.0.1",))


def facts(found: Network | None, state: str = "inactive") -> GwbridgeFacts:
    """Return a host's report of its bridge."""
    return GwbridgeFacts(member=Member(host="m1", state=state), bridge=found)


DRIFT: dict[str, Network] = {
    "subnet": bridge(subnets=("10.13.0.0/16",), labels=OURS),
    "gateway": bridge(gateways=("10.12.0.254",), labels=OURS),
    "mtu": bridge(OPTIONS | {"com.docker.network.driver.mtu": "1400"}, labels=OURS),
    "icc": bridge(OPTIONS | {"com.docker.network.bridge.enable_icc": "true"}, labels=OURS),
    "masquerade": bridge(OPTIONS | {"com.docker.network.bridge.enable_ip_masquerade": "false"}, labels=OURS),
    "bridge_name": bridge(OPTIONS | {"com.docker.network.bridge.name": "gwb0"}, labels=OURS),
    "settled": bridge(labels=OURS, internal=True),
}


# A host that is in no swarm


def test_missing_one_is_created():
    """A bare host takes one step: all that is wanted, said outright."""
    expected = create_network(
        host="m1",
        name="docker_gwbridge",
        driver="bridge",
        subnet="10.12.0.0/16",
        gateway="10.12.0.1",
        options=tuple(sorted({**OPTIONS, **NEUTRAL["bridge"], "com.docker.network.driver.mtu": "1400"}.items())),
        labels=(("site", "b"), ("swarmnet.owner", OWNER)),
    )
    spec = gwbridge_spec(mtu=1400, labels={"site": "b"})
    assert (expected,) == steps(gwbridge.next_step(spec, facts(None), known=False))


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("state", ["inactive", "active"])
def test_right_one_needs_nothing(known: bool, state: str):
    """A bridge that is as wanted takes no step, on members too."""
    assert Done() == gwbridge.next_step(gwbridge_spec(), facts(bridge(labels=OURS), state), known=known)


def test_engine_default_makes_room():
    """The bridge that the Engine made by itself gives way, whatever `adopt` says."""
    found = gwbridge.next_step(gwbridge_spec(adopt="refuse"), facts(DEFAULT), known=False)
    assert (RemoveNetwork(host="m1", id=DEFAULT.id),) == steps(found)


@pytest.mark.parametrize(
    ("subnet", "expected"),
    [
        ("172.18.0.0/16", True),
        ("172.31.0.0/16", True),
        ("192.168.240.0/20", True),
        ("172.18.0.0/24", False),
        ("192.168.0.0/16", False),
        ("10.11.0.0/16", False),
        ("fd00:1::/64", False),
        ("", False),
    ],
)
def test_engine_default_has_a_range_of_the_engine(subnet: str, expected: bool):
    """A range that the Engine would not choose was chosen by somebody."""
    assert expected == gwbridge.engine_default(altered(DEFAULT, subnets=(subnet,)))


@pytest.mark.parametrize("property_name", DRIFT)
def test_drift_is_repaired(property_name: str):
    """The bridge is removed, to be made again, whatever differs."""
    found = gwbridge.next_step(gwbridge_spec(), facts(DRIFT[property_name]), known=True)
    assert (RemoveNetwork(host="m1", id="b" * 64),) == steps(found)


def test_declared_label_is_a_difference():
    """A bridge without a declared label is made anew."""
    found = gwbridge.next_step(gwbridge_spec(labels={"site": "b"}), facts(bridge(labels=OURS)), known=True)
    assert (RemoveNetwork(host="m1", id="b" * 64),) == steps(found)


def test_undeclared_label_is_none():
    """Labels of others are nobody's difference."""
    found = bridge(labels=(("site", "b"), *OURS))
    assert Done() == gwbridge.next_step(gwbridge_spec(), facts(found), known=True)


def test_leftover_endpoints_go_first():
    """An endpoint that a leave left behind is disconnected before its bridge is removed.

    measurements.md#endpoint-left-behind
    """
    found = replace(DRIFT["mtu"], endpoints=(LEFTOVER,))
    expected = DisconnectEndpoint(host="m1", network=found.id, endpoint="gateway_ingress-sbox")
    assert (expected,) == steps(gwbridge.next_step(gwbridge_spec(), facts(found), known=True))


def test_running_container_blocks():
    """A container that is attached is named and left alone."""
    found = replace(DRIFT["subnet"], endpoints=(LEFTOVER, CONTAINER))
    decision = gwbridge.next_step(gwbridge_spec(), facts(found), known=True)
    assert CONTAINER.name in reason(decision)


# A host that is a member


@pytest.mark.parametrize("found", [*DRIFT.values(), None], ids=[*DRIFT, "missing"])
def test_a_member_without_a_manager_blocks(found: Network | None):
    """A member's bridge changes only while somebody answers for its swarm: it has to be drained first."""
    decision = gwbridge.next_step(gwbridge_spec(), facts(found, "active"), known=True)
    assert "no manager among the hosts answers" in reason(decision)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("locked", "a locked manager: its network list may be incomplete"),
        ("pending", "still joining a swarm: its network list may be incomplete"),
        ("error", "its membership of a swarm is broken: its network list may be incomplete"),
    ],
)
def test_half_a_member_blocks(state: str, expected: str):
    """A locked or half-joined Engine does not show all of its networks: nothing is called missing there."""
    assert expected in reason(
        gwbridge.next_step(gwbridge_spec(), replace(facts(None, state), unchanged_for=30), known=False)
    )


def test_a_member_gets_a_moment_to_come_back():
    """After a restart of its Engine it is pending for a while."""
    decision = gwbridge.next_step(gwbridge_spec(), facts(bridge(), "pending"), known=True)
    assert "m1 to be a member again" == waits_for(decision)


# Whose is it?


@pytest.mark.parametrize(
    ("adopt", "found", "expected"),
    [
        pytest.param(
            "refuse", bridge(OPTIONS, subnets=("10.13.0.0/16",)), "adopt is refuse", id="refuse what is there"
        ),
        pytest.param("identical", altered(DRIFT["mtu"], labels=()), "mtu: 1400, wanted None", id="differs"),
        pytest.param("identical", bridge(subnets=("10.13.0.0/16",)), "wanted 10.12.0.0/16", id="plain but chosen"),
        pytest.param("converge", bridge(labels=OTHERS), OTHER_OWNER, id="never another stack's"),
        pytest.param("identical", altered(DEFAULT, endpoints=(CONTAINER,)), "172.18.0.0/16", id="a default in use"),
    ],
)
def test_create_refuses(adopt: str, found: Network, expected: str):
    """A bridge of somebody else is refused unless `adopt` allows to take it."""
    assert expected in reason(gwbridge.next_step(gwbridge_spec(adopt=adopt), facts(found), known=False))


@pytest.mark.parametrize(
    ("adopt", "found"),
    [
        pytest.param("identical", bridge(), id="identical"),
        pytest.param("converge", bridge(OPTIONS | {"x": "y"}), id="an option that nobody declared stays"),
        pytest.param("refuse", bridge(labels=OURS), id="ours from a cut run"),
    ],
)
def test_create_takes_over(adopt: str, found: Network):
    """A bridge that is right already is taken over without a step."""
    assert Done() == gwbridge.next_step(gwbridge_spec(adopt=adopt), facts(found), known=False)


def test_create_changes():
    """A bridge that differs and may be changed is removed, to be made again."""
    found = altered(DRIFT["mtu"], labels=())
    decision = gwbridge.next_step(gwbridge_spec(adopt="converge"), facts(found), known=False)
    assert (RemoveNetwork(host="m1", id=found.id),) == steps(decision)


def test_update_leaves_another_stacks_alone():
    """A bridge that another stack took over since is not changed."""
    found = altered(DRIFT["mtu"], labels=OTHERS)
    assert OTHER_OWNER in reason(gwbridge.next_step(gwbridge_spec(), facts(found), known=True))


# What the Engine shows


@pytest.mark.parametrize(
    ("found", "property_name", "expected"),
    [
        pytest.param(bridge(gateways=("",)), "gateway", "10.12.0.1", id="a gateway not shown yet"),
        pytest.param(bridge(without("com.docker.network.bridge.enable_icc")), "icc", True, id="icc is on by default"),
        pytest.param(bridge(OPTIONS | {"com.docker.network.bridge.enable_icc": "FALSE"}), "icc", False, id="FALSE"),
        pytest.param(bridge(OPTIONS | {"com.docker.network.bridge.enable_icc": "0"}), "icc", False, id="0"),
        pytest.param(
            bridge(without("com.docker.network.bridge.enable_ip_masquerade")), "masquerade", True, id="masquerade is on"
        ),
        pytest.param(bridge(), "mtu", None, id="no mtu"),
        pytest.param(bridge(OPTIONS | {"com.docker.network.driver.mtu": "0"}), "mtu", None, id="mtu 0 is none"),
        pytest.param(bridge(without("com.docker.network.bridge.name")), "bridge_name", f"br-{'b' * 12}", id="no name"),
        pytest.param(bridge(labels=(("site", "b"), *OURS)), "labels", {}, id="undeclared labels"),
    ],
)
def test_live_values(found: Network, property_name: str, expected: object):
    """Each spelling of the Engine's comes out as the one canonical value."""
    assert expected == getattr(gwbridge.live_spec(gwbridge_spec(), found), property_name)


def test_internal_is_unsettled():
    """An internal bridge gives containers no way out, which shows as unfinished work."""
    assert gwbridge.live_spec(gwbridge_spec(), bridge(internal=True)).settled is not True


SPECS = st.builds(
    lambda number, length, mtu, icc, masquerade, name, labels: gwbridge_spec(
        subnet=str(net := IPv4Network((10 << 24 | number << 12, length), strict=False)),
        gateway=str(net[1]),
        mtu=mtu,
        icc=icc,
        masquerade=masquerade,
        bridge_name=name,
        labels=labels,
    ),
    st.integers(0, 4095),
    st.integers(8, 29),
    st.none() | st.integers(68, 9000),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["docker_gwbridge", "gwb0"]),
    st.dictionaries(st.text("abc", min_size=1), st.text(), max_size=2),
)


@given(spec=SPECS)
def test_what_is_created_is_what_is_wanted(spec: GwbridgeSpec):
    """One step makes it, and it is seen to be right, whatever is wanted."""
    world = bare("m1")
    for step in steps(gwbridge.next_step(spec, simulate.gwbridge_facts(world, "m1"), known=False)):
        world = simulate.perform(world, step)
    assert Done() == gwbridge.next_step(spec, simulate.gwbridge_facts(world, "m1"), known=False)


# Its section is taken away


@pytest.mark.parametrize(
    ("found", "state", "on_remove"),
    [
        pytest.param(bridge(), "inactive", "keep", id="kept"),
        pytest.param(bridge(), "active", "keep", id="kept on a member"),
        pytest.param(None, "inactive", "restore_default", id="gone already"),
        pytest.param(bridge(id="a" * 64), "inactive", "restore_default", id="another one has its place"),
    ],
)
def test_removal_that_needs_nothing(found: Network | None, state: str, on_remove: str):
    """Only `restore_default` removes anything, and only the one that the state names."""
    spec = gwbridge_spec(on_remove=on_remove)
    assert Done() == gwbridge.next_step_of_removal(spec, facts(found, state), "b" * 64)


def test_removal_restores_the_default():
    """The Engine makes its own at the next join: gone is as good as default."""
    spec = gwbridge_spec(on_remove="restore_default")
    decision = gwbridge.next_step_of_removal(spec, facts(bridge()), "b" * 64)
    assert (RemoveNetwork(host="m1", id="b" * 64),) == steps(decision)


@pytest.mark.parametrize("state", ["active", "pending", "locked"])
def test_removal_from_a_member_blocks(state: str):
    """Its bridge stays as long as the host may be in a swarm."""
    spec = gwbridge_spec(on_remove="restore_default")
    assert "can't become the Engine's default again" in reason(
        gwbridge.next_step_of_removal(spec, facts(bridge(), state), "b" * 64)
    )


# A changed address


def moved(found: Network | None, state: str = "inactive", *, to: str = "10.0.0.2") -> str | None:
    """Return the objection to the host at an address; the state knows 10.0.0.1 and the bridge `bbb…`."""
    known = {"access": {"name": "m1", "address": "10.0.0.1"}, "network_id": "b" * 64}
    return gwbridge.elsewhere(gwbridge_spec(access={"name": "m1", "address": to}), facts(found, state), known)


def test_host_at_the_same_address_may_have_another_bridge():
    """Drift is repaired; only a changed address makes an id count."""
    assert moved(bridge(id="c" * 64), to="10.0.0.1") is None


def test_same_host_at_another_address():
    """The bridge's id tells that it is the same machine."""
    assert moved(bridge()) is None


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (bridge(id="c" * 64), "the one with docker_gwbridge cccccccccccc"),
        (None, "one without docker_gwbridge"),
    ],
    ids=["another bridge", "none"],
)
def test_another_host_at_the_new_address(found, told):
    """Another host at the new address is left alone, whatever it looks like."""
    assert (
        "m1: its address changed from 10.0.0.1 port 22 to 10.0.0.2 port 22, but that is another machine: "
        f"it is {told}, the state has the one with docker_gwbridge bbbbbbbbbbbb"
    ) in (moved(found) or "")
