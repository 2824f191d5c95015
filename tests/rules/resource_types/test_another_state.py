"""Two states bear one name, so that both have the owner's: what an empty one may do to what the other made.

It joins what is as it wants it. What differs, and changes that the other state began, it leaves alone; only a change
with the digest of its own stack file is its own, such as a first run that was cut left.
"""

from contextlib import suppress
from dataclasses import replace

import pytest

from providers.rules.live import running_change
from providers.rules.resource_types.resource_type import aware
from providers.rules.resource_types.table import type_of
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.labels import CHANGE, OWNER, Change, change_on
from providers.rules.vocabulary.specs import Spec
from providers.simulate import SimulatorState
from tests.exploration.checks import all_of, no_trace, nothing_lost
from tests.rules.live.test_changes_under_services import NEW_BRIDGE, NEW_INGRESS, NEW_OVERLAY, sim
from tests.support.lifecycle import id_of, make, node_spec, swarm_spec
from tests.support.quick import some
from tests.support.simulated import Killed, SimulatedHosts, cuts

THEIRS = {"digest": "0123456789ab"}
OURS = {"digest": "ba9876543210"}
NEW: list[Spec] = [NEW_INGRESS, NEW_BRIDGE, NEW_OVERLAY]
# The first run of a stack changes what somebody else made; what is on an overlay moves to another network.
CHANGES = [spec.model_copy(update={"adopt": "converge"}) for spec in NEW]
MORE = [swarm_spec(task_history_limit=2, adopt="converge"), node_spec(availability="drain", adopt="converge")]
AS_BEFORE = all_of(nothing_lost(sim()), no_trace)


def resource_type(spec: Spec) -> str:
    """Return the resource type that a test is about, for its name."""
    return type_of(spec).name.lower()


def refused(hosts: SimulatedHosts, spec: Spec) -> str:
    """Return why an empty state may not make this resource; nothing is written."""
    return refused_with(hosts, spec, "")


def refused_with(hosts: SimulatedHosts, spec: Spec, known: str) -> str:
    """Return why a state that knows the resource by this id may not change it; nothing is written."""
    hosts.steps.clear()
    with pytest.raises(Blocked) as caught:
        make(hosts, spec, known)
    assert [] == hosts.steps
    return str(caught.value)


def begun(spec: Spec) -> list[SimulatedHosts]:
    """Return the simulations left by a change killed after each of its steps but the last, or some of them."""
    sims = cuts(sim(), lambda hosts: make(hosts, spec, id_of(sim(), spec)))
    return [SimulatedHosts(each) for each in some(sims[1:])]


def after(hosts: SimulatedHosts, spec: Spec, known: str = "") -> str | None:
    """Return what is not as before when a resource has been made; None if all is."""
    make(hosts, spec, known)
    hosts.elapse(60)
    return AS_BEFORE(hosts.sim)


def in_a_change(sim: SimulatorState) -> bool:
    """Tell whether the swarm is marked as in a change."""
    return change_on(sim.swarm.settings.labels) is not None


@pytest.mark.parametrize("spec", [*CHANGES, *MORE], ids=resource_type)
def test_what_the_other_state_made_is_left_alone(spec: Spec):
    """It carries our label and differs: whatever `adopt` says, both ways out are told and nothing is written."""
    expected = "labelled as this stack's, but is missing from the current state, and differs ("
    said = refused(SimulatedHosts(sim()), spec.model_copy(update=OURS))

    assert (True, True, True) == (
        expected in said,
        "`pulumi login` where the state that has it is" in said,
        said.endswith("or write what is there into the stack file, which takes it over, and change it then"),
    )


@pytest.mark.parametrize("spec", CHANGES, ids=resource_type)
def test_a_change_of_the_other_state_is_left_alone(spec: Spec):
    """An empty state with another stack file writes nothing wherever it was cut, and the other state finishes it."""
    actual, ours = spec.model_copy(update=THEIRS), spec.model_copy(update={**OURS, "mtu": 1380})
    for hosts in begun(actual):
        if in_a_change(hosts.sim):
            said = refused(hosts, ours)
            assert any(words in said for words in ("differs (", "in the middle of a change", "stands in for it"))
        assert None is after(hosts, actual, id_of(hosts.sim, spec) or "gone")


