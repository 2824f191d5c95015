"""Tasks that a strip would not move, since only the placement of their service changed after they were made."""

import json

import pytest

from providers.rules.live import published_ports
from providers.rules.vocabulary.facts import IngressFacts, SwarmService, Task
from tests.support.swarms import a_swarm

LINUX = {"Constraints": ["node.platform.os==linux"]}


@pytest.mark.parametrize(
    ("expected", "now", "made_for", "desired", "service_id"),
    [
        (True, LINUX, {}, "running", "s1"),
        (True, LINUX, None, "running", "s1"),
        (True, {}, LINUX, "running", "s1"),
        (False, None, None, "running", "s1"),
        (False, {}, {}, "running", "s1"),
        (False, LINUX, LINUX, "running", "s1"),
        (False, LINUX, {}, "shutdown", "s1"),
        (False, LINUX, {}, "running", "s2"),
    ],
)
def test_a_task_for_another_placement_is_moved_by_force(
    expected: bool, now: object, made_for: object, desired: str, service_id: str
):
    """No counter is raised without need; tasks that leave anyway, and those of other services, do not count."""
    service = SwarmService(id="s1", name="web", spec=json.dumps({"TaskTemplate": {"Placement": now}}))
    placement = json.dumps(made_for)
    task = Task(id="t1", service_id=service_id, node_id="n1", state="running", desired=desired, placement=placement)
    facts = IngressFacts(network=None, swarm=a_swarm(), hosts=(), nodes=(), tasks=(task,))
    assert expected == published_ports.misplaced(service, facts)
