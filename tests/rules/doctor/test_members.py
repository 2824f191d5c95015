"""Findings on hosts as members of a swarm."""

import pytest

from providers.rules.doctor.members import addresses, answers, certificates, memberships, swarm_answers
from providers.rules.vocabulary.diagnosis import Unread
from providers.rules.vocabulary.facts import Silent
from tests.support.examined import NOW, host, node, seen, swarm, told, wants

DAY = 86_400.0
AUTHORITY = "the certificate of the swarm's authority"
EXPIRED = "rpc error: x509: certificate has expired or is not yet valid:\n current time is after"
SILENT = Silent(host="w2", why="w2: no answer within 10 s")
NODES = (node("m1"), node("w1"), node("w2"))
OF_NO_USE = (node("m1", address="0.0.0.0"), node("w1", address="127.0.0.1"), node("w2", address=""))


def of_w1(**member):
    """An examination in which w1 says this of its membership."""
    return seen(host("w1", member=member))


def listed(*nodes, ends=NOW + 31 * DAY):
    """An examination of a swarm whose managers list these members, and whose authority's certificate ends then."""
    return seen(swarm=swarm(nodes or NODES, ca_ends=ends))


@pytest.mark.parametrize(
    ("check", "examined", "expected"),
    [
        (answers, seen(silent=(SILENT,)), "w2 unknown: no answer within 10 s"),
        (swarm_answers, seen(swarm=Unread(why="no quorum")), "unknown: no quorum"),
        *(
            (
                memberships,
                of_w1(state=state, error="it is\n so"),
                f"w1 failed: its membership of the swarm is {state}: it is so",
            )
            for state in ("pending", "locked", "error")
        ),
        (memberships, listed(node("w1", state="down", hostname="vm7")), "w1 failed: its managers say that it is down"),
        (
            memberships,
            listed(node("w2", id="x", state="down", hostname="old")),
            "old failed: its managers say that it is down",
        ),
        (certificates, of_w1(state="error", error=EXPIRED), f"w1 failed: {' '.join(EXPIRED.split())}"),
        (certificates, listed(ends=NOW - DAY), f"failed: {AUTHORITY} has ended, or does within a day"),
        (certificates, listed(ends=NOW + 29.5 * DAY), f"warning: {AUTHORITY} ends in 29 days"),
        (certificates, listed(ends=None), f"unknown: {AUTHORITY} can't be read"),
        (
            addresses,
            of_w1(node_address="127.0.0.1"),
            "w1 failed: members are told 127.0.0.1, which is each of them itself",
        ),
        # Behind a translation of addresses, or from its other link.
        (
            addresses,
            listed(node("m1"), node("w1", address="203.0.113.7")),
            "w1 warning: it tells members 10.9.0.2, and comes to the managers from 203.0.113.7",
        ),
    ],
)
def test_what_is_wrong_with_a_member(check, examined, expected):
    """It is told by the stack file's name, else its own, on one line; what can't be read is never well."""
    assert [expected] == told(check(examined, wants()))


@pytest.mark.parametrize(
    ("check", "examined"),
    [
        (swarm_answers, seen(swarm=None)),
        (memberships, of_w1(state="inactive", node_address="")),
        (certificates, listed(ends=NOW + 31 * DAY)),
        (addresses, listed(*OF_NO_USE)),
    ],
    ids=[
        "there is no swarm at all",
        "it may still join",
        "it lasts long",
        "a leader may be listed by no address of use",
    ],
)
def test_what_is_well(check, examined):
    """Nothing is told."""
    assert [] == told(check(examined, wants()))


def test_declared_address_is_compared_unless_it_is_an_interface():
    """It was fixed when the host joined; only the host knows what its interface has."""
    expected = "w1 warning: members know it as 10.9.0.2, the stack file says 10.7.0.2"

    assert [expected] == told(addresses(seen(), wants(w1="10.7.0.2")))
    assert [] == told(addresses(seen(), wants(w1="eth1")))


def test_two_members_with_one_address():
    """The later one, and the other as its peer."""
    examined = seen(host("w1", member={"node_address": "10.9.0.3"}), swarm=None)

    assert "w2 -> w1 failed: both are known to the swarm as 10.9.0.3" in told(addresses(examined, wants()))