@pytest.mark.parametrize("spec", CHANGES, ids=resource_type)
def test_a_change_with_the_own_digest_is_gone_on_with(spec: Spec):
    """An empty state with the stack file that it began with finishes it, wherever it was cut."""
    own = spec.model_copy(update=OURS)
    for hosts in begun(own):
        if in_a_change(hosts.sim):
            assert None is after(hosts, own)


@pytest.mark.parametrize("spec", NEW, ids=resource_type)
def test_a_change_by_another_state_that_knows_it_too_is_left_alone(spec: Spec):
    """Two states have it, with different ranges, at once: the second writes nothing wherever the first is."""
    known, actual = id_of(sim(), spec), spec.model_copy(update=THEIRS)
    for hosts in (each for each in begun(actual) if in_a_change(each.sim)):
        said = refused_with(hosts, spec.model_copy(update={**OURS, "mtu": 1380}), known)
        assert any(
            words in said
            for words in ("if it was cut, `pulumi up --refresh` goes on", "missing from the current state")
        )
        assert None is after(hosts, actual, known)


@pytest.mark.parametrize("spec", NEW, ids=resource_type)
def test_a_refresh_lets_one_go_on_with_a_change_that_was_cut(spec: Spec):
    """It writes into the state which change it has found; the next run makes that its own, so that who worked on it
    stops."""
    known, actual = id_of(sim(), spec), spec.model_copy(update=THEIRS)
    for hosts in (each for each in begun(actual) if in_a_change(each.sim)):
        ours = spec.model_copy(update={**OURS, "mtu": 1380})
        state = {type_of(spec).output: known}
        found = type_of(spec).status(ours, state, type_of(spec).observe(hosts.at_rest(), ours, state))
        if found.gone:  # the old overlay: the state has none from now on
            continue
        now = found.actual.id if found.actual else known
        ours = aware(ours, {"settled": found.live and found.live.settled})
        hosts.killed_after = 1
        with pytest.raises(Killed):
            make(hosts, ours, now)
        assert change_on(hosts.sim.swarm.settings.labels) == Change("infra/prod", OURS["digest"])
        hosts.killed_after = None
        hosts.steps.clear()
        with suppress(Blocked):  # its own part may be done
            make(hosts, actual, known)
        assert [] == hosts.steps
        assert None is after(hosts, ours, now)


def test_joining_ends_no_change_of_the_other_state():
    """An overlay that is as wanted is joined; the swarm's label of the other state's change stays."""
    spec = NEW_OVERLAY.model_copy(update=OURS)
    hosts = SimulatedHosts(sim())
    make(hosts, NEW_OVERLAY, id_of(sim(), NEW_OVERLAY))
    settings = hosts.sim.swarm.settings
    labels = (*settings.labels, (CHANGE, "infra/prod 0123456789ab"))
    hosts = SimulatedHosts(hosts.sim.agreed(settings=replace(settings, labels=labels)))
    make(hosts, spec)

    assert ([], True) == (hosts.steps, in_a_change(hosts.sim))


@pytest.mark.parametrize("spec", CHANGES, ids=resource_type)
def test_a_label_without_a_digest_may_be_anybodys(spec: Spec):
    """A label as 0.1.0 wrote it: what is missing is made; what differs is neither removed nor turned back."""
    ours, known = spec.model_copy(update=OURS), id_of(sim(), spec)
    for hosts in begun(spec):
        if not in_a_change(hosts.sim):
            continue
        if known == id_of(hosts.sim, spec):
            assert "differs (" in refused(hosts, ours)
        else:
            make(hosts, ours)
            assert not in_a_change(hosts.sim)


def test_the_label_says_whose_and_what():
    """The owner, and after a space the digest; a label of 0.1.0 is the owner alone."""
    spec = NEW_INGRESS.model_copy(update=OURS)

    assert (CHANGE, "infra/prod ba9876543210") == running_change.label(spec)
    assert Change("infra/prod") == change_on(((CHANGE, "infra/prod"), (OWNER, "infra/prod")))
