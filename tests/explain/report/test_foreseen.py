"""Ranges that are taken before they are free."""

import pytest

from providers.explain.report.changes import changes
from providers.explain.report.foreseen import foreseen
from tests.explain.report.previews import ingress, overlay, preview, step, swarm

RENAMED = [step("create", after=overlay("new")), step("delete", overlay("old"))]


def told(*steps):
    """Return the names of the resources that would come too early."""
    return [name for name, _ in foreseen(changes(preview(*steps), None))]


def test_an_overlay_under_another_name_comes_too_early():
    """Pulumi removes the old one at the end of the run."""
    ((name, why),) = foreseen(changes(preview(*RENAMED), None))

    assert "overlay/new" == name
    assert (
        "its range 10.3.0.0/24 meets 10.3.0.0/24, which `overlay/old` has until the end of the run, where Pulumi "
        "removes what goes: free that range in a run of its own first"
    ) == why


@pytest.mark.parametrize(
    ("expected", "steps"),
    [
        (["ingress"], [step("update", ingress(), ingress("c")), step("delete", overlay(where="c"))]),
        (
            ["ingress"],
            [step("update", ingress(), ingress("c")), step("replace", overlay(where="c"), overlay(where="d"))],
        ),
        ([], [step("update", ingress(), ingress("d")), step("create", after=overlay(where="b"))]),
        (
            ["overlay/a", "overlay/b"],
            [
                step("replace", overlay("a", "c"), overlay("a", "d")),
                step("replace", overlay("b", "d"), overlay("b", "c")),
            ],
        ),
        (["overlay/new"], [step("create", after=overlay("new")), step("delete", overlay("old", retain=True))]),
        ([], [step("replace", overlay(), overlay(subnet="10.3.0.0/23"))]),
        ([], [step("create", after=overlay("new", "d")), step("delete", overlay("old"))]),
        ([], [step("update", overlay("x"), overlay("x", protect=True)), step("create", after=overlay("new", "d"))]),
    ],
    ids=[
        "of one that goes",
        "of one that changes later",
        "of one that changed before",
        "a swap",
        "of one that stays",
        "its own",
        "another",
        "of one that does not move",
    ],
)
def test_who_comes_too_early(expected, steps):
    """A resource comes too early if its range is left by the owner later, or at the same time."""
    assert expected == told(*steps)


@pytest.mark.parametrize(
    ("expected", "changed"),
    [
        ("data_path_port is 7777 and is to be 7789, but only", {"data_path_port": 7789}),
        (
            "default_addr_pool is 10.60.0.0/14 and is to be 10.64.0.0/12, but only",
            {"default_addr_pool": ("10.64.0.0/12",)},
        ),
    ],
    ids=["port", "pool"],
)
def test_a_swarm_has_some_settings_for_good(expected, changed):
    """They are for a new one."""
    before = {"data_path_port": 7777, "default_addr_pool": ("10.60.0.0/14",)}
    ((name, why),) = foreseen(changes(preview(step("update", swarm(**before), swarm(**before | changed))), None))

    assert ("swarm", True) == (name, why.startswith(expected)), why


def test_what_the_state_does_not_know_may_be_so_already():
    """The hosts have to say."""
    assert [] == told(step("update", swarm(), swarm(data_path_port=7789)))
