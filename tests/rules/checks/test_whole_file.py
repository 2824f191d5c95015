"""Everything at once: what is wrong in one value hides nothing of the rest, and is told once."""

import pytest

from tests.support.stackfiles import problems, stating

CLASH = (
    "overlays.web.subnet: 10.12.1.0/24 is the same as overlays.app.subnet 10.12.1.0/24: "
    "the swarm would take it and never give it addresses; 10.12.2.0/24 is free"
)
BOTH = ("overlays.app.subnet 10.12.1.0/24", "overlays.web.subnet 10.12.1.0/24")


@pytest.mark.parametrize(
    ("key", "by_itself"),
    [
        ("overlays.bad.subnet 10.12.1.7/24", "overlays.bad.subnet: 10.12.1.7/24 has host bits set"),
        ("reserved [lan]", "reserved[0]: 'lan' has no mask"),
        ("adopt x", "adopt: 'x' should be"),
        ("gwbridge {subnet: 10.12.0.0/24, mtu: 1}", "gwbridge.mtu: 1 should be at least 68"),
        ("ssh.port 0", "ssh.port: 0 should be at least 1"),
    ],
)
def test_clashes_are_told_beside_what_is_wrong_by_itself(key, by_itself):
    """One look at the file names all of it."""
    found = problems(**stating(*BOTH, key))

    assert [by_itself, CLASH] == [found[0][: len(by_itself)], *found[1:]]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["order [[m1]]", "hosts.m1.labels {'': x}"], "order: lacks w1; each host has one place"),
        (
            ["swarm.first_manager w1", "hosts.m1 {role: worker, mtu: 1}"],
            "swarm: needs a manager, and no host has role: manager",
        ),
        (
            ["ingress {subnet: 10.12.0.0/20, mtu: 9000}", "overlays.bad {subnet: 10.13.0.0/24, mtu: x}"],
            "ingress.mtu: 9000 is more than hosts.m1.mtu, 1500",
        ),
        (
            ["overlays.app.subnet auto", "overlays.bad.subnet x"],
            "overlays.app.subnet: is auto, and there is no pools.overlays",
        ),
    ],
)
def test_other_checks_need_no_more_than_they_look_at(keys, expected):
    """A wrong label says nothing of the order, nor a wrong overlay of the ingress."""
    assert expected in [line[: len(expected)] for line in problems(**stating(*keys))]


@pytest.mark.parametrize(
    ("wrong", "keys"),
    [
        ("hosts.m1.role", ["swarm {}", "hosts.m1.role boss"]),
        ("hosts.w1.addres", ["order [[m1]]", "hosts {w1: null}", "hosts.w1.addres w1"]),
        ("overlays.app.mtu", ["overlays.app {subnet: 10.12.0.0/24, mtu: big}"]),
        ("gwbridge.subnet", ["gwbridge.subnet x", "hosts.w1.gwbridge.mtu 1400"]),
        (
            "swarm.default_addr_pool_prefix",
            ["swarm {default_addr_pool: [10.1.0.0/25], default_addr_pool_prefix: '26'}"],
        ),
        ("pools.overlays.prefix", ["overlays.app.subnet auto", "pools.overlays {range: 10.0.0.0/8, prefix: 64}"]),
        ("overlays.app.subnett", ["overlays.app.subnett 10.12.0.0/24"]),
    ],
)
def test_what_would_follow_from_a_wrong_value_is_not_told(wrong, keys):
    """It is not known."""
    found = problems(**stating(*keys))

    assert [wrong] == [line.partition(":")[0] for line in found if "is auto" not in line]
