"""A stack file becomes the specs of its resources."""

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.plan import plan_of
from providers.rules.vocabulary.addresses import first_address, holds_address
from providers.rules.vocabulary.errors import StackFileError
from providers.rules.vocabulary.network_options import INHIBIT
from tests.support.tables import cases

OWNER = "swarmnet/test"
HOSTS = {
    "m1": {"address": "10.99.0.1", "role": "manager"},
    "w1": {"address": "10.99.0.2"},
    "m2": {"address": "10.99.0.3", "role": "manager"},
}


def planned(hosts=HOSTS, **sections):
    """The plan of a stack file with these sections."""
    return plan_of({"hosts": hosts, **sections}, OWNER)


def test_hosts_alone_make_no_resource():
    """Sections that a stack file leaves out make no resource."""
    assert () == planned().specs


def test_swarm_begins_with_the_first_manager():
    """Members are all hosts of the file, and the first manager's node comes first."""
    with_swarm = planned(swarm={"first_manager": "m2"})

    assert ("m2", ("m1", "w1", "m2"), ["m2", "m1", "w1"]) == (
        with_swarm.swarm.first_manager,
        with_swarm.swarm.members,
        [node.host for node in with_swarm.nodes],
    )


@cases(
    "expected, sections",
    {
        "every host has one": ([["w1"], ["m2"], ["m1"]], {"gwbridge": {"subnet": "10.1.0.0/16"}}),
        "its own": ([["m2"]], {"hosts": {**HOSTS, "m2": {**HOSTS["m2"], "gwbridge": {"subnet": "10.1.0.0/16"}}}}),
    },
)
def test_bridges_follow_the_waves(expected, sections):
    """A host without a bridge is in none."""
    assert expected == [[spec.host for spec in batch] for batch in planned(**sections).gwbridges]


SHARED = {"subnet": "10.1.0.0/16"}


@cases(
    "own, shared, expected",
    {
        "shared": ({}, SHARED, ("10.1.0.0/16", "10.1.0.1", None)),
        "own mtu": ({"mtu": 1400}, SHARED | {"mtu": 9000}, ("10.1.0.0/16", "10.1.0.1", 1400)),
        "the Engine's": ({"mtu": None}, SHARED | {"mtu": 9000}, ("10.1.0.0/16", "10.1.0.1", None)),
        "own subnet": (
            {"subnet": "10.2.0.0/16"},
            SHARED | {"gateway": "10.1.0.9", "mtu": 9000},
            ("10.2.0.0/16", "10.2.0.1", 9000),
        ),
        "own gateway": ({"gateway": "10.1.0.7"}, SHARED | {"gateway": "10.1.0.9"}, ("10.1.0.0/16", "10.1.0.7", None)),
        "own alone": ({"subnet": "10.2.0.0/16"}, {}, ("10.2.0.0/16", "10.2.0.1", None)),
        "of ip_range": ({}, SHARED | {"ip_range": "10.1.4.0/24"}, ("10.1.0.0/16", "10.1.4.0", None)),
    },
)
def test_hosts_own_keys_win(own, shared, expected):
    """A host's bridge is the shared one with the host's own keys in place."""
    hosts = {"w1": {"address": "10.99.0.2", "gwbridge": own}}
    bridge = planned(hosts, **({"gwbridge": shared} if shared else {})).gwbridges[0][0]

    assert expected == (bridge.subnet, bridge.gateway, bridge.mtu)


def test_gateway_left_out_is_the_first_of_the_range():
    """It is the first address of the ip_range, if there is one; and of the range of IPv6."""
    bridge = {**SHARED, "ipv6": {"subnet": "fd00:64::/64"}}
    whole = planned(gwbridge=bridge, overlays={"app": {"subnet": "10.2.0.0/16", "ip_range": "10.2.4.0/24"}})

    assert ("10.2.4.0", "fd00:64::1") == (whole.overlays[0].gateway, whole.gwbridges[0][0].ipv6.gateway)


