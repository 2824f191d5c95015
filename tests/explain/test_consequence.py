"""A preview tells of a change that disturbs in one short line, once, whatever Pulumi asks in between."""

from typing import Any

import pytest

from providers.explain.report.effects import PORTS_AWAY, Consequences
from tests.support import lifecycle

GWBRIDGE, INGRESS, NODE = lifecycle.gwbridge_spec("w2"), lifecycle.ingress_spec(), lifecycle.node_spec("w2")
OVERLAY, SWARM = lifecycle.overlay_spec(), lifecycle.swarm_spec()
MOVED = {"subnet": "10.77.0.0/24", "gateway": "10.77.0.1"}
DRAINED = "w2 is drained and its docker restarted"
ANEW = "it is removed and made anew; refused while anything uses it"
CHANGES: dict[str, tuple[Any, dict[str, Any], str]] = {
    "bridge that a cut run left": (GWBRIDGE.model_copy(update={"settled": "w2 was drained by Swarmnet"}), {}, DRAINED),
    "ingress that hosts lack": (
        INGRESS.model_copy(update={"settled": "w1 is not attached to the ingress"}),
        {},
        "unfinished (w1 is not attached to the ingress): brought back on every host",
    ),
    "pool": (
        SWARM,
        {"data_path_port": 4790},
        "refused unless it is so already: data_path_port can only be said when a swarm begins",
    ),
}


class Told:
    """Consequences, and the lines that they told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.consequences = Consequences(lambda row, line: self.lines.append((row, line)))

    def checked(self, *specs, known=False, begins=True):
        """Checks, in their order."""
        for spec in specs:
            self.consequences.checked(spec, known=known, begins=begins)
        return self

    def changed(self, before, after):
        """A check and a diff, as of what the state has."""
        self.checked(after, known=True)
        replaced = type(after) is type(OVERLAY) and after.on_in_use == "refuse"
        self.consequences.differs(before, after, replaced=replaced)
        return self

    @property
    def words(self):
        """Return the lines without the place where names are found."""
        return [line.removesuffix("; names: `swarmnet plan prod`") for _, line in self.lines]


@pytest.mark.parametrize("change", CHANGES)
def test_change_says_what_it_disturbs(change):
    """It says only what running workloads may feel; what the recorded previews hold is compared with their reports."""
    before, keys, said = CHANGES[change]
    after = before.model_copy(update={"settled": True, **keys})

    assert [said] == Told().changed(before, after).words


def test_line_stands_on_the_row_and_says_where_names_are():
    """The command of this very stack."""
    after = INGRESS.model_copy(update={**MOVED, "owner": "infra/prod", "row": "urn:ingress"})

    assert [("urn:ingress", f"{PORTS_AWAY}; names: `swarmnet plan prod`")] == Told().changed(INGRESS, after).lines


def test_new_bridge_waits_for_the_word_of_its_node():
    """Nothing is disturbed on a host that joins in the same run; on a member, or in a stack without nodes, it may
    be."""
    maybe = "if w2 is in a swarm already, it is drained and its docker restarted"

    assert [] == Told().checked(GWBRIDGE, NODE).words
    assert [] == Told().checked(GWBRIDGE).words
    assert [maybe] == Told().checked(GWBRIDGE).checked(NODE, known=True).words
    assert [maybe] == Told().checked(GWBRIDGE, begins=False).words


def test_new_ingress_disturbs_where_it_may_take_the_place_of_what_is_used():
    """Services that publish through the present one have it refused otherwise; no service does if hosts join."""
    converge = INGRESS.model_copy(update={"adopt": "converge"})

    assert [] == Told().checked(INGRESS, begins=False).words
    assert [f"if services publish through one already, {PORTS_AWAY}"] == Told().checked(converge).words
    assert [] == Told().checked(NODE, converge).words


def test_replacement_is_told_once():
    """Pulumi checks its second half as if nothing were there."""
    after = OVERLAY.model_copy(update=MOVED)

    assert [ANEW] == Told().changed(OVERLAY, after).checked(after).words


def test_diff_of_what_was_not_checked_says_nothing():
    """That is so in a refresh, and in the run after the prompt."""
    told = Told()
    told.consequences.differs(INGRESS, INGRESS.model_copy(update=MOVED), replaced=False)

    assert [] == told.lines
