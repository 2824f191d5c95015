"""Findings on UDP 7946 between members, with and without a word of it in their Engines' logs."""

from dataclasses import replace

from providers.rules.doctor.attempts import SAYS_NOTHING
from providers.rules.doctor.diagnosis import diagnosis
from providers.rules.vocabulary.look import Look
from providers.rules.vocabulary.reach import EngineLog, Reach, Trial
from tests.support.examined import host, seen, wants

DROPS = Look(rules=("filter -A INPUT -s 10.9.0.2/32 -p udp -m udp --dport 7946 -j DROP",))
MISSED = EngineLog(unanswered=frozenset({"10.9.0.2"}))  # m1's, of w1


def found(to_m1="open", to_w1="open", look=None, log=None):
    """Return the findings and the matrix if datagrams of m1 and w1 ended so; look, log: of m1."""
    whys = {"unknown": SAYS_NOTHING, "closed": "nothing arrives", "open": ""}
    trials = tuple(
        Trial(sender=one, receiver=other, channel="gossip-udp", outcome=end, port=7946, why=whys[end])
        for one, other, end in (("w1", "m1", to_m1), ("m1", "w1", to_w1))
    )
    rows = (host("m1", known_by="10.9.0.1", look=look or Look()), host("w1", known_by="10.9.0.2", look=Look()))
    told = diagnosis(
        replace(seen(), hosts=rows, reach=Reach(trials=trials, logs={"m1": log or EngineLog()})),
        wants(),
        only=["reach-gossip"],
    )
    return [(each.status, each.host, each.peer) for each in told.findings], [each.outcome for each in told.trials]


def test_what_logs_tell():
    """Each direction by itself."""
    assert ([], ["open", "open"]) == found()
    assert ([("failed", "w1", "m1")], ["closed", "open"]) == found(to_m1="closed")


def test_complaint_of_the_past():
    """Nothing is told of packets that pass now, or were told already."""
    assert [] == found(log=MISSED)[0]
    assert [("failed", "w1", "m1")] == found(to_m1="closed", log=MISSED)[0]


def test_host_whose_log_says_nothing():
    """Unknown, once, and never open."""
    assert ([("unknown", "m1", "")], ["unknown", "open"]) == found(to_m1="unknown")


def test_log_that_can_not_be_read():
    """It is told with the reason, and what to do."""
    reach = Reach(
        trials=(Trial(sender="w1", receiver="m1", channel="gossip-udp", outcome="unknown", why=SAYS_NOTHING),),
        logs={"m1": "sudo: a password is required: let sudo run it"},
    )
    (row,) = diagnosis(seen(reach=reach), wants(), only=["reach-gossip"]).findings

    assert ("can't tell whether UDP 7946 is open there: sudo: a password is required", "let sudo run it") == (
        row.fact,
        row.remedy,
    )


def test_where_no_log_tells_a_rule_does():
    """It is told with its direction."""
    assert ([("failed", "w1", "m1")], ["closed", "open"]) == found(to_m1="unknown", look=DROPS)


def test_where_no_log_tells_a_complaint_does():
    """The direction is not known, so it is a warning."""
    told = found(to_m1="unknown", to_w1="unknown", log=MISSED)

    assert ([("unknown", "m1", ""), ("warning", "m1", "w1")], ["unknown", "closed"]) == told


def test_complaint_of_nobody_that_is_known():
    """It is told by its address."""
    (row,) = diagnosis(
        seen(reach=Reach(logs={"m1": EngineLog(unanswered=frozenset({"192.0.2.9"}))})), wants(), only=["reach-gossip"]
    ).findings

    assert ("warning", "m1", "", "by its Engine's log, UDP 7946 does not pass to 192.0.2.9 and back, TCP does") == (
        row.status,
        row.host,
        row.peer,
        row.fact,
    )
