"""Packets that do not fit between the hosts: an error with the number that does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.checks.mtu import container_mtu
from tests.support.stackfiles import problems, said, stating

APP = "overlays.app.subnet 10.12.0.0/24"
INGRESS = "ingress {subnet: 10.12.0.0/24, mtu: 1400}"
SECRET = "overlays.app.encrypted true"
ENGINES = "1500, the Engine's choice, is more than hosts.m1.mtu"
LESS = "less 20 for IPv6, 1480"
LOST = "and their large packets be lost between hosts"


@pytest.mark.parametrize(
    ("keys", "words", "given", "fits"),
    [
        (["hosts.m1.mtu 1400"], f"{ENGINES}, 1400", 1450, "1400, which gives them 1350"),
        (
            ["hosts.m1.mtu 1450", "overlays.app.mtu 1500", SECRET],
            "1500 is more than hosts.m1.mtu, 1450",
            1424,
            "1450, which gives them 1372",
        ),
        (
            ["hosts.m1.mtu 9000", "overlays.app.mtu 9000"],
            "9000 is more than hosts.w1.mtu, 1500",
            8950,
            "1500, which gives them 1450",
        ),
        (["hosts.m1.address 2001:db8::1"], f"{ENGINES} {LESS}", 1450, "1480, which gives them 1430"),
        (["hosts.m1.advertise_address '[fd00::1]:2377'"], f"{ENGINES} {LESS}", 1450, "1480, which gives them 1430"),
    ],
)
def test_mtu_that_does_not_fit(keys, words, given, fits):
    """Both numbers are named, the one that fits, and what containers get."""
    expected = f"overlays.app.mtu: {words}: containers would get {given}, {LOST}; use {fits}"

    assert [expected] == problems(**stating(APP, *keys))


def test_mtu_of_the_ingress_that_does_not_fit():
    """It goes between the hosts as overlays do."""
    words = "ingress.mtu: 1400 is more than hosts.m1.mtu, 1300: containers would get 1350"
    expected = f"{words}, {LOST}; use 1300, which gives them 1250"

    assert [expected] == problems(**stating("hosts.m1.mtu 1300", INGRESS))


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        (["overlays.app.mtu 100"], "100 leaves containers 50, and IPv4 needs 68; use 118 or more"),
        (["overlays.app.mtu 143", SECRET], "143 leaves containers 64, and IPv4 needs 68; use 144 or more"),
    ],
)
def test_mtu_that_is_too_small(keys, problem):
    """Both headers are counted."""
    assert [f"overlays.app.mtu: {problem}"] == problems(**stating(APP, *keys))


@pytest.mark.parametrize(("mtu", "network"), [(1500, APP), (1400, INGRESS), (1400, "gwbridge.subnet 10.12.0.0/24")])
def test_mtu_that_fits(mtu, network):
    """The option of a swarm's network is the underlay's MTU; bridges do not go between hosts."""
    assert [] == problems(**stating(f"hosts.m1.mtu {mtu}", network))


def test_bridge_larger_than_its_hosts_link_is_a_warning():
    """The way outside may be another link than the one between hosts."""
    why = "what containers send outside may be too large for the host's own link"

    assert [f"gwbridge.mtu: 1500 is more than hosts.m1.mtu 1400: {why}"] == (
        said(**stating("hosts.m1.mtu 1400", "gwbridge {subnet: 10.12.0.0/24, mtu: 1500}")).warnings
    )


@given(st.integers(200, 65535))
def test_packets_of_encrypted_containers_fit(mtu):
    """The MTU of containers is a multiple of four that leaves room for both headers."""
    assert mtu - 80 < container_mtu(mtu, encrypted=True) <= mtu - 76
