"""Where the swarm may start a service's tasks, by what service and node say, and which tasks a strip would not move."""

import json

import pytest

from providers.rules.live import published_ports
from providers.rules.live.placement import matches
from providers.rules.vocabulary.facts import IngressFacts, Node, SwarmService, Task
from tests.support.swarms import a_swarm
from tests.support.tables import cases

NODE = Node(
    id="n1",
    hostname="w1",
    role="worker",
    availability="active",
    state="ready",
    address="192.0.2.7",
    arch="x86_64",
    labels=(("zone", "A"),),
    engine_labels=(("disk", "ssd"),),
)


@cases(
    "expected, constraint",
    {
        "a hostname, in any case": (True, "node.hostname == W1"),
        "another one": (False, "node.hostname != w1"),
        "a label": (True, "node.labels.zone==a"),
        "a label's key has its case": (False, "node.labels.Zone==a"),
        "a label that is not there": (True, "node.labels.rack != 1"),
        "of the Engine": (True, "engine.labels.disk==ssd"),
        "an address": (True, "node.ip==192.0.2.7"),
        "a range": (False, "node.ip!=192.0.2.0/24"),
        "no address": (False, "node.ip != here"),
        "a processor": (True, "node.platform.arch==x86_64"),
        "an unknown key": (False, "node.colour != red"),
        "another form": (False, "node.role"),
    },
)
def test_constraints(expected: bool, constraint: str):
    """As swarmkit reads them."""
    assert expected == matches(NODE, (constraint,))


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
    assert expected == published_ports.is_misplaced(service, facts)
