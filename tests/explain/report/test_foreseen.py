"""Ranges that are taken before they are free."""

import pytest

from providers.explain.report.changes import changes
from providers.explain.report.foreseen import foreseen
from tests.explain.report.previews import ingress, overlay, preview, step, swarm


def told(*steps):
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
    assert expected == told(*steps)


@pytest.mark.parametrize(
    ("begins", "key", "before", "after"),
    [
        ("data_path_port is 7777 and is to be 7789, but only", "data_path_port", 7777, 7789),
        (
            "default_addr_pool is 10.60.0.0/14 and is to be 10.64.0.0/12, but only",
            "default_addr_pool",
            ("10.60.0.0/14",),
            ("10.64.0.0/12",),
        ),
    ],
    ids=["port", "pool"],
)
def test_a_swarm_has_some_settings_for_good(begins, key, before, after):
    """They are for a new one."""
    ((name, why),) = foreseen(changes(preview(step("update", swarm(**{key: before}), swarm(**{key: after}))), None))

    assert ("swarm", begins) == (name, why[: len(begins)])


def test_what_the_state_does_not_know_may_be_so_already():
    """The hosts have to say."""
    assert [] == told(step("update", swarm(), swarm(data_path_port=7789)))
