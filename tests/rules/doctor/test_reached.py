"""Ways between hosts that are closed: in which direction, and why."""

from dataclasses import replace

import pytest

from providers.hosts.look_answers import parsed
from providers.rules.doctor.diagnosis import diagnosis
from providers.rules.doctor.reached import tries
from providers.rules.vocabulary.look import Link, Look, Way
from providers.rules.vocabulary.reach import Reach, Trial
from tests.support.examined import host, seen, told, wants
from tests.support.looks import LOOK

WELL = parsed(LOOK)


def hosts(m1=None, w1=None):
    """The two hosts, with what they show of themselves."""
    return host("m1", known_by="10.9.0.1", look=m1 or WELL), host("w1", known_by="10.9.0.2", look=w1 or Look())


def found(*trials, m1=None, w1=None, **keys):
    """Return the findings of these trials, with what m1 and w1 show of themselves."""
    examined = seen(*hosts(m1, w1), reach=Reach(trials=trials, **keys))
    return diagnosis(examined, wants(), skip=["kernel-esp"]).findings


def cause(trial, **looks):
    """Return the cause that is told last."""
    return found(trial, **looks)[-1].remedy


def closed(channel, why="nothing arrives", port=7946):
    """w1 does not reach m1."""
    return Trial(sender="w1", receiver="m1", channel=channel, outcome="closed", port=port, why=why)


LARGE = "packets of full size do not reach m1, small ones do (UDP 4789)"
STREAM = "data over TCP does not reach m1 on overlays, datagrams do (UDP 4789)"


@pytest.mark.parametrize(
    ("name", "channel", "port", "fact"),
    [
        ("managers", "managers", 2377, "m1 is not reached at TCP 2377"),
        ("gossip", "gossip-tcp", 7946, "m1 is not reached at TCP 7946"),
        ("gossip", "gossip-udp", 7946, "m1 is not reached at UDP 7946"),
        ("data-path", "data-path", 4789, "m1 is not reached at UDP 4789"),
        ("data-path", "data-path", None, "m1 is not reached at UDP 4789 from ingress to ingress"),
        ("full-size", "full-size", None, LARGE),
        ("data", "data", None, STREAM),
        ("esp", "esp", None, "m1 is not reached at IP protocol 50 (ESP)"),
    ],
)
def test_each_channel_has_its_id(name, channel, port, fact):
    """A finding has the direction: the sender, then its peer."""
    (row,) = found(closed(channel, "no answer", port))

    assert (f"reach-{name}", [f"w1 -> m1 failed: {fact}: no answer"]) == (row.id, told([row]))


def rules(*lines):
    """m1's firewall with these rules besides."""
    return replace(WELL, rules=(*lines, *WELL.rules))


DROPS = "-s 10.9.0.2/32 -p udp -m udp --dport 7946 -j DROP"
MARK = Look(rules=("mangle -A OUTPUT -p udp --dport 4789 -m u32 --u32 x -j MARK --set-xmark 0xd0c4e3/0xffffffff",))
UNMARKED = Look(rules=("nat :OUTPUT ACCEPT",))
AT_M1 = "take this rule away on m1, or open the port before it: INPUT "
BY_DEFAULT = "open it on m1, whose firewall drops by default: `swarmnet doctor STACK --rules iptables`"
FIREWALLD = "firewalld on m1 (`swarmnet doctor STACK --rules firewalld`)"
NO_GOSSIP = "members do not tell each other where it goes: take this rule away on m1: INPUT -s 10.9.0.2"
BETWEEN = "open it from 10.9.0.2 to 10.9.0.1: a firewall between them, a cloud's security group"


@pytest.mark.parametrize(
    ("m1", "expected"),
    [
        (WELL, BETWEEN),
        (rules(f"filter -A INPUT {DROPS}"), AT_M1 + DROPS),
        (rules("filter -A INPUT -p udp -j REJECT"), AT_M1 + "-p udp -j REJECT"),
        (rules("filter -A INPUT -p udp -j ACCEPT", f"filter -A INPUT {DROPS}"), BETWEEN),
        (rules("filter -A INPUT -s 10.9.0.9/32 -p udp -m udp --dport 7946 -j DROP"), BETWEEN),
        (rules("filter -A INPUT -p udp -m udp --dport 4789 -j DROP"), BETWEEN),
        (rules("filter -A INPUT -i eth9 -j DROP"), BETWEEN),
        (rules("filter :INPUT DROP"), BY_DEFAULT),
        (replace(WELL, zone="docker"), BETWEEN.replace(": ", f": {FIREWALLD}, ")),
    ],
)
def test_likeliest_cause_is_what_hosts_show(m1, expected):
    """The rule itself is named, if there is one."""
    assert expected == cause(closed("gossip-udp"), m1=m1)


