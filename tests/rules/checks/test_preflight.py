"""The stack file against what hosts have, from the file and the hosts' words to the message."""

from dataclasses import replace

import pytest

from providers.rules.checks.preflight import Findings, findings
from providers.rules.stack_file import model
from providers.rules.stack_file.resolved import resolve
from providers.rules.vocabulary import labels as ours
from providers.rules.vocabulary.answers import pairs
from providers.rules.vocabulary.facts import Network
from providers.rules.vocabulary.network_options import GATEWAY_MODE, HOST_BINDING, release
from providers.rules.vocabulary.routes import Link, Route, Surroundings
from providers.rules.vocabulary.snapshot import HostReport
from tests.support.networks import a_network
from tests.support.stackfiles import net, raw, stating

OWNER = "infra/prod"
HOSTS = "hosts would no longer reach what is there"
CONTAINERS = "containers there would not reach what is there"
REJECTED = 'tasks there would be rejected with "Pool overlaps"'
DEAD = "the swarm would accept it and never allocate addresses"


def network(name, subnet, *, scope="local", owner="", ingress=False, **labels) -> Network:
    """A network as an Engine lists it."""
    given = {**labels, **({ours.OWNER: owner} if owner else {})}
    driver = "bridge" if scope == "local" else "overlay"
    config = {"driver": driver, "ingress": ingress, "labels": pairs(given)}
    return a_network(id=f"{name:0<12}", name=name, scope=scope, subnets=(subnet,), **config)


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
        tuple(Link(name=name, mtu=1500, addresses=(address,)) for name, address in links),
        tuple(Route(*route) for route in routes),
    )
    return HostReport(host=host, networks=networks, surroundings=around, **told)


def found(*reports, w1=None, **sections) -> Findings:
    """Return the clashes between a stack file and these hosts."""
    return findings(resolve(model.parse(raw(w1, **sections))), OWNER, reports)


def refused(*reports, w1=None, **sections) -> list[str]:
    """The clashes that forbid to begin."""
    return list(found(*reports, w1=w1, **sections).refused)


# What clashes

VPN = report(routes=[("10.64.0.0/16", "tun0")])
VPN_OF_W1 = replace(VPN, host="w1")
DUMMY = report(links=[("dummy0", "10.64.3.1")])
RESOLVER = report(resolvers=("10.64.3.53",))
COMPOSE = report("w1", network("shop", "172.20.0.0/16"))
DOCKER0 = report("w1", network("bridge", "172.17.0.0/16"))
OF_OTHERS = report("m1", overlay("legacy", "10.64.3.0/24", owner=""))
OF_STAGING = report("m1", overlay("legacy", "10.64.3.0/24", owner="infra/staging"))
STAYS = report("m1", network("docker_gwbridge", "10.64.0.0/16"))
SAME = "an Engine refuses two such networks"
NO_NAMES = "name lookups in containers there would fail"
ON_BRIDGE = "the host would look for it on the bridge, and name lookups would fail"
MAY_GET = "a network made without a subnet may get that range"

# What hosts show, and the reason, by the words for the two ranges.
CLASHES = {
    "gwbridge.subnet: 10.64.16.0/20 lies inside 10.64.0.0/16, the route by tun0 of m1": (VPN, HOSTS),
    "hosts.w1.gwbridge.subnet: 10.64.0.0/16 is the same as 10.64.0.0/16, the route by tun0 of w1": (VPN_OF_W1, HOSTS),
    "overlays.app.subnet: 10.64.3.0/24 contains 10.64.3.1/32, the address of dummy0 of m1": (DUMMY, CONTAINERS),
    "ingress.subnet: 10.64.0.0/16 contains 10.64.3.53/32, a resolver of m1": (RESOLVER, NO_NAMES),
    "gwbridge.subnet: 10.64.0.0/16 contains 10.64.3.53/32, a resolver of m1": (RESOLVER, ON_BRIDGE),
    "gwbridge.subnet: 172.20.0.0/16 is the same as 172.20.0.0/16, the docker network shop of w1": (COMPOSE, SAME),
    "overlays.app.subnet: 172.17.3.0/24 lies inside 172.17.0.0/16, the docker network bridge of w1": (
        DOCKER0,
        REJECTED,
    ),
    "overlays.app.subnet: 10.64.3.0/24 is the same as 10.64.3.0/24, the swarm's network legacy": (OF_OTHERS, DEAD),
    "gwbridge.subnet: 10.64.0.0/16 contains 10.64.3.0/24, the swarm's network legacy": (OF_STAGING, REJECTED),
    "swarm.default_addr_pool[0]: 10.64.0.0/14 contains 10.64.0.0/16, the route by tun0 of m1": (VPN, MAY_GET),
    "overlays.app.subnet: 10.64.3.0/24 lies inside 10.64.0.0/16, the docker network docker_gwbridge of m1": (
        STAYS,
        REJECTED,
    ),
}


