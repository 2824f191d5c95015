"""Findings on clocks."""

import pytest

from providers.rules.doctor.clocks import clocks
from tests.support.examined import host, seen, wants


def found(*hosts):
    """Return whose clocks differ from whose, how bad that is, and by how much."""
    return [(each.host, each.peer, each.status, each.fact) for each in clocks(seen(*hosts), wants())]


def test_clocks_that_agree():
    """A minute is no business of a swarm's."""
    assert [] == found(host("w1", ahead=59), host("w2", ahead=-59))


@pytest.mark.parametrize(
    ("ahead", "status", "fact"),
    [
        (75, "warning", "its clock is 75 s ahead of that of m1"),
        (-720, "warning", "its clock is 12 min behind that of m1"),
        (4 * 3600, "failed", "its clock is 4 h ahead of that of m1"),
    ],
)
def test_clock_that_differs(ahead, status, fact):
    """It is compared with a manager's. Certificates of members begin an hour before they were made."""
    assert [("w1", "m1", status, fact)] == found(host("w1", ahead=ahead))


def test_time_that_asking_took_is_no_difference():
    """The clock may have been read at its beginning or at its end."""
    assert [] == found(host("w1", ahead=75, took=40))
    assert [("w1", "m1", "warning", "its clock is 65 s ahead of that of m1")] == found(host("w1", ahead=75, took=20))


def test_manager_that_is_alone_with_its_time_is_the_wrong_one():
    """The one in the middle is right."""
    managers = [
        host(name, ahead=ahead, member={"control": True}) for name, ahead in (("m1", 301), ("w1", 0), ("w2", 1))
    ]

    assert [("m1", "w2", "warning", "its clock is 5 min ahead of that of w2")] == found(*managers)


def test_clock_that_can_not_be_read_is_unknown():
    """The others are compared."""
    assert [
        ("m1", "", "unknown", "its Engine does not say what time it is"),
        ("w1", "w2", "warning", "its clock is 90 s behind that of w2"),
    ] == found(host("m1", clock=None), host("w1", ahead=-90), host("w2"))
