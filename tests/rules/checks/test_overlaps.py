"""Ranges that cannot stand together, from stack file to message, and those that are free."""

import re
from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.checks.free_space import FreeSpace
from tests.support.stackfiles import SUBNETS, at, merged, net, problems, raw, stating

NO_INGRESS = 'hosts would join and be ready, but without ingress, and tasks would fail with "Pool overlaps"'
RECIPE = f"{NO_INGRESS}; examples in Docker's documentation give both one range"
REJECTED = 'tasks on the host would be rejected with "Pool overlaps"'
POOLED = 'tasks on networks made without a subnet would be rejected with "Pool overlaps"'
DEAD = "the swarm would accept it and never allocate addresses"
UNREACHABLE = "hosts would no longer reach what is there"
TAKEN = "a network made without a subnet may take the range first, also while this one is being replaced"

# The reason, and a free range, by the words for two ranges.
CLASHES = {
    "gwbridge.subnet: 10.11.0.0/16 is the same as ingress.subnet 10.11.0.0/16": (RECIPE, "10.12.0.0/16"),
    "hosts.w1.gwbridge.subnet: 10.12.0.0/24 lies inside ingress.subnet 10.12.0.0/16": (RECIPE, "10.11.255.0/24"),
    "gwbridge.subnet: 10.12.0.0/16 contains overlays.app.subnet 10.12.1.0/24": (REJECTED, "10.13.0.0/16"),
    "overlays.web.subnet: 10.12.0.0/16 contains overlays.app.subnet 10.12.1.0/24": (DEAD, "10.13.0.0/16"),
    "overlays.app.subnet: 10.12.1.0/24 lies inside ingress.subnet 10.12.0.0/16": (DEAD, "10.11.255.0/24"),
    "gwbridge.subnet: 172.18.0.0/16 lies inside reserved[0] 172.16.0.0/12": (UNREACHABLE, "192.168.0.0/16"),
    "gwbridge.subnet: 172.18.0.0/16 lies inside reserved.vpn 172.16.0.0/12": (UNREACHABLE, "192.168.0.0/16"),
    "hosts.w1.gwbridge.subnet: 172.18.0.0/16 contains reserved[0] 172.18.4.0/24": (UNREACHABLE, "172.19.0.0/16"),
    "ingress.subnet: 10.12.0.0/16 contains reserved[0] 10.12.0.9/32": (UNREACHABLE, "10.13.0.0/16"),
    "overlays.app.subnet: 10.12.0.0/24 is the same as reserved[0] 10.12.0.0/24": (UNREACHABLE, "10.12.1.0/24"),
    "swarm.default_addr_pool[0]: 10.12.0.0/16 contains reserved[0] 10.12.0.0/24": (UNREACHABLE, "10.13.0.0/16"),
    "overlays.app.subnet: 10.12.1.0/24 lies inside swarm.default_addr_pool[0] 10.12.0.0/16": (TAKEN, "10.11.255.0/24"),
    "ingress.subnet: 10.12.0.0/20 lies inside swarm.default_addr_pool[0] 10.12.0.0/16": (TAKEN, "10.11.240.0/20"),
    "gwbridge.subnet: 10.12.0.0/20 lies inside swarm.default_addr_pool[0] 10.12.0.0/16": (POOLED, "10.11.240.0/20"),
}


@pytest.mark.parametrize("words", CLASHES)
def test_ranges_that_clash(words):
    """Two ranges that cannot both work are one problem with both paths, both values and the reason."""
    why, free = CLASHES[words]
    path, subnet, *_, met, other = words.replace(":", "", 1).split()

    assert [f"{words}: {why}; {free} is free"] == problems(**stating(f"{met} {other}", f"{path} {subnet}"))


stacks = st.fixed_dictionaries(
    {"gwbridge": SUBNETS.map(net), "ingress": SUBNETS.map(net), "reserved": st.lists(SUBNETS, max_size=2)},
    optional={
        "w1": SUBNETS.map(net),
        "overlays": st.dictionaries(st.sampled_from(["app", "web", "data"]), SUBNETS.map(net)),
        "hosts": SUBNETS.map(lambda subnet: {"m1": {"address": subnet.partition("/")[0], "role": "manager"}}),
        "swarm": SUBNETS.map(lambda subnet: {"default_addr_pool": [subnet]}),
        "pools": SUBNETS.map(lambda subnet: {"overlays": {"range": subnet, "prefix": 24}}),
    },
)


def declared(sections):
    """Every range of a stack with its kind: what there is to compare."""
    ours = [("gwbridge", sections["gwbridge"]["subnet"]), ("ingress", sections["ingress"]["subnet"])]
    ours += [("gwbridge", sections["w1"]["subnet"])] if "w1" in sections and "hosts" not in sections else []
    ours += [("overlay", overlay["subnet"]) for overlay in sections.get("overlays", {}).values()]
    ours += [("pool", subnet) for subnet in sections.get("swarm", {}).get("default_addr_pool", [])]
    ours += [("reserved", subnet) for subnet in sections["reserved"]]
    return ours + [("host", host["address"]) for host in sections.get("hosts", {}).values()]