def test_senders_own_firewall_and_route():
    """They are its own."""
    drops = Look(rules=("filter -A OUTPUT -d 10.9.0.1/32 -p udp -m udp --dport 7946 -j DROP",))
    assert cause(closed("gossip-udp"), w1=drops).startswith("take this rule away on w1")
    links = (Link(name="eth0", mtu=1500, addresses=("10.9.0.2",)),)
    astray = Look(links=links, ways=(Way(to="10.9.0.1", device="eth1", source="10.9.0.2"),))
    assert "packets leave by eth1, not by eth0: correct the route on w1" == cause(closed("gossip-udp"), w1=astray)


@pytest.mark.parametrize(
    ("sender", "receiver", "flushed"),
    [(MARK, MARK, False), (UNMARKED, MARK, True), (Look(), MARK, False), (MARK, Look(), False)],
)
def test_flushed_rules_by_which_docker_encrypts(sender, receiver, flushed):
    """They are told of a sender whose rules were read and which has none, if its peer has."""
    begins = "docker's marks for it were flushed from mangle OUTPUT on w1: restart docker there"

    assert flushed is cause(closed("esp", port=None), m1=receiver, w1=sender).startswith(begins)


@pytest.mark.parametrize(
    ("trial", "m1", "begins"),
    [
        (closed("gossip-tcp", "Connection refused"), WELL, "nothing listens there"),
        (closed("full-size"), WELL, "find the lowest MTU between them"),
        (closed("data"), WELL, "on w1: `ethtool -K"),
        (closed("data-path", "ping passes, UDP does not"), WELL, "on w1: `ethtool -K"),
        (closed("data-path", port=None), rules(f"filter -A INPUT {DROPS}"), NO_GOSSIP),
    ],
)
def test_other_causes(trial, m1, begins):
    """The trial itself tells them; members may not know where packets go, though the way is open."""
    assert cause(trial, m1=m1).startswith(begins)


def test_large_packets_are_told_once_with_the_link_that_is_too_narrow():
    """They are told by themselves if nothing is told of a link."""
    narrow = replace(WELL, links=tuple(replace(each, mtu=1400) for each in WELL.links))

    assert ["link-mtu"] == [each.id for each in found(closed("full-size"), m1=narrow)]
    examined = seen(*hosts(narrow), reach=Reach(trials=(closed("full-size"),)))
    alone = diagnosis(examined, wants(), only=["reach-full-size"]).findings
    assert ["reach-full-size"] == [each.id for each in alone]


def test_what_was_not_seen_is_unknown():
    """It is told with the reason."""
    trial = replace(closed("gossip-udp", why="it has ended"), outcome="unknown")

    assert ["w1 -> m1 unknown: can't tell whether UDP 7946 of m1 is open: it has ended"] == told(found(trial))


def test_host_between_which_and_others_nothing_is_tried():
    """The package is named if python3 is missing, or the key if its address is a name, before it is a member."""
    m1, w1 = hosts()
    nameless = replace(seen(), hosts=(m1, replace(w1, known_by="")), reach=Reach())
    silent = found(silent={"w1": "w1: python3: exit status 127: sh: 1: python3: not found"})
    remedies = ["install the package python3", "write hosts.w1.advertise_address"]

    assert [("probes", "unknown", "w1", remedy) for remedy in remedies] == [
        (row.id, row.status, row.host, row.remedy) for row in (*silent, *diagnosis(nameless, wants()).findings)
    ]


def test_port_of_another_program():
    """It is told once, whatever the protocol."""
    (row,) = found(taken={"w1": (7946, 7946)})

    assert ("port-taken", "failed", "w1") == (row.id, row.status, row.host)


def test_nothing_is_sent_for_other_checks():
    """--only and --skip choose the checks."""
    assert [True, False, True] == [tries([], []), tries(["clock"], []), tries(["reach-gossip"], [])]
