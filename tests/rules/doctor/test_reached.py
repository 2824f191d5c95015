"""Ways between hosts that are closed: in which direction, and why."""

from dataclasses import replace

import pytest

from providers.hosts.look import with_answers
from providers.rules.doctor.diagnosis import diagnosis
from providers.rules.doctor.probes import SAYS_NOTHING
from providers.rules.vocabulary.diagnosis import EngineLog, Reach, Result, Way
from providers.rules.vocabulary.routes import Link, Surroundings
from tests.support.examined import host, seen, told, wants
from tests.support.looks import LOOK

BARE = host("m1")
WELL = with_answers(BARE, LOOK)
W1 = host("w1")


def found(*results, m1=WELL, w1=W1, **keys):
    """Return the findings of these results, with what m1 and w1 show of themselves."""
    return diagnosis(seen(m1, w1, reach=Reach(results=results, **keys)), wants()).findings


def closed(channel, why="nothing arrives", port=7946):
    """w1 does not reach m1."""
    return Result(sender="w1", receiver="m1", channel=channel, outcome="closed", port=port, why=why)


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
MARK = {"rules": ("mangle -A OUTPUT -p udp --dport 4789 -m u32 --u32 x -j MARK --set-xmark 0xd0c4e3/0xffffffff",)}
UNMARKED = {"rules": ("nat :OUTPUT ACCEPT",)}
AT_M1 = "remove this rule on m1, or open the port before it: INPUT "
BY_DEFAULT = "open it on m1, whose firewall drops by default: `swarmnet doctor STACK --rules iptables`"
FIREWALLD = "firewalld on m1 (`swarmnet doctor STACK --rules firewalld`)"
NO_GOSSIP = "members do not tell each other where it goes: remove this rule on m1: INPUT -s 10.9.0.2"
BETWEEN = "open it from 10.9.0.2 to 10.9.0.1: a firewall between them, a cloud's security group"


NO_WAY = closed("gossip-udp")
ESP = closed("esp", port=None)
FLUSHED = "docker's marks for it were flushed from mangle OUTPUT on w1: restart docker there"
OWN_RULE = "filter -A OUTPUT -d 10.9.0.1/32 -p udp -m udp --dport 7946 -j DROP"
OWN_LINK = Surroundings((Link("eth0", 1500, ("10.9.0.2",)),))
ASTRAY = {"surroundings": OWN_LINK, "ways": (Way(to="10.9.0.1", device="eth1", source="10.9.0.2"),)}


@pytest.mark.parametrize(
    ("result", "m1", "w1", "begins"),
    [
        # The rule itself is named, if there is one.
        (NO_WAY, WELL, {}, BETWEEN),
        (NO_WAY, rules(f"filter -A INPUT {DROPS}"), {}, AT_M1 + DROPS),
        (NO_WAY, rules("filter -A INPUT -p udp -j REJECT"), {}, AT_M1 + "-p udp -j REJECT"),
        (NO_WAY, rules("filter -A INPUT -p udp -j ACCEPT", f"filter -A INPUT {DROPS}"), {}, BETWEEN),
        (NO_WAY, rules("filter -A INPUT -s 10.9.0.9/32 -p udp -m udp --dport 7946 -j DROP"), {}, BETWEEN),
        (NO_WAY, rules("filter -A INPUT -p udp -m udp --dport 4789 -j DROP"), {}, BETWEEN),
        (NO_WAY, rules("filter -A INPUT -i eth9 -j DROP"), {}, BETWEEN),
        (NO_WAY, rules("filter :INPUT DROP"), {}, BY_DEFAULT),
        (NO_WAY, rules("filter :INPUT DROP", "filter -A INPUT -p udp -m udp --dport 7946 -j ACCEPT"), {}, BETWEEN),
        (NO_WAY, replace(WELL, zone="docker"), {}, BETWEEN.replace(": ", f": {FIREWALLD}, ")),
        # The sender's firewall and route are its own.
        (NO_WAY, WELL, {"rules": (OWN_RULE,)}, "remove this rule on w1"),
        (NO_WAY, WELL, ASTRAY, "packets leave by eth1, not by eth0: correct the route on w1"),
        # Of a sender whose rules were read, and lack those by which docker encrypts, if its peer has them.
        (ESP, replace(BARE, **MARK), UNMARKED, FLUSHED),
        *((ESP, replace(BARE, **m1), w1, BETWEEN) for m1, w1 in ((MARK, MARK), (MARK, {}), ({}, MARK))),
        # The result itself tells these; members may not know where packets go, though the way is open.
        (closed("gossip-tcp", "Connection refused"), WELL, {}, "nothing listens there"),
        (closed("full-size"), WELL, {}, "find the lowest MTU between them"),
        (closed("data"), WELL, {}, "on w1: `ethtool -K"),
        (closed("data-path", "ping passes, UDP does not"), WELL, {}, "on w1: `ethtool -K"),
        (closed("data-path", port=None), rules(f"filter -A INPUT {DROPS}"), {}, NO_GOSSIP),
    ],
)
def test_likeliest_cause(result, m1, w1, begins):
    """It is what hosts show, and where; else what stands between them."""
    assert found(result, m1=m1, w1=replace(W1, **w1))[-1].remedy.startswith(begins)


