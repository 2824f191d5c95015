"""Ways between hosts that are closed: in which direction, and why."""

from dataclasses import replace

import pytest

from providers.hosts.look_answers import parsed
from providers.rules.doctor.diagnosis import diagnosis
from providers.rules.doctor.reached import tries
from providers.rules.vocabulary.look import Link, Look, Way
from providers.rules.vocabulary.reach import Reach, Trial
from tests.support.examined import host, seen, wants
from tests.support.looks import LOOK

WELL = parsed(LOOK)


def found(*trials, m1=None, w1=None, **keys):
    """Return the findings of these trials, with what m1 and w1 show of themselves."""
    rows = (
        host("m1", known_by="10.9.0.1", look=m1 or WELL),
        host("w1", known_by="10.9.0.2", look=w1 or Look()),
    )
    return diagnosis(seen(*rows, reach=Reach(trials=trials, **keys)), wants(), skip=["kernel-esp"]).findings


def closed(channel, why="nothing arrives", port=7946):
    """w1 does not reach m1."""
    return Trial(sender="w1", receiver="m1", channel=channel, outcome="closed", port=port, why=why)


@pytest.mark.parametrize(
    ("trial", "told", "fact"),
    [
        (closed("managers", "no answer", 2377), "reach-managers", "m1 is not reached at TCP 2377: no answer"),
        (closed("gossip-tcp", "no answer"), "reach-gossip", "m1 is not reached at TCP 7946: no answer"),
        (closed("gossip-udp"), "reach-gossip", "m1 is not reached at UDP 7946: nothing arrives"),
        (closed("data-path", port=4789), "reach-data-path", "m1 is not reached at UDP 4789: nothing arrives"),
        (
            closed("data-path", port=None),
            "reach-data-path",
            "m1 is not reached at UDP 4789 from ingress to ingress: nothing arrives",
        ),
        (
            closed("full-size", port=None),
            "reach-full-size",
            "packets of full size do not reach m1, small ones do (UDP 4789): nothing arrives",
        ),
        (
            closed("data", "no answer", None),
            "reach-data",
            "data over TCP does not reach m1 on overlays, datagrams do (UDP 4789): no answer",
        ),
        (closed("esp", port=None), "reach-esp", "m1 is not reached at IP protocol 50 (ESP): nothing arrives"),
    ],
)
def test_each_channel_has_its_id(trial, told, fact):
    """A finding has the direction: the sender, then its peer."""
    (row,) = found(trial)

    assert (told, "failed", "w1", "m1", fact) == (row.id, row.status, row.host, row.peer, row.fact)


def rules(*lines):
    """m1's firewall with these rules besides."""
    return replace(WELL, rules=(*lines, *WELL.rules))


DROPS = "-s 10.9.0.2/32 -p udp -m udp --dport 7946 -j DROP"
MARK = Look(rules=("mangle -A OUTPUT -p udp --dport 4789 -m u32 --u32 x -j MARK --set-xmark 0xd0c4e3/0xffffffff",))
AT_M1 = "take this rule away on m1, or open the port before it: INPUT "
BETWEEN = "open it from 10.9.0.2 to 10.9.0.1: a firewall between them, a cloud's security group"


@pytest.mark.parametrize(
    ("m1", "cause"),
    [
        (WELL, BETWEEN),
        (rules(f"filter -A INPUT {DROPS}"), AT_M1 + DROPS),
        (rules("filter -A INPUT -p udp -j REJECT"), AT_M1 + "-p udp -j REJECT"),
        (rules("filter -A INPUT -p udp -j ACCEPT", f"filter -A INPUT {DROPS}"), BETWEEN),
        (rules("filter -A INPUT -s 10.9.0.9/32 -p udp -m udp --dport 7946 -j DROP"), BETWEEN),
        (rules("filter -A INPUT -p udp -m udp --dport 4789 -j DROP"), BETWEEN),
        (rules("filter -A INPUT -i eth9 -j DROP"), BETWEEN),
        (
            rules("filter :INPUT DROP"),
            "open it on m1, whose firewall drops by default: `swarmnet doctor STACK --rules iptables`",
        ),
        (
            replace(WELL, zone="docker"),
            BETWEEN.replace(": ", ": firewalld on m1 (`swarmnet doctor STACK --rules firewalld`), "),
        ),
    ],
)
def test_likeliest_cause_is_what_hosts_show(m1, cause):
    """The rule itself is named, if there is one."""
    assert cause == found(closed("gossip-udp"), m1=m1)[-1].remedy


