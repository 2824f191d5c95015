"""Tasks by their services, as one value."""

import pytest

from providers.simulate.tasks import Tasks
from providers.simulate.workloads import Placed


def task(id_: str, service: str = "a", state: str = "running") -> Placed:
    """One."""
    return Placed(id=id_, service_id=service, node_id="n", state=state, desired="running", networks=())


ONE, TWO, THREE = task("1"), task("2", "b"), task("3")


def test_equal_whatever_came_first():
    """Simulations in which the same tasks are the same."""
    one_way, another = Tasks((ONE, TWO)), Tasks((TWO,)).with_one(ONE)

    assert (one_way, hash(one_way), list(one_way)) == (another, hash(another), list(another))


def test_the_last_one_of_a_service_leaves_no_trace():
    """All is as if it had never been."""
    assert Tasks((TWO,)) == Tasks((ONE, TWO)).without(ONE)


def test_one_takes_the_place_of_the_one_with_its_id():
    """It does not go to the end."""
    ended = task("1", state="shutdown")

    assert (ended, THREE) == Tasks((ONE, THREE)).with_one(ended).of("a")


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        (Tasks((task("1", state="pending"),)), {"a"}),
        (Tasks((ONE,)).with_one(task("3", state="pending")), {"a"}),
        (Tasks((task("1", state="pending"),)).with_one(ONE), set()),
        (Tasks((task("1", state="pending"), TWO)).without(task("1")), set()),
    ],
    ids=["from the start", "added", "placed", "gone"],
)
def test_services_that_wait_for_a_place(tasks: Tasks, expected: set[str]):
    """They are found however their tasks came to it."""
    assert expected == tasks.waiting


def test_two_worlds_may_give_one_id_to_different_tasks():
    """They parted before, and each finds its own."""
    before = Tasks((ONE,))
    mine, theirs = before.with_one(task("9", "a")), before.with_one(task("9", "b"))

    assert (task("9", "a"), task("9", "b"), None) == tuple(each.get("9") for each in (mine, theirs, before))
