"""Claims on ranges, and their overlaps."""

import pytest

from providers.explain.map.claims import claims, overlaps
from providers.rules.checks.ranges import names
from tests.explain.map.samples import shop, stack
from tests.support.stackfiles import net


def claimed(*stacks):
    """Every claim."""
    return claims(stacks, overlaps(stacks))


def kinds(*stacks):
    """The kind, range and name of each claim that is no host's and no Engine's."""
    return [(each.kind, each.subnet, each.name) for each in claimed(*stacks) if each.kind not in ("host", "engine")]


def test_every_section_with_a_range_is_a_claim():
    """Bridges, networks, pools and what is reserved all have their place."""
    sections = {
        "gwbridge": net("10.1.0.0/20"),
        "ingress": net("10.2.0.0/20", name="door"),
        "overlays": {"app": net("10.3.0.0/24")},
        "swarm": {"default_addr_pool": ["10.4.0.0/16"]},
        "reserved": {"vpn": "10.5.0.0/16"},
        "pools": {"overlays": {"range": "10.3.0.0/16", "prefix": 24}},
    }

    assert [
        ("gwbridge", "10.1.0.0/20", "docker_gwbridge"),
        ("overlay", "10.3.0.0/24", "app"),
        ("ingress", "10.2.0.0/20", "door"),
        ("pool", "10.4.0.0/16", "address pool"),
        ("reserved", "10.5.0.0/16", "vpn"),
        ("allocation", "10.3.0.0/16", "pool for overlays"),
    ] == kinds(stack(**sections))


def test_bridge_of_one_host_is_its_own():
    """A host with a range of its own is not among those that share one."""
    found = claimed(stack(gwbridge=net("10.1.0.0/20"), w1=net("10.2.0.0/20")))

    assert {"10.1.0.0/20": "bridge of m1", "10.2.0.0/20": "bridge of w1"} == {
        each.subnet: each.what for each in found if each.kind == "gwbridge"
    }


def test_overlap_is_told_as_check_tells_it():
    """The line and both sides of a clash."""
    (found,) = overlaps([stack(overlays={"app": net("10.3.0.0/24"), "data": net("10.3.0.128/25")})])

    assert ("overlays.data.subnet: 10.3.0.128/25 lies inside overlays.app.subnet 10.3.0.0/24", ["data", "app"]) == (
        found.line.split(": the swarm")[0],
        [side.name for side in found.pairs[0]],
    )


@pytest.mark.parametrize(("connected_to", "expected"), [([], []), (["dev"], ["prod"])])
def test_shared_range_is_an_overlap_only_where_stacks_are_connected(connected_to, expected):
    """Stacks that do not reach each other may have the same ranges."""
    hosts = {"m9": {"address": "dev.example", "role": "manager"}}
    dev = stack("dev", hosts=hosts, overlays={"app": net("10.3.0.0/24")})
    prod = stack("prod", overlays={"app": net("10.3.0.0/24")}, connected_to=connected_to)

    assert expected == [each.stack for each in overlaps([dev, prod])]


def test_what_hosts_have_and_the_file_does_not_is_a_claim():
    """An undeclared network and a bridge that is still to be changed."""
    assert [("foreign", "10.74.0.0/24", "tools_default"), ("outgoing", "172.18.0.0/16", "docker_gwbridge of w2")] == [
        each for each in kinds(shop()) if each[0] in ("foreign", "outgoing")
    ]


def seen(**changes):
    """What was found on the hosts of the shop, as of a stack named prod."""
    return shop().facts.model_copy(update={"stack": "prod", **changes})


def test_undeclared_network_overlaps_a_declared_one():
    """A range that hosts use already is told as a clash with a declared network."""
    (found,) = overlaps([stack(facts=seen(), overlays={"app": net("10.74.0.0/16")})])

    assert found.line.startswith("overlays.app.subnet: 10.74.0.0/16 contains tools_default 10.74.0.0/24: the ho")


def test_bridge_of_a_host_that_left_overlaps_no_bridge():
    """Bridges are each host's own, also that of a host which only the state knows."""
    assert [] == overlaps([stack(facts=seen(networks={}), gwbridge=net("172.18.0.0/16"))])


def test_network_whose_range_is_still_to_be_chosen_is_declared():
    """A network on the hosts is shown as outgoing if the stack file declares its name with a range yet to be chosen."""
    pools = {"overlays": {"range": "10.3.0.0/16", "prefix": 24}}
    overlays = {"shop": net("auto"), "payments": net("10.72.34.0/24")}
    found = {each.name: each.kind for each in claimed(stack(facts=seen(hosts={}), pools=pools, overlays=overlays))}

    assert ("outgoing", "foreign", "foreign") == (found["shop"], found["ingress"], found["tools_default"])
    assert 3 == sum(kind in ("outgoing", "foreign") for kind in found.values())


@pytest.mark.parametrize(
    ("listed", "expected"),
    [([], ""), (["a"], "a"), (["a", "b", "c"], "a, b and c"), (list("abcde"), "a, b, c and 2 more")],
)
def test_names_are_listed(listed, expected):
    """They are listed as one would say them, and not too many."""
    assert expected == names(listed)
