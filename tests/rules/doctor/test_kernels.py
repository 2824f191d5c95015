"""Faults of a host's kernel, links and firewall."""

from dataclasses import replace

import pytest

from providers.hosts.look import with_answers
from providers.rules.doctor.diagnosis import diagnosis
from providers.rules.vocabulary.diagnosis import Way
from providers.rules.vocabulary.facts import SwarmService, Task
from providers.rules.vocabulary.routes import Link, Route, Surroundings
from providers.rules.vocabulary.service_spec import Port
from tests.support.examined import found as findings_of
from tests.support.examined import host, seen, swarm, wants
from tests.support.looks import LOOK
from tests.support.networks import a_network

BRIDGE = a_network(id="b1", scope="local", name="docker_gwbridge", driver="bridge")
WELL = with_answers(host("m1", bridge=BRIDGE), LOOK)
WEB = SwarmService(id="s1", name="web", ports=(Port(protocol="tcp", target=80, published=8080, mode="ingress"),))
RUNS = Task(id="t1", service_id="s1", node_id="id-w1", state="running", desired="running")
MESH = swarm(services=(WEB,), tasks=(RUNS,))


def found(desired=None, **changed):
    """Return the findings if m1 shows this of itself: `id status`, with a peer if there is one, and the facts."""
    rows = diagnosis(seen(replace(WELL, **changed), swarm=MESH), desired or wants()).findings
    assert {"m1"} >= {each.host for each in rows}
    return [f"{each.id} {each.status} {each.peer}".rstrip() for each in rows], [each.fact for each in rows]


def rules(*lacking, **placed):
    """The rules of a host that is well, without some, and with others at the beginning of their chain."""
    left = [each for each in WELL.rules if not any(part in each for part in lacking)]
    return {"rules": (*(f"filter -A {chain} {rule}" for chain, rule in placed.items()), *left)}


def links(**changed):
    """The links of a host that is well, eth0 with something changed."""
    own = (replace(each, **changed) if each.name == "eth0" else each for each in WELL.surroundings.links)
    return {"surroundings": Surroundings(tuple(own))}


def without(module, has=False):
    """The modules of a host that is well, but for one."""
    return {"modules": {**WELL.modules, module: has}}


def way(device, source):
    """The way from m1 to w2, by a link that it has besides."""
    links = (*WELL.surroundings.links, Link("eth1", 1500, ("192.0.2.1",)))
    return {"ways": (Way(to="10.9.0.3", device=device, source=source),), "surroundings": Surroundings(links)}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"daemon": {"iptables": "false"}}, ["daemon-settings failed"]),
        ({"daemon": {"firewall-backend": '"nftables"'}}, ["daemon-settings failed"]),
        ({"daemon": {"default-network-opts": '{"overlay": {}}'}}, ["daemon-settings warning"]),
        ({"daemon": {"default-network-opts": '{"bridge": {}}'}}, []),
        (without("vxlan"), ["kernel-vxlan failed"]),
        (without("ip_vs", has=None), ["kernel-ipvs unknown"]),
        ({**without("ip_vs"), "forbidden": frozenset({"ip_vs"})}, ["kernel-ipvs failed"]),
        (without("esp4"), []),
        ({**without("esp4"), "desired": wants(encrypted=True)}, ["kernel-esp failed"]),
        ({"forwarding": False}, ["forwarding failed"]),
        (links(mtu=1400), ["link-mtu failed"]),
        ({**links(mtu=1400), "desired": replace(wants(), mtus={"m1": 1400})}, []),
        (links(mtu=9000), []),
        (links(addresses=("10.9.0.9",)), ["advertised-address warning"]),
        (way("eth0", "10.9.0.9"), ["source-address failed w2"]),
        (way("eth1", "192.0.2.1"), ["asymmetric-route warning w2"]),
        ({**way("eth1", "10.9.0.1"), "strict": frozenset({"eth0"})}, ["asymmetric-route failed w2"]),
        (links(driver="vmxnet3", offloads=True), ["checksum-offload warning"]),
        (links(driver="vmxnet3", offloads=False), []),
        ({"legacy": 3}, ["two-firewalls warning"]),
        ({"zone": "public"}, ["firewalld-zone failed"]),
        ({"zone": "no zone"}, ["firewalld-zone failed"]),
        ({"zone": "docker"}, []),
        ({"room": 2**20}, ["disk-room warning"]),
        ({"room": 2**10}, ["disk-room failed"]),
        ({"unread": {"rules": "sudo: no: let it"}, "rules": ()}, ["docker-chains unknown"]),
        ({"unread": {"modules": "no"}, "modules": {}}, ["kernel-vxlan unknown", "kernel-ipvs unknown"]),
    ],
)
def test_each_fault_is_found_by_its_id(changed, expected):
    """Nothing else is found; a stack file's word on MTUs and encryption counts."""
    assert expected == found(**changed)[0]


