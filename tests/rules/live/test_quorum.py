"""The swarm's need of a manager: can it go for good, or for a moment?"""

import pytest

from providers.rules.live.quorum import no_quorum_meanwhile, no_quorum_without
from providers.rules.vocabulary.facts import Node


def managers(*reachable: bool) -> tuple[Node, ...]:
    """Managers m1, m2, ..., reachable or not."""
    return tuple(
        Node(
            id=f"m{number}",
            hostname=f"m{number}",
            role="manager",
            availability="active",
            state="ready",
            reachability="reachable" if each else "unreachable",
        )
        for number, each in enumerate(reachable, start=1)
    )


@pytest.mark.parametrize(
    ("expected", "reachable"),
    [
        pytest.param(True, (True, True, True), id="three, all well"),
        pytest.param(False, (True, True, False), id="three, another one down"),
        pytest.param(False, (True, True, True, False), id="four, another one down"),
        pytest.param(True, (True, True, True, True), id="four, all well"),
        pytest.param(True, (True, True, True, True, False), id="five, another one down"),
        pytest.param(False, (True, True, True, False, False), id="five, two others down"),
    ],
)
def test_a_manager_can_be_spared_for_a_moment_where_the_others_are_a_majority_of_all(
    expected: bool, reachable: tuple[bool, ...]
):
    """A manager that restarts stays a voter."""
    nodes = managers(*reachable)
    assert expected == (no_quorum_meanwhile(nodes[0], nodes) is None)


def test_four_managers_with_one_down_can_lose_another_for_good_only():
    """A removal makes the swarm smaller, a restart does not."""
    nodes = managers(True, True, True, False)
    assert no_quorum_without(nodes[0], nodes) is None
    assert "a majority of all 4 takes 3" in (no_quorum_meanwhile(nodes[0], nodes) or "")
