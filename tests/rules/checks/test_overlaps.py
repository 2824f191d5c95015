"""Ranges that cannot stand together, from stack file to message."""

import copy
import re
from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.stackfiles import net, problems, said

NO_INGRESS = 'hosts would join and be ready, but without ingress, and tasks would fail with "Pool overlaps"'
RECIPE = f"{NO_INGRESS}; examples in Docker's documentation give both one range"
REJECTED = 'tasks on the host would be rejected with "Pool overlaps"'
DEAD = "the swarm would take it and never give it addresses"
UNREACHABLE = "hosts would no longer reach what is there"
TAKEN = "a network made without a subnet may take the range first, also while this one is being replaced"
UNUSABLE = "nothing can be given an address there"


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        pytest.param(
            {"gwbridge": net("10.11.0.0/16"), "ingress": net("10.11.0.0/16")},
            f"gwbridge.subnet: 10.11.0.0/16 is the same as ingress.subnet 10.11.0.0/16: {RECIPE}; 10.12.0.0/16 is free",
            id="the documented recipe",
        ),
        pytest.param(
            {"w1": net("10.12.0.0/24"), "ingress": net("10.12.0.0/16")},
            f"hosts.w1.gwbridge.subnet: 10.12.0.0/24 lies inside ingress.subnet 10.12.0.0/16: {RECIPE}; "
            "10.11.255.0/24 is free",
            id="one host's gwbridge and ingress",
        ),
        pytest.param(
            {"gwbridge": net("10.12.0.0/16"), "overlays": {"app": net("10.12.1.0/24")}},
            f"gwbridge.subnet: 10.12.0.0/16 contains overlays.app.subnet 10.12.1.0/24: {REJECTED}; "
            "10.13.0.0/16 is free",
            id="gwbridge and overlay",
        ),
        pytest.param(
            {"overlays": {"app": net("10.12.1.0/24"), "web": net("10.12.0.0/16")}},
            f"overlays.web.subnet: 10.12.0.0/16 contains overlays.app.subnet 10.12.1.0/24: {DEAD}; "
            "10.13.0.0/16 is free",
            id="overlay and overlay",
        ),
        pytest.param(
            {"overlays": {"app": net("10.12.1.0/24")}, "ingress": net("10.12.0.0/16")},
            f"overlays.app.subnet: 10.12.1.0/24 lies inside ingress.subnet 10.12.0.0/16: {DEAD}; "
            "10.11.255.0/24 is free",
            id="overlay and ingress",
        ),
        pytest.param(
            {"overlays": {"app": net("10.12.1.0/24", ip_range="10.12.1.0/25"), "web": net("10.12.1.0/24")}},
            f"overlays.web.subnet: 10.12.1.0/24 is the same as overlays.app.subnet 10.12.1.0/24: {DEAD}; "
            "10.12.2.0/24 is free",
            id="an ip_range is no way around",
        ),
        pytest.param(
            {"gwbridge": net("172.18.0.0/16"), "reserved": ["172.16.0.0/12"]},
            f"gwbridge.subnet: 172.18.0.0/16 lies inside reserved[0] 172.16.0.0/12: {UNREACHABLE}; "
            "192.168.0.0/16 is free",
            id="gwbridge and reserved",
        ),
        pytest.param(
            {"gwbridge": net("172.18.0.0/16"), "reserved": {"lan": "10.0.0.0/8", "vpn": "172.16.0.0/12"}},
            f"gwbridge.subnet: 172.18.0.0/16 lies inside reserved.vpn 172.16.0.0/12: {UNREACHABLE}; "
            "192.168.0.0/16 is free",
            id="gwbridge and what is reserved by name",
        ),
        pytest.param(
            {"w1": net("172.18.0.0/16"), "reserved": ["172.18.4.0/24"]},
            f"hosts.w1.gwbridge.subnet: 172.18.0.0/16 contains reserved[0] 172.18.4.0/24: {UNREACHABLE}; "
            "172.19.0.0/16 is free",
            id="one host's gwbridge and reserved",
        ),
        pytest.param(
            {"ingress": net("10.12.0.0/16"), "reserved": ["10.12.0.9/32"]},
            f"ingress.subnet: 10.12.0.0/16 contains reserved[0] 10.12.0.9/32: {UNREACHABLE}; 10.13.0.0/16 is free",
            id="ingress and one reserved address",
        ),
        pytest.param(
            {"overlays": {"app": net("10.12.0.0/24")}, "reserved": ["10.12.0.0/24"]},
            f"overlays.app.subnet: 10.12.0.0/24 is the same as reserved[0] 10.12.0.0/24: {UNREACHABLE}; "
            "10.12.1.0/24 is free",
            id="overlay and reserved",
        ),
        pytest.param(
            {"swarm": {"default_addr_pool": ["10.12.0.0/16"]}, "reserved": ["10.12.0.0/24"]},
            f"swarm.default_addr_pool[0]: 10.12.0.0/16 contains reserved[0] 10.12.0.0/24: {UNREACHABLE}; "
            "10.13.0.0/16 is free",
            id="pool and reserved",
        ),
        pytest.param(
            {"swarm": {"default_addr_pool": ["10.12.0.0/16", "10.12.8.0/24"]}},
            "swarm.default_addr_pool[0]: 10.12.0.0/16 contains swarm.default_addr_pool[1] 10.12.8.0/24: "
            "a swarm takes only pools that are apart; 10.13.0.0/16 is free",
            id="pool and pool",
        ),
        pytest.param(
            {"overlays": {"app": net("127.0.8.0/24")}},
            f"overlays.app.subnet: 127.0.8.0/24 lies inside the loopback range 127.0.0.0/8: {UNUSABLE}; "
            "172.16.0.0/24 is free",
            id="loopback",
        ),
        pytest.param(
            {"gwbridge": net("169.254.8.0/24")},
            f"gwbridge.subnet: 169.254.8.0/24 lies inside the link-local range 169.254.0.0/16: {UNUSABLE}; "
            "172.16.0.0/24 is free",
            id="link-local",
        ),
        pytest.param(
            {"swarm": {"default_addr_pool": ["10.12.0.0/16"]}, "overlays": {"app": net("10.12.1.0/24")}},
            f"overlays.app.subnet: 10.12.1.0/24 lies inside swarm.default_addr_pool[0] 10.12.0.0/16: {TAKEN}; "
            "10.11.255.0/24 is free",
            id="overlay and pool",
        ),
        pytest.param(
            {"swarm": {"default_addr_pool": ["10.12.0.0/16"]}, "ingress": net("10.12.0.0/20")},
            f"ingress.subnet: 10.12.0.0/20 lies inside swarm.default_addr_pool[0] 10.12.0.0/16: {TAKEN}; "
            "10.11.240.0/20 is free",
            id="ingress and pool",
        ),
        pytest.param(
            {"swarm": {"default_addr_pool": ["10.12.0.0/16"]}, "gwbridge": net("10.12.0.0/20")},
            "gwbridge.subnet: 10.12.0.0/20 lies inside swarm.default_addr_pool[0] 10.12.0.0/16: "
            'tasks on networks made without a subnet would be rejected with "Pool overlaps"; 10.11.240.0/20 is free',
            id="gwbridge and pool",
        ),
        pytest.param(
            {"gwbridge": net("10.99.0.0/24"), "hosts": {"m1": {"address": "10.99.0.1"}}},
            "gwbridge.subnet: 10.99.0.0/24 contains hosts.m1.address 10.99.0.1/32: "
            "hosts would look for that address on the bridge and not reach it; 10.99.1.0/24 is free",
            id="gwbridge and a host's address",
        ),
        pytest.param(
            {
                "overlays": {"app": net("10.12.0.0/24")},
                "hosts": {"m1": {"address": "m1.example", "data_path_address": "10.12.0.7"}},
            },
            "overlays.app.subnet: 10.12.0.0/24 contains hosts.m1.data_path_address 10.12.0.7/32: "
            "containers there would not reach that address; 10.12.1.0/24 is free",
            id="overlay and a host's address for data",
        ),
        pytest.param(
            {
                "ingress": net("10.12.0.0/24"),
                "hosts": {"m1": {"address": "m1.example", "advertise_address": "10.12.0.7:2377"}},
            },
            "ingress.subnet: 10.12.0.0/24 contains hosts.m1.advertise_address 10.12.0.7/32: "
            "containers there would not reach that address; 10.12.1.0/24 is free",
            id="ingress and a host's address among members",
        ),
        pytest.param(
            {"gwbridge": net("10.12.0.0/24"), "ssh": {"bastion": "jump@10.12.0.7:2222"}},
            "gwbridge.subnet: 10.12.0.0/24 contains ssh.bastion 10.12.0.7/32: "
            "hosts would look for that address on the bridge and not reach it; 10.12.1.0/24 is free",
            id="gwbridge and the bastion",
        ),
        pytest.param(
            {"swarm": {}, "gwbridge": net("10.0.0.0/20"), "ingress": net("10.12.0.0/20")},
            "gwbridge.subnet: 10.0.0.0/20 contains the ingress that the Engine makes at init, 10.0.0.0/24: "
            f"{NO_INGRESS}; 10.1.0.0/20 is free",
            id="gwbridge and the Engine's own ingress",
        ),
        pytest.param(
            {"swarm": {}, "overlays": {"app": net("10.0.0.0/24")}},
            "overlays.app.subnet: 10.0.0.0/24 is the same as the ingress that the Engine makes at init, 10.0.0.0/24: "
            f"{DEAD}; 10.1.0.0/24 is free",
            id="overlay and the Engine's own ingress",
        ),
        pytest.param(
            {
                "overlays": {"app": net("10.12.1.0/24"), "web": net("10.12.1.0/24")},
                "pools": {"overlays": {"range": "10.20.0.0/16", "prefix": 24}},
            },
            f"overlays.web.subnet: 10.12.1.0/24 is the same as overlays.app.subnet 10.12.1.0/24: {DEAD}; "
            "10.20.0.0/24 is free",
            id="overlays with a pool to choose from",
        ),
    ],
)
def test_ranges_that_clash(sections, problem):
    """Two ranges that cannot both work are one problem with both paths, both values and the reason."""
    assert [problem] == problems(**sections)


