"""Everything at once: what is wrong in one value hides nothing of the rest, and is told once."""

import pytest

from tests.support.stackfiles import net, problems

CLASH = (
    "overlays.web.subnet: 10.12.1.0/24 is the same as overlays.app.subnet 10.12.1.0/24: "
    "the swarm would take it and never give it addresses; 10.12.2.0/24 is free"
)
OVERLAYS = {"app": net("10.12.1.0/24"), "web": net("10.12.1.0/24")}


@pytest.mark.parametrize(
    ("sections", "by_itself"),
    [
        ({"overlays": OVERLAYS | {"bad": net("10.12.1.7/24")}}, "overlays.bad.subnet: 10.12.1.7/24 has host bits set"),
        ({"overlays": OVERLAYS, "reserved": ["lan"]}, "reserved[0]: 'lan' has no mask"),
        ({"overlays": OVERLAYS, "adopt": "x"}, "adopt: 'x' should be"),
        ({"overlays": OVERLAYS, "gwbridge": net("10.12.0.0/24", mtu=1)}, "gwbridge.mtu: 1 should be at least 68"),
        ({"overlays": OVERLAYS, "ssh": {"port": 0}}, "ssh.port: 0 should be at least 1"),
    ],
    ids=["overlay", "reserved", "adopt", "bridge", "ssh"],
)
def test_clashes_are_told_beside_what_is_wrong_by_itself(sections, by_itself):
    """One look at the file names all of it."""
    found = problems(**sections)

    assert [by_itself, CLASH] == [found[0][: len(by_itself)], *found[1:]]


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        (
            {"order": [["m1"]], "hosts": {"m1": {"local": True, "labels": {"": "x"}}, "w1": {"address": "w1"}}},
            "order: lacks w1; each host has one place",
        ),
        (
            {"swarm": {"first_manager": "w1"}, "hosts": {"m1": {"local": True, "mtu": 1}, "w1": {"address": "w1"}}},
            "swarm: needs a manager, and no host has role: manager",
        ),
        (
            {"ingress": net("10.12.0.0/20", mtu=9000), "overlays": {"bad": net("10.13.0.0/24", mtu="x")}},
            "ingress.mtu: 9000 is more than hosts.m1.mtu, 1500",
        ),
        (
            {"overlays": {"app": net("auto"), "bad": net("x")}},
            "overlays.app.subnet: is auto, and there is no pools.overlays",
        ),
    ],
    ids=["order", "swarm", "mtu", "pool"],
)
def test_other_checks_need_no_more_than_they_look_at(sections, expected):
    """A wrong label says nothing of the order, nor a wrong overlay of the ingress."""
    assert expected in [line[: len(expected)] for line in problems(**sections)]


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ({"swarm": {}, "hosts": {"m1": {"local": True, "role": "boss"}}}, ["hosts.m1.role"]),
        ({"order": [["m1"]], "hosts": {"m1": {"addres": "m1"}}}, ["hosts.m1.addres"]),
        ({"overlays": {"app": net("10.12.0.0/24", mtu="big")}}, ["overlays.app.mtu"]),
        ({"gwbridge": {"subnet": "x"}, "w1": {"mtu": 1400}}, ["gwbridge.subnet"]),
        (
            {"swarm": {"default_addr_pool": ["10.1.0.0/25"], "default_addr_pool_prefix": "26"}},
            ["swarm.default_addr_pool_prefix"],
        ),
        (
            {"overlays": {"app": net("auto")}, "pools": {"overlays": {"range": "10.0.0.0/8", "prefix": 64}}},
            ["pools.overlays.prefix"],
        ),
        ({"overlays": {"app": {"cidr": "10.12.0.0/24"}}}, ["overlays.app.cidr"]),
    ],
    ids=["role", "host", "mtu", "bridge", "pool mask", "pool", "misspelt key that is required"],
)
def test_what_would_follow_from_a_wrong_value_is_not_told(sections, expected):
    """It is not known."""
    assert expected == [line.partition(":")[0] for line in problems(**sections) if "is auto" not in line]


def test_items_of_a_list_keep_their_places():
    """They keep them also if items before them are wrong."""
    sections = {"reserved": ["x", "10.13.0.0/16", "y", "10.12.0.0/16"], "overlays": {"app": net("10.12.1.0/24")}}

    assert (
        "overlays.app.subnet: 10.12.1.0/24 lies inside reserved[3] 10.12.0.0/16"
        == (problems(**sections)[-1].partition(": hosts would")[0])
    )