def may_meet(kind, other):
    """Bridges may, and what is not ours may."""
    return (kind == other and kind != "overlay") or {kind, other} <= {"reserved", "host"}


def with_free_ranges(sections, lines):
    """The stack with every range that a problem names as free in the place of the one it blames."""
    changed = raw(**sections)
    for line in lines:
        also = re.match(r"[^ ]+ [^ ]+, as (.*?), (?:is|contains|lies) ", line)
        blamed = [line.partition(":")[0], *(re.split(", | and ", also[1]) if also else ())]
        free = re.findall(r"\d[\d./]+", line.rpartition("; ")[2])
        changed = merged(changed, *(at(path, subnet) for path, subnet in zip(blamed, free, strict=True)))
    return changed


@given(stacks)
def test_verdict_is_that_of_comparing_each_with_each(sections):
    """A stack file is accepted exactly if no two of its ranges meet that must not."""
    meet = [
        (subnet, range_)
        for (kind, subnet), (other, range_) in combinations(declared(sections), 2)
        if not may_meet(kind, other) and IPv4Network(subnet).overlaps(IPv4Network(range_))
    ]

    assert bool(meet) == bool(problems(**sections))


@given(stacks)
def test_ranges_named_as_free_mend_the_file(sections):
    """Taking every range that the problems name leaves no problem."""
    assert [] == problems(**with_free_ranges(sections, problems(**sections)))


def test_overlays_on_one_range_are_one_clash():
    """All but the first of the file are to blame; each gets a range, and of many three are named."""
    found = problems(overlays={f"net{number}": net("10.12.1.0/24") for number in range(60)})

    assert [
        "overlays.net59.subnet: 10.12.1.0/24, as overlays.net58.subnet, overlays.net57.subnet, overlays.net56.subnet "
        f"and 55 more, is the same as overlays.net0.subnet 10.12.1.0/24: {DEAD}; "
        "10.12.2.0/24, 10.12.0.0/24, 10.12.3.0/24 and 56 more are free"
    ] == found


def test_range_that_meets_several_names_them_in_one():
    """Three hosts in the range of an overlay are one clash."""
    hosts = {f"h{number}": {"address": f"10.12.1.{number}"} for number in (1, 2, 3)}
    met = "hosts.h1.address 10.12.1.1/32, hosts.h2.address 10.12.1.2/32 and hosts.h3.address 10.12.1.3/32"

    assert [
        f"overlays.app.subnet: 10.12.1.0/24 contains {met}: containers there would not reach that address; "
        "10.12.2.0/24 is free"
    ] == problems(hosts=hosts, overlays={"app": net("10.12.1.0/24")})


def test_two_reasons_are_two_clashes():
    """A range with two reasons against it has two lines: the remedy for one may not help with the other."""
    found = problems(gwbridge=net("10.12.0.0/16"), ingress=net("10.12.0.0/20"), reserved=["10.12.16.0/20"])

    assert [f"{RECIPE}; 10.13.0.0/16 is free", f"{UNREACHABLE}; 10.13.0.0/16 is free"] == [
        line.partition(": ")[2].partition(": ")[2] for line in found
    ]


NONE = "no /16 of 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16 is free"
LOOK = "look at reserved[0] 10.0.0.0/8, reserved[1] 172.16.0.0/12 and reserved[2] {}"


@pytest.mark.parametrize(
    ("third", "smaller"),
    [("192.168.0.0/17", ", or take a smaller range: 192.168.128.0/17 is free"), ("192.168.0.0/16", "")],
)
def test_clash_without_a_free_range_says_where_to_look(third, smaller):
    """If no range is free, the line names what has most of the private ranges, and a smaller range that is free."""
    (line,) = problems(overlays={"app": net("10.1.0.0/16")}, reserved=["10.0.0.0/8", "172.16.0.0/12", third])

    assert f"{NONE}: {LOOK.format(third)}{smaller}" == line.rpartition("; ")[2]


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
def test_nearest_is_the_best_of_all_places(taken, desired):
    """Trying every place of the pool finds none that is nearer."""
    network, networks = IPv4Network(desired), [IPv4Network(subnet) for subnet in taken]
    places = IPv4Network(POOL).subnets(new_prefix=network.prefixlen)
    free = [place for place in places if not any(place.overlaps(other) for other in networks)]
    start = int(network.network_address)
    best = min(free, key=lambda p: (abs(int(p.network_address) - start), -int(p.network_address)), default=None)

    assert (str(best) if best else None) == FreeSpace(taken).nearest(desired, [POOL])
