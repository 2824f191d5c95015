"""Every state of the small worlds: whatever happens, nothing is lost, and a run comes to an end."""

import pytest

from tests.exploration.explore import Exploration
from tests.exploration.scenes import SMALL

pytestmark = pytest.mark.exploration


@pytest.mark.parametrize("name", SMALL)
def test_every_state(name: str):
    """All invariants hold in all states, and from each of them a run ends."""
    found = Exploration(SMALL[name]()).run()
    print(f"{name}: {len(found.came)} states: {dict(found.outcomes())}")
    assert [] == found.report()
