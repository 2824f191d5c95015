"""Swarms that are not tidy, against docs/measurements.md: tasks without a place, that end by themselves, paused nodes,
members that nobody knows, slow Engines and ones that do not start again."""

from dataclasses import replace
from typing import Any

import pytest

from providers import simulate
from providers.rules.vocabulary.errors import EngineError
from providers.rules.vocabulary.steps import (
    InitSwarm,
    JoinSwarm,
    RestartEngine,
    StartContainer,
    StopContainer,
)
from providers.simulate import Manners, World, bare, elapse, members, others, perform
from providers.simulate.others import change_service, create_service, named, service_spec
from providers.simulate.workloads import Placed, read
from tests.support.networks import create_network

HOSTS = ("m1", "w1", "w2")
APP = create_network(name="app", driver="overlay", subnet="10.20.0.0/24", gateway="10.20.0.1", attachable=True)


def swarm(*managers: str) -> World:
    """A swarm of three, at rest; m1 is always a manager."""
    world = perform(bare(*HOSTS), InitSwarm(host="m1"))
    for host in HOSTS[1:]:
        world = perform(elapse(world, 1), JoinSwarm(host=host, role="manager" if host in managers else "worker"))
    return elapse(world, 40)


def web(replicas: int | None = 3, *, order: str = "stop-first", at_once: int = 0, **template: Any) -> str:  # any JSON
    """A service that publishes a port, with more in its template."""
    spec = read(service_spec("web", ports=((8080, 80),), replicas=replicas))
    update = {"Parallelism": at_once, "Order": order, "FailureAction": "pause"}
    return service_spec(
        "web",
        ports=((8080, 80),),
        replicas=replicas,
        TaskTemplate={**spec["TaskTemplate"], **template},
        UpdateConfig=update,
    )


def with_web(spec: str, **manner: Any) -> World:  # what create_service takes
    """A swarm with it, at rest."""
    return elapse(create_service(swarm(), spec, **manner), 20)


def stripped(world: World) -> World:
    """The ports taken off."""
    return change_service(world, "web", EndpointSpec={"Ports": []})


def labelled(world: World) -> World:
    """A label put on the service, and nothing else."""
    return change_service(world, "web", Labels={"a": "b"})


def forced(world: World) -> World:
    """Its tasks moved whatever they are."""
    template = read(named(world, "web").spec)["TaskTemplate"]
    return change_service(world, "web", TaskTemplate={**template, "ForceUpdate": 1})


def states(world: World) -> list[tuple[str, str]]:
    """Each task's state, and the one that is wanted."""
    return sorted((task.state, task.desired) for task in world.swarm.tasks)


def on_ingress(world: World) -> list[Placed]:
    """The tasks with an address on the ingress."""
    ingress = world.swarm.ingress
    return [task for task in world.swarm.tasks if ingress and ingress.id in task.networks]


def status(world: World) -> str:
    """Return the state of the last update."""
    return named(world, "web").status


ONE_EACH = {"Placement": {"MaxReplicas": 1}}
NOWHERE = {"Placement": {"Constraints": ["node.labels.x == 1"]}}
OVER_HALF = {
    "Resources": {"Reservations": {"NanoCPUs": 1_500_000_000}},
    "Placement": {"Constraints": ["node.hostname==w1"]},
}


# Tasks without a place


@pytest.mark.parametrize(("replicas", "template"), [(3, ONE_EACH), (1, OVER_HALF)])
def test_a_new_task_waits_beside_the_old_one(replicas: int, template: dict[str, Any]):
    """A start-first rollout goes on for ever on full nodes (measurements.md#start-first)."""
    world = elapse(stripped(with_web(web(replicas, order="start-first", **template))), 600)
    assert (replicas * [("pending", "running")] + replicas * [("running", "running")], "updating") == (
        states(world),
        status(world),
    )


def test_another_update_makes_the_old_tasks_go():
    """Labels are enough, if each slot has its new task (measurements.md#start-first)."""
    world = elapse(stripped(with_web(web(order="start-first", **ONE_EACH))), 60)
    world = elapse(labelled(world), 60)
    assert (3 * [("running", "running")], [], "completed") == (states(world), on_ingress(world), status(world))


def test_start_first_where_there_is_room():
    """The old task ends once the new one runs (measurements.md#start-first)."""
    spec = web(1, order="start-first")
    begun = elapse(stripped(with_web(spec)), 2)
    assert [("running", "running"), ("running", "shutdown")] == states(begun)
    assert (("running", "running"), "completed") == (states(elapse(begun, 20))[0], status(elapse(begun, 20)))


def test_a_rollout_that_finds_no_place():
    """It goes on for ever, and moves no more tasks than at once (measurements.md#states-of-an-update)."""
    world = elapse(stripped(with_web(web(2, at_once=1, **NOWHERE))), 600)
    assert (2 * [("pending", "running")], 1, "updating") == (states(world), len(on_ingress(world)), status(world))


