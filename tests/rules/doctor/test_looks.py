"""Faults of a host's kernel, links and firewall."""

from dataclasses import replace

import pytest

from providers.hosts.look_answers import parsed
from providers.rules.doctor.diagnosis import diagnosis
from providers.rules.vocabulary.facts import Network, Port, SwarmService, Task
from providers.rules.vocabulary.look import Link, Way
from providers.rules.vocabulary.shape import NetworkShape
from tests.support.examined import host, seen, swarm, wants
from tests.support.looks import LOOK

WELL = parsed(LOOK)
BRIDGE = Network(id="b1", scope="local", shape=NetworkShape(name="docker_gwbridge", driver="bridge"))
WEB = SwarmService(id="s1", name="web", ports=(Port(protocol="tcp", target=80, published=8080, mode="ingress"),))
RUNS = Task(id="t1", service_id="s1", node_id="id-w1", state="running", desired="running")
MESH = swarm(services=(WEB,), tasks=(RUNS,))


def found(wanted=None, **changed):
    """Return the findings if m1 shows this of itself: `(id, status, peer)`, and the facts."""
    own = host("m1", bridge=BRIDGE, known_by="10.9.0.1", look=replace(WELL, **changed))
    others = (host(name, known_by=address) for name, address in (("w1", "10.9.0.2"), ("w2", "10.9.0.3")))
    rows = diagnosis(seen(own, *others, swarm=MESH), wanted or wants()).findings
    assert {"m1"} >= {each.host for each in rows}
    return [(each.id, each.status, each.peer) for each in rows], [each.fact for each in rows]


def rules(*without, **placed):
    """The rules of a host that is well, without some, and with others at the beginning of their chain."""
    left = [each for each in WELL.rules if not any(part in each for part in without)]
    return {"rules": (*(f"filter -A {chain} {rule}" for chain, rule in placed.items()), *left)}


def links(**changed):
    """The links of a host that is well, eth0 with something changed."""
    return {"links": tuple(replace(each, **changed) if each.name == "eth0" else each for each in WELL.links)}


def test_host_that_is_well():
    """Nothing."""
    assert [] == found()[0]


ETH1 = Link(name="eth1", mtu=1500, addresses=("192.0.2.1",))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"daemon": {"iptables": "false"}}, [("daemon-settings", "failed", "")]),
        ({"daemon": {"firewall-backend": '"nftables"'}}, [("daemon-settings", "failed", "")]),
        ({"daemon": {"default-network-opts": '{"overlay": {}}'}}, [("daemon-settings", "warning", "")]),
        ({"daemon": {"default-network-opts": '{"bridge": {}}'}}, []),
        ({"modules": {**WELL.modules, "vxlan": False}}, [("kernel-vxlan", "failed", "")]),
        ({"modules": {**WELL.modules, "ip_vs": None}}, [("kernel-ipvs", "unknown", "")]),
        (
            {"modules": {**WELL.modules, "ip_vs": False}, "forbidden": frozenset({"ip_vs"})},
            [("kernel-ipvs", "failed", "")],
        ),
        ({"modules": {**WELL.modules, "esp4": False}}, []),
        ({"forwarding": False}, [("forwarding", "failed", "")]),
        (links(mtu=1400), [("link-mtu", "failed", "")]),
        (links(mtu=9000), []),
        (links(addresses=("10.9.0.9",)), [("advertised-address", "warning", "")]),
        (
            {"ways": (Way(to="10.9.0.3", device="eth0", source="10.9.0.9"),)},
            [("source-address", "failed", "w2")],
        ),
        (
            {"ways": (Way(to="10.9.0.3", device="eth1", source="192.0.2.1"),), "links": (*WELL.links, ETH1)},
            [("asymmetric-route", "warning", "w2")],
        ),
        (
            {
                "ways": (Way(to="10.9.0.3", device="eth1", source="10.9.0.1"),),
                "links": (*WELL.links, ETH1),
                "strict": frozenset({"eth0"}),
            },
            [("asymmetric-route", "failed", "w2")],
        ),
        (links(driver="vmxnet3", offloads=True), [("checksum-offload", "warning", "")]),
        (links(driver="vmxnet3", offloads=False), []),
        ({"legacy": 3}, [("two-firewalls", "warning", "")]),
        ({"zone": "public"}, [("firewalld-zone", "failed", "")]),
        ({"zone": "no zone"}, [("firewalld-zone", "failed", "")]),
        ({"zone": "docker"}, []),
        ({"room": 2**20}, [("disk-room", "warning", "")]),
        ({"room": 2**10}, [("disk-room", "failed", "")]),
        ({"unread": {"rules": "sudo: no: let it"}, "rules": ()}, [("docker-chains", "unknown", "")]),
    ],
)
def test_each_fault_is_found_by_its_id(changed, expected):
    """Nothing else is found."""
    assert expected == found(**changed)[0]


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
    assert ([("docker-chains", "failed", "")], [f"docker's firewall rules lack: {lacking}"]) == found(**changed)


def test_without_ip_vs_rules_of_ports_are_not_missed():
    """docker writes none, not even their chain."""
    modules = {**WELL.modules, "ip_vs": False}

    assert [("kernel-ipvs", "failed", "")] == found(modules=modules, **rules("DOCKER-INGRESS"))[0]
    assert [("kernel-ipvs", "failed", ""), ("docker-chains", "failed", "")] == (
        found(modules=modules, **rules("8080"))[0]
    )


def test_newest_engines_write_ports_as_those_of_any_container():
    """They have no chain for the ingress."""
    without = [each for each in WELL.rules if "DOCKER-INGRESS" not in each]
    of_port = (
        "nat -A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:8080",
        "filter -A DOCKER -d 172.18.0.2/32 ! -i docker_gwbridge -o docker_gwbridge -p tcp -m tcp --dport 8080 "
        "-j ACCEPT",
    )

    assert [] == found(rules=(*without, *of_port))[0]
    assert [("docker-chains", "failed", "")] == found(rules=(*without, of_port[1]))[0]


def test_esp_is_for_what_is_encrypted():
    """Alone."""
    assert [("kernel-esp", "failed", "")] == found(wants(encrypted=True), modules={**WELL.modules, "esp4": False})[0]


def test_declared_mtu_counts():
    """A link that carries as much is well."""
    assert [] == found(replace(wants(), mtus={"m1": 1400}), **links(mtu=1400))[0]


def test_host_on_which_no_command_runs():
    """One line, whatever was chosen."""
    own = host("m1", look="m1: sh -s: exit status 127: not found")
    (row,) = diagnosis(seen(own), wants(), only=["clock"]).findings

    assert ("commands", "unknown", "m1", "sh -s: exit status 127: not found") == (
        row.id,
        row.status,
        row.host,
        row.fact,
    )
