"""The address plan: what lies in what, and the free space between."""

from ipaddress import IPv4Address
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from providers.explain.map.blocks import blocks, walk
from providers.explain.map.claims import Claim, claims, overlaps
from tests.explain.map.samples import projects, stack
from tests.support.stackfiles import net


def plan(*stacks):
    """Depth, range and what each block is: `free`, the names of its claims, or nothing for an outline."""
    found = blocks(claims(stacks, overlaps(stacks)), [each.name for each in stacks])
    return [
        (depth, each.range, "free" if each.free_for else ", ".join(claim.name for claim in each.claims))
        for depth, each in walk(found)
    ]


def network(subnet, kind="overlay"):
    """A claim of a stack."""
    return Claim("prod", kind, subnet, subnet, "", "")


def test_small_range_beside_a_large_one():
    """A /24 is within its /16 and that within its private block, beside a /8 of somebody else."""
    assert [
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
    ] == plan(stack(overlays={"app": net("10.255.0.0/24"), "data": net("10.255.1.0/24")}, reserved=["11.0.0.0/8"]))


def test_same_range_is_one_block():
    """Two claims on one range stand in one block."""
    assert (2, "10.3.0.0/24", "data, app") in plan(
        stack(overlays={"app": net("10.3.0.0/24"), "data": net("10.3.0.0/24"), "x1": net("10.3.1.0/24")})
    )


def test_no_space_is_free_in_what_is_reserved():
    """A range that a stack keeps free is not offered to it."""
    assert [] == [
        row for row in plan(stack(reserved=["10.0.0.0/8"], overlays={"app": net("10.3.0.0/24")})) if "free" in row
    ]


def test_what_one_stack_reserves_is_free_for_others():
    """Free space says for whom it is not."""
    found = blocks(claims(projects(), overlaps(projects())), ["dev", "prod", "staging"])

    assert {("dev",)} == {
        each.free_for for _, each in walk(found) if each.first == IPv4Address("10.65.0.0") and each.free_for
    }


def test_blocks_without_networks_have_no_free_space():
    """Hosts alone make no plan of the addresses around them."""
    assert [(0, "198.51.100.11…198.51.100.12", "m1, w1")] == plan(
        stack(hosts={"m1": {"address": "198.51.100.11", "role": "manager"}, "w1": {"address": "198.51.100.12"}})
    )


def test_largest_subnet_of_free_space():
    """Each free space tells the largest subnet that fits into it."""
    found = blocks([network("10.3.0.0/24")], ["prod"])

    assert ["10.0.0.0/15", "10.128.0.0/9"] == [each.largest for _, each in walk(found) if each.free_for]


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(8, 32)), min_size=1, max_size=30))
def test_blocks_hold_every_claim_and_are_in_order(drawn):
    """Each range is in the plan, inside its parent, and no two siblings share an address."""
    subnets = {f"{IPv4Address(start >> (32 - prefix) << (32 - prefix))}/{prefix}" for start, prefix in drawn}
    found = blocks([network(subnet) for subnet in subnets], ["prod"])

    assert subnets == {claim.subnet for _, each in walk(found) for claim in each.claims}
    for family in (found, *(each.inside for _, each in walk(found))):
        assert all(one.last < other.first for one, other in pairwise(family))
    for _, each in walk(found):
        assert all(each.first <= inner.first and inner.last <= each.last for inner in each.inside)