@st.composite
def subnets(draw):
    """Canonical subnets, close enough together that they often meet."""
    address = int(IPv4Address("10.0.0.0")) + draw(st.integers(0, 2**24 - 1))
    return str(IPv4Network((address, draw(st.integers(8, 29))), strict=False))


@given(subnet=subnets(), deeper=st.integers(0, 8), place=st.integers(0, 255))
def test_first_address_can_be_given_away(subnet, deeper, place):
    """The gateway left out is never the network's own address, the broadcast address or outside."""
    whole = IPv4Network(subnet)
    prefix = min(whole.prefixlen + deeper, 30)
    start = int(whole.network_address) + place % 2 ** (prefix - whole.prefixlen) * 2 ** (32 - prefix)

    assert holds_address(subnet, first_address(subnet))
    assert holds_address(subnet, first_address(subnet, str(IPv4Network((start, prefix)))))


def test_every_spec_carries_owner_adopt_and_its_timeout():
    """Each spec has the keys that hold for the whole stack."""
    whole = planned(
        adopt="converge",
        swarm={},
        gwbridge={"subnet": "10.1.0.0/16"},
        ingress={"subnet": "10.2.0.0/16"},
        overlays={"app": {"subnet": "10.3.0.0/24"}},
        timeouts={"gwbridge": 1, "swarm": 2, "node": 3, "ingress": 4, "overlay": 5},
    )
    specs = [whole.gwbridges[0][0], whole.swarm, whole.nodes[0], whole.ingress, whole.overlays[0]]

    assert [(OWNER, "converge", float(seconds)) for seconds in range(1, 6)] == [
        (spec.owner, spec.adopt, spec.timeout) for spec in specs
    ]


def test_plan_of_a_plan_file_is_the_same():
    """Writing canonical ranges into the file changes no spec."""
    loose = planned(overlays={"app": {"subnet": "10.3.0.0/255.255.255.0"}})
    canonical = planned(overlays={"app": {"subnet": "10.3.0.0/24", "gateway": "10.3.0.1"}})

    assert loose == canonical


def test_what_makes_sense_is_checked_beside_what_does_not():
    """A typing error in one place does not hide a clash in another, and blames nothing that follows from it."""
    with pytest.raises(StackFileError) as caught:
        plan_of(
            {
                "hosts": {"m1": {"addres": "10.99.0.1"}, "w1": {"address": "10.99.0.2", "gwbridge": {"mtu": 1400}}},
                "order": [["m1", "w1"]],
                "gwbridge": {"subnet": "10.11.0.1/16"},
                "ingress": {"subnet": "10.12.0.0/16", "mtu": "big"},
                "overlays": {"app": {"subnet": "10.12.0.0/24"}},
                "reserved": ["lan", "192.168.0.0/16", 3],
                "pool": {},
            },
            OWNER,
        )

    wrong = ["hosts.m1.addres", "gwbridge.subnet", "ingress.mtu", "reserved[0]", "reserved[2]", "pool"]
    assert [*wrong, "overlays.app.subnet"] == [line.partition(":")[0] for line in caught.value.problems]


def test_an_overlay_that_migrates_has_more_time():
    """Its services move at their own pace."""
    overlays = {"app": {"subnet": "10.3.0.0/24"}, "data": {"subnet": "10.3.1.0/24", "on_in_use": "migrate"}}

    assert {"app": 60, "data": 900} == {spec.name: spec.timeout for spec in planned(overlays=overlays).overlays}


def test_option_is_passed_on_as_text():
    """It is so for either driver, known or not: truth and numbers are text to an Engine."""
    whole = planned(
        gwbridge={"subnet": "10.1.0.0/16", "options": {"com.example.a": 1, INHIBIT: True}},
        overlays={"app": {"subnet": "10.3.0.0/24", "options": {"com.example.b": "x"}}},
    )

    assert {"com.example.a": "1", INHIBIT: "true"} == whole.gwbridges[0][0].options
    assert {"com.example.b": "x"} == whole.overlays[0].options
