"""The stack file against what hosts have, from the file and the hosts' words to the message."""

from dataclasses import replace
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rules.checks.preflight import Findings, findings
from providers.rules.stack_file import model
from providers.rules.stack_file.resolved import resolve
from providers.rules.vocabulary import labels as ours
from providers.rules.vocabulary.facts import Network
from providers.rules.vocabulary.routes import Link, Route, Surroundings
from providers.rules.vocabulary.shape import pairs
from providers.rules.vocabulary.snapshot import HostReport
from tests.support.networks import a_network
from tests.support.stackfiles import net, raw

OWNER = "infra/prod"
HOSTS = "hosts would no longer reach what is there"
CONTAINERS = "containers there would not reach what is there"
REJECTED = 'tasks there would be rejected with "Pool overlaps"'
DEAD = "the swarm would take it and never give it addresses"


def network(name, subnet, *, scope="local", owner="", ingress=False, **labels) -> Network:
    """A network as an Engine lists it."""
    given = {**labels, **({ours.OWNER: owner} if owner else {})}
    driver = "bridge" if scope == "local" else "overlay"
    return a_network(
        id=f"{name:0<12}",
        name=name,
        driver=driver,
        scope=scope,
        subnets=(subnet,),
        ingress=ingress,
        labels=pairs(given),
    )


def overlay(name, subnet, owner=OWNER, **labels) -> Network:
    """An overlay of the swarm."""
    return network(name, subnet, scope="swarm", owner=owner, **labels)


def ingress(subnet) -> Network:
    """The swarm's ingress."""
    return network("ingress", subnet, scope="swarm", owner=OWNER, ingress=True)


def bridge(subnet) -> Network:
    """A host's docker_gwbridge."""
    return network("docker_gwbridge", subnet, owner=OWNER)


def report(host="m1", *networks, routes=(), links=(), **told) -> HostReport:
    """Return a host's report; routes as (subnet, device), links as (name, address)."""
    around = Surroundings(
        tuple(Link(name, 1500, (address,)) for name, address in links), tuple(Route(*route) for route in routes)
    )
    return HostReport(host=host, networks=networks, surroundings=around, **told)


def found(*reports, w1=None, **sections) -> Findings:
    """Return the clashes between a stack file and these hosts."""
    return findings(resolve(model.parse(raw(w1, **sections))), OWNER, reports)


def refused(*reports, w1=None, **sections) -> list[str]:
    """The clashes that forbid to begin."""
    return list(found(*reports, w1=w1, **sections).refused)


# What clashes


