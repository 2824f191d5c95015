"""Swarms that are not tidy, against docs/dev/measurements.md: tasks without a place, that end by themselves, paused
nodes, members that nobody knows, slow Engines and ones that do not start again."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from providers import simulate
from providers.rules.vocabulary.steps import RestartEngine
from providers.simulate import SimulatorState, Timings, elapse, members, perform
from tests.simulate.swarms import (
    bridge_of,
    forced,
    on_ingress,
    status,
    swarm,
    web,
    with_app,
    without_ports,
)
from tests.support import others
from tests.support.networks import create_network
from tests.support.others import change_service, create_service, named, service_spec


def with_web(spec: str, **manner: Any) -> SimulatorState:  # what create_service takes
    """A swarm with it, at rest."""
    return elapse(create_service(swarm(), spec, **manner), 20)


def labelled(sim: SimulatorState) -> SimulatorState:
    """A label put on the service, and nothing else."""
    return change_service(sim, "web", Labels={"a": "b"})


def states(sim: SimulatorState) -> list[tuple[str, str]]:
    """Each task's state, and the one that is wanted."""
    return sorted((task.state, task.desired) for task in sim.swarm.tasks)


ONE_EACH = {"Placement": {"MaxReplicas": 1}}
NOWHERE = {"Placement": {"Constraints": ["node.labels.x == 1"]}}
OVER_HALF = {
    "Resources": {"Reservations": {"NanoCPUs": 1_500_000_000}},
    "Placement": {"Constraints": ["node.hostname==w1"]},
}


def placed(*labels: str) -> SimulatorState:
    """A service that fits nowhere is labelled, and after that w1; its task has a place there by the label x."""
    sim = labelled(with_web(web(1, **NOWHERE)))
    for label in labels:
        sim = elapse(others.set_node(sim, "w1", labels=((label, "1"),)), 10)
    return sim


def once() -> SimulatorState:
    """A service whose task has ended, and is followed by none."""
    return with_web(web(1, RestartPolicy={"Condition": "none"}), ends="complete")


def paused(sim: SimulatorState) -> SimulatorState:
    """w1 paused."""
    return others.set_node(sim, "w1", availability="pause")


# Where tasks come to stand

PENDING, RUNNING, ENDING = ("pending", "running"), ("running", "running"), ("running", "shutdown")
STATES: dict[str, tuple[dict[float, object], Callable[[], SimulatorState]]] = {
    # measurements.md#start-first
    "a new task waits beside the old one on a node that is half full": (
        {600: ([PENDING, RUNNING], 1, "updating")},
        lambda: without_ports(with_web(web(1, order="start-first", **OVER_HALF))),
    ),
    "an update of labels makes the old ones go if each slot has its new one": (
        {60: (3 * [RUNNING], 0, "completed")},
        lambda: labelled(elapse(without_ports(with_web(web(order="start-first", **ONE_EACH))), 60)),
    ),
    "the old one ends once the new one runs where there is room": (
        {2: ([RUNNING, ENDING], 1, "updating"), 22: ([RUNNING], 0, "completed")},
        lambda: without_ports(with_web(web(1, order="start-first"))),
    ),
    # measurements.md#states-of-an-update
    "without a place no more tasks move than at once": (
        {600: (2 * [PENDING], 1, "updating")},
        lambda: without_ports(with_web(web(2, at_once=1, **NOWHERE))),
    ),
    # measurements.md#forgotten-tasks
    "global tasks without room are told to end and wait on": (
        {
            10: (3 * [("pending", "ready")] + 3 * [("pending", "shutdown")], 3, "updating"),
            70: (3 * [PENDING] + 3 * [("pending", "shutdown")], 3, "updating"),
        },
        lambda: without_ports(with_web(web(None, **{"Resources": {"Reservations": {"MemoryBytes": 1 << 50}}}))),
    ),
    "after labels a task is looked at once more": ({0: ([RUNNING], 1, "")}, lambda: placed("x")),
    "and never again": ({0: ([PENDING], 1, "")}, lambda: placed("y", "x")),
    "but for a forced update": ({20: ([RUNNING], 1, "completed")}, lambda: forced(placed("y", "x"))),
    # measurements.md#restart-conditions
    "labels start nothing again": ({1.5: ([("complete", "shutdown")], 1, "")}, lambda: labelled(once())),
    "what concerns the tasks does": (
        {1.5: ([("complete", "shutdown"), RUNNING], 1, "updating"), 10: (2 * [("complete", "shutdown")], 1, "paused")},
        lambda: without_ports(labelled(once())),
    ),
    # measurements.md#strip
    "a task that does not listen runs until its grace is over": (
        {40: ([ENDING], 1, "updating"), 50: ([RUNNING], 0, "completed")},
        lambda: without_ports(with_web(web(1, ContainerSpec={"StopGracePeriod": 40_000_000_000}), stubborn=True)),
    ),
    # measurements.md#paused-nodes
    "replicas on a paused node move as anywhere": (
        {30: (3 * [RUNNING], 0, "completed")},
        lambda: without_ports(paused(with_web(web(3)))),
    ),
}


