"""Problems of one network by itself, from stack file to message."""

import pytest

from tests.support.stackfiles import net, problems


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        pytest.param(
            {"ingress": net("10.12.0.0/16", gateway="10.13.0.1")},
            "ingress.gateway: 10.13.0.1 is not inside the subnet 10.12.0.0/16",
            id="outside",
        ),
        pytest.param(
            {"overlays": {"app": net("10.12.0.0/24", gateway="10.12.0.0")}},
            "overlays.app.gateway: 10.12.0.0 is the network address of 10.12.0.0/24; use 10.12.0.1",
            id="network address",
        ),
        pytest.param(
            {"gwbridge": net("10.12.0.0/24", gateway="10.12.0.255")},
            "gwbridge.gateway: 10.12.0.255 is the broadcast address of 10.12.0.0/24; use 10.12.0.1",
            id="broadcast address",
        ),
        pytest.param(
            {"w1": {"gateway": "10.13.0.1"}, "gwbridge": net("10.12.0.0/24")},
            "hosts.w1.gwbridge.gateway: 10.13.0.1 is not inside the subnet 10.12.0.0/24",
            id="one host's gateway",
        ),
        pytest.param(
            {"overlays": {"app": net("10.12.0.0/24", ip_range="10.12.1.0/25")}},
            "overlays.app.ip_range: 10.12.1.0/25 is not inside the subnet 10.12.0.0/24",
            id="ip_range outside",
        ),
        pytest.param(
            {"overlays": {"app": net("10.12.0.0/24", ip_range="10.12.0.8/31")}},
            "overlays.app.ip_range: 10.12.0.8/31 leaves no room for containers; use /30 or larger",
            id="ip_range without room",
        ),
        pytest.param(
            {"swarm": {"default_addr_pool": ["10.12.0.0/26"]}},
            "swarm.default_addr_pool[0]: 10.12.0.0/26 is smaller than the /24 that networks take of it",
            id="pool smaller than a subnet of it",
        ),
    ],
)
def test_what_is_not_where_it_belongs(sections, problem):
    """Gateways, ip_ranges and pools are checked against the range they belong to."""
    assert [problem] == problems(**sections)


def test_hosts_own_subnet_leaves_the_shared_gateway_behind():
    """A host with a subnet of its own is not blamed for the gateway of the shared one."""
    shared = net("10.12.0.0/24", gateway="10.12.0.254")

    assert [] == problems(w1=net("10.13.0.0/24"), gwbridge=shared)


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        pytest.param(
            {"overlays": {"app": net("10.12.0.0/24"), "App": net("10.13.0.0/24")}},
            "overlays.App: is the same name as overlays.app; case does not count in a swarm",
            id="two overlays",
        ),
        pytest.param(
            {"overlays": {"mesh": net("10.12.0.0/24")}, "ingress": net("10.13.0.0/24", name="Mesh")},
            "overlays.mesh: is the same name as ingress.name; case does not count in a swarm",
            id="overlay and ingress",
        ),
    ],
)
def test_names_that_differ_in_case_only(sections, problem):
    """A swarm takes two such names for one."""
    assert [problem] == problems(**sections)


def test_host_lacks_a_subnet():
    """A host's own section needs a subnet if there is no shared one."""
    expected = "hosts.w1.gwbridge.subnet: is required, since there is no section gwbridge to take it from"

    assert [expected] == problems(w1={"mtu": 1400})


def test_host_takes_the_shared_subnet():
    """A host's own section may leave out what the shared one says."""
    assert [] == problems(w1={"mtu": 1400}, gwbridge=net("10.12.0.0/24"))


@pytest.mark.parametrize(
    ("overlay", "pools", "problem"),
    [
        pytest.param(
            {},
            {"overlays": {"range": "10.20.0.0/14", "prefix": 24}},
            "overlays.app.subnet: is auto; `swarmnet allocate prod` writes a free range in its place",
            id="still to be chosen",
        ),
        pytest.param(
            {}, {}, "overlays.app.subnet: is auto, and there is no pools.overlays to take a range from", id="no pool"
        ),
        pytest.param(
            {"gateway": "10.20.0.9"},
            {"overlays": {"range": "10.20.0.0/14", "prefix": 24}},
            "overlays.app.gateway: belongs to a subnet that is still auto; write it once there is one",
            id="gateway of nothing",
        ),
        pytest.param(
            {"ip_range": "10.20.0.0/25"},
            {"overlays": {"range": "10.20.0.0/14", "prefix": 24}},
            "overlays.app.ip_range: belongs to a subnet that is still auto; write it once there is one",
            id="ip_range of nothing",
        ),
    ],
)
def test_range_that_is_still_to_be_chosen(overlay, pools, problem):
    """A plan has numbers, so that a reviewer sees them: `auto` is refused with the command that ends it."""
    assert [problem] == problems(overlays={"app": {"subnet": "auto", **overlay}}, pools=pools)


def test_pool_smaller_than_what_is_taken_of_it():
    """A pool holds one range at least."""
    assert ["pools.overlays: 10.20.0.0/25 is smaller than the /24 to take of it"] == problems(
        pools={"overlays": {"range": "10.20.0.0/25", "prefix": 24}}
    )


@pytest.mark.parametrize("name", ["app-swarmnet-twin", "App-Swarmnet-Twin"])
def test_overlay_is_not_named_as_another_twin(name):
    """The migration of the one would take the other for its own."""
    expected = f"overlays.{name}: is what overlays.app is called while its services move; choose another name"

    assert [expected] == problems(overlays={"app": net("10.12.0.0/24"), name: net("10.12.1.0/24")})


@pytest.mark.parametrize(
    ("length", "on_in_use", "expected"),
    [
        (
            50,
            "migrate",
            ["50 letters leave the name that it has while its services move no room; choose one of 49 at most"],
        ),
        (49, "migrate", []),
        (63, "refuse", []),
    ],
)
def test_name_leaves_room_for_the_twin(length, on_in_use, expected):
    """That is so for an overlay that migrates; any other has no twin."""
    name = "a" * length
    found = problems(overlays={name: net("10.12.0.0/24", on_in_use=on_in_use)})

    assert [f"overlays.{name}: {words}" for words in expected] == found


POOL = {"pools": {"overlays": {"range": "10.20.0.0/16", "prefix": 24}}, "reserved": ["10.20.0.0/15"]}
KEPT = (
    "pools.overlays.range: 10.20.0.0/16 lies inside reserved[0] 10.20.0.0/15: "
    "nothing of it is free; take another range, or reserve less"
)


@pytest.mark.parametrize("overlays", [{"app": net("auto")}, {}], ids=["waited for", "for later"])
def test_pool_of_which_nothing_is_free(overlays):
    """An overlay that waits for a range of it would wait for ever, now or at the next one."""
    assert KEPT in problems(**POOL, overlays=overlays)
