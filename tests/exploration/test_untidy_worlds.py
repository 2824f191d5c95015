"""The worlds of swarms that are not tidy are what their names say, so that an exploration begins just there."""

from collections import Counter

import pytest

from tests.exploration.scenes import UNTIDY

STATES: dict[str, dict[tuple[str, str], int]] = {
    "paused_and_global": {("running", "running"): 3},
    "full_and_start_first": {("running", "running"): 3},
    "reserved_and_start_first": {("running", "running"): 1},
    "stuck_rollout": {("running", "running"): 3, ("pending", "running"): 3},
    "fits_nowhere": {("pending", "running"): 2},
    "forgotten": {("pending", "running"): 2},
    "too_large": {("pending", "running"): 3},
    "left_pending": {("pending", "running"): 3, ("pending", "shutdown"): 3},
    "paused_rollout": {("running", "running"): 2, ("failed", "running"): 1},
    "slow_to_stop": {("running", "running"): 2},
    "ended_for_good": {("complete", "shutdown"): 1},
    "crash_loop": {("failed", "shutdown"): 1, ("ready", "ready"): 1},
    "crash_loop_on_overlay": {("failed", "shutdown"): 1, ("ready", "ready"): 1},
    "just_elected": {("running", "running"): 1},
    "started_often": {("running", "running"): 2},
    "with_container_that_ends": {("running", "running"): 2},
    "with_container_on_paused": {("running", "running"): 3},
}


@pytest.mark.parametrize("name", UNTIDY)
def test_tasks_at_the_start(name: str):
    """The tasks, each as it is and as it should be."""
    found = Counter((task.state, task.desired) for task in UNTIDY[name]().swarm.tasks)
    assert STATES[name] == found