@pytest.mark.parametrize(("expected", "sim"), STATES.values(), ids=STATES)
def test_where_tasks_come_to_stand(expected: dict[float, object], sim: Callable[[], SimulatorState]):
    """The tasks' states and the wanted ones, how many are on the ingress, and the update's state, seconds later."""
    begun = sim()
    later = {seconds: elapse(begun, seconds) for seconds in expected}
    assert expected == {seconds: (states(at), len(on_ingress(at)), status(at)) for seconds, at in later.items()}


def test_why_a_task_waits():
    """The Engine's words, as real tasks have them (measurements.md#forgotten-tasks)."""
    sim = with_web(web(1, **NOWHERE))
    assert ["no suitable node"] == [task.error for task in simulate.ingress_facts(sim).tasks]


def test_a_paused_rollout_goes_on_with_the_next_update():
    """It goes on with the parallelism of that update (measurements.md#paused-rollouts)."""
    sim = with_web(web(3, at_once=1))
    sim = sim.with_service(replace(named(sim, "web"), failing=True))
    sim = elapse(forced(sim), 20)
    sim = sim.with_service(replace(named(sim, "web"), failing=False))
    assert ("paused", 2) == (status(sim), sum(task.state == "running" for task in sim.swarm.tasks))
    sim = elapse(change_service(sim, "web", UpdateConfig={"Parallelism": 0}), 2)
    assert 2 == sum((task.state, task.desired) == ("running", "shutdown") for task in sim.swarm.tasks)


# Tasks that end by themselves


@pytest.mark.parametrize(
    ("expected", "condition", "ends"),
    [
        ([("complete", "shutdown")], "none", "complete"),
        ([("failed", "shutdown")], "none", "failed"),
        ([("complete", "shutdown")], "on-failure", "complete"),
        ([("failed", "shutdown"), ("ready", "ready")], "on-failure", "failed"),
        ([("complete", "shutdown"), ("ready", "ready")], "any", "complete"),
    ],
)
def test_what_follows_a_task_that_has_ended(expected: list[tuple[str, str]], condition: str, ends: str):
    """Another one, unless the spec is against it (measurements.md#restart-conditions)."""
    spec = web(1, RestartPolicy={"Condition": condition})
    assert expected == states(elapse(create_service(swarm(), spec, ends=ends), 4))


def test_the_next_of_a_rejected_task():
    """It waits for a place on the node that rejected the first, or elsewhere (measurements.md#forgotten-tasks)."""
    in_the_way = create_network(host="w1", name="x", driver="bridge", subnet="10.20.0.0/24", gateway="10.20.0.1")
    sim, app = with_app(perform(swarm(), in_the_way))
    spec = service_spec("web", networks=(app,), replicas=None)
    assert [("ready", "ready"), ("rejected", "shutdown")] == states(elapse(create_service(sim, spec), 3))[:2]


# Paused nodes


def test_a_paused_node_keeps_its_global_task():
    """Its port moves nothing there until it is active again (measurements.md#paused-nodes)."""
    sim = elapse(without_ports(paused(with_web(web(None)))), 30)
    assert ([sim.host("w1").node_id], "completed") == ([task.node_id for task in on_ingress(sim)], status(sim))
    assert [] == on_ingress(elapse(others.set_node(sim, "w1", availability="active"), 20))


def test_a_global_task_that_ends_on_a_paused_node():
    """None follows it until the node is active again (measurements.md#paused-nodes)."""
    sim = elapse(create_service(swarm(), web(None), ends="failed"), 1.5)
    node_id = sim.host("w1").node_id
    sim = elapse(paused(sim), 20)
    assert ["failed"] == [task.state for task in sim.swarm.tasks if task.node_id == node_id]
    sim = elapse(others.set_node(sim, "w1", availability="active"), 1.5)
    assert "running" in [task.state for task in sim.swarm.tasks if task.node_id == node_id]


# Members and Engines


def test_a_slow_engine():
    """The ingress comes to its bridge as late as the Engine is slow (measurements.md#gateway-lost)."""
    slow = replace(swarm(), timings=Timings(restart=13, ingress_back=8.5))
    sim = perform(slow, RestartEngine(host="w1"))
    assert [0, 1] == [len(bridge_of(elapse(sim, seconds), "w1").endpoints) for seconds in (8, 9)]


def test_the_fourth_start_within_a_minute():
    """Docker stays stopped, until somebody resets it or the minute is over, and starts it."""
    # measurements.md#start-limit
    sim = others.limit_starts(swarm(), "w1")
    for _ in range(4):
        sim = perform(sim, RestartEngine(host="w1"))
    seen = (sim, elapse(sim, 40), elapse(sim, 60), others.reset_failed(sim, "w1"))
    assert [False] * 4 == [each.host("w1").docker for each in seen]
    assert [False, False, True, True] == [members.start_docker(each, "w1").host("w1").docker for each in seen]


def test_a_start_in_each_minute():
    """There may be as many as one likes (measurements.md#start-limit)."""
    sim = others.limit_starts(swarm(), "w1")
    for _ in range(8):
        sim = elapse(perform(sim, RestartEngine(host="w1")), 20)
    assert sim.host("w1").docker
