"""The effect of each change on what runs."""

import pytest

from providers.explain.report.changes import changes
from providers.explain.report.effects import FORGOTTEN, SETTINGS, Disturbs, effect
from tests.explain.report.previews import bridge, ingress, node, overlay, preview, step, swarm


def effect_of(one, joining=frozenset()):
    """The effect of one step."""
    (change,) = changes(preview(one), None)
    return effect(change, joining)


@pytest.mark.parametrize(
    ("disturbs", "says", "one"),
    [
        ("maybe", "if its host is in a swarm already, the host is drained", step("create", after=bridge())),
        ("surely", "the host is drained", step("update", bridge(), bridge(mtu=1400))),
        (
            "surely",
            "unfinished (w1 was drained by Swarmnet)",
            step("update", bridge(settled="w1 was drained by Swarmnet"), bridge()),
        ),
        ("nothing", "once its host has left", step("delete", bridge(on_remove="restore_default"))),
        ("nothing", "begun on m1", step("create", after=swarm())),
        ("nothing", "in place; nothing restarts", step("update", swarm(), swarm(task_history_limit=2))),
        ("maybe", "so already: data_path_port can only", step("update", swarm(), swarm(data_path_port=7789))),
        ("maybe", "refused while networks", step("replace", node(), node())),
        ("surely", "then back", step("replace", *2 * [ingress(on_remove="restore_default")])),
        ("nothing", "taken over just as it is", step("replace", bridge(), bridge())),
        ("maybe", "refused while networks", step("replace", swarm(), swarm())),
        ("nothing", "ended with its last manager", step("delete", swarm())),
        ("nothing", "joins the swarm as a worker", step("create", after=node())),
        ("nothing", "promoted", step("update", node(), node(role="manager"))),
        ("nothing", "demoted, never at the price", step("update", node(role="manager"), node())),
        ("surely", "drained: its tasks move away", step("update", node(), node(availability="drain"))),
        ("nothing", "takes tasks again", step("update", node(availability="drain"), node())),
        ("maybe", "bound to them by a constraint", step("update", node(), node(labels={"a": "b"}))),
        (
            "nothing",
            "unfinished (the managers say down)",
            step("update", node(settled="the managers say down"), node()),
        ),
        ("surely", "drained: its tasks move to other", step("delete", node())),
        ("maybe", "a matter of `adopt`", step("create", after=ingress())),
        ("surely", "goes away for seconds", step("update", ingress(), ingress("d"))),
        (
            "maybe",
            "unfinished (w1 is not attached to the ingress)",
            step("update", ingress(settled="w1 is not attached to the ingress"), ingress()),
        ),
        ("surely", "swapped for the Engine's own", step("delete", ingress(on_remove="restore_default"))),
        ("nothing", "disturbs nothing", step("create", after=overlay())),
        ("maybe", "refused, by name, while anything uses it", step("replace", overlay(), overlay(where="d"))),
        ("surely", "move to a twin and back", step("update", overlay(), overlay(where="d", on_in_use="migrate"))),
        ("maybe", "unfinished (its twin", step("update", overlay(settled="its twin stands in"), overlay())),
        ("maybe", "removed; refused", step("delete", overlay())),
    ],
    ids=lambda value: value.urn.rpartition("::")[2] + " " + value.op if hasattr(value, "urn") else None,
)
def test_effect(disturbs, says, one):
    """An effect says how sure it is, and says it in words."""
    found = effect_of(one)

    assert Disturbs(disturbs) == found.disturbs
    assert says in found.words


def test_a_bridge_made_before_its_host_joins_disturbs_nothing():
    """The same run lets it join."""
    assert Disturbs.NOTHING == effect_of(step("create", after=bridge()), {"w1"}).disturbs


def test_an_ingress_made_with_its_swarm_disturbs_nothing():
    """Nothing is published through it yet."""
    assert Disturbs.NOTHING == effect_of(step("create", after=ingress()), {"m1"}).disturbs


@pytest.mark.parametrize("spec", [bridge, swarm, node, ingress, overlay])
def test_treatment_alone_disturbs_nothing(spec):
    """It is no property of anything on a host."""
    assert SETTINGS == effect_of(step("update", spec(), spec(protect=True)))


@pytest.mark.parametrize(
    "spec", [bridge(), swarm(), node(), ingress(), overlay()], ids=lambda spec: type(spec).__name__
)
def test_what_was_adopted_is_forgotten(spec):
    """Others had made it."""
    assert FORGOTTEN == effect_of(step("delete", spec, adopted=True))
