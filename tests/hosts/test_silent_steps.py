"""A step whose host falls silent may have been carried out all the same."""

from providers.rules.vocabulary.errors import Unreachable
from tests.loop.test_reconcile import Scene, remove, script


def test_the_next_look_tells():
    """The rest is decided anew by the next look, whoever answers then: another manager, say."""
    scene = Scene(refusals=[Unreachable("m1: the connection broke")])
    scene.run(script(remove("a"), remove("b")))

    assert ["a", "b"] == scene.performed