@pytest.mark.parametrize(
    ("seen", "sections", "line"),
    [
        pytest.param(
            report(routes=[("10.64.0.0/16", "tun0")]),
            {"gwbridge": net("10.64.16.0/20")},
            f"gwbridge.subnet: 10.64.16.0/20 lies inside 10.64.0.0/16, the route by tun0 of m1: {HOSTS}; "
            "10.63.240.0/20 is free",
            id="gwbridge and a VPN's route",
        ),
        pytest.param(
            report("w1", routes=[("10.64.0.0/16", "tun0")]),
            {"w1": net("10.64.0.0/16"), "gwbridge": net("10.12.0.0/16")},
            f"hosts.w1.gwbridge.subnet: 10.64.0.0/16 is the same as 10.64.0.0/16, the route by tun0 of w1: {HOSTS}; "
            "10.65.0.0/16 is free",
            id="one host's own gwbridge and a route",
        ),
        pytest.param(
            report(links=[("dummy0", "10.64.3.1")]),
            {"overlays": {"app": net("10.64.3.0/24")}},
            f"overlays.app.subnet: 10.64.3.0/24 contains 10.64.3.1/32, the address of dummy0 of m1: {CONTAINERS}; "
            "10.64.4.0/24 is free",
            id="overlay and an address",
        ),
        pytest.param(
            report(resolvers=("10.64.3.53",)),
            {"ingress": net("10.64.0.0/16")},
            "ingress.subnet: 10.64.0.0/16 contains 10.64.3.53/32, a resolver of m1: containers there would find no "
            "names; 10.65.0.0/16 is free",
            id="ingress and a resolver",
        ),
        pytest.param(
            report(resolvers=("10.64.3.53",)),
            {"gwbridge": net("10.64.0.0/16")},
            "gwbridge.subnet: 10.64.0.0/16 contains 10.64.3.53/32, a resolver of m1: the host would look for it on "
            "the bridge and find no names; 10.65.0.0/16 is free",
            id="gwbridge and a resolver",
        ),
        pytest.param(
            report("w1", network("shop_default", "172.20.0.0/16")),
            {"gwbridge": net("172.20.0.0/16")},
            "gwbridge.subnet: 172.20.0.0/16 is the same as 172.20.0.0/16, the docker network shop_default of w1: "
            "an Engine refuses two such networks; 172.21.0.0/16 is free",
            id="gwbridge and a network of Compose",
        ),
        pytest.param(
            report("w1", network("bridge", "172.17.0.0/16")),
            {"overlays": {"app": net("172.17.3.0/24")}},
            "overlays.app.subnet: 172.17.3.0/24 lies inside 172.17.0.0/16, the docker network bridge of w1: "
            f"{REJECTED}; 172.16.255.0/24 is free",
            id="overlay and docker0",
        ),
        pytest.param(
            report("m1", overlay("legacy", "10.64.3.0/24", owner="")),
            {"overlays": {"app": net("10.64.3.0/24")}},
            "overlays.app.subnet: 10.64.3.0/24 is the same as 10.64.3.0/24, the swarm's network legacy: "
            f"{DEAD}; 10.64.4.0/24 is free",
            id="overlay and an overlay of others",
        ),
        pytest.param(
            report("m1", overlay("legacy", "10.64.3.0/24", owner="infra/staging")),
            {"gwbridge": net("10.64.0.0/16")},
            f"gwbridge.subnet: 10.64.0.0/16 contains 10.64.3.0/24, the swarm's network legacy: {REJECTED}; "
            "10.65.0.0/16 is free",
            id="gwbridge and another stack's overlay",
        ),
        pytest.param(
            report(routes=[("10.64.0.0/16", "tun0")]),
            {"swarm": {"default_addr_pool": ["10.64.0.0/14"]}},
            "swarm.default_addr_pool[0]: 10.64.0.0/14 contains 10.64.0.0/16, the route by tun0 of m1: a network made "
            "without a subnet may get that range; 10.68.0.0/14 is free",
            id="address pool and a route",
        ),
        pytest.param(
            report("m1", network("docker_gwbridge", "10.64.0.0/16")),
            {"overlays": {"app": net("10.64.3.0/24")}},
            "overlays.app.subnet: 10.64.3.0/24 lies inside 10.64.0.0/16, the docker network docker_gwbridge of m1: "
            f"{REJECTED}; 10.63.255.0/24 is free",
            id="overlay and a gwbridge that is to stay",
        ),
        pytest.param(
            report(routes=[("10.64.0.0/16", "tun0")]),
            {
                "overlays": {"app": net("10.64.3.0/24")},
                "pools": {"overlays": {"range": "10.20.0.0/16", "prefix": 24}},
            },
            "overlays.app.subnet: 10.64.3.0/24 lies inside 10.64.0.0/16, the route by tun0 of m1: "
            f"{CONTAINERS}; 10.20.255.0/24 is free",
            id="a free one of the pool for overlays",
        ),
    ],
)
def test_clash_is_one_line_with_both_ranges(seen, sections, line):
    """The key, both ranges, which host or network, what would go wrong, and a range that fits."""
    assert [line] == refused(seen, **sections)


def test_alike_clashes_of_many_hosts_are_one():
    """The first hosts are named, the others counted."""
    hosts = {f"h{number}": {"address": f"10.99.0.{number}", "role": "manager"} for number in range(1, 6)}
    everywhere = [report(host, routes=[("10.64.0.0/16", "tun0")]) for host in hosts]

    (line,) = refused(*everywhere, hosts=hosts, gwbridge=net("10.64.0.0/16"))
    assert "the route by tun0 of h1, h2, h3 and 2 more:" in line


def test_every_clash_is_told():
    """All are told, not only the first."""
    seen = report(routes=[("10.64.0.0/16", "tun0"), ("10.66.0.0/16", "eth1")])

    lines = refused(seen, gwbridge=net("10.64.0.0/16"), overlays={"app": net("10.66.0.0/24")})
    assert {"gwbridge.subnet", "overlays.app.subnet"} == {line.partition(":")[0] for line in lines}


def test_range_in_the_way_to_everywhere_is_known_and_not_refused():
    """A route for a whole private block leaves no other choice; it is told once, before the range is there."""
    seen, sections = report(routes=[("10.0.0.0/8", "tun0")]), {"overlays": {"app": net("10.64.3.0/24")}}
    standing = replace(seen, networks=(overlay("app", "10.64.3.0/24"),))

    told = f"overlays.app.subnet: 10.64.3.0/24 lies inside 10.0.0.0/8, the route by tun0 of m1: {CONTAINERS}"
    assert Findings(warnings=(told,)) == found(seen, **sections)
    assert Findings() == found(standing, **sections)


def test_clash_of_what_stands_is_known_and_not_refused():
    """A route that came later is no reason to refuse a change of something else; the line says where to go."""
    seen = report("m1", overlay("app", "10.64.3.0/24"), routes=[("10.64.0.0/16", "tun0")])

    told = f"overlays.app.subnet: 10.64.3.0/24 lies inside 10.64.0.0/16, the route by tun0 of m1: {CONTAINERS}; "
    told += "10.63.255.0/24 is free"
    assert Findings(warnings=(told,)) == found(seen, overlays={"app": net("10.64.3.0/24")})


