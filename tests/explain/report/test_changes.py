"""Changes, and their order."""

import json

import pytest

from providers.explain.report.changes import changes, natural, others, reserved, wanted
from providers.explain.report.preview import State
from tests.explain.report.previews import bridge, foreign, ingress, node, overlay, preview, step, swarm

HOSTS = {"m1": {"address": "10.9.0.1", "role": "manager"}, "w2": {"address": "10.9.0.2"}}


def names(*steps):
    """The changed resources."""
    return [change.name for change in changes(preview(*steps), None)]


@pytest.mark.parametrize("op", ["same", "refresh", "read", "create-replacement", "delete-replaced"])
def test_what_changes_nothing_is_no_change(op):
    """Half of a replacement is none either: it is told as a whole."""
    assert [] == names(step(op, overlay(), overlay()))
    assert [] == others(preview(step(op, overlay(), overlay())))


def test_what_is_not_ours_is_told_apart():
    """It is told by name and kind only."""
    assert ["deploy"] == [each.name for each in others(preview(step("create", after=overlay()), foreign()))]


def test_what_can_not_be_read_is_not_ours():
    """Such as a resource of a later version, or one whose values are secret."""
    odd = step("create", after=overlay()).model_copy(update={"new": State(inputs={"subnet": "[secret]"})})

    assert ([], ["overlay/app"]) == (names(odd), [each.name for each in others(preview(odd))])


@pytest.mark.parametrize(
    ("expected", "before", "after"),
    [
        (set(), ingress(), ingress(protect=True, timeout=5, adopt="converge")),
        ({"mtu"}, ingress(), ingress(mtu=1400)),
        ({"labels"}, ingress(), ingress(labels={"a": "b"})),
        (set(), ingress(labels={"a": "b"}), ingress()),
        ({"labels"}, node(labels={"a": "b"}), node()),
        (set(), bridge(), bridge(access={"address": "10.9.9.9"}, disturb=True)),
    ],
    ids=["treatment", "mtu", "label", "label no longer declared", "label of a node", "way to the host"],
)
def test_properties_are_those_of_what_is_on_hosts(expected, before, after):
    """Keys that only say how Swarmnet treats a resource are not shown as properties."""
    (change,) = changes(preview(step("update", before, after)), None)

    assert expected == change.properties


@pytest.mark.parametrize(
    ("expected", "gone"),
    [
        (True, step("delete", overlay(retain=True))),
        (True, step("delete", overlay(), adopted=True)),
        (True, step("delete", ingress())),
        (False, step("delete", ingress(on_remove="restore_default"))),
    ],
    ids=["retained", "adopted", "kept", "restored"],
)
def test_some_of_what_goes_is_only_forgotten(expected, gone):
    """It stays on the hosts."""
    (change,) = changes(preview(gone), None)

    assert expected == change.forgotten


def test_swarm_that_the_stack_file_does_not_speak_of_is_forgotten():
    """Its hosts stay members, but for one that is taken out."""
    gone = [step("delete", each) for each in (swarm(), node("w2"), node("w9"))]
    found = preview(*gone, config={"swarmnet:hosts": json.dumps(HOSTS)})

    assert {"swarm": True, "node/w2": True, "node/w9": False} == {
        change.name: change.forgotten for change in changes(found, wanted(found))
    }


def test_a_stack_file_that_makes_no_sense_wants_nothing():
    """The preview itself says what is wrong with it."""
    assert (None, []) == (wanted(preview(config={})), reserved(preview(config={})))


def test_numbers_sort_as_numbers():
    """They do so whatever stands before and after them."""
    assert ["a", "w2", "w2b", "w10", "x"] == sorted(["w10", "x", "w2b", "a", "w2"], key=natural)
