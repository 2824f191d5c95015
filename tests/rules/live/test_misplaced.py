"""Tasks that a strip would not move, since only the placement of their service changed after they were made."""

import json

import pytest

from providers.rules.live import published_ports
from providers.rules.vocabulary.facts import IngressFacts, SwarmService, Task
from tests.support.swarms import a_swarm

LINUX = {"Constraints": ["node.platform.os==linux"]}
SWARM = a_swarm(id="swarm")


def misplaced(now: object, made_for: object, *, desired: str = "running", service_id: str = "s1") -> bool:
    """Tell whether a task was made for another placement than its service has."""
    service = SwarmService(id="s1", name="web", spec=json.dumps({"TaskTemplate": {"Placement": now}}))
    placement = json.dumps(made_for)
    task = Task(id="t1", service_id=service_id, node_id="n1", state="running", desired=desired, placement=placement)
    return published_ports.misplaced(
        service, IngressFacts(network=None, swarm=SWARM, hosts=(), nodes=(), tasks=(task,))
    )


@pytest.mark.parametrize(("now", "made_for"), [(LINUX, {}), (LINUX, None), ({}, LINUX)])
def test_another_placement(now: object, made_for: object):
    """Its task has to be moved by force."""
    assert misplaced(now, made_for)


@pytest.mark.parametrize("placement", [None, {}, LINUX])
def test_the_same_placement(placement: object):
    """No counter is raised without need."""
    assert not misplaced(placement, placement)


def test_tasks_that_leave_anyway_do_not_count():
    """Those of other services do not count either."""
    assert not misplaced(LINUX, {}, desired="shutdown")
    assert not misplaced(LINUX, {}, service_id="s2")
