"""All checks together: which are made, what comes of them, and that each is explained."""

import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from providers.rules.doctor.diagnosis import CHECKS, Diagnosis, diagnosis, sends
from providers.rules.stack_file.model import Ignored
from providers.rules.vocabulary.diagnosis import Finding, FindingId
from providers.rules.vocabulary.facts import UnreachableHost
from tests.support.examined import host, seen, told, wants

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "doctor.md").read_text()
UNREACHABLE = UnreachableHost(host="w2", why="w2: no answer")
BAD = host("w1", live_restore=True, clock=None)


def ids(examined, **choice):
    """The ids of what is found."""
    return [each.id for each in diagnosis(examined, wants(), **choice).findings]


def test_swarm_that_is_well():
    """Nothing is found if nothing is wrong."""
    assert Diagnosis(findings=()) == diagnosis(seen(), wants())


@pytest.mark.parametrize(
    ("statuses", "whole"),
    [
        ("", "well"),
        ("warning", "well"),
        ("ignored", "well"),
        ("warning unknown", "unknown"),
        ("unknown failed", "wrong"),
    ],
)
def test_whole_is_as_its_worst_part(statuses, whole):
    """Warnings are no more than that."""
    row = Finding(id="clock", status="failed", host="m1", fact="so", remedy="do")

    assert whole == Diagnosis(findings=tuple(replace(row, status=each) for each in statuses.split())).status


def test_only_what_is_chosen_is_looked_for():
    """A host that did not answer is told in any case: nothing is known of it."""
    examined = seen(BAD, unreachable=(UNREACHABLE,))

    assert ["host-answers", "live-restore", "clock"] == ids(examined)
    assert ["host-answers", "live-restore"] == ids(examined, only=["live-restore"])
    assert ["host-answers", "clock"] == ids(examined, skip=["live-restore"])
    assert ["live-restore"] == ids(examined, only=["live-restore"], skip=["host-answers"])


def test_host_on_which_no_command_runs():
    """One line, whatever was chosen."""
    unreachable = host("m1", unread={"commands": "sh -s: exit status 127: not found: let it run sh"})
    (row,) = diagnosis(seen(unreachable), wants(), only=["clock"]).findings

    assert ("commands", ["m1 unknown: sh -s: exit status 127: not found"]) == (row.id, told([row]))
    assert "let it run sh" == row.remedy


def test_packets_are_sent_for_checks_of_them_alone():
    """--only and --skip choose the checks."""
    assert [True, False, True] == [sends([], []), sends(["clock"], []), sends(["reach-gossip"], [])]


def test_finding_that_is_accepted_is_ignored():
    """It is ignored on the named host, or on all; the reason takes the remedy's place."""
    examined = seen(host("m1", live_restore=True), host("w1", live_restore=True))

    def told(**where):
        desired = replace(wants(), ignored=(Ignored(id="live-restore", why="tried out", **where),))
        return [(each.host, each.status, each.remedy == "tried out") for each in diagnosis(examined, desired).findings]

    assert [("m1", "failed", False), ("w1", "ignored", True)] == told(host="w1")
    assert [("m1", "ignored", True), ("w1", "ignored", True)] == told()


def test_each_id_has_its_check():
    """No check has another id."""
    assert get_args(FindingId) == tuple(CHECKS)


def test_each_id_has_its_paragraph():
    """The paragraph says what it is, why it hurts and how to mend it; there is none for another id."""
    headings = re.findall(r"^### (.*)$", PAGE, re.MULTILINE)

    assert list(get_args(FindingId)) == headings