@pytest.mark.parametrize("words", CLASHES)
def test_clash_is_one_line_with_both_ranges(words):
    """The key, both ranges, which host or network, what would go wrong, and a range that fits."""
    seen, why = CLASHES[words]
    path, subnet, *_ = words.replace(":", "", 1).split()

    (line,) = refused(seen, **stating(f"{path} {subnet}"))
    free = line.removesuffix(" is free").rpartition("; ")[2]
    assert f"{words}: {why}; {free} is free" == line
    assert [] == refused(seen, **stating(f"{path} {free}"))


def test_free_range_for_an_overlay_is_one_of_the_pool():
    """It is the nearest of pools.overlays, not of all private ranges."""
    pools = "pools.overlays {range: 10.20.0.0/16, prefix: 24}"

    (line,) = refused(VPN, **stating("overlays.app.subnet 10.64.3.0/24", pools))
    assert line.endswith("; 10.20.255.0/24 is free")


def test_alike_clashes_of_many_hosts_are_one():
    """The first hosts are named, the others counted."""
    hosts = {f"h{number}": {"address": f"10.99.0.{number}", "role": "manager"} for number in range(1, 6)}
    everywhere = [replace(VPN, host=host) for host in hosts]

    (line,) = refused(*everywhere, hosts=hosts, gwbridge=net("10.64.0.0/16"))
    assert "the route by tun0 of h1, h2, h3 and 2 more:" in line


def test_range_in_the_way_to_everywhere_is_known_and_not_refused():
    """A route for a whole private block leaves no other choice; it is told once, before the range is there."""
    seen, sections = report(routes=[("10.0.0.0/8", "tun0")]), {"overlays": {"app": net("10.64.3.0/24")}}
    status = replace(seen, networks=(overlay("app", "10.64.3.0/24"),))

    told = f"overlays.app.subnet: 10.64.3.0/24 lies inside 10.0.0.0/8, the route by tun0 of m1: {CONTAINERS}"
    assert Findings(warnings=(told,)) == found(seen, **sections)
    assert Findings() == found(status, **sections)


def test_clash_of_what_stands_is_known_and_not_refused():
    """A route that came later is no reason to refuse a change of something else; the line says where to go."""
    seen = replace(VPN, networks=(overlay("app", "10.64.3.0/24"),))

    told = f"overlays.app.subnet: 10.64.3.0/24 lies inside 10.64.0.0/16, the route by tun0 of m1: {CONTAINERS}"
    assert Findings(warnings=(f"{told}; 10.63.255.0/24 is free",)) == found(
        seen, **stating("overlays.app.subnet 10.64.3.0/24")
    )


def test_host_that_can_not_tell_its_routes_is_named():
    """Its networks are compared all the same."""
    seen = report("m1", network("shop_default", "10.64.0.0/16"), unread="m1: sh -c ip: exit status 127")
    both = found(seen, gwbridge=net("10.64.0.0/16"))

    assert ("routes and resolvers were not compared: m1: sh -c ip: exit status 127",) == both.warnings
    assert 1 == len(both.refused)


def test_option_that_an_engine_is_too_old_for_is_refused_by_host():
    """It would keep it and do nothing, without a word; of a host whose Engine is not known nothing is said."""
    options = {GATEWAY_MODE: "routed", HOST_BINDING: "127.0.0.1"}
    seen = [report("m1", engine=28), report("w1", engine=26)]

    assert [
        f"gwbridge.options: {GATEWAY_MODE} needs 28: w1 has 26, which would keep it and do nothing: "
        "leave it out for that host, or give it a newer Engine"
    ] == refused(*seen, gwbridge=net("10.64.0.0/20", options=options))
    assert [] == refused(report("m1", engine=0), gwbridge=net("10.64.0.0/20", options=options))


def test_engine_is_known_by_the_api_that_it_speaks():
    """Each Engine of the lab was seen to say it."""
    assert [20, 26, 28, 29, 0] == [release(api) for api in ("1.41", "1.45", "1.51", "1.56", "")]


# What does not

