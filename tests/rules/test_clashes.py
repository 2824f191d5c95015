"""What cannot stand together, from stack file to message."""

from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.clashes import clashes, lacking
from providers.rules.stackfile import parse

NO_INGRESS = 'hosts would join and be ready, but without ingress, and tasks would fail with "Pool overlaps"'
RECIPE = f"{NO_INGRESS}; examples in Docker's documentation give both one range"
REJECTED = 'tasks on the host would be rejected with "Pool overlaps"'
DEAD = "the swarm would take it and never give it addresses"
UNREACHABLE = "hosts would no longer reach what is there"
UNUSABLE = "nothing can be given an address there"


def stackfile(w1=None, **sections):
    """A stack of two hosts; `w1` is that host's own `gwbridge`."""
    hosts = {"m1": {"address": "10.99.0.1", "role": "manager"}, "w1": {"address": "10.99.0.2"}}
    if w1 is not None:
        hosts["w1"]["gwbridge"] = w1
    return parse({"hosts": hosts, **sections})


def net(subnet, **keys):
    """A section with a subnet."""
    return {"subnet": subnet, **keys}


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        pytest.param(
            {"gwbridge": net("10.11.0.0/16"), "ingress": net("10.11.0.0/16")},
            f"gwbridge.subnet: 10.11.0.0/16 is the same as ingress.subnet 10.11.0.0/16: {RECIPE}",
            id="the documented recipe",
        ),
        pytest.param(
            {"w1": net("10.12.0.0/24"), "ingress": net("10.12.0.0/16")},
            f"hosts.w1.gwbridge.subnet: 10.12.0.0/24 lies inside ingress.subnet 10.12.0.0/16: {RECIPE}",
            id="one host's gwbridge and ingress",
        ),
        pytest.param(
            {"gwbridge": net("10.12.0.0/16"), "overlays": {"app": net("10.12.1.0/24")}},
            f"gwbridge.subnet: 10.12.0.0/16 contains overlays.app.subnet 10.12.1.0/24: {REJECTED}",
            id="gwbridge and overlay",
        ),
        pytest.param(
            {"overlays": {"app": net("10.12.1.0/24"), "web": net("10.12.0.0/16")}},
            f"overlays.web.subnet: 10.12.0.0/16 contains overlays.app.subnet 10.12.1.0/24: {DEAD}",
            id="overlay and overlay",
        ),
        pytest.param(
            {"overlays": {"app": net("10.12.1.0/24")}, "ingress": net("10.12.0.0/16")},
            f"overlays.app.subnet: 10.12.1.0/24 lies inside ingress.subnet 10.12.0.0/16: {DEAD}",
            id="overlay and ingress",
        ),
        pytest.param(
            {"overlays": {"app": net("10.12.1.0/24", ip_range="10.12.1.0/25"), "web": net("10.12.1.0/24")}},
            f"overlays.web.subnet: 10.12.1.0/24 is the same as overlays.app.subnet 10.12.1.0/24: {DEAD}",
            id="an ip_range is no way around",
        ),
        pytest.param(
            {"gwbridge": net("172.18.0.0/16"), "reserved": ["172.16.0.0/12"]},
            f"gwbridge.subnet: 172.18.0.0/16 lies inside reserved 172.16.0.0/12: {UNREACHABLE}",
            id="gwbridge and reserved",
        ),
        pytest.param(
            {"w1": net("172.18.0.0/16"), "reserved": ["172.18.4.0/24"]},
            f"hosts.w1.gwbridge.subnet: 172.18.0.0/16 contains reserved 172.18.4.0/24: {UNREACHABLE}",
            id="one host's gwbridge and reserved",
        ),
        pytest.param(
            {"ingress": net("10.12.0.0/16"), "reserved": ["10.12.0.9/32"]},
            f"ingress.subnet: 10.12.0.0/16 contains reserved 10.12.0.9/32: {UNREACHABLE}",
            id="ingress and one reserved address",
        ),
        pytest.param(
            {"overlays": {"app": net("10.12.0.0/24")}, "reserved": ["10.12.0.0/24"]},
            f"overlays.app.subnet: 10.12.0.0/24 is the same as reserved 10.12.0.0/24: {UNREACHABLE}",
            id="overlay and reserved",
        ),
        pytest.param(
            {"swarm": {"default_addr_pool": ["10.12.0.0/16"]}, "reserved": ["10.12.0.0/24"]},
            f"swarm.default_addr_pool: 10.12.0.0/16 contains reserved 10.12.0.0/24: {UNREACHABLE}",
            id="pool and reserved",
        ),
        pytest.param(
            {"swarm": {"default_addr_pool": ["10.12.0.0/16", "10.12.8.0/24"]}},
            "swarm.default_addr_pool: 10.12.0.0/16 contains swarm.default_addr_pool 10.12.8.0/24: "
            "a swarm takes only pools that are apart",
            id="pool and pool",
        ),
        pytest.param(
            {"overlays": {"app": net("127.0.8.0/24")}},
            f"overlays.app.subnet: 127.0.8.0/24 lies inside the loopback range 127.0.0.0/8: {UNUSABLE}",
            id="loopback",
        ),
    ],
)
def test_ranges_that_clash(sections, problem):
    """Two ranges that cannot both work are one problem with both paths, both values and the reason."""
    assert [problem] == clashes(stackfile(**sections))