def test_a_global_task_without_room_stays():
    """Told to end it waits on, with its address on the ingress (measurements.md#forgotten-tasks)."""
    huge = {"Resources": {"Reservations": {"MemoryBytes": 1 << 50}}}
    world = elapse(stripped(with_web(web(None, **huge))), 10)
    assert 3 * [("pending", "ready")] + 3 * [("pending", "shutdown")] == states(world)
    assert {"shutdown"} == {task.desired for task in on_ingress(world)}
    assert 3 * [("pending", "running")] + 3 * [("pending", "shutdown")] == states(elapse(world, 60))


def found_after(*, first: str) -> list[str]:
    """The states of a task that got a place only after its service was labelled; `first`: what came before that."""
    world = labelled(with_web(web(1, **NOWHERE)))
    for label in (first, "x"):
        world = elapse(others.set_node(world, "w1", labels=((label, "1"),)), 10)
    return [task.state for task in world.swarm.tasks]


def test_a_forgotten_task():
    """After labels it is looked at once more, and never again (measurements.md#forgotten-tasks)."""
    assert ["pending"] == found_after(first="y")
    assert ["running"] == found_after(first="x")


def test_a_forced_update_remembers_it():
    """Another task is made in its place (measurements.md#forgotten-tasks)."""
    world = labelled(with_web(web(1, **NOWHERE)))
    world = others.set_node(others.set_node(world, "w1", labels=(("y", "1"),)), "w1", labels=(("x", "1"),))
    assert [("running", "running")] == states(elapse(forced(world), 20))


def test_why_it_waits():
    """The Engine's words, as real tasks have them (measurements.md#forgotten-tasks)."""
    world = with_web(web(1, **NOWHERE))
    assert ["no suitable node"] == [task.error for task in simulate.ingress_facts(world).tasks]


def test_a_paused_rollout_goes_on_with_the_next_update():
    """It goes on with the parallelism of that update (measurements.md#paused-rollouts)."""
    world = with_web(web(3, at_once=1))
    world = world.with_service(replace(named(world, "web"), failing=True))
    world = elapse(forced(world), 20)
    world = world.with_service(replace(named(world, "web"), failing=False))
    assert ("paused", 2) == (status(world), sum(task.state == "running" for task in world.swarm.tasks))
    world = elapse(change_service(world, "web", UpdateConfig={"Parallelism": 0}), 2)
    assert 2 == sum((task.state, task.desired) == ("running", "shutdown") for task in world.swarm.tasks)


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


def test_labels_start_nothing_again():
    """Neither does an unchanged update; one that concerns the tasks does (measurements.md#restart-conditions)."""
    world = with_web(web(1, RestartPolicy={"Condition": "none"}), ends="complete")
    assert [("complete", "shutdown")] == states(elapse(labelled(world), 1.5))
    assert ("running", "running") in states(elapse(stripped(labelled(world)), 1.5))
    assert "paused" == status(elapse(stripped(labelled(world)), 10))


def test_a_crash_loop_keeps_its_address():
    """It has one on the ingress while it waits for its next run, and no endpoint (measurements.md#crash-loops)."""
    waits = elapse(create_service(swarm(), web(1), ends="failed"), 4)
    runs = elapse(waits, 5)
    assert ([1, 1], [0, 1]) == (
        [sum(task.alive for task in on_ingress(world)) for world in (waits, runs)],
        [endpoints_of_tasks(world) for world in (waits, runs)],
    )


def endpoints_of_tasks(world: World) -> int:
    """Count the endpoints that tasks have on the bridges of hosts."""
    bridges = (host.network("docker_gwbridge") for host in world.hosts)
    return sum("ingress" not in end.name for bridge in bridges if bridge for end in bridge.endpoints)


def test_the_next_of_a_rejected_task():
    """It waits for a place on the node that rejected the first, or elsewhere (measurements.md#forgotten-tasks)."""
    in_the_way = create_network(host="w1", name="x", driver="bridge", subnet="10.20.0.0/24", gateway="10.20.0.1")
    world = elapse(perform(perform(swarm(), APP), in_the_way), 1)
    app = next(net.id for net in world.swarm.networks if net.name == "app")
    spec = service_spec("web", networks=(app,), replicas=None)
    assert [("ready", "ready"), ("rejected", "shutdown")] == states(elapse(create_service(world, spec), 3))[:2]


def test_a_task_that_does_not_listen():
    """It runs, with its address, until its grace is over (measurements.md#strip)."""
    world = stripped(with_web(web(1, ContainerSpec={"StopGracePeriod": 40_000_000_000}), stubborn=True))
    assert [("running", "shutdown")] == states(elapse(world, 40))
    assert [("running", "running")] == states(elapse(world, 50))


# Paused nodes


def paused(world: World) -> World:
    """w1 paused."""
    return others.set_node(world, "w1", availability="pause")


