"""Subnet arithmetic."""

from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.vocabulary.addresses import (
    canonical_subnet,
    first_address,
    holds_address,
    overlapping,
    relation,
)


@st.composite
def subnets(draw):
    """Canonical subnets, close enough together that they often meet."""
    address = int(IPv4Address("10.0.0.0")) + draw(st.integers(0, 2**24 - 1))
    return str(IPv4Network((address, draw(st.integers(8, 29))), strict=False))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("10.11.0.0/16", "10.11.0.0/16", id="as it is"),
        pytest.param("10.11.0.0/255.255.0.0", "10.11.0.0/16", id="mask in full"),
        pytest.param("10.11.0.7/32", "10.11.0.7/32", id="one address"),
    ],
)
def test_subnet_has_one_form(text, expected):
    """A subnet is written in one way, whichever way it came."""
    assert expected == canonical_subnet(text)


@pytest.mark.parametrize(
    ("subnet", "ip_range", "expected"),
    [
        pytest.param("10.11.0.0/16", None, "10.11.0.1", id="subnet alone"),
        pytest.param("10.11.0.0/16", "10.11.4.0/24", "10.11.4.0", id="range inside"),
        pytest.param("10.11.0.0/16", "10.11.0.0/24", "10.11.0.1", id="range at the beginning"),
    ],
)
def test_first_address_is_the_engines(subnet, ip_range, expected):
    """The gateway left out is the address that the Engine itself would choose."""
    assert expected == first_address(subnet, ip_range)


@given(subnet=subnets(), deeper=st.integers(0, 8), place=st.integers(0, 255))
def test_first_address_can_be_given_away(subnet, deeper, place):
    """The gateway left out is never the network's own address, the broadcast address or outside."""
    whole = IPv4Network(subnet)
    prefix = min(whole.prefixlen + deeper, 30)
    start = int(whole.network_address) + place % 2 ** (prefix - whole.prefixlen) * 2 ** (32 - prefix)

    assert holds_address(subnet, first_address(subnet))
    assert holds_address(subnet, first_address(subnet, str(IPv4Network((start, prefix)))))


@pytest.mark.parametrize(
    ("subnet", "other", "expected"),
    [
        ("10.12.0.0/24", "10.12.0.0/16", "lies inside"),
        ("10.12.0.0/16", "10.12.0.0/24", "contains"),
        ("10.12.0.0/16", "10.12.0.0/16", "is the same as"),
    ],
)
def test_relation_reads_from_the_first(subnet, other, expected):
    """The relation of two subnets is told from the first one's side."""
    assert expected == relation(subnet, other)


@given(st.lists(subnets(), max_size=12))
def test_overlapping_finds_what_comparing_each_with_each_finds(several):
    """The sorted pass reports exactly the pairs that a comparison of all pairs reports."""
    networks = [IPv4Network(subnet) for subnet in several]
    places = combinations(range(len(networks)), 2)
    expected = [(one, other) for one, other in places if networks[one].overlaps(networks[other])]

    assert expected == sorted(overlapping(several))
