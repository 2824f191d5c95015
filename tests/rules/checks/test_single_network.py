"""Problems of one network by itself, from stack file to message."""

import pytest

from providers.rules.checks.whole_file import verdict
from tests.support.stackfiles import at, net, problems, raw, stating

NETWORKS = ("gwbridge.subnet 10.11.0.0/24", "ingress.subnet 10.12.0.0/24", "overlays.app.subnet 10.13.0.0/24")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("ingress.gateway 10.9.0.1", "is not inside the subnet 10.12.0.0/24"),
        ("overlays.app.gateway 10.13.0.0", "is the network address of 10.13.0.0/24; use 10.13.0.1"),
        ("gwbridge.gateway 10.11.0.255", "is the broadcast address of 10.11.0.0/24; use 10.11.0.1"),
        ("hosts.w1.gwbridge.gateway 10.9.0.1", "is not inside the subnet 10.11.0.0/24"),
        ("overlays.app.ip_range 10.9.0.0/25", "is not inside the subnet 10.13.0.0/24"),
        ("overlays.app.ip_range 10.13.0.8/31", "leaves no room for containers; use /30 or larger"),
        ("swarm.default_addr_pool[0] 10.14.0.0/26", "is smaller than the /24 that networks take of it"),
    ],
)
def test_what_is_not_where_it_belongs(key, words):
    """Gateways, ip_ranges and pools are checked against the range they belong to."""
    assert [f"{key.replace(' ', ': ')} {words}"] == problems(**stating(*NETWORKS, key))


@pytest.mark.parametrize(
    "keys",
    [["gwbridge.gateway 10.11.0.254", "hosts.w1.gwbridge.subnet 10.14.0.0/24"], ["hosts.w1.gwbridge.bridge_name gw1"]],
    ids=["a subnet of its own leaves the shared gateway behind", "it takes the shared subnet"],
)
def test_hosts_own_section_beside_the_shared_one(keys):
    """A host's own section may leave out what the shared one says, and isn't blamed for what it replaces."""
    assert [] == problems(**stating(*NETWORKS, *keys))


def test_host_lacks_a_subnet():
    """A host's own section needs a subnet if there is no shared one."""
    expected = "hosts.w1.gwbridge.subnet: is required, since there is no section gwbridge to take it from"

    assert [expected] == problems(w1={"mtu": 1400})


CASE = "case does not count in a swarm"
MOVE = "is called while its services move; choose another name"


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("overlays.App.subnet 10.14.0.0/24", f"overlays.App: is the same name as overlays.app; {CASE}"),
        ("ingress.name App", f"overlays.app: is the same name as ingress.name; {CASE}"),
        *(
            (f"overlays.{name}.subnet 10.14.0.0/24", f"overlays.{name}: is what overlays.app {MOVE}")
            for name in ("app-swarmnet-twin", "App-Swarmnet-Twin")
        ),
    ],
)
def test_name_of_another_network(key, problem):
    """A swarm takes names that differ in case only for one, and a migration another's twin for its own."""
    assert [problem] == problems(**stating(*NETWORKS, key))


LONG = "letters leave the name that it has while its services move no room; choose one of 49 at most"


@pytest.mark.parametrize(
    ("length", "on_in_use", "expected"), [(50, "migrate", [f"50 {LONG}"]), (49, "migrate", []), (63, "refuse", [])]
)
def test_name_leaves_room_for_the_twin(length, on_in_use, expected):
    """That is so for an overlay that migrates; any other has no twin."""
    name = "a" * length
    found = problems(overlays={name: net("10.12.0.0/24", on_in_use=on_in_use)})

    assert [f"overlays.{name}: {words}" for words in expected] == found


AUTO = "overlays.app.subnet auto"
FROM_POOL = "pools.overlays {range: 10.20.0.0/22, prefix: 24}"


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("is auto, and there is no pools.overlays to take a range from", [AUTO]),
        ("is auto: write 10.20.0.0/24, which is free", [AUTO, FROM_POOL]),
        # Clear of all that the file has, and of what Engines choose.
        *(
            ("is auto: write 10.20.1.0/24, which is free", [AUTO, FROM_POOL, taken])
            for taken in (
                "reserved[0] 10.20.0.128/25",
                "gwbridge.subnet 10.20.0.0/24",
                "ingress.subnet 10.20.0.0/25",
                "hosts.m1.address 10.20.0.9",
            )
        ),
        (
            "is auto: write 10.16.0.0/24, which is free",
            [AUTO, "pools.overlays {range: 10.0.0.0/11, prefix: 24}", "swarm.default_addr_pool_prefix 12"],
        ),
        (
            "is auto: no /24 of 10.20.0.0/22 is free",
            [AUTO, FROM_POOL, "reserved {lan: 10.20.0.0/23, vpn: 10.20.2.0/23}"],
        ),
    ],
)
def test_range_that_is_still_to_be_chosen(words, keys):
    """A plan has numbers, so that a reviewer sees them: `auto` is refused with the first free range."""
    assert [f"overlays.app.subnet: {words}"] == problems(**stating(*keys))


def test_each_overlay_that_waits_gets_another_range():
    """They are told in the file's order, past the ranges of the file and those beside it."""
    overlays = {name: {"subnet": "auto"} for name in ("web", "app")} | {"old": net("10.20.1.0/24")}
    found = verdict(
        raw(**at("pools.overlays", {"range": "10.20.0.0/22", "prefix": 24}), overlays=overlays), ["10.20.0.0/24"]
    )

    assert [
        f"overlays.{name}.subnet: is auto: write {free}, which is free"
        for name, free in (("web", "10.20.2.0/24"), ("app", "10.20.3.0/24"))
    ] == found.why_no_plan


def test_pool_smaller_than_what_is_taken_of_it():
    """A pool holds one range at least."""
    assert ["pools.overlays: 10.20.0.0/25 is smaller than the /24 to take of it"] == problems(
        pools={"overlays": {"range": "10.20.0.0/25", "prefix": 24}}
    )
