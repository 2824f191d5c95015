"""A manager that a cut run left locked is unlocked in a swarm of ours; elsewhere a person is asked."""

from dataclasses import replace

import pytest

from providers.rules.nouns import gwbridge, node
from providers.rules.vocabulary.facts import GwbridgeFacts, Member, NodeFacts, Swarm
from providers.rules.vocabulary.steps import UnlockSwarm
from tests.support.decisions import reason, steps
from tests.support.lifecycle import OTHER_OWNER, OWNER, gwbridge_spec, node_spec
from tests.support.swarms import a_swarm

LOCKED = Member(host="m1", state="locked")


def swarm(owner: str) -> Swarm:
    """The swarm as another manager shows it."""
    return a_swarm(autolock=True, labels=(("swarmnet.owner", owner),))


def test_the_bridge_of_a_locked_member():
    """Unlocked first: what hangs on the bridge shows only then."""
    facts = GwbridgeFacts(member=LOCKED, bridge=None, swarm=swarm(OWNER))

    assert (UnlockSwarm(host="m1"),) == steps(gwbridge.next_step(gwbridge_spec(), facts, known=True))


def test_its_change_takes_its_turn():
    """The member may have to be taken out of service once it is unlocked."""
    assert gwbridge.disruptive(gwbridge_spec(), GwbridgeFacts(member=LOCKED, bridge=None, swarm=swarm(OWNER)))


def test_a_locked_membership():
    """The same is done if the membership itself is looked at."""
    facts = NodeFacts(member=LOCKED, swarm=swarm(OWNER))

    assert (UnlockSwarm(host="m1"),) == steps(node.next_step(node_spec("m1"), facts, known=True))


@pytest.mark.parametrize("others", [None, swarm(OTHER_OWNER)], ids=["no manager answers", "another stack's swarm"])
def test_a_lock_that_is_not_ours(others: Swarm | None):
    """It stays, and it is said what to do."""
    facts = GwbridgeFacts(member=LOCKED, bridge=None, swarm=others)

    assert "unlock it" in reason(gwbridge.next_step(gwbridge_spec(), facts, known=True))


def test_a_lock_that_our_own_change_left():
    """The swarm was taken over and carries no label of ours but that of the change."""
    begun = replace(swarm(OTHER_OWNER), labels=(("swarmnet.change", OWNER),))
    facts = GwbridgeFacts(member=LOCKED, bridge=None, swarm=begun)

    assert (UnlockSwarm(host="m1"),) == steps(gwbridge.next_step(gwbridge_spec(), facts, known=True))