def test_host_that_can_not_tell_its_routes_is_named():
    """Its networks are compared all the same."""
    seen = report("m1", network("shop_default", "10.64.0.0/16"), unread="m1: sh -c ip: exit status 127")
    both = found(seen, gwbridge=net("10.64.0.0/16"))

    assert ("routes and resolvers were not compared: m1: sh -c ip: exit status 127",) == both.warnings
    assert 1 == len(both.refused)


# What does not


@pytest.mark.parametrize(
    ("seen", "sections"),
    [
        pytest.param(
            report("m1", bridge("10.12.0.0/16"), routes=[("10.12.0.0/16", "docker_gwbridge")]),
            {"gwbridge": net("10.12.0.0/16")},
            id="docker_gwbridge itself",
        ),
        pytest.param(
            report(routes=[("10.12.0.0/16", "gw0")], links=[("gw0", "10.12.0.1")]),
            {"gwbridge": net("10.12.0.0/16", bridge_name="gw0")},
            id="its link, which an Engine takes over",
        ),
        pytest.param(
            report("m1", bridge("10.12.0.0/16"), links=[("docker_gwbridge", "10.12.0.1")]),
            {"gwbridge": net("10.12.0.0/20")},
            id="docker_gwbridge that is to change",
        ),
        pytest.param(
            report("m1", ingress("10.11.0.0/16"), overlay("app", "10.20.0.0/24")),
            {"ingress": net("10.11.0.0/20"), "overlays": {"app": net("10.20.0.0/25")}},
            id="ingress and overlay that are to change",
        ),
        pytest.param(
            report("m1", overlay("app-swarmnet-twin", "10.20.0.0/24", **{ours.TWIN: "app"})),
            {"overlays": {"app": net("10.20.0.0/24")}},
            id="the overlay's own twin",
        ),
        pytest.param(
            report("m1", bridge("10.12.0.0/16"), ingress("10.13.0.0/16")),
            {"gwbridge": net("10.14.0.0/16"), "ingress": net("10.12.0.0/16"), "overlays": {"app": net("10.13.0.0/24")}},
            id="what changes before gives its range up",
        ),
        pytest.param(
            report("m1", overlay("app", "10.20.0.0/24"), routes=[("10.64.0.0/16", "tun0")]),
            {"swarm": {"default_addr_pool": ["10.64.0.0/14"]}},
            id="the address pool of a swarm that there is",
        ),
        pytest.param(
            report("w1", routes=[("10.64.0.0/16", "tun0")]),
            {"w1": net("10.12.0.0/16"), "gwbridge": net("10.64.0.0/16")},
            id="another host's range",
        ),
        pytest.param(
            report("m1", network("v6", "fd00::/64"), network("none", "")), {"gwbridge": net("10.12.0.0/16")}, id="IPv6"
        ),
        pytest.param(report(routes=[("10.65.0.0/16", "tun0")]), {"gwbridge": net("10.64.0.0/16")}, id="side by side"),
    ],
)
def test_no_clash(seen, sections):
    """A network clashes neither with itself, nor with one that makes room in the same `up`."""
    assert Findings() == found(seen, **sections)


def test_address_inside_a_network_of_its_host_is_not_told_twice():
    """The network or the route is."""
    seen = report("m1", network("shop", "10.64.0.0/16"), links=[("br-0123456789ab", "10.64.0.1")])
    routed = report(routes=[("10.64.0.0/16", "eth0")], links=[("eth0", "10.64.0.9")])

    for each in (seen, routed):
        assert 1 == len(refused(each, gwbridge=net("10.64.0.0/16")))


# Ranges that pass from one noun of a stack to another


def recipe(holder, taker):
    """Return the remedy for a range that another network still has."""
    return f"give {holder} another range in one `pulumi up`, and this one to {taker} in the next"


def told(*lines):
    """Return who is blamed, and the remedy: the first and the last part of each line."""
    return [(line.partition(":")[0], line.rpartition(": ")[2].rpartition("; ")[0]) for line in lines]


def test_renamed_overlay():
    """The old one is removed after the new one is made: they need two runs."""
    seen = report("m1", overlay("app", "10.20.0.0/24"))

    lines = refused(seen, overlays={"web": net("10.20.0.0/24")})
    todo = "let one `pulumi up` take overlay app away, and give its range to overlay web in the next"
    assert [("overlays.web.subnet", todo)] == told(*lines)


