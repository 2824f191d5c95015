"""The free ranges found, compared with trying them all."""

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.checks.free_space import FreeSpace

POOL = "10.12.0.0/20"


@pytest.mark.parametrize(
    ("subnet", "taken", "expected"),
    [
        pytest.param("10.255.255.0/24", "10.255.255.0/24", "10.255.254.0/24", id="at the end of a private range"),
        pytest.param("172.31.0.0/16", "172.16.0.0/12", "192.168.0.0/16", id="in another private range"),
        pytest.param("198.51.100.0/24", "10.0.0.0/24", "192.168.255.0/24", id="from outside the private ranges"),
        pytest.param("10.0.0.0/8", "10.1.0.0/16", None, id="too large"),
    ],
)
def test_nearest_free_range(subnet, taken, expected):
    """The private range of the same size whose beginning is nearest."""
    assert expected == FreeSpace([taken]).nearest(subnet)


subnets = st.builds(
    lambda place, prefix: str(IPv4Network((0x0A0C0000 + place * 32, prefix), strict=False)),
    st.integers(0, 127),
    st.integers(22, 27),
)


@given(st.lists(subnets, max_size=12), subnets)
def test_nearest_is_the_best_of_all_places(taken, wanted):
    """Trying every place of the pool finds none that is nearer."""
    network, networks = IPv4Network(wanted), [IPv4Network(subnet) for subnet in taken]
    places = IPv4Network(POOL).subnets(new_prefix=network.prefixlen)
    free = [place for place in places if not any(place.overlaps(other) for other in networks)]
    start = int(network.network_address)
    best = min(free, key=lambda p: (abs(int(p.network_address) - start), -int(p.network_address)), default=None)

    assert (str(best) if best else None) == FreeSpace(taken).nearest(wanted, [POOL])
