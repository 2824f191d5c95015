"""Changes in a preview: what they are, how they are told in full, what they disturb, and what comes too early."""

import pytest

from providers.explain.report.changes import changes, natural, others
from providers.explain.report.details import other
from providers.explain.report.effects import SETTINGS, STATE_ONLY, Disturbs, consequence, effect
from providers.explain.report.foreseen import foreseen
from providers.explain.report.preview import NotAPreview, Preview, State
from tests.explain.report.previews import bridge, foreign, ingress, node, overlay, preview, step, swarm


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty: `pulumi preview --json` ended before it began"),
        (" \n", "it is empty"),
        ('{"sequence":1,"timestamp":2}\n{"sequence":2}', "unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW"),
        ("Previewing update (prod)", "not what `pulumi preview --json` writes: it: invalid json"),
        ("[]", "not what `pulumi preview --json` writes: it: "),
        ("{}", "it has neither steps nor diagnostics"),
        ('{"steps": [{"op": "same"}]}', "steps.0.urn: field required"),
        (b"\xff\xfe", "not what `pulumi preview --json` writes"),
    ],
)
def test_anything_else_is_refused(text, says):
    """One line says what to do."""
    with pytest.raises(NotAPreview) as refused:
        Preview.parse(text)

    assert says in str(refused.value)
    assert 1 == len(str(refused.value).splitlines())


def test_absent_parts_are_empty():
    """Pulumi writes null for some of them."""
    found = Preview.parse('{"steps": [{"op": "create", "urn": "a::b::c::d", "newState": {"inputs": null}}]}')

    assert (State(), ()) == (found.steps[0].new, found.diagnostics)


def test_owner_and_name_are_in_the_urns():
    """The owner is `<project>/<stack>`; only the first three parts have a meaning of their own, the rest is a name."""
    found = Preview.parse('{"steps": [{"op": "create", "urn": "urn:pulumi:s::p::t::a::b"}]}')

    assert ("p/s", "a::b") == (found.owner, found.steps[0].name)


def names(*steps):
    """The changed resources."""
    return [change.name for change in changes(preview(*steps), None)]


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


def test_numbers_sort_as_numbers():
    """They do so whatever stands before and after them."""
    assert ["a", "w2", "w2b", "w10", "x"] == sorted(["w10", "x", "w2b", "a", "w2"], key=natural)


def test_others_are_named_alone():
    """Their values may be secret."""
    assert ["@@ deploy (command:remote:Command): create @@"] == other(foreign())


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
        ("nothing", "taken over as it is", step("replace", bridge(), bridge())),
        ("maybe", "refused while networks", step("replace", swarm(), swarm())),
        ("nothing", "demoted, never at the price", step("update", node(role="manager"), node())),
        ("nothing", "takes tasks again", step("update", node(availability="drain"), node())),
        ("nothing", "paused: gets no new", step("update", node(), node(availability="pause"))),
        ("nothing", f"unfinished ({DOWN})", step("update", node(settled=DOWN), node())),
        ("maybe", "handled as `adopt` says", step("create", after=ingress())),
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


@pytest.mark.parametrize(
    ("line", "one"),
    [
        ("w1 is drained and its docker restarted", step("update", bridge(settled=DRAINED), bridge())),
        (f"unfinished ({LACKING}): brought back on every host", step("update", ingress(settled=LACKING), ingress())),
        (
            "refused unless it is so already: data_path_port can only be set when the swarm is created",
            step("update", swarm(), swarm(data_path_port=4790)),
        ),
    ],
)
def test_line_on_the_row_of_a_change(line, one):
    """It says only what running workloads may feel; the usual ones are compared with the recorded previews."""
    (change,) = changes(preview(one), None)
    assert line == consequence(change, frozenset())


@pytest.mark.parametrize("spec", [bridge, swarm, node, ingress, overlay])
def test_treatment_alone_disturbs_nothing(spec):
    """It is no property of anything on a host."""
    assert SETTINGS == effect_of(step("update", spec(), spec(protect=True)))


@pytest.mark.parametrize("spec", [bridge, swarm, ingress, overlay])
def test_what_was_adopted_is_forgotten(spec):
    """Others had made it."""
    assert STATE_ONLY == effect_of(step("delete", spec(), adopted=True))


def test_a_member_leaves_however_it_began():
    """Who declares it owns its membership."""
    assert effect_of(step("delete", node())) == effect_of(step("delete", node(), adopted=True))


def too_early(*steps):
    """Return the names of the resources that would come too early."""
    return [name for name, _ in foreseen(changes(preview(*steps), None))]


MOVED, NEW = step("update", ingress(), ingress("c")), step("create", after=overlay("new"))
TOO_EARLY = {
    "of one that goes": (["ingress"], [MOVED, step("delete", overlay(where="c"))]),
    "of one that changes later": (["ingress"], [MOVED, step("replace", overlay(where="c"), overlay(where="d"))]),
    "of one that changed before": (
        [],
        [step("update", ingress(), ingress("d")), step("create", after=overlay(where="b"))],
    ),
    "a swap": (
        ["overlay/a", "overlay/b"],
        [step("replace", overlay("a", "c"), overlay("a", "d")), step("replace", overlay("b", "d"), overlay("b", "c"))],
    ),
    "of one that stays": (["overlay/new"], [NEW, step("delete", overlay("old", retain=True))]),
    "a setting that the state does not know, which may be so already": (
        [],
        [step("update", swarm(), swarm(data_path_port=7789))],
    ),
    "its own": ([], [step("replace", overlay(), overlay(subnet="10.3.0.0/23"))]),
    "another": ([], [step("create", after=overlay("new", "d")), step("delete", overlay("old"))]),
    "of one that does not move": (
        [],
        [step("update", overlay("x"), overlay("x", protect=True)), step("create", after=overlay("new", "d"))],
    ),
}


@pytest.mark.parametrize(("expected", "steps"), TOO_EARLY.values(), ids=TOO_EARLY)
def test_who_comes_too_early(expected, steps):
    """A resource comes too early if its range is left by the owner later, or at the same time."""
    assert expected == too_early(*steps)


@pytest.mark.parametrize(
    ("begins", "key", "values"),
    [
        ("data_path_port is 7777 and is to be 7789, but it c", "data_path_port", [7777, 7789]),
        (
            "default_addr_pool is 10.60.0.0/14 and is to be 10.64.0.0/12, but it c",
            "default_addr_pool",
            [("10.60.0.0/14",), ("10.64.0.0/12",)],
        ),
    ],
    ids=["port", "pool"],
)
def test_a_swarm_has_some_settings_for_good(begins, key, values):
    """They are for a new one."""
    ((name, why),) = foreseen(changes(preview(step("update", *(swarm(**{key: each}) for each in values))), None))

    assert ("swarm", begins) == (name, why[: len(begins)])
