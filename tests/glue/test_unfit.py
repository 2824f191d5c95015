"""A host that `doctor` finds unfit for a change is refused before the first write."""

import json

import pytest
from pulumi.dynamic import Config, ConfigureRequest

from providers.resource import Provider
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.reach import Reach, Trial
from tests.glue.stack import GWBRIDGE, INGRESS, OVERLAY, created, known
from tests.support import examined, lifecycle

CLOSED = Trial(sender="w1", receiver="m1", channel="gossip-tcp", outcome="closed", port=7946, why="no answer")
UNFIT = examined.seen(reach=Reach(trials=(CLOSED,)))
SAID = "nothing was begun: w1, m1: m1 is not reached at TCP 7946: no answer: "
RANGE = {"subnet": "10.55.0.0/16", "gateway": "10.55.0.1"}


def declare(**sections):
    """The rest of the stack file, as Pulumi hands it over."""
    settings = {
        f"swarmnet:{key}": section if key == "preflight" else json.dumps(section) for key, section in sections.items()
    }
    Provider().configure(ConfigureRequest(Config(settings, "swarmnet")))


def counted(hosts, monkeypatch):
    """Return the list of examinations of all hosts so far."""
    looks, look = [], hosts.examined

    def examined(*words):
        looks.append(words)
        return look(*words)

    monkeypatch.setattr(hosts, "examined", examined)
    return looks


def test_first_membership_is_not_begun(bare_hosts):
    """The bridge that is to be made before it is refused, with the problem and its id."""
    bare_hosts.examination = UNFIT

    with pytest.raises(Blocked) as refusal:
        created(GWBRIDGE)
    assert SAID == str(refusal.value)[: len(SAID)]
    assert str(refusal.value).endswith("(reach-gossip, docs/doctor.md)")
    assert [] == bare_hosts.steps


def test_hosts_are_examined_once(bare_hosts, monkeypatch):
    """They are examined once, whatever is made."""
    looks = counted(bare_hosts, monkeypatch)
    created(GWBRIDGE)
    created(lifecycle.gwbridge_spec("w2"))

    assert [({"m1"}, {"m1": 1500, "w1": 1500, "w2": 1500}, 4789)] == looks


def test_change_of_what_runs_is_not_begun(hosts):
    """The ingress is as it was."""
    hosts.examination = UNFIT

    with pytest.raises(Blocked) as refusal:
        known(hosts, INGRESS).update(**RANGE)
    assert SAID in str(refusal.value)
    assert [] == hosts.steps


def test_overlays_and_members_are_not_looked_at(hosts, monkeypatch):
    """A plain `up` of overlays, and a bridge on hosts that are all members, begin no membership."""
    looks = counted(hosts, monkeypatch)
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
    declare(**sections)
    created(GWBRIDGE)

    assert bare_hosts.steps
