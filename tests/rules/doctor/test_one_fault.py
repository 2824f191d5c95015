"""One fault, one finding, one remedy: each fault with all that comes of it, and everything that is told then."""

from dataclasses import replace

import pytest

from providers.hosts.look import with_answers
from providers.rules.doctor.diagnosis import diagnosis
from providers.rules.vocabulary.diagnosis import Reach, Result, Way
from providers.rules.vocabulary.routes import Link, Surroundings
from tests.support.examined import ADDRESSES, NOW, host, node, seen, swarm, told, wants
from tests.support.looks import LOOK
from tests.support.networks import a_network

BRIDGE = a_network(id="b1", scope="local", name="docker_gwbridge", driver="bridge")


def member(name, address="", **changed):
    """A host that is well, but for this."""
    own = with_answers(host(name, bridge=BRIDGE), LOOK)
    at = Surroundings((Link("eth0", 1500, (address or ADDRESSES[name],)),))
    return replace(own, **{"surroundings": at, "ways": (), **changed})


def closed(*channels, between="m1 w1"):
    """Nothing of these channels passes between two hosts, either way."""
    one, other = between.split()
    ends = ((one, other), (other, one))
    return {
        "results": tuple(
            Result(sender=sender, receiver=receiver, channel=channel, outcome="closed", why="nothing arrives")
            for channel in channels
            for sender, receiver in ends
        )
    }


def copy_of_w1(**changed):
    """w2 with the key of w1."""
    own = member("w2", **changed)
    return replace(own, member=replace(own.member, node_id="id-w1"))


EXPIRED = "x509: certificate has expired or is not yet valid"
INGRESS = ("data-path", "full-size", "data")
ALL = ("managers", "gossip-tcp", "gossip-udp", *INGRESS)
DOWN = swarm(nodes=(node("m1"), node("w1", state="down")))
KNOWN = "10.9.0.2"  # w1's
WIDE = a_network(id="b1", scope="local", name="docker_gwbridge", driver="bridge", subnets=("172.18.0.0/16",))
FLUSHED = tuple(each for each in member("w1").rules if "MASQUERADE" not in each)
OWN = ("type filter hook forward priority filter; policy accept;", "iifname docker_gwbridge drop")
EGRESS = {"reach": Reach(results=closed("egress")["results"][1:])}  # of w1 alone
TO_W2 = Way(to="172.18.5.7", device="docker_gwbridge", source="172.18.0.1")
FAULTS = {
    "a virtual machine that was copied": (
        [copy_of_w1(), member("w1")],
        {"reach": Reach(**closed(*ALL, between="w1 w2")), "swarm": DOWN},
        "w2 -> w1 failed: both are one member of the swarm, id-w1: one machine is a copy of the other, with its key",
    ),
    "a copy that still tells the address of the original": (
        [replace(copy_of_w1(), known_by=KNOWN), member("w1")],
        {"reach": Reach(**closed(*ALL, between="m1 w2"))},
        "w2 -> w1 failed: both are one member of the swarm, id-w1: one machine is a copy of the other, with its key",
    ),
    "one machine with two names": (
        [replace(copy_of_w1(address=KNOWN), known_by=KNOWN), member("w1")],
        {"reach": Reach(**closed(*INGRESS, between="w1 w2"))},
        "w2 -> w1 failed: both are one member of the swarm, id-w1: one machine with two names",
    ),
    "a kernel without esp": (
        [member("w1", modules={"vxlan": True, "ip_vs": True, "esp4": False})],
        {"reach": Reach(**closed("esp"))},
        "w1 failed: its kernel has no esp4: encrypted overlays do not work",
    ),
    "a kernel without vxlan": (
        [member("w1", modules={"vxlan": False, "ip_vs": True, "esp4": True})],
        {"reach": Reach(unprobed={"w1": "w1: nsenter: cannot open ingress_sbox"}, **closed(*INGRESS))},
        "w1 failed: its kernel has no vxlan: overlays do not work",
    ),
    "docker without its rules": (
        [member("w1", daemon={"iptables": "false"}, rules=("filter :INPUT ACCEPT",))],
        {"reach": Reach(**closed("esp"))},
        "w1 failed: its docker writes no firewall rules (iptables: false), so that published ports and containers' way "
        "outside do not work",
    ),
    "a certificate that has ended": (
        [host("w1", member={"state": "error", "error": EXPIRED})],
        {"swarm": DOWN},
        f"w1 failed: {EXPIRED}",
    ),
    "rules of docker that were flushed": (
        [member("w1", rules=FLUSHED)],
        EGRESS,
        "w1 failed: docker's firewall rules lack: nat POSTROUTING ! -o docker_gwbridge -j MASQUERADE",
    ),
    "a rule of nftables": (
        [member("w1", nft={"inet own forward": OWN})],
        EGRESS,
        "w1 failed: a rule of nftables closes containers' way outside: inet own forward: iifname docker_gwbridge drop",
    ),
    "a kernel that does not forward": (
        [member("w1", forwarding=False)],
        EGRESS,
        "w1 failed: its kernel forwards no packets (net.ipv4.ip_forward is 0), so that containers reach nothing",
    ),
    "another thing between containers and the others": (
        [member("w1")],
        EGRESS,
        "w1 failed: containers do not reach m1 at TCP 7946, which the host itself does, through docker_gwbridge: "
        "nothing arrives",
    ),
    "a bridge with the address of another member": (
        [
            member("w1", bridge=WIDE, ways=(TO_W2,)),
            member("w2", address="172.18.5.7", known_by="172.18.5.7"),
        ],
        {"reach": Reach(**closed(*ALL, between="w1 w2"))},
        "w1 -> w2 failed: docker_gwbridge, 172.18.0.0/16, contains 172.18.5.7/32, the address of w2: the host does not "
        "reach it",
    ),
    "a link with a low MTU": (
        [member("w1", surroundings=Surroundings((Link("eth0", 1400, (KNOWN,)),)))],
        {"reach": Reach(**closed("full-size"))},
        "w1 failed: its link eth0 has an MTU of 1400, and networks need packets of 1500",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_all_that_is_told(fault):
    """What comes of it is not told besides."""
    hosts, read, expected = FAULTS[fault]
    examined = seen(*hosts, **{"swarm": swarm(ca_ends=NOW + 1e9), **read})

    assert [expected] == told(diagnosis(examined, wants(encrypted=True)).findings)


@pytest.mark.parametrize("channel", ["gossip-tcp", "data-path"])
def test_other_hosts_are_told_all_the_same(channel):
    """A fault of w1 explains nothing between m1 and w2."""
    hosts, read, _ = FAULTS["a kernel without vxlan"]
    ways = (*read["reach"].results, *closed(channel, between="m1 w2")["results"])
    found = diagnosis(seen(*hosts, reach=replace(read["reach"], results=ways)), wants()).findings

    assert [("w1", ""), ("m1", "w2"), ("w2", "m1")] == [(each.host, each.peer) for each in found]