@pytest.mark.parametrize(
    "sections",
    [
        pytest.param({"w1": net("10.11.0.0/16"), "gwbridge": net("10.11.0.0/16")}, id="gwbridges of two hosts"),
        pytest.param({"reserved": ["10.0.0.0/8", "10.1.0.0/16"]}, id="reserved twice"),
        pytest.param({"gwbridge": net("10.11.0.0/17"), "ingress": net("10.11.128.0/17")}, id="side by side"),
    ],
)
def test_ranges_that_may_meet(sections):
    """docker_gwbridge is a host's own affair, and what is reserved is not ours."""
    assert [] == clashes(stackfile(**sections))


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        pytest.param(
            {"ingress": net("10.12.0.0/16", gateway="10.13.0.1")},
            "ingress.gateway: 10.13.0.1 is not inside the subnet 10.12.0.0/16",
            id="outside",
        ),
        pytest.param(
            {"overlays": {"app": net("10.12.0.0/24", gateway="10.12.0.0")}},
            "overlays.app.gateway: 10.12.0.0 is the network address of 10.12.0.0/24; use 10.12.0.1",
            id="network address",
        ),
        pytest.param(
            {"gwbridge": net("10.12.0.0/24", gateway="10.12.0.255")},
            "gwbridge.gateway: 10.12.0.255 is the broadcast address of 10.12.0.0/24; use 10.12.0.1",
            id="broadcast address",
        ),
        pytest.param(
            {"w1": {"gateway": "10.13.0.1"}, "gwbridge": net("10.12.0.0/24")},
            "hosts.w1.gwbridge.gateway: 10.13.0.1 is not inside the subnet 10.12.0.0/24",
            id="one host's gateway",
        ),
        pytest.param(
            {"overlays": {"app": net("10.12.0.0/24", ip_range="10.12.1.0/25")}},
            "overlays.app.ip_range: 10.12.1.0/25 is not inside the subnet 10.12.0.0/24",
            id="ip_range outside",
        ),
        pytest.param(
            {"overlays": {"app": net("10.12.0.0/24", ip_range="10.12.0.8/31")}},
            "overlays.app.ip_range: 10.12.0.8/31 leaves no room for containers; use /30 or larger",
            id="ip_range without room",
        ),
        pytest.param(
            {"swarm": {"default_addr_pool": ["10.12.0.0/26"]}},
            "swarm.default_addr_pool: 10.12.0.0/26 is smaller than the /24 that networks take of it",
            id="pool smaller than a subnet of it",
        ),
    ],
)
def test_what_is_not_where_it_belongs(sections, problem):
    """Gateways, ip_ranges and pools are checked against the range they belong to."""
    assert [problem] == clashes(stackfile(**sections))


def test_hosts_own_subnet_leaves_the_shared_gateway_behind():
    """A host with a subnet of its own is not blamed for the gateway of the shared one."""
    shared = net("10.12.0.0/24", gateway="10.12.0.254")

    assert [] == clashes(stackfile(w1=net("10.13.0.0/24"), gwbridge=shared))


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        pytest.param(
            {"overlays": {"app": net("10.12.0.0/24"), "App": net("10.13.0.0/24")}},
            "overlays.App: is the same name as overlays.app; case does not count in a swarm",
            id="two overlays",
        ),
        pytest.param(
            {"overlays": {"mesh": net("10.12.0.0/24")}, "ingress": net("10.13.0.0/24", name="Mesh")},
            "overlays.mesh: is the same name as ingress.name; case does not count in a swarm",
            id="overlay and ingress",
        ),
    ],
)
def test_names_that_differ_in_case_only(sections, problem):
    """A swarm takes two such names for one."""
    assert [problem] == clashes(stackfile(**sections))


def test_host_lacks_a_subnet():
    """A host's own section needs a subnet where there is no shared one."""
    expected = "hosts.w1.gwbridge.subnet: is required, since there is no section gwbridge to take it from"

    assert [expected] == lacking(stackfile(w1={"mtu": 1400}))


def test_host_takes_the_shared_subnet():
    """A host's own section may leave out what the shared one says."""
    assert [] == lacking(stackfile(w1={"mtu": 1400}, gwbridge=net("10.12.0.0/24")))


subnets = st.builds(
    lambda third, prefix: str(IPv4Network(f"10.12.{third}.0/{prefix}", strict=False)),
    st.integers(0, 255),
    st.integers(18, 24),
)


@given(
    w1=st.none() | subnets.map(net),
    gwbridge=subnets,
    ingress=subnets,
    overlays=st.lists(subnets, max_size=4),
    reserved=st.lists(subnets, max_size=2),
)
def test_verdict_is_that_of_comparing_each_with_each(w1, gwbridge, ingress, overlays, reserved):
    """A stack file is accepted exactly where no two of its ranges meet, bridges and reserved ones apart."""
    ours = [("gwbridge", gwbridge), ("ingress", ingress), *(("overlay", subnet) for subnet in overlays)]
    ours += [("gwbridge", w1["subnet"])] if w1 else []
    ours += [("reserved", subnet) for subnet in reserved]
    meet = [
        (kind, other)
        for (kind, subnet), (other, range_) in combinations(ours, 2)
        if (kind != other or kind == "overlay") and IPv4Network(subnet).overlaps(IPv4Network(range_))
    ]

    found = clashes(
        stackfile(
            w1=w1,
            gwbridge=net(gwbridge),
            ingress=net(ingress),
            overlays={f"overlay{number}": net(subnet) for number, subnet in enumerate(overlays)},
            reserved=reserved,
        )
    )

    assert len(meet) == len(found)
