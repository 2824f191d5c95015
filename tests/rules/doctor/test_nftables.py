"""Native rules of nftables: what they do to packets, and what is told of it."""

import pytest

from providers.hosts.look import with_answers
from providers.rules.doctor.diagnosis import diagnosis
from providers.rules.doctor.nftables import Packet, drop_reason
from providers.rules.vocabulary.diagnosis import Reach, Result
from providers.rules.vocabulary.facts import SwarmService, Task
from providers.rules.vocabulary.service_spec import Port
from tests.support.examined import found as findings_of
from tests.support.examined import host, seen, swarm, wants
from tests.support.networks import a_network

# `nft -s list ruleset`, as look.sh hands it on: the rules of `--rules nftables` before those of a server.
RULESET = """\
table inet filter {
	chain swarmnet {
		iif "lo" return
		ip saddr { 10.9.0.2, 10.9.1.0/24 } tcp dport 2377 accept
		ip saddr { 10.9.0.2, 10.9.0.3 } udp dport 7946 accept
		ip saddr 10.9.0.2 meta l4proto esp accept
		tcp dport { 2377, 7946 } drop
		udp dport { 4789, 7946 } drop
	}
	chain input {
		type filter hook input priority filter; policy drop;
		jump swarmnet
		ct state established,related accept
		ct state vmap { invalid : drop, established : accept }
		ip saddr @blocked drop
		iif "lo" accept
		meta l4proto { icmp, ipv6-icmp } accept
		tcp dport 22 limit rate 10/minute accept
		tcp dport 8000-8010 counter log prefix "seen: " accept comment "web"
	}
	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state established,related accept
		iifname "docker*" oifname != "docker_gwbridge" counter drop
	}
table ip6 other {
	chain input {
		type filter hook input priority filter; policy drop;
	}
"""
BRIDGE = a_network(id="b1", scope="local", name="docker_gwbridge", driver="bridge", subnets=("172.18.0.0/16",))


def chains(text):
    """Return chains as a host shows them."""
    return with_answers(host("m1"), "@ nft 0\n" + "".join(f"|{each}\n" for each in text.splitlines())).nft


def at(hook, *rules, policy="accept", **others):
    """A base chain in a table of its own, and chains beside it."""
    base = f"type filter hook {hook} priority filter; policy {policy};"
    return {f"inet own {hook}": (base, *rules), **{f"inet own {name}": tuple(own) for name, own in others.items()}}


@pytest.mark.parametrize(
    ("hook", "packet", "expected"),
    [
        ("input", Packet(port=2377, source="10.9.0.2", into="eth0"), ""),
        ("input", Packet(port=2377, source="10.9.1.7", into="eth0"), ""),
        (
            "input",
            Packet(port=2377, source="10.9.0.9", into="eth0"),
            "inet filter swarmnet: tcp dport { 2377, 7946 } drop",
        ),
        ("input", Packet(port=2377, source="10.9.0.9", into="lo"), ""),
        ("input", Packet(protocol="udp", port=7946, source="10.9.0.3", into="eth0"), ""),
        ("input", Packet(protocol="esp", source="10.9.0.2", into="eth0"), ""),
        ("input", Packet(protocol="esp", source="10.9.0.3", into="eth0"), "inet filter input: policy drop"),
        ("input", Packet(protocol="icmp", source="10.9.0.9", into="eth0"), ""),
        ("input", Packet(port=8004, source="10.9.0.9", into="eth0"), ""),
        ("input", Packet(port=9000, source="10.9.0.9", into="eth0"), "inet filter input: policy drop"),
        ("input", Packet(port=22, source="10.9.0.9", into="eth0"), ""),  # not always
        ("input", Packet(source="10.9.0.9", into="eth0"), ""),  # some port may be open
        (
            "forward",
            Packet(into="docker_gwbridge", out="eth0"),
            'inet filter forward: iifname "docker*" oifname != "docker_gwbridge" counter drop',
        ),
        ("forward", Packet(into="eth0", out="docker_gwbridge"), ""),
        ("output", Packet(port=9000), ""),
    ],
)
def test_recorded_rules(hook, packet, expected):
    """They are read as the kernel does; those of IPv6 alone are not."""
    assert expected == drop_reason(chains(RULESET), hook, packet)


NEW = Packet(port=80, source="10.9.0.9", into="eth0")


