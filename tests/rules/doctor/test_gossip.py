"""Findings on UDP 7946 between members, with and without a word of it in their Engines' logs."""

from dataclasses import replace

import pytest

from providers.rules.doctor.attempts import SAYS_NOTHING
from providers.rules.doctor.diagnosis import diagnosis
from providers.rules.vocabulary.look import Look
from providers.rules.vocabulary.reach import EngineLog, Reach, Trial
from tests.support.examined import host, seen, told, wants

DROPS = Look(rules=("filter -A INPUT -s 10.9.0.2/32 -p udp -m udp --dport 7946 -j DROP",))
MISSED = EngineLog(unanswered=frozenset({"10.9.0.2"}))  # m1's, of w1


def gossip(examined):
    """Return what is told of gossip alone."""
    return diagnosis(examined, wants(), only=["reach-gossip"])


def found(to_m1="open", to_w1="open", look=None, log=None):
    """Return the findings and the matrix if datagrams of m1 and w1 ended so; look, log: of m1."""
    whys = {"unknown": SAYS_NOTHING, "closed": "nothing arrives", "open": ""}
    trials = tuple(
        Trial(sender=one, receiver=other, channel="gossip-udp", outcome=end, port=7946, why=whys[end])
        for one, other, end in (("w1", "m1", to_m1), ("m1", "w1", to_w1))
    )
    rows = (host("m1", known_by="10.9.0.1", look=look or Look()), host("w1", known_by="10.9.0.2", look=Look()))
    reach = Reach(trials=trials, logs={"m1": log or EngineLog()})
    all_of_it = gossip(replace(seen(), hosts=rows, reach=reach))
    return [line.partition(":")[0] for line in told(all_of_it.findings)], [each.outcome for each in all_of_it.trials]


@pytest.mark.parametrize(
    ("ends", "findings", "matrix"),
    [
        pytest.param({}, [], ["open", "open"], id="what passes"),
        pytest.param({"to_m1": "closed"}, ["w1 -> m1 failed"], ["closed", "open"], id="each direction by itself"),
        pytest.param({"log": MISSED}, [], ["open", "open"], id="a complaint of the past"),
        pytest.param(
            {"to_m1": "closed", "log": MISSED}, ["w1 -> m1 failed"], ["closed", "open"], id="a complaint told already"
        ),
        pytest.param({"to_m1": "unknown"}, ["m1 unknown"], ["unknown", "open"], id="a log that says nothing"),
        pytest.param(
            {"to_m1": "unknown", "look": DROPS}, ["w1 -> m1 failed"], ["closed", "open"], id="a rule where no log tells"
        ),
        # Its direction is not known, and it may be past (a docker that was restarted): a warning, and no cell.
        pytest.param(
            {"to_m1": "unknown", "to_w1": "unknown", "log": MISSED},
            ["m1 unknown", "w1 unknown", "m1 -> w1 warning"],
            ["unknown", "unknown"],
            id="a complaint where no log tells",
        ),
    ],
)
def test_what_logs_tell(ends, findings, matrix):
    """It is told once, with its direction if that is known; what no log tells is never open."""
    assert (findings, matrix) == found(**ends)


def test_log_that_can_not_be_read():
    """It is told with the reason, and what to do."""
    reach = Reach(
        trials=(Trial(sender="w1", receiver="m1", channel="gossip-udp", outcome="unknown", why=SAYS_NOTHING),),
        logs={"m1": "sudo: a password is required: let sudo run it"},
    )
    (row,) = gossip(seen(reach=reach)).findings

    assert ["m1 unknown: can't tell whether UDP 7946 is open there: sudo: a password is required"] == told([row])
    assert "let sudo run it" == row.remedy


def test_complaint_of_nobody_that_is_known():
    """It is told by its address."""
    logs = {"m1": EngineLog(unanswered=frozenset({"192.0.2.9"}))}

    assert ["m1 warning: by its Engine's log, UDP 7946 does not pass to 192.0.2.9 and back, TCP does"] == told(
        gossip(seen(reach=Reach(logs=logs))).findings
    )
