"""Changes, and their order."""

import json

import pytest

from providers.explain.report.changes import changes, natural, others, places, reserved, wanted
from providers.explain.report.preview import State
from tests.explain.report.previews import bridge, foreign, ingress, node, overlay, planned, preview, step, swarm

HOSTS = {
    "m1": {"address": "10.9.0.1", "role": "manager"},
    "w2": {"address": "10.9.0.2"},
    "w10": {"address": "10.9.0.3"},
}
PLAN = {"hosts": HOSTS, "swarm": {}, "gwbridge": {"subnet": "10.1.0.0/24"}}


def names(*steps, plan=None):
    """The changed resources in their order."""
    return [change.name for change in changes(preview(*steps), plan)]


def test_what_is_made_comes_in_the_order_of_its_making():
    """They come by kind, whatever the order of the steps."""
    steps = [step("create", after=spec) for spec in (overlay(), ingress(), node(), swarm(), bridge())]

    assert ["docker_gwbridge@w1", "swarm", "node/w1", "ingress", "overlay/app"] == names(*steps)


def test_what_goes_comes_last_and_last_made_first():
    """The order is that in which Pulumi removes resources."""
    gone = [step("delete", spec) for spec in (bridge(), swarm(), node(), ingress(), overlay())]

    assert [
        "overlay/new",
        *("overlay/app", "ingress", "node/w1", "swarm", "docker_gwbridge@w1"),
    ] == names(*gone, step("create", after=overlay("new")))


def test_bridges_come_in_waves():
    """Workers first, the manager last; in a wave by name, w2 before w10."""
    plan = planned(**PLAN)
    steps = [step("update", bridge(host), bridge(host, mtu=1400)) for host in ("m1", "w10", "w2")]

    assert ["docker_gwbridge@w2", "docker_gwbridge@w10", "docker_gwbridge@m1"] == names(*steps, plan=plan)


def test_the_first_manager_is_the_first_member():
    """It is also the last to leave."""
    assert {"node/m1": 0, "node/w2": 1, "node/w10": 1} == {
        name: at for name, at in places(planned(**PLAN)).items() if name.startswith("node/")
    }


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
        (False, step("delete", overlay())),
        (True, step("delete", overlay(retain=True))),
        (True, step("delete", overlay(), adopted=True)),
        (True, step("delete", ingress())),
        (False, step("delete", ingress(on_remove="restore_default"))),
    ],
    ids=["removed", "retained", "adopted", "kept", "restored"],
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


def test_the_stack_file_is_in_the_preview():
    """All that it wants, also what does not change."""
    config = {"swarmnet:hosts": json.dumps(HOSTS), "swarmnet:overlays": '{"app": {"subnet": "10.3.0.0/24"}}'}
    plan = wanted(preview(config={**config, "other:token": "abc"}))

    assert plan is not None
    assert ["10.3.0.0/24"] == [spec.subnet for spec in plan.overlays]


def test_a_stack_file_that_makes_no_sense_wants_nothing():
    """The preview itself says what is wrong with it."""
    assert (None, []) == (wanted(preview(config={})), reserved(preview(config={})))


def test_numbers_sort_as_numbers():
    """They do so whatever stands before and after them."""
    assert ["a", "w2", "w2b", "w10", "x"] == sorted(["w10", "x", "w2b", "a", "w2"], key=natural)
