"""Packets that do not fit between the hosts: an error with the number that does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.checks.mtu import container_mtu
from tests.support.stackfiles import net, problems, said

LOST = "and their large packets be lost between hosts"


def hosts(mtu, address="m1.example"):
    """Two hosts, one with an underlay of its own."""
    return {"m1": {"address": address, "mtu": mtu}, "w1": {"address": "w1.example"}}


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        pytest.param(
            {"hosts": hosts(1400), "overlays": {"app": net("10.12.0.0/24")}},
            f"overlays.app.mtu: 1500, the Engine's choice, is more than hosts.m1.mtu, 1400: "
            f"containers would get 1450, {LOST}; use 1400, which gives them 1350",
            id="left to the Engine",
        ),
        pytest.param(
            {"hosts": hosts(1400), "ingress": net("10.12.0.0/24", mtu=1450)},
            f"ingress.mtu: 1450 is more than hosts.m1.mtu, 1400: "
            f"containers would get 1400, {LOST}; use 1400, which gives them 1350",
            id="ingress",
        ),
        pytest.param(
            {"hosts": hosts(1450), "overlays": {"app": net("10.12.0.0/24", mtu=1500, encrypted=True)}},
            f"overlays.app.mtu: 1500 is more than hosts.m1.mtu, 1450: "
            f"containers would get 1424, {LOST}; use 1450, which gives them 1372",
            id="encrypted",
        ),
        pytest.param(
            {"hosts": hosts(9000), "overlays": {"app": net("10.12.0.0/24", mtu=9000)}},
            f"overlays.app.mtu: 9000 is more than hosts.w1.mtu, 1500: "
            f"containers would get 8950, {LOST}; use 1500, which gives them 1450",
            id="jumbo frames on one host only",
        ),
        pytest.param(
            {"hosts": hosts(1500, "2001:db8::1"), "overlays": {"app": net("10.12.0.0/24")}},
            f"overlays.app.mtu: 1500, the Engine's choice, is more than hosts.m1.mtu less 20 for IPv6, 1480: "
            f"containers would get 1450, {LOST}; use 1480, which gives them 1430",
            id="underlay of IPv6",
        ),
        pytest.param(
            {
                "hosts": {"m1": {"address": "m1.example", "advertise_address": "[fd00::1]:2377"}},
                "overlays": {"app": net("10.12.0.0/24")},
            },
            f"overlays.app.mtu: 1500, the Engine's choice, is more than hosts.m1.mtu less 20 for IPv6, 1480: "
            f"containers would get 1450, {LOST}; use 1480, which gives them 1430",
            id="underlay of IPv6, given with a port",
        ),
        pytest.param(
            {"overlays": {"app": net("10.12.0.0/24", mtu=100)}},
            "overlays.app.mtu: 100 leaves containers 50, and IPv4 needs 68; use 118 or more",
            id="too small",
        ),
        pytest.param(
            {"overlays": {"app": net("10.12.0.0/24", mtu=143, encrypted=True)}},
            "overlays.app.mtu: 143 leaves containers 64, and IPv4 needs 68; use 144 or more",
            id="too small to encrypt",
        ),
    ],
)
def test_mtu_that_does_not_fit(sections, problem):
    """Both numbers are named, the one that fits, and what containers get."""
    assert [problem] == problems(**sections)


@pytest.mark.parametrize(
    "sections",
    [
        pytest.param({"hosts": hosts(1500), "overlays": {"app": net("10.12.0.0/24")}}, id="nothing said"),
        pytest.param({"hosts": hosts(1400), "ingress": net("10.12.0.0/24", mtu=1400)}, id="as the underlay"),
        pytest.param({"hosts": hosts(1400), "gwbridge": net("10.12.0.0/24")}, id="bridges do not go between hosts"),
    ],
)
def test_mtu_that_fits(sections):
    """The option of a swarm's network is the underlay's MTU."""
    assert [] == problems(**sections)


def test_bridge_larger_than_its_hosts_link_is_a_warning():
    """The way outside may be another link than the one between hosts."""
    expected = (
        "gwbridge.mtu: 1500 is more than hosts.m1.mtu 1400: "
        "what containers send outside may be too large for the host's own link"
    )

    assert [expected] == said(hosts=hosts(1400), gwbridge=net("10.12.0.0/24", mtu=1500)).warnings


@given(st.integers(200, 65535))
def test_packets_of_encrypted_containers_fit(mtu):
    """The MTU of containers is a multiple of four that leaves room for both headers."""
    assert mtu - 80 < container_mtu(mtu, encrypted=True) <= mtu - 76
