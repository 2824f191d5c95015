"""Worlds too large to explore, drawn: whatever befalls a change, nothing is lost and it comes to an end."""

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from tests.exploration.larger_worlds import CUT, Story, Witness, Wrong, begun, stories
from tests.exploration.test_mutations import MUTATIONS

pytestmark = pytest.mark.exploration

ALWAYS_THE_SAME = settings(
    max_examples=500, derandomize=True, database=None, phases=[Phase.generate, Phase.shrink], deadline=None
)


@pytest.mark.parametrize("change", ["swap", "bridge", "migration"])
@settings(derandomize=True)  # so that what fails is this change's own
@given(data=st.data())
def test_a_change(change: str, data: st.DataObject):
    """All invariants hold in every state, and it is done in the end, or blocked by what others did."""
    story = data.draw(stories(change))
    Witness(begun(story), story=story).live()


def broken(story: Story) -> bool:
    """Tell whether something does not hold in a story."""
    try:
        Witness(begun(story), story=story).live()
    except Wrong:
        return True
    return False


@pytest.mark.parametrize(
    ("safeguard", "change", "event", "expected"),
    [("our labels away", "swap", CUT, (1, 0, 0)), ("version check", "migration", "port", (1, 1, 1))],
)
def test_without_a_safeguard(
    safeguard: str, change: str, event: str, expected: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
):
    """Something breaks if it is taken out, and is shown with as few hosts, services and events as that takes."""
    for module, name, instead in MUTATIONS[safeguard][1]:
        monkeypatch.setattr(module, name, instead)
    found = find(stories(change, events=(event,)), broken, settings=ALWAYS_THE_SAME)
    assert expected == (len(found.hosts), len(found.services), len(found.events))