@pytest.mark.parametrize(
    "sections",
    [
        pytest.param({"w1": net("10.11.0.0/16"), "gwbridge": net("10.11.0.0/16")}, id="gwbridges of two hosts"),
        pytest.param({"reserved": ["10.0.0.0/8", "10.1.0.0/16"]}, id="reserved twice"),
        pytest.param({"reserved": ["10.99.0.0/16"]}, id="hosts in what is reserved"),
        pytest.param({"swarm": {}, "ingress": net("10.0.0.0/24")}, id="the very ingress that the Engine makes"),
        pytest.param({"swarm": {}, "overlays": {"app": net("10.200.0.0/24")}}, id="the Engine's own pool"),
        pytest.param({"gwbridge": net("10.11.0.0/17"), "ingress": net("10.11.128.0/17")}, id="side by side"),
    ],
)
def test_ranges_that_may_meet(sections):
    """docker_gwbridge is a host's own affair, and what is reserved is not ours."""
    assert [] == problems(**sections)


subnets = st.builds(
    lambda third, prefix: str(IPv4Network(f"10.12.{third}.0/{prefix}", strict=False)),
    st.integers(0, 255),
    st.integers(18, 24),
)


def has_a_pool_to_take_of(sections):
    """Tell whether the pool of overlays, if there is one, is more than the reserved ranges."""
    pool = sections.get("pools", {}).get("overlays", {}).get("range", "10.20.0.0/16")
    return not any(IPv4Network(pool).subnet_of(IPv4Network(subnet)) for subnet in sections["reserved"])