def test_senders_own_firewall_and_route():
    """They are its own."""
    drops = Look(rules=("filter -A OUTPUT -d 10.9.0.1/32 -p udp -m udp --dport 7946 -j DROP",))
    assert found(closed("gossip-udp"), w1=drops)[-1].remedy.startswith("take this rule away on w1")
    links = (Link(name="eth0", mtu=1500, addresses=("10.9.0.2",)),)
    astray = Look(links=links, ways=(Way(to="10.9.0.1", device="eth1", source="10.9.0.2"),))
    assert "packets leave by eth1, not by eth0: correct the route on w1" == (
        found(closed("gossip-udp"), w1=astray)[-1].remedy
    )


@pytest.mark.parametrize(
    ("sender", "receiver", "told"),
    [
        (MARK, MARK, False),
        (Look(rules=("nat :OUTPUT ACCEPT",)), MARK, True),
        (Look(), MARK, False),
        (MARK, Look(), False),
    ],
)
def test_flushed_rules_by_which_docker_encrypts(sender, receiver, told):
    """They are told of a sender whose rules were read and which has none, if its peer has."""
    cause = found(closed("esp", port=None), m1=receiver, w1=sender)[-1].remedy
    assert told is cause.startswith("docker's marks for it were flushed from mangle OUTPUT on w1: restart docker there")


@pytest.mark.parametrize(
    ("trial", "begins"),
    [
        (closed("gossip-tcp", "Connection refused"), "nothing listens there"),
        (closed("full-size"), "find the lowest MTU between them"),
        (closed("data"), "on w1: `ethtool -K"),
        (closed("data-path", "ping passes, UDP does not"), "on w1: `ethtool -K"),
    ],
)
def test_other_causes(trial, begins):
    """The trial itself tells them."""
    assert found(trial)[-1].remedy.startswith(begins)


def test_large_packets_are_told_once_with_the_link_that_is_too_narrow():
    """They are told by themselves if nothing is told of a link."""
    narrow = replace(WELL, links=tuple(replace(each, mtu=1400) for each in WELL.links))

    assert ["link-mtu"] == [each.id for each in found(closed("full-size"), m1=narrow)]
    rows = (host("m1", known_by="10.9.0.1", look=narrow), host("w1", known_by="10.9.0.2"))
    examined = seen(*rows, reach=Reach(trials=(closed("full-size"),)))
    told = diagnosis(examined, wants(), only=["reach-full-size"]).findings
    assert ["reach-full-size"] == [each.id for each in told]


def test_data_path_without_gossip():
    """Members do not know where packets go, though the way is open."""
    cause = found(closed("data-path", port=None), m1=rules(f"filter -A INPUT {DROPS}"))[-1].remedy
    assert cause.startswith(
        "members do not tell each other where it goes: take this rule away on m1: INPUT -s 10.9.0.2"
    )


def test_what_was_not_seen_is_unknown():
    """It is told with the reason."""
    trial = Trial(sender="w1", receiver="m1", channel="gossip-udp", outcome="unknown", port=7946, why="it has ended")
    (row,) = found(trial)

    assert ("unknown", "can't tell whether UDP 7946 of m1 is open: it has ended") == (row.status, row.fact)


def test_host_without_a_probe():
    """The package is named if python3 is missing."""
    (row,) = found(silent={"w1": "w1: python3: exit status 127: sh: 1: python3: not found"})

    assert ("probes", "unknown", "w1", "install the package python3") == (row.id, row.status, row.host, row.remedy)


def test_host_of_which_no_address_is_known():
    """That is so if its address is a name, before it is a member."""
    rows = (host("m1", known_by="10.9.0.1"), host("w1", known_by=""))
    (row,) = diagnosis(replace(seen(), hosts=rows, reach=Reach()), wants()).findings

    assert ("probes", "unknown", "w1", "write hosts.w1.advertise_address") == (row.id, row.status, row.host, row.remedy)


def test_port_of_another_program():
    """It is told once, whatever the protocol."""
    (row,) = found(taken={"w1": (7946, 7946)})

    assert ("port-taken", "failed", "w1") == (row.id, row.status, row.host)


def test_nothing_is_sent_for_other_checks():
    """--only and --skip choose the checks."""
    assert [True, False, True] == [tries([], []), tries(["clock"], []), tries(["reach-gossip"], [])]