def test_a_paused_node_keeps_its_global_task():
    """Its port moves nothing there until it is active again (measurements.md#paused-nodes)."""
    world = elapse(stripped(paused(with_web(web(None)))), 30)
    assert ([world.host("w1").node_id], "completed") == ([task.node_id for task in on_ingress(world)], status(world))
    assert [] == on_ingress(elapse(others.set_node(world, "w1", availability="active"), 20))


def test_replicas_on_a_paused_node_move():
    """An update stops them as anywhere (measurements.md#paused-nodes)."""
    assert [] == on_ingress(elapse(stripped(paused(with_web(web(3)))), 30))


def test_a_global_task_that_ends_on_a_paused_node():
    """None follows it until the node is active again (measurements.md#paused-nodes)."""
    world = elapse(create_service(swarm(), web(None), ends="failed"), 1.5)
    node_id = world.host("w1").node_id
    world = elapse(paused(world), 20)
    assert ["failed"] == [task.state for task in world.swarm.tasks if task.node_id == node_id]
    world = elapse(others.set_node(world, "w1", availability="active"), 1.5)
    assert "running" in [task.state for task in world.swarm.tasks if task.node_id == node_id]


def with_container(**given: Any) -> tuple[World, str]:  # what run_container takes
    """A swarm with a container on an overlay on w1, and the container's id."""
    world = elapse(perform(swarm(), APP), 1)
    app = next(net.id for net in world.swarm.networks if net.name == "app")
    world = others.run_container(world, "w1", app, **given)
    return world, world.host("w1").containers[0].id


def test_no_container_gets_onto_an_overlay_of_a_paused_node():
    """A stopped one can't be started (measurements.md#attachments-of-paused-nodes)."""
    world, container = with_container()
    world = perform(paused(world), StopContainer(host="w1", id=container))
    with pytest.raises(EngineError, match="attaching to network failed"):
        perform(world, StartContainer(host="w1", id=container))


def test_a_restart_ends_containers_of_a_paused_node():
    """They stay ended when it is active again, until somebody starts them.

    measurements.md#attachments-of-paused-nodes
    """
    world, container = with_container()
    world = elapse(perform(paused(world), RestartEngine(host="w1")), 30)
    world = elapse(others.set_node(world, "w1", availability="active"), 30)
    assert [False] == [each.running for each in world.host("w1").containers]
    world = perform(world, StartContainer(host="w1", id=container))
    assert [True] == [each.running for each in world.host("w1").containers]


def test_a_container_that_ran_to_its_end_ends_again():
    """Each time it is started (measurements.md#containers-without-a-service)."""
    world, container = with_container(ends=True)
    started = perform(elapse(world, 10), StartContainer(host="w1", id=container))
    seen = (world, elapse(world, 10), started, elapse(started, 10))
    assert [True, False, True, False] == [each.host("w1").containers[0].running for each in seen]


# Members and Engines


def test_a_new_leader_knows_nobody():
    """Each member is unknown until it registers (measurements.md#unknown-nodes)."""
    world = perform(swarm(), RestartEngine(host="m1"))
    assert {"unknown"} == {node.state for node in world.swarm.nodes}
    assert {"ready"} == {node.state for node in elapse(world, 10).swarm.nodes}


def test_another_manager_is_elected():
    """The stop of one manager of three goes unnoticed unless it is the leader (measurements.md#unknown-nodes)."""
    world = swarm("w1", "w2")
    after = {host: members.stop_docker(world, host) for host in ("m1", "w1")}
    assert ({"unknown"}, {"ready"}) == tuple({node.state for node in each.swarm.nodes} for each in after.values())


def test_a_slow_engine():
    """The ingress comes to its bridge as late as the Engine is slow (measurements.md#gateway-lost)."""
    slow = replace(swarm(), manners=Manners(restart=13, ingress_back=8.5))
    world = perform(slow, RestartEngine(host="w1"))
    later = elapse(world, 8), elapse(world, 9)
    assert [0, 1] == [len(bridge.endpoints) for each in later if (bridge := each.host("w1").network("docker_gwbridge"))]


def test_the_fourth_start_within_a_minute():
    """Docker stays stopped, until somebody resets it or the minute is over, and starts it.

    measurements.md#start-limit
    """
    world = others.limit_starts(swarm(), "w1")
    for _ in range(4):
        world = perform(world, RestartEngine(host="w1"))
    seen = (world, elapse(world, 40), elapse(world, 60), others.reset_failed(world, "w1"))
    assert [False] * 4 == [each.host("w1").docker for each in seen]
    assert [False, False, True, True] == [members.start_docker(each, "w1").host("w1").docker for each in seen]


def test_a_start_in_each_minute():
    """There may be as many as one likes (measurements.md#start-limit)."""
    world = others.limit_starts(swarm(), "w1")
    for _ in range(8):
        world = elapse(perform(world, RestartEngine(host="w1")), 20)
    assert world.host("w1").docker
