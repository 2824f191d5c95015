"""A preview tells of a change that disturbs in one short line, once, whatever Pulumi asks in between."""

import pytest

from providers.explain.report.effects import PORTS_AWAY, Consequences
from tests.support import lifecycle

GWBRIDGE, INGRESS, NODE = lifecycle.gwbridge_spec("w2"), lifecycle.ingress_spec(), lifecycle.node_spec("w2")
OVERLAY, SWARM = lifecycle.overlay_spec(), lifecycle.swarm_spec()
ANEW = "it is removed and recreated; refused while anything uses it"
MOVED = {"subnet": "10.77.0.0/24", "gateway": "10.77.0.1"}


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


def test_line_stands_on_the_row_and_says_where_names_are():
    """The command of this very stack."""
    after = INGRESS.model_copy(update={**MOVED, "owner": "infra/prod", "row": "urn:ingress"})

    assert [("urn:ingress", f"{PORTS_AWAY}; names: `swarmnet plan prod`")] == Told().changed(INGRESS, after).lines


CONVERGE = INGRESS.model_copy(update={"adopt": "converge"})
BRIDGE = "if w2 is in a swarm already, it is drained and its docker restarted"
PORTS = f"if services publish through one already, {PORTS_AWAY}"
REPLACED = OVERLAY.model_copy(update=MOVED)
TOLD = {
    "a new bridge, whose node joins in the same run": ([], Told().checked(GWBRIDGE, NODE)),
    "a new bridge, whose node will say": ([], Told().checked(GWBRIDGE)),
    "a new bridge on a member": ([BRIDGE], Told().checked(GWBRIDGE).checked(NODE, known=True)),
    "a new bridge in a stack without nodes": ([BRIDGE], Told().checked(GWBRIDGE, begins=False)),
    "a new ingress, which is refused while services publish": ([], Told().checked(INGRESS, begins=False)),
    "a new ingress that takes the place of one": ([PORTS], Told().checked(CONVERGE)),
    "a new ingress where hosts join": ([], Told().checked(NODE, CONVERGE)),
    "a replacement, whose second half Pulumi checks as if nothing were there": (
        [ANEW],
        Told().changed(OVERLAY, REPLACED).checked(REPLACED),
    ),
}


@pytest.mark.parametrize(("said", "told"), TOLD.values(), ids=TOLD)
def test_preview_tells_each_consequence_once(said, told):
    """It tells what may be disturbed where it may, and waits for the word of whoever says whether it is."""
    assert said == told.words


def test_diff_of_what_was_not_checked_says_nothing():
    """That is so in a refresh, and in the run after the prompt."""
    told = Told()
    told.consequences.differs(INGRESS, INGRESS.model_copy(update=MOVED), replaced=False)

    assert [] == told.lines
