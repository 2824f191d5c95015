"""Findings on clocks."""

import pytest

from providers.rules.doctor.clocks import clocks
from tests.support.examined import host, seen, told, wants


def found(*hosts):
    """Return whose clocks differ from whose, how bad that is, and by how much."""
    return told(clocks(seen(*hosts), wants()))


@pytest.mark.parametrize("hosts", [[host("w1", ahead=59), host("w2", ahead=-59)], [host("w1", ahead=75, took=40)]])
def test_clocks_that_agree(hosts):
    """A minute is no business of a swarm's, nor is the time that asking took."""
    assert [] == found(*hosts)


@pytest.mark.parametrize(
    ("ahead", "took", "words"),
    [
        (75, 0, "warning: its clock is 75 s ahead of"),
        (75, 20, "warning: its clock is 65 s ahead of"),
        (-720, 0, "warning: its clock is 12 min behind"),
        (4 * 3600, 0, "failed: its clock is 4 h ahead of"),
    ],
)
def test_clock_that_differs(ahead, took, words):
    """It is compared with a manager's, less what asking took. Certificates begin an hour before they were made."""
    assert [f"w1 -> m1 {words} that of m1"] == found(host("w1", ahead=ahead, took=took))


def test_manager_that_is_alone_with_its_time_is_the_wrong_one():
    """The one in the middle is right."""
    managers = [
        host(name, ahead=ahead, member={"control": True}) for name, ahead in (("m1", 301), ("w1", 0), ("w2", 1))
    ]

    assert ["m1 -> w2 warning: its clock is 5 min ahead of that of w2"] == found(*managers)


def test_clock_that_can_not_be_read_is_unknown():
    """The others are compared."""
    assert [
        "m1 unknown: its Engine does not say what time it is",
        "w1 -> w2 warning: its clock is 90 s behind that of w2",
    ] == found(host("m1", clock=None), host("w1", ahead=-90), host("w2"))