HAS = "failed: docker_gwbridge, 172.18.0.0/16,"
WIDE = a_network(
    id="b1",
    scope="local",
    name="docker_gwbridge",
    driver="bridge",
    subnets=("172.18.0.0/16",),
    options=(("com.docker.network.bridge.name", "gw0"),),
)


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (Route("172.18.0.0/16", "tun0"), [f"m1 {HAS} is the same as 172.18.0.0/16, the route by tun0"]),
        (Route("172.16.0.0/12", "tun0"), [f"m1 {HAS} lies inside 172.16.0.0/12, the route by tun0"]),
        (
            Route("10.202.0.8/29", kind="blackhole"),
            ["m1 warning: app, 10.202.0.0/24, contains 10.202.0.8/29, the blackhole route"],
        ),
        (Route("10.0.0.0/8", "tun0"), []),  # so wide that it says little
        (Route("172.18.0.0/16", "docker_gwbridge"), []),
        (Route("172.18.0.0/16", "gw0"), []),
        (Route("10.203.0.0/24", "tun0"), []),
    ],
)
def test_route_within_a_network(route, expected):
    """It is told with host, route and range; the bridge's own link may have any name."""
    app = a_network(id="o1", scope="swarm", name="app", driver="overlay", subnets=("10.202.0.0/24",))
    own = host("m1", bridge=WIDE, surroundings=Surroundings(routes=(route, route)))

    lines = findings_of("overlapping-route", own, swarm=swarm(networks=(app,)))
    assert expected == [line.rpartition(": ")[0] for line in lines]


VPN = (("reserved.vpn", "172.16.0.0/12"),)


@pytest.mark.parametrize(
    ("routes", "reserved", "w1", "expected"),
    [
        ((), VPN, "10.9.0.2", [f"m1 {HAS} lies inside 172.16.0.0/12, reserved.vpn of the stack file"]),
        ((), (("reserved[0]", "10.0.0.0/8"),), "10.9.0.2", []),
        # A route, or a member there, says it already.
        (
            (Route("172.18.0.0/16", "tun0"),),
            VPN,
            "10.9.0.2",
            [f"m1 {HAS} is the same as 172.18.0.0/16, the route by tun0"],
        ),
        ((), VPN, "172.18.5.7", [f"m1 -> w1 {HAS} contains 172.18.5.7/32, the address of w1"]),
        ((), (), "", []),
        ((), (), "fd00::1", []),
    ],
)
def test_bridge_that_takes_what_no_route_shows(routes, reserved, w1, expected):
    """Other members, and what the stack file reserves: a VPN behind another gateway, say."""
    own = host("m1", bridge=WIDE, surroundings=Surroundings(routes=routes))
    desired = replace(wants(), reserved=reserved)
    lines = findings_of("overlapping-route", own, host("w1", known_by=w1), desired=desired)

    assert expected == [line.rpartition(": ")[0] for line in lines]


@pytest.mark.parametrize(
    ("changed", "lacking"),
    [
        (rules("-j DNAT"), "nat DOCKER-INGRESS for tcp 8080"),
        (rules("--dport 8080 -j ACCEPT"), "filter DOCKER-INGRESS for tcp 8080"),
        (rules("PREROUTING"), "the way from nat PREROUTING to DOCKER-INGRESS"),
        (rules("DOCKER-FORWARD -j DOCKER-INGRESS"), "the way from FORWARD to DOCKER-INGRESS"),
        (rules("FORWARD -j DOCKER-USER"), "the way from FORWARD to DOCKER-USER"),
        (
            rules("! -o docker_gwbridge -j ACCEPT"),
            "containers' way outside, FORWARD -i docker_gwbridge ! -o docker_gwbridge -j ACCEPT",
        ),
        (rules("MASQUERADE"), "nat POSTROUTING ! -o docker_gwbridge -j MASQUERADE"),
        (
            rules(FORWARD="-j REJECT --reject-with icmp-host-prohibited"),
            "their place in FORWARD: before them stands -j REJECT --reject-with icmp-host-prohibited",
        ),
    ],
)
def test_rules_that_lack_are_named(changed, lacking):
    """After a firewall's reload, say."""
    assert (["docker-chains failed"], [f"docker's firewall rules lack: {lacking}"]) == found(**changed)


@pytest.mark.parametrize(("rule", "expected"), [("DOCKER-INGRESS", []), ("8080", ["docker-chains failed"])])
def test_without_ip_vs_rules_of_ports_are_not_missed(rule, expected):
    """docker writes none, not even their chain."""
    assert ["kernel-ipvs failed", *expected] == found(**without("ip_vs"), **rules(rule))[0]


def test_newest_engines_write_ports_as_those_of_any_container():
    """They have no chain for the ingress."""
    left = [each for each in WELL.rules if "DOCKER-INGRESS" not in each]
    of_port = (
        "nat -A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:8080",
        "filter -A DOCKER -d 172.18.0.2/32 ! -i docker_gwbridge -o docker_gwbridge -p tcp -m tcp --dport 8080 "
        "-j ACCEPT",
    )

    assert [] == found(rules=(*left, *of_port))[0]
    assert ["docker-chains failed"] == found(rules=(*left, of_port[1]))[0]