TWIN_OF_APP = overlay("app-swarmnet-twin", "10.20.0.0/24", **{ours.TWIN: "app"})
LINK = report(routes=[("10.12.0.0/16", "gw0")], links=[("gw0", "10.12.0.1")])
FREE = {
    "docker_gwbridge itself": (
        report("m1", bridge("10.12.0.0/16"), routes=[("10.12.0.0/16", "docker_gwbridge")]),
        ["gwbridge.subnet 10.12.0.0/16"],
    ),
    "its link, which an Engine takes over": (LINK, ["gwbridge.subnet 10.12.0.0/16", "gwbridge.bridge_name gw0"]),
    "docker_gwbridge that is to change": (
        report("m1", bridge("10.12.0.0/16"), links=[("docker_gwbridge", "10.12.0.1")]),
        ["gwbridge.subnet 10.12.0.0/20"],
    ),
    "ingress and overlay that are to change": (
        report("m1", ingress("10.11.0.0/16"), overlay("app", "10.20.0.0/24")),
        ["ingress.subnet 10.11.0.0/20", "overlays.app.subnet 10.20.0.0/25"],
    ),
    "the overlay's own twin": (report("m1", TWIN_OF_APP), ["overlays.app.subnet 10.20.0.0/24"]),
    "what changes before gives its range up": (
        report("m1", bridge("10.12.0.0/16"), ingress("10.13.0.0/16")),
        ["gwbridge.subnet 10.14.0.0/16", "ingress.subnet 10.12.0.0/16", "overlays.app.subnet 10.13.0.0/24"],
    ),
    "the address pool of a swarm that there is": (
        replace(VPN, networks=(overlay("app", "10.20.0.0/24"),)),
        ["swarm.default_addr_pool[0] 10.64.0.0/14"],
    ),
    "another host's range": (VPN_OF_W1, ["hosts.w1.gwbridge.subnet 10.12.0.0/16", "gwbridge.subnet 10.64.0.0/16"]),
    "IPv6": (report("m1", network("v6", "fd00::/64"), network("none", "")), ["gwbridge.subnet 10.12.0.0/16"]),
    "side by side": (VPN, ["gwbridge.subnet 10.65.0.0/16"]),
}


@pytest.mark.parametrize("case", FREE)
def test_no_clash(case):
    """A network clashes neither with itself, nor with one that makes room in the same `up`."""
    seen, keys = FREE[case]

    assert Findings() == found(seen, **stating(*keys))


def test_address_inside_a_network_of_its_host_is_not_told_twice():
    """The network or the route is."""
    seen = report("m1", network("shop", "10.64.0.0/16"), links=[("br-0123456789ab", "10.64.0.1")])
    routed = report(routes=[("10.64.0.0/16", "eth0")], links=[("eth0", "10.64.0.9")])

    for each in (seen, routed):
        assert 1 == len(refused(each, gwbridge=net("10.64.0.0/16")))


# Ranges that pass from one resource type of a stack to another


def told(seen, *keys):
    """Return the remedy by who is blamed: the last part of each line, but for what is free."""
    lines = refused(seen, **stating(*keys))
    return {line.partition(":")[0]: line.rpartition(": ")[2].rpartition("; ")[0] for line in lines}


def test_renamed_overlay():
    """The old one is removed after the new one is made: they need two runs."""
    seen = report("m1", overlay("app", "10.20.0.0/24"))

    todo = "remove overlay app in one `pulumi up`, and give its range to overlay web in the next"
    assert {"overlays.web.subnet": todo} == told(seen, "overlays.web.subnet 10.20.0.0/24")


APP, WEB = overlay("app", "10.20.0.0/24"), overlay("web", "10.20.1.0/24")
TO_WEB = ("overlays.web.subnet", "overlay app", "overlay web")


@pytest.mark.parametrize(
    ("actual", "keys", "expected"),
    [
        (
            [APP, WEB],
            ["overlays.app.subnet 10.20.1.0/24", "overlays.web.subnet 10.20.0.0/24"],
            [("overlays.app.subnet", "overlay web", "overlay app"), TO_WEB],
        ),
        # Overlays come about side by side, so that nothing says which is first.
        ([APP], ["overlays.app.subnet 10.21.0.0/24", "overlays.web.subnet 10.20.0.0/24"], [TO_WEB]),
        (
            [APP, ingress("10.11.0.0/24")],
            ["ingress.subnet 10.20.0.0/24", "overlays.app.subnet 10.21.0.0/24"],
            [("ingress.subnet", "overlay app", "the ingress")],
        ),
        # The last takes what the first has given up.
        (
            [bridge("10.12.0.0/24"), ingress("10.13.0.0/24"), overlay("app", "10.14.0.0/24")],
            ["gwbridge.subnet 10.13.0.0/24", "ingress.subnet 10.14.0.0/24", "overlays.app.subnet 10.12.0.0/24"],
            [("gwbridge.subnet", "the ingress", "docker_gwbridge"), ("ingress.subnet", "overlay app", "the ingress")],
        ),
    ],
    ids=["overlays swapped", "overlay to overlay", "overlay to ingress", "circle"],
)
def test_range_that_passes_to_one_that_does_not_change_after(actual, keys, expected):
    """The remedy says who gives the range up first, and who takes it in the next run."""
    recipes = {
        path: f"give {holder} another range in one `pulumi up`, and this one to {taker} in the next"
        for path, holder, taker in expected
    }

    assert recipes == told(report("m1", *actual), *keys)


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
        "reserved[1] 172.16.0.0/12 and the route by tun0, 10.12.0.0/16, "
        "or take a smaller range: 192.168.128.0/17 is free"
    ) == line.rpartition("; ")[2]