@pytest.mark.parametrize(
    ("given", "drops"),
    [
        (at("input", "drop"), True),
        (at("input", "reject with icmpx admin-prohibited"), True),
        (at("input", "ct state new drop"), True),
        (at("input", "ct state { established, related } drop"), False),
        (at("input", "tcp dport != 80 drop"), False),
        (at("input", "udp dport != 80 drop"), False),  # it is no UDP
        (at("input", "ip saddr != 10.9.0.0/24 drop"), False),
        (at("input", "ip saddr 10.9.0.1-10.9.0.20 drop"), False),  # not known
        (at("input", "meta mark 0x1 drop"), False),
        (at("input", "meta mark 0x1 accept", "drop"), False),
        (at("input", "ct state vmap { new : jump fresh }", "drop"), False),
        (at("input", "goto own", "drop", own=["counter"]), False),
        (at("input", "goto own", policy="drop", own=["counter"]), True),
        (at("input", "jump own", "drop", own=["return", "accept"]), True),
        (at("input", "jump own", "drop", own=["jump own"]), True),  # in a circle, which no kernel takes
        (at("input", "x " * 4000, "drop"), False),
        (at("input", "jump c0", **{f"c{at}": [f"jump c{at + 1}"] for at in range(10_000)}, c10000=["drop"]), False),
        (at("input", "accept") | {"inet b input": at("input", "drop")["inet own input"]}, True),  # both count
    ],
)
def test_rules_one_by_one(given, drops):
    """What is not understood drops nothing for sure, and may accept."""
    assert drops == bool(drop_reason(given, "input", NEW))


WEB = SwarmService(
    id="s1",
    name="web",
    ports=tuple(Port(protocol="tcp", target=80, published=each, mode="ingress") for each in (8080, 8443)),
)
RUNS = Task(id="t1", service_id="s1", node_id="id-w1", state="running", desired="running")
OUT = 'iifname "docker_gwbridge" drop'
IN = 'oifname "docker_gwbridge" drop'
SOME = 'oifname "docker_gwbridge" tcp dport 8080 drop'
CLOSES = "m1 failed: a rule of nftables closes"
MAY_CLOSE = CLOSES.replace("failed", "warning")
PORTS = "published port 8080/tcp and published port 8443/tcp"


@pytest.mark.parametrize(
    ("nft", "expected"),
    [
        (at("forward"), []),
        (at("forward", OUT), [f"{CLOSES} containers' way outside: inet own forward: {OUT}"]),
        (at("forward", IN), [f"{CLOSES} {PORTS}: inet own forward: {IN}"]),
        (at("forward", SOME), [f"{MAY_CLOSE} published port 8080/tcp: inet own forward: {SOME}"]),
        (
            at("forward", "ct state established,related accept", policy="drop"),
            [f"{CLOSES} containers' way outside, {PORTS}: inet own forward: policy drop"],
        ),
        (at("input", "drop"), []),
    ],
)
def test_rules_in_the_way_of_containers(nft, expected):
    """What closes some ports may be meant so."""
    own = host("m1", bridge=BRIDGE, nft=nft)

    assert expected == findings_of("nftables-forward", own, swarm=swarm(services=(WEB,), tasks=(RUNS,)))


def closed(*pairs, channel="egress", why="no answer"):
    """Nothing of a channel passes from host to host."""
    ends = (each.split() for each in pairs)
    results = (
        Result(sender=sender, receiver=to, channel=channel, outcome="closed", port=7946, why=why) for sender, to in ends
    )
    return Reach(results=tuple(results))


def test_containers_that_reach_no_other_host():
    """It is told once for each host; a rule that is seen says it all."""
    shut = closed("m1 w1", "m1 w2")

    assert [
        "m1 failed: containers do not reach w1 and w2 at TCP 7946, which the host itself does, through "
        "docker_gwbridge: no answer"
    ] == findings_of("reach-egress", reach=shut)
    own = host("m1", bridge=BRIDGE, nft=at("forward", OUT))
    assert ["nftables-forward"] == [each.id for each in diagnosis(seen(own, reach=shut), wants()).findings]


@pytest.mark.parametrize(
    ("own", "remedy"),
    [
        (
            at("input", "ip saddr 10.9.0.2 udp dport 7946 drop"),
            "remove this rule on m1, or open the port before it: inet own input: ip saddr 10.9.0.2 udp dport 7946 drop",
        ),
        (
            at("input", "tcp dport 22 accept", policy="drop"),
            "open it on m1, whose firewall drops by default: `swarmnet doctor STACK --rules nftables` "
            "(inet own input: policy drop)",
        ),
    ],
)
def test_rule_that_closes_a_port_is_named(own, remedy):
    """As one of iptables is."""
    shut = closed("w1 m1", channel="gossip-udp")
    (row,) = diagnosis(seen(host("m1", nft=own), reach=shut), wants()).findings

    assert ("reach-gossip", remedy) == (row.id, row.remedy)
