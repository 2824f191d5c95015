"""Subnet arithmetic."""

from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.vocabulary.addresses import (
    canonical_address,
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
    ("text", "problem"),
    [
        pytest.param("10.11.0.5/16", "10.11.0.5/16 has host bits set: write 10.11.0.0/16", id="host bits"),
        pytest.param("10.11.0.0", "'10.11.0.0' has no mask: write it like 10.11.0.0/16", id="no mask"),
        pytest.param(
            "fd00::/64",
            "'fd00::/64' is IPv6; swarm networks are IPv4: with an IPv6 subnet an overlay is dropped or never comes up",
            id="IPv6",
        ),
        pytest.param("10.11.0.0/33", "'10.11.0.0/33' is not an IPv4 subnet such as 10.11.0.0/16", id="mask too long"),
        pytest.param("lan/16", "'lan/16' is not an IPv4 subnet such as 10.11.0.0/16", id="no address"),
        pytest.param("", "'' has no mask: write it like 10.11.0.0/16", id="empty"),
    ],
)
def test_what_is_no_subnet_is_refused(text, problem):
    """A subnet that not every Engine takes is a problem that says what to write."""
    with pytest.raises(ValueError, match=r".") as caught:
        canonical_subnet(text)

    assert problem == str(caught.value)


@pytest.mark.parametrize("text", ["10.11.0", "10.11.0.256", "10.11.0.1/16", "fd00::1", ""])
def test_what_is_no_address_is_refused(text):
    """A text that is no IPv4 address is a problem that quotes it."""
    with pytest.raises(ValueError, match=f"^'{text}' is "):
        canonical_address(text)


@given(subnets())
def test_canonical_form_is_a_fixed_point(subnet):
    """Bringing a canonical subnet to its canonical form changes nothing."""
    assert subnet == canonical_subnet(subnet)


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


@given(subnets())
def test_first_address_can_be_given_away(subnet):
    """The gateway left out is never the network's own address, the broadcast address or outside."""
    assert holds_address(subnet, first_address(subnet))


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
