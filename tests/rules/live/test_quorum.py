"""The swarm's need of a manager: can it go for good, or for a moment?"""

from providers.rules.live.quorum import absence_refusal, describe_unanswering, removal_refusal
from providers.rules.vocabulary.facts import Node
from tests.support.tables import cases

MANAGER = {"role": "manager", "availability": "active", "state": "ready"}


def managers(down: int, well: int) -> tuple[Node, ...]:
    """Managers, of whom the first ones can be reached."""
    reachability = ["reachable"] * well + ["unreachable"] * down
    return tuple(
        Node(id=f"m{n}", hostname=f"m{n}", reachability=each, **MANAGER) for n, each in enumerate(reachability)
    )


@cases(
    "expected, well, down",
    {
        "three, all well": (True, 3, 0),
        "three, another one down": (False, 2, 1),
        "four, another one down": (False, 3, 1),
        "four, all well": (True, 4, 0),
        "five, another one down": (True, 4, 1),
        "five, two others down": (False, 3, 2),
    },
)
def test_a_manager_can_be_spared_for_a_moment_where_the_others_are_a_majority_of_all(
    expected: bool, well: int, down: int
):
    """A manager that restarts stays a voter."""
    nodes = managers(down, well)
    assert expected == (absence_refusal(nodes[0], nodes) is None)


def test_four_managers_with_one_down_can_lose_another_for_good_only():
    """A removal makes the swarm smaller, a restart does not."""
    nodes = managers(1, 3)
    assert removal_refusal(nodes[0], nodes) is None
    assert "a majority of all 4 takes 3" in (absence_refusal(nodes[0], nodes) or "")


@cases(
    "expected, well, down",
    {
        "all answer": ("", 3, 0),
        "one more would be too many": ("2 of 3 managers answer; one more loss stops the swarm", 2, 1),
        "an even number": ("3 of 4 managers answer; one more loss stops the swarm", 3, 1),
        "it bears another": ("4 of 5 managers answer; the swarm bears 1 more", 4, 1),
    },
)
def test_dead_manager_is_named_with_what_the_quorum_bears(expected: str, well: int, down: int):
    """It goes by the stack file's name where the state knows it, and the remedy has that name."""
    told = describe_unanswering(managers(down, well), {f"m{well}": "db1"})
    remedy = "bring it back, or set hosts.db1.lost: true if it is gone for good"
    assert told == (f"manager db1: no answer to the others: {expected}: {remedy}" if down else "")


def test_manager_that_counts_for_no_majority_is_no_loss():
    """One that a forced new swarm does without has no word on its reachability: it goes, and nobody is warned of it."""
    alone = (*managers(0, 1), *(Node(id=f"old{n}", hostname=f"old{n}", **MANAGER) for n in range(2)))

    assert removal_refusal(alone[1], alone) is None
    assert "it is the last manager of the swarm" == removal_refusal(alone[0], alone)
    assert "" == describe_unanswering(alone, {})