def test_large_packets_are_told_once_with_the_link_that_is_too_narrow():
    """They are told by themselves if nothing is told of a link."""
    narrow = replace(WELL, surroundings=Surroundings((Link("eth0", 1400, ("10.9.0.1",)),)))

    assert ["link-mtu"] == [each.id for each in found(closed("full-size"), m1=narrow)]
    examined = seen(narrow, reach=Reach(results=(closed("full-size"),)))
    alone = diagnosis(examined, wants(), only=["reach-full-size"]).findings
    assert ["reach-full-size"] == [each.id for each in alone]


UNTRIED = "packets to and from it were not tested"
NO_PYTHON = {"unprobed": {"w1": "w1: python3: exit status 127: sh: 1: python3: not found"}}


@pytest.mark.parametrize(
    ("results", "keys", "expected"),
    [
        (
            [replace(closed("gossip-udp", why="it has ended"), outcome="unknown")],
            {},
            "reach-gossip w1 -> m1 unknown: can't tell whether UDP 7946 of m1 is open: it has ended: try again",
        ),
        # The package is named if python3 is missing, or the key if its address is a name, before it is a member.
        (
            [],
            NO_PYTHON,
            f"probes w1 unknown: {UNTRIED}: {NO_PYTHON['unprobed']['w1'][4:]}: install the package python3",
        ),
        (
            [],
            {"w1": host("w1", known_by="")},
            f"probes w1 unknown: {UNTRIED}: no IPv4 address is known by which the others reach it: "
            "write hosts.w1.advertise_address",
        ),
        # Once, whatever the protocol.
        (
            [],
            {"taken": {"w1": (7946, 7946)}},
            "port-taken w1 failed: port 7946, which a swarm needs, is used by another program: "
            "see which by `ss -lnptu sport = 7946`, and stop it",
        ),
    ],
)
def test_what_was_not_tried_or_seen(results, keys, expected):
    """It is told with the reason and what to do."""
    (row,) = found(*results, **keys)

    assert expected == f"{row.id} {told([row])[0]}: {row.remedy}"


# Gossip over UDP between members, with and without a word of it in their Engines' logs

EMPTY_LOG = EngineLog()
DROPPING = rules(f"filter -A INPUT {DROPS}")
NO_WORD = {"unknown": SAYS_NOTHING, "closed": "nothing arrives", "open": ""}
MISSED = EngineLog(unanswered=frozenset({"10.9.0.2"}))  # m1's, of w1


def gossip(m1=BARE, **reach):
    """Return what is told of gossip alone."""
    return diagnosis(seen(m1, reach=Reach(**reach)), wants(), only=["reach-gossip"])


def datagrams(to_m1="open", to_w1="open"):
    """What became of datagrams of m1 and w1."""
    ends = (("w1", "m1", to_m1), ("m1", "w1", to_w1))
    return tuple(
        Result(sender=one, receiver=other, channel="gossip-udp", outcome=end, port=7946, why=NO_WORD[end])
        for one, other, end in ends
    )


@pytest.mark.parametrize(
    ("ends", "m1", "log", "findings", "matrix"),
    [
        pytest.param([], BARE, EMPTY_LOG, [], "open open", id="what passes"),
        pytest.param(["closed"], BARE, EMPTY_LOG, ["w1 -> m1 failed"], "closed open", id="each direction by itself"),
        pytest.param([], BARE, MISSED, [], "open open", id="a complaint of the past"),
        pytest.param(["closed"], BARE, MISSED, ["w1 -> m1 failed"], "closed open", id="a complaint told already"),
        pytest.param(["unknown"], BARE, EMPTY_LOG, ["m1 unknown"], "unknown open", id="a log that says nothing"),
        pytest.param(
            ["unknown"], DROPPING, EMPTY_LOG, ["w1 -> m1 failed"], "closed open", id="a rule where no log tells"
        ),
        # Its direction is not known, and it may be past (a docker that was restarted): a warning, and no cell.
        pytest.param(
            ["unknown", "unknown"],
            BARE,
            MISSED,
            ["m1 unknown", "w1 unknown", "m1 -> w1 warning"],
            "unknown unknown",
            id="a complaint where no log tells",
        ),
    ],
)
def test_what_logs_tell(ends, m1, log, findings, matrix):
    """It is told once, with its direction if that is known; what no log tells is never open."""
    found = gossip(m1, results=datagrams(*ends), logs={"m1": log})

    assert findings == [line.partition(":")[0] for line in told(found.findings)]
    assert matrix == " ".join(each.outcome for each in found.results)


def test_log_that_can_not_be_read():
    """It is told with the reason, and what to do."""
    logs = {"m1": "sudo: a password is required: let sudo run it"}
    (row,) = gossip(results=datagrams(to_m1="unknown"), logs=logs).findings

    assert ["m1 unknown: can't tell whether UDP 7946 is open there: sudo: a password is required"] == told([row])
    assert "let sudo run it" == row.remedy


def test_complaint_of_nobody_that_is_known():
    """It is told by its address."""
    logs = {"m1": EngineLog(unanswered=frozenset({"192.0.2.9"}))}

    assert ["m1 warning: by its Engine's log, UDP 7946 does not pass to 192.0.2.9 and back, TCP does"] == told(
        gossip(logs=logs).findings
    )
