"""The address plan: claims on ranges and their overlaps, what lies in what, and the free space."""

from ipaddress import IPv4Address
from itertools import pairwise

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from providers.explain.map.address_ranges import AddressRange, address_ranges, overlaps
from providers.explain.map.blocks import blocks, walk
from tests.explain.map.samples import projects, shop, stack
from tests.support.stackfiles import net


def claimed(*stacks):
    """Every claim."""
    return address_ranges(stacks, overlaps(stacks))


def test_every_section_with_a_range_is_a_claim():
    """Bridges, networks, pools and what is reserved all have their place."""
    sections = yaml.safe_load("""
        gwbridge: {subnet: 10.1.0.0/20}
        ingress: {subnet: 10.2.0.0/20, name: door}
        overlays: {app: {subnet: 10.3.0.0/24}}
        swarm: {default_addr_pool: [10.4.0.0/16]}
        reserved: {vpn: 10.5.0.0/16}
        pools: {overlays: {range: 10.3.0.0/16, prefix: 24}}
    """)
    found = [each for each in claimed(stack(**sections)) if each.kind not in ("host", "engine")]

    assert [
        ("gwbridge", "10.1.0.0/20", "docker_gwbridge"),
        ("overlay", "10.3.0.0/24", "app"),
        ("ingress", "10.2.0.0/20", "door"),
        ("pool", "10.4.0.0/16", "address pool"),
        ("reserved", "10.5.0.0/16", "vpn"),
        ("allocation", "10.3.0.0/16", "pool for overlays"),
    ] == [(each.kind, each.subnet, each.name) for each in found]


@pytest.mark.parametrize(("connected_to", "expected"), [([], []), (["dev"], ["prod"])])
def test_shared_range_is_an_overlap_only_where_stacks_are_connected(connected_to, expected):
    """Stacks that do not reach each other may have the same ranges."""
    hosts = {"m9": {"address": "dev.example", "role": "manager"}}
    dev = stack("dev", hosts=hosts, overlays={"app": net("10.3.0.0/24")})
    prod = stack("prod", overlays={"app": net("10.3.0.0/24")}, connected_to=connected_to)

    assert expected == [each.stack for each in overlaps([dev, prod])]


def seen(**changes):
    """What was found on the hosts of the shop, as of a stack named prod."""
    return shop().facts.model_copy(update={"stack": "prod", **changes})


def test_undeclared_network_overlaps_a_declared_one():
    """A range that hosts use already is told as a clash with a declared network."""
    (found,) = overlaps([stack(facts=seen(), overlays={"app": net("10.74.0.0/16")})])

    assert found.line.startswith("overlays.app.subnet: 10.74.0.0/16 contains tools_default 10.74.0.0/24: the ho")


def test_bridge_of_a_host_that_left_overlaps_no_bridge():
    """Bridges are each host's own, also that of a host which only the state knows."""
    assert [] == overlaps([stack(facts=seen(networks={}), gwbridge=net("172.18.0.0/16"))])


def test_network_whose_range_is_still_to_be_chosen_is_declared():
    """A network on the hosts is shown as outgoing if the stack file declares its name with a range yet to be chosen."""
    pools = {"overlays": {"range": "10.3.0.0/16", "prefix": 24}}
    overlays = {"shop": net("auto"), "payments": net("10.72.34.0/24")}
    found = {each.name: each.kind for each in claimed(stack(facts=seen(hosts={}), pools=pools, overlays=overlays))}

    assert ("outgoing", "foreign", "foreign") == (found["shop"], found["ingress"], found["tools_default"])
    assert 3 == sum(kind in ("outgoing", "foreign") for kind in found.values())


def network(subnet, kind="overlay"):
    """A claim of a stack."""
    return AddressRange("prod", kind, subnet, subnet, "", "")


HOSTS_ALONE = {"m1": {"address": "198.51.100.11", "role": "manager"}, "w1": {"address": "198.51.100.12"}}
# Depth, range, and what each block is: `free`, the names of its claims, or nothing for an outline.
BLOCKS = {
    "a /24 within its /16 and that within its private block, beside a /8 of somebody else": (
        [
            (0, "10.0.0.0/8", ""),
            (1, "10.0.0.0/16", "Engines' own pool"),
            (1, "10.1.0.0…10.99.0.0", "free"),
            (1, "10.99.0.1…10.99.0.2", "m1, w1"),
            (1, "10.99.0.3…10.254.255.255", "free"),
            (1, "10.255.0.0/16", ""),
            (2, "10.255.0.0/24", "app"),
            (2, "10.255.1.0/24", "data"),
            (2, "10.255.2.0…10.255.255.255", "free"),
            (0, "11.0.0.0/8", "reserved"),
        ],
        {"overlays": {"app": net("10.255.0.0/24"), "data": net("10.255.1.0/24")}, "reserved": ["11.0.0.0/8"]},
    ),
    "nothing free in what is reserved": (
        [
            (0, "10.0.0.0/8", "reserved"),
            (1, "10.0.0.0/16", "Engines' own pool"),
            (1, "10.3.0.0/24", "app"),
            (1, "10.99.0.1…10.99.0.2", "m1, w1"),
        ],
        {"overlays": {"app": net("10.3.0.0/24")}, "reserved": ["10.0.0.0/8"]},
    ),
    "nothing free around hosts alone": ([(0, "198.51.100.11…198.51.100.12", "m1, w1")], {"hosts": HOSTS_ALONE}),
}


@pytest.mark.parametrize(("expected", "sections"), BLOCKS.values(), ids=BLOCKS)
def test_blocks_of_a_stack(expected, sections):
    """Each range is in the smallest block that holds it, with the space that is free there."""
    drawn = stack(**sections)
    found = blocks(claimed(drawn), [drawn.name])

    assert expected == [
        (
            depth,
            each.range,
            "free" if each.free_for else ", ".join(address_range.name for address_range in each.address_ranges),
        )
        for depth, each in walk(found)
    ]


def test_what_one_stack_reserves_is_free_for_others():
    """Free space says for whom it is not."""
    found = blocks(claimed(*projects()), ["dev", "prod", "staging"])

    assert {("dev",)} == {
        each.free_for for _, each in walk(found) if each.first == IPv4Address("10.65.0.0") and each.free_for
    }


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(8, 32)), min_size=1, max_size=30))
def test_blocks_hold_every_claim_and_are_in_order(drawn):
    """Each range is in the blocks_of, inside its parent, and no two siblings share an address."""
    subnets = {f"{IPv4Address(start >> (32 - prefix) << (32 - prefix))}/{prefix}" for start, prefix in drawn}
    found = blocks([network(subnet) for subnet in subnets], ["prod"])

    assert subnets == {address_range.subnet for _, each in walk(found) for address_range in each.address_ranges}
    for family in (found, *(each.inside for _, each in walk(found))):
        assert all(one.last < other.first for one, other in pairwise(family))
    for _, each in walk(found):
        assert all(each.first <= inner.first and inner.last <= each.last for inner in each.inside)
