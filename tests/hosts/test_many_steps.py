"""Steps on real hosts that are taken at once, and one whose host falls silent."""

from threading import Barrier

import pytest

from providers.hosts.door import Hosts
from providers.rules.vocabulary.errors import Conflict, Unreachable
from providers.rules.vocabulary.steps import RemoveNetwork, Step
from tests.loop.test_reconcile import Scene, remove, script


class Meeting(Hosts):
    """Hosts on which a step ends only once all the others are under way; one that removes `taken` is refused."""

    def __init__(self, steps: int) -> None:
        super().__init__({})
        self.barrier = Barrier(steps, timeout=20)

    def perform(self, step: Step) -> None:
        self.barrier.wait()
        if step == RemoveNetwork(id="taken"):
            raise Conflict("taken")


@pytest.mark.parametrize("ids", [("a",), ("a", "b", "c"), ("a", "taken", "c")])
def test_none_waits_for_another(ids: tuple[str, ...]):
    """They are under way together, whatever becomes of one, and what was refused comes back."""
    expected = ["taken"] if "taken" in ids else []

    assert expected == [str(problem) for problem in Meeting(len(ids)).perform_all([RemoveNetwork(id=i) for i in ids])]


def test_the_next_look_tells_what_a_silent_host_did():
    """It may have taken the step all the same: the rest is decided anew, whoever answers then: another manager, say."""
    scene = Scene(refusals=[Unreachable("m1: the connection broke")])
    scene.run(script(remove("a"), remove("b")))

    assert ["a", "b"] == scene.performed
