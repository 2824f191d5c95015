"""The effect of each change on what runs."""

import pytest

from providers.explain.report.changes import changes
from providers.explain.report.effects import FORGOTTEN, SETTINGS, Disturbs, effect
from tests.explain.report.previews import bridge, ingress, node, overlay, preview, step, swarm


def effect_of(one, joining=frozenset()):
    """The effect of one step."""
    (change,) = changes(preview(one), None)
    return effect(change, joining)


DRAINED, LACKING, DOWN = "w1 was drained by Swarmnet", "w1 is not attached to the ingress", "the managers say down"


@pytest.mark.parametrize(
    ("disturbs", "says", "one"),
    [
        ("maybe", "if its host is in a swarm already, the host is drained", step("create", after=bridge())),
        ("surely", f"unfinished ({DRAINED})", step("update", bridge(settled=DRAINED), bridge())),
        ("maybe", "so already: data_path_port can only", step("update", swarm(), swarm(data_path_port=7789))),
        ("maybe", "refused while networks", step("replace", node(), node())),
        ("surely", "then back", step("replace", *2 * [ingress(on_remove="restore_default")])),
        ("nothing", "taken over just as it is", step("replace", bridge(), bridge())),
        ("maybe", "refused while networks", step("replace", swarm(), swarm())),
        ("nothing", "demoted, never at the price", step("update", node(role="manager"), node())),
        ("nothing", "takes tasks again", step("update", node(availability="drain"), node())),
        ("nothing", "paused: gets no new", step("update", node(), node(availability="pause"))),
        ("nothing", f"unfinished ({DOWN})", step("update", node(settled=DOWN), node())),
        ("maybe", "a matter of `adopt`", step("create", after=ingress())),
        ("maybe", f"unfinished ({LACKING})", step("update", ingress(settled=LACKING), ingress())),
        ("surely", "swapped for the Engine's own", step("delete", ingress(on_remove="restore_default"))),
        ("maybe", "unfinished (its twin", step("update", overlay(settled="its twin stands in"), overlay())),
    ],
    ids=lambda value: value.urn.rpartition("::")[2] + " " + value.op if hasattr(value, "urn") else None,
)
def test_effect(disturbs, says, one):
    """An effect says how sure it is, and says it in words; the usual ones are in the recorded reports."""
    found = effect_of(one)

    assert Disturbs(disturbs) == found.disturbs
    assert says in found.words


@pytest.mark.parametrize("spec", [bridge, swarm, node, ingress, overlay])
def test_treatment_alone_disturbs_nothing(spec):
    """It is no property of anything on a host."""
    assert SETTINGS == effect_of(step("update", spec(), spec(protect=True)))


@pytest.mark.parametrize("spec", [bridge, swarm, node, ingress, overlay])
def test_what_was_adopted_is_forgotten(spec):
    """Others had made it."""
    assert FORGOTTEN == effect_of(step("delete", spec(), adopted=True))
