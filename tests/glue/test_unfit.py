"""A host that `doctor` finds unfit for a change is refused before the first write."""

import pytest

from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.reach import Reach, Trial
from tests.glue.stack import GWBRIDGE, INGRESS, INGRESS_RANGE, OVERLAY, configure, created, known
from tests.support import examined, lifecycle

CLOSED = Trial(sender="w1", receiver="m1", channel="gossip-tcp", outcome="closed", port=7946, why="no answer")
UNFIT = examined.seen(reach=Reach(trials=(CLOSED,)))
SAID = "nothing was begun: w1, m1: m1 is not reached at TCP 7946: no answer: "


def test_first_membership_is_not_begun(bare_hosts):
    """The bridge that is to be made before it is refused, with the problem and its id."""
    bare_hosts.examination = UNFIT

    with pytest.raises(Blocked) as refusal:
        created(GWBRIDGE)
    assert SAID == str(refusal.value)[: len(SAID)]
    assert str(refusal.value).endswith("(reach-gossip, docs/doctor.md)")
    assert [] == bare_hosts.steps


def test_hosts_are_examined_once(bare_hosts, counted):
    """They are examined once, whatever is made."""
    looks = counted(bare_hosts, "examined")
    created(GWBRIDGE)
    created(lifecycle.gwbridge_spec("w2"))

    assert [({"m1"}, {"m1": 1500, "w1": 1500, "w2": 1500}, 4789)] == looks


def test_change_of_what_runs_is_not_begun(hosts):
    """The ingress is as it was."""
    hosts.examination = UNFIT

    with pytest.raises(Blocked) as refusal:
        known(hosts, INGRESS).update(**INGRESS_RANGE)
    assert SAID in str(refusal.value)
    assert [] == hosts.steps


def test_overlays_and_members_are_not_looked_at(hosts, counted):
    """A plain `up` of overlays, and a bridge on hosts that are all members, begin no membership."""
    looks = counted(hosts, "examined")
    created(lifecycle.overlay_spec("web", subnet="10.21.0.0/24", gateway="10.21.0.1"))
    created(OVERLAY)

    assert [] == looks


@pytest.mark.parametrize(
    "sections",
    [
        {"preflight": "off"},
        {"doctor": {"ignore": [{"id": "reach-gossip", "host": "w1", "why": "it is another network"}]}},
    ],
)
def test_what_is_accepted_is_begun(bare_hosts, sections):
    """A finding that the stack file ignores refuses nothing."""
    bare_hosts.examination = UNFIT
    configure(**sections)
    created(GWBRIDGE)

    assert bare_hosts.steps
