"""Findings on hosts as members of a swarm."""

import pytest

from providers.rules.doctor.members import addresses, answers, certificates, memberships, swarm_answers
from providers.rules.vocabulary.diagnosis import Unread
from providers.rules.vocabulary.facts import Silent
from tests.support.examined import NOW, host, node, seen, swarm, wants

DAY = 86_400.0
EXPIRED = "rpc error: x509: certificate has expired or is not yet valid:\n current time is after"


def found(check, examined, wanted=None):
    """Hosts, peers, statuses and facts of what a check finds."""
    return [(each.host, each.peer, each.status, each.fact) for each in check(examined, wanted or wants())]


def test_silent_host_is_unknown():
    """Its name comes once."""
    silent = Silent(host="w2", why="w2: no answer within 10 s")

    assert [("w2", "", "unknown", "no answer within 10 s")] == found(answers, seen(silent=(silent,)))


def test_swarm_that_can_not_be_asked_is_unknown():
    """If no host is a member there is no swarm at all."""
    assert [("", "", "unknown", "no quorum")] == found(swarm_answers, seen(swarm=Unread(why="no quorum")))
    assert [] == found(swarm_answers, seen(swarm=None))


@pytest.mark.parametrize("state", ["pending", "locked", "error"])
def test_membership_that_is_none(state):
    """It is told in the host's own words, on one line."""
    examined = seen(host("w1", member={"state": state, "error": "it is\n so"}), swarm=None)

    assert [("w1", "", "failed", f"its membership of the swarm is {state}: it is so")] == found(memberships, examined)


def test_host_that_is_in_no_swarm_yet():
    """It may still join."""
    assert [] == found(memberships, seen(host("w1", member={"state": "inactive", "node_address": ""})))


def test_member_that_is_down_for_its_managers():
    """It has the name of the stack file, else its own."""
    nodes = (node("m1"), node("w1", state="down", hostname="vm7"), node("w2", id="other", state="down", hostname="old"))

    assert [
        ("w1", "", "failed", "its managers say that it is down"),
        ("old", "", "failed", "its managers say that it is down"),
    ] == found(memberships, seen(swarm=swarm(nodes)))


def test_certificate_that_ended():
    """The host itself has to say so; no Engine tells when one will end."""
    examined = seen(host("w1", member={"state": "error", "error": EXPIRED}))

    assert [("w1", "", "failed", " ".join(EXPIRED.split()))] == found(certificates, examined)


@pytest.mark.parametrize(
    ("left", "status", "fact"),
    [
        (-DAY, "failed", "the certificate of the swarm's authority has ended, or does within a day"),
        (29.5 * DAY, "warning", "the certificate of the swarm's authority ends in 29 days"),
    ],
)
def test_end_of_the_authority(left, status, fact):
    """The manager's clock counts."""
    assert [("", "", status, fact)] == found(certificates, seen(swarm=swarm(ca_ends=NOW + left)))


def test_authority_that_lasts():
    """Thirty days are enough to do something."""
    assert [] == found(certificates, seen(swarm=swarm(ca_ends=NOW + 31 * DAY)))


def test_authority_that_can_not_be_read_is_unknown():
    """It is never well."""
    assert [("", "", "unknown", "the certificate of the swarm's authority can't be read")] == found(
        certificates, seen(swarm=swarm(ca_ends=None))
    )


def test_addresses_that_are_as_declared():
    """Managers may list a leader by no address of use."""
    nodes = (node("m1", address="0.0.0.0"), node("w1", address="127.0.0.1"), node("w2", address=""))

    assert [] == found(addresses, seen(swarm=swarm(nodes)))


def test_address_that_is_another_than_declared():
    """It was fixed when the host joined."""
    assert [("w1", "", "warning", "members know it as 10.9.0.2, the stack file says 10.7.0.2")] == found(
        addresses, seen(), wants(w1="10.7.0.2")
    )


def test_interface_says_nothing_of_the_address():
    """Only the host knows what it has there."""
    assert [] == found(addresses, seen(), wants(w1="eth1"))


def test_host_that_comes_from_elsewhere():
    """Behind a translation of addresses, or from its other link."""
    nodes = (node("m1"), node("w1", address="203.0.113.7"), node("w2"))

    assert [("w1", "", "warning", "it tells members 10.9.0.2, and comes to the managers from 203.0.113.7")] == found(
        addresses, seen(swarm=swarm(nodes))
    )


def test_two_members_with_one_address():
    """The later one, and the other as its peer."""
    examined = seen(host("w1", member={"node_address": "10.9.0.3"}), swarm=None)

    assert ("w2", "w1", "failed", "both are known to the swarm as 10.9.0.3") in found(addresses, examined)


def test_member_that_is_known_as_loopback():
    """Each of the others would find itself there."""
    examined = seen(host("w1", member={"node_address": "127.0.0.1"}))

    assert [("w1", "", "failed", "members are told 127.0.0.1, which is each of them itself")] == found(
        addresses, examined
    )