stacks = st.fixed_dictionaries(
    {"gwbridge": subnets.map(net), "ingress": subnets.map(net), "reserved": st.lists(subnets, max_size=2)},
    optional={
        "w1": subnets.map(net),
        "overlays": st.dictionaries(st.sampled_from(["app", "web", "data", "logs"]), subnets.map(net)),
        "hosts": subnets.map(lambda subnet: {"m1": {"address": subnet.partition("/")[0], "role": "manager"}}),
        "swarm": subnets.map(lambda subnet: {"default_addr_pool": [subnet]}),
        "pools": subnets.map(lambda subnet: {"overlays": {"range": subnet, "prefix": 24}}),
    },
).filter(has_a_pool_to_take_of)


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
    changed = copy.deepcopy(sections)
    for line in lines:
        first = line.partition(":")[0]
        also = re.match(r"[^ ]+ [^ ]+, as (.*?), (?:is|contains|lies) ", line)
        too = re.split(", | and ", also[1]) if also else []
        free = re.findall(r"\d[\d./]+", line.rpartition("; ")[2])
        for written, subnet in zip([first, *too], free, strict=True):
            *path, key = written.removeprefix("hosts.").replace("w1.gwbridge", "w1").split(".")
            section = changed
            for step in path:
                section = section[step]
            if key == "default_addr_pool[0]":
                section, key = section["default_addr_pool"], 0
            section[key] = subnet
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