def test_two_overlays_swapped():
    """Each stands in the other's way."""
    seen = report("m1", overlay("app", "10.20.0.0/24"), overlay("web", "10.20.1.0/24"))

    lines = refused(seen, overlays={"app": net("10.20.1.0/24"), "web": net("10.20.0.0/24")})
    app = ("overlays.app.subnet", recipe("overlay web", "overlay app"))
    web = ("overlays.web.subnet", recipe("overlay app", "overlay web"))
    assert {app, web} == set(told(*lines))


def test_overlay_gives_its_range_to_another():
    """Overlays come about side by side, so that nothing says which is first."""
    seen = report("m1", overlay("app", "10.20.0.0/24"))

    lines = refused(seen, overlays={"app": net("10.21.0.0/24"), "web": net("10.20.0.0/24")})
    assert [("overlays.web.subnet", recipe("overlay app", "overlay web"))] == told(*lines)


def test_overlay_gives_its_range_to_the_ingress():
    """The ingress comes first."""
    seen = report("m1", overlay("app", "10.20.0.0/24"), ingress("10.11.0.0/24"))

    lines = refused(seen, ingress=net("10.20.0.0/24"), overlays={"app": net("10.21.0.0/24")})
    assert [("ingress.subnet", recipe("overlay app", "the ingress"))] == told(*lines)


def test_three_nouns_in_a_circle():
    """One that takes a range from a later one is told; the last takes what the first has given up."""
    seen = report("m1", bridge("10.12.0.0/24"), ingress("10.13.0.0/24"), overlay("app", "10.14.0.0/24"))
    wanted = {
        "gwbridge": net("10.13.0.0/24"),
        "ingress": net("10.14.0.0/24"),
        "overlays": {"app": net("10.12.0.0/24")},
    }

    gwbridge = ("gwbridge.subnet", recipe("the ingress", "docker_gwbridge"))
    of_ingress = ("ingress.subnet", recipe("overlay app", "the ingress"))
    assert [gwbridge, of_ingress] == told(*refused(seen, **wanted))


# Any hosts, any file

subnets = st.builds(
    lambda third, prefix: str(IPv4Network(f"10.12.{third}.0/{prefix}", strict=False)),
    st.integers(0, 255),
    st.integers(18, 24),
)
stacks = st.fixed_dictionaries(
    {"gwbridge": subnets.map(net)},
    optional={
        "ingress": subnets.map(net),
        "overlays": st.dictionaries(st.sampled_from(["app", "web", "data"]), subnets.map(net)),
    },
)
seen_anywhere = st.builds(
    lambda routes, local, wide: report(
        "m1",
        *(network(f"n{n}", each) for n, each in enumerate(local)),
        routes=[(each, "tun0") for each in routes + wide],
    ),
    st.lists(subnets, max_size=3, unique=True),
    st.lists(subnets, max_size=3),
    st.lists(st.just("10.0.0.0/9"), max_size=1),
)


def wanted(sections):
    """The ranges of a stack."""
    each = [sections["gwbridge"], *([sections["ingress"]] if "ingress" in sections else [])]
    return [section["subnet"] for section in (*each, *sections.get("overlays", {}).values())]


@given(stacks, seen_anywhere)
def test_verdict_is_that_of_comparing_each_with_each(sections, seen):
    """A line for each two ranges that meet, and none else; a wide route alone is no reason to refuse."""
    there = [each.subnet for each in seen.surroundings.routes] + [each.subnet for each in seen.networks]
    meet = {
        (subnet, number)
        for subnet in wanted(sections)
        for number, other in enumerate(there)
        if other != "10.0.0.0/9" and IPv4Network(subnet).overlaps(IPv4Network(other))
    }

    lines = refused(seen, **sections)
    assert {subnet for subnet, _ in meet} == {line.split()[1] for line in lines}


@given(stacks, seen_anywhere)
def test_ranges_named_as_free_fit(sections, seen):
    """Taking every range that the lines name leaves nothing to refuse."""
    changed = {key: dict(section) for key, section in sections.items()}
    for line in refused(seen, **sections):
        path, free = line.partition(":")[0].split("."), line.rpartition("; ")[2].removesuffix(" is free")
        if path[0] == "overlays":
            changed["overlays"][path[1]] = net(free)
        else:
            changed[path[0]] = net(free)

    assert [] == refused(seen, **changed)


def test_where_nothing_is_free_it_says_where_to_look():
    """If nothing is free, the line names what has most of the private ranges in the file and on hosts, and a smaller
    range."""
    (line,) = refused(
        report(routes=[("10.12.0.0/16", "tun0")]),
        overlays={"app": net("10.12.0.0/16")},
        reserved=["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/17"],
    )

    assert (
        "no /16 of 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16 is free: look at reserved[0] 10.0.0.0/8, "
        "reserved[1] 172.16.0.0/12, the route by tun0, 10.12.0.0/16 and reserved[2] 192.168.0.0/17, "
        "or take a smaller range: 192.168.128.0/17 is free"
    ) == line.rpartition("; ")[2]
