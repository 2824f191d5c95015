"""Every state of the small simulations, tidy or not: whatever happens, nothing is lost, and a run comes to an end."""

from collections import Counter

import pytest

from tests.exploration.checks import no_trace
from tests.exploration.explore import Exploration
from tests.exploration.scenes import NEW_INGRESS, SMALL, UNTIDY, swap
from tests.support.lifecycle import id_of, make
from tests.support.simulated import SimulatedHosts


@pytest.mark.exploration
@pytest.mark.parametrize("name", SMALL)
def test_every_state(name: str):
    """All invariants hold in all states, and from each of them a run ends."""
    found = Exploration(SMALL[name]()).run()
    print(f"{name}: {len(found.came)} states: {dict(found.outcomes())}")
    assert [] == found.report()


# Swarms that are not tidy

STATES: dict[str, dict[tuple[str, str], int]] = {
    "global, a node is paused": {("running", "running"): 3},
    "start first on full nodes": {("running", "running"): 3},
    "start first on the one node that will do": {("running", "running"): 1},
    "a rollout waits for room": {("running", "running"): 3, ("pending", "running"): 3},
    "no place": {("pending", "running"): 2},
    "forgotten": {("pending", "running"): 2},
    "global, no room": {("pending", "running"): 3},
    "global, no room, updated": {("pending", "running"): 3, ("pending", "shutdown"): 3},
    "a paused rollout": {("running", "running"): 2, ("failed", "running"): 1},
    "ended for good": {("complete", "shutdown"): 1},
    "restarted for the last time": {("failed", "shutdown"): 2},
    "a crash loop": {("failed", "shutdown"): 1, ("ready", "ready"): 1},
    "a crash loop on our overlay": {("failed", "shutdown"): 1, ("ready", "ready"): 1},
    "another leader": {("running", "running"): 1},
    "a container that ends": {("running", "running"): 2},
}

# Where its time may be over anywhere as well; in the others that makes too many states.
HURRIED = (
    "start first on full nodes",
    "start first on the one node that will do",
    "no place",
    "a rollout waits for room",
)


@pytest.mark.parametrize("name", UNTIDY)
def test_tasks_at_the_start(name: str):
    """The tasks, each as it is and as it should be."""
    found = Counter((task.state, task.desired) for task in UNTIDY[name]().swarm.tasks)
    assert STATES[name] == found


@pytest.mark.exploration
@pytest.mark.parametrize(
    "name", [*HURRIED, "forgotten", "a crash loop", "a crash loop on our overlay", "another leader"]
)
def test_the_ingress_changes(name: str):
    """A service that does not run, or never comes to rest, keeps no other from having its ports back."""
    found = Exploration(swap(UNTIDY[name](), hurried=name in HURRIED)).run()
    print(f"{name}: {len(found.came)} states: {dict(found.outcomes())}")
    assert [] == found.report()


@pytest.mark.exploration
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("global, a node is paused", "service everywhere: its task on w1 could not start again: w1 is paused"),
        ("a paused rollout", "service web: its rollout is paused"),
        ("ended for good", "service web: 1 of its 1 tasks have ended for good (restart condition none)"),
        ("restarted for the last time", "have ended for good (restart condition any, at most 1 restarts)"),
    ],
)
def test_a_change_that_would_get_stuck_is_refused_before_the_first_write(name: str, words: str):
    """It says why, the second time as the first."""
    found = Exploration(swap(UNTIDY[name]())).run()
    print(f"{name}: {len(found.came)} states: {dict(found.outcomes())}")
    assert {"back"} == set(found.outcomes())
    labels = {label for _, label in found.came.values()}
    assert any(words in label for label in labels)
    assert all(label.startswith(("start", "turn round", "another run", "time", "its time is over")) for label in labels)


@pytest.mark.parametrize("name", ["global, no room", "global, no room, updated"])
def test_tasks_without_a_place_hold_up_no_change(name: str):
    """Tasks that no host takes are neither waited for nor forced, and leave no journal."""
    hosts = SimulatedHosts(UNTIDY[name]())
    make(hosts, NEW_INGRESS, known=id_of(hosts.sim, NEW_INGRESS))
    found = hosts.ingress().network
    assert found is not None
    assert NEW_INGRESS.subnet == found.subnet
    assert no_trace(hosts.sim) is None