@pytest.mark.parametrize(
    ("reserved", "subnet", "remedy"),
    [
        (
            ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/17"],
            "10.1.0.0/16",
            "no /16 of 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16 is free: look at reserved[0] 10.0.0.0/8, "
            "reserved[1] 172.16.0.0/12, reserved[2] 192.168.0.0/17 and hosts.m1.address 10.99.0.1/32, "
            "or take a smaller range: 192.168.128.0/17 is free",
        ),
        (
            ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
            "10.1.0.0/16",
            "no /16 of 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16 is free: look at reserved[0] 10.0.0.0/8, "
            "reserved[1] 172.16.0.0/12, reserved[2] 192.168.0.0/16 and hosts.m1.address 10.99.0.1/32",
        ),
    ],
    ids=["smaller ones are", "none is"],
)
def test_clash_without_a_free_range_says_where_to_look(reserved, subnet, remedy):
    """If no range is free, the line names what has most of the private ranges, and a smaller range that is free."""
    (line,) = problems(overlays={"app": net(subnet)}, reserved=reserved)

    assert remedy == line.rpartition("; ")[2]


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ({"overlays": {"app": net("8.8.8.0/24")}}, ["overlays.app.subnet: 8.8.8.0/24", "10.1.0.0/24"]),
        ({"gwbridge": net("172.32.0.0/16")}, ["gwbridge.subnet: 172.32.0.0/16", "172.31.0.0/16"]),
        ({"ingress": net("11.0.0.0/20")}, ["ingress.subnet: 11.0.0.0/20", "10.255.240.0/20"]),
    ],
    ids=["overlay", "beside the private ranges", "ingress"],
)
def test_public_range_is_a_warning(sections, expected):
    """Its owner on the Internet is no longer reached; that may be the stack's own company."""
    told, free = expected

    assert [f"{told} is public: its owner would be unreachable; take a private range; {free} is free"] == (
        said(**sections).warnings
    )


@pytest.mark.parametrize("subnet", ["100.64.8.0/24", "192.0.2.0/24", "198.18.0.0/24", "172.31.0.0/16"])
def test_range_that_nobody_has_on_the_internet(subnet):
    """Shared, documentation, benchmark and private ranges are no warning."""
    assert [] == said(overlays={"app": net(subnet)}).warnings


def test_public_addresses_of_hosts_and_reserved_ones_are_no_warning():
    """They are what is to be reached."""
    assert [] == said(hosts={"m1": {"address": "8.8.4.4"}}, reserved=["9.9.9.0/24"]).warnings
