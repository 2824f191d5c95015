"""The tasks of a simulated swarm's services: which a rollout moves, which are missing, which are too many.

Slots: one of a replicated service's numbered replicas, or one node of a global service.
"""

from dataclasses import replace
from typing import NamedTuple

from providers.rules.live import service_spec
from providers.rules.live.placement import matches
from providers.rules.vocabulary.facts import Node, Task
from providers.simulate.scheduling import schedule
from providers.simulate.workloads import Placed, Service, read
from providers.simulate.world import Happening, World

# Seconds that a task waits for the end of the one it follows:
# https://github.com/moby/swarmkit/blob/master/manager/orchestrator/restart/restart.go
OLD_TASK_TIMEOUT = 60.0


class Slot(NamedTuple):
    """A replica by its number, or a node by its id."""

    number: int
    node_id: str


def slot_of(service: Service, task: Placed) -> Slot:
    """The slot that a task fills."""
    return Slot(0, task.node_id) if is_global(service) else Slot(task.slot, "")


def is_global(service: Service) -> bool:
    """Tell whether it has a task on every node that will do."""
    return service_spec.mode(service.spec) == "global"


def tasks_of(world: World, service: Service) -> tuple[Placed, ...]:
    """The tasks of one service."""
    return world.swarm.tasks.of(service.id)


def is_dirty(world: World, service: Service, task: Placed) -> bool:
    """Tell whether a task has to move for the spec as it is now.

    While only the placement of its template differs, and its node will do, nothing else is looked at, its ports
    included (measurements.md#placement-alone).
    """
    if (task.template, task.endpoint) == (service.template, service.endpoint):
        return False
    theirs, ours = dict(read(task.template)), dict(read(service.template))
    moved = theirs.pop("Placement", None) != ours.pop("Placement", None)
    node = world.swarm.node(task.node_id)
    return not (moved and theirs == ours and node and matches(node, service_spec.constraints(service.spec)))


def orchestrate(world: World) -> World:
    """Stop what must not run any more, start what is missing, and look for places for what waits for one."""
    return schedule(reconciled(world))


# For a service the last of its spec, tasks and nodes with which it was as it should be. Most are still, whatever has
# happened to the one that something happens to: of thousands only a few are gone through each time.
_AT_REST: dict[str, tuple[Service, tuple[Placed, ...] | None, tuple[Node, ...]]] = {}


def reconciled(world: World) -> World:
    """Return the world with the tasks that each service should have, before anybody looks for places."""
    nodes, groups = world.swarm.nodes, world.swarm.tasks.by_service
    restless = [
        each
        for each in world.swarm.services
        if (rested := _AT_REST.get(each.id)) is None
        or rested[0] is not each
        or rested[1] is not groups.get(each.id)
        or rested[2] is not nodes
    ]
    for service in restless:
        before, world = world, corrected(world, service)
        if world is before:
            _AT_REST[service.id] = (service, groups.get(service.id), nodes)
    return world


def corrected(world: World, service: Service) -> World:
    """Return the world with the tasks that one should have.

    What follows a task that has ended is made first: its slot counts among those that are in motion.
    """
    world = fill(evict(world, service), service)
    return fill(roll_on(world, service), service)


# What must go


def evict(world: World, service: Service) -> World:
    """Stop tasks whose node is no place for them."""
    constraints = service_spec.constraints(service.spec)
    for task in tasks_of(world, service):
        node = world.swarm.node(task.node_id)
        if task.wanted and task.node_id and (node is None or not may_keep(node, constraints)):
            world = stop(world, task)
    return world


def may_keep(node: Node, constraints: tuple[str, ...]) -> bool:
    """Tell whether a node keeps its tasks; on a paused one nobody looks at constraints."""
    there = node.availability != "drain" and node.state != "down"
    return there and (node.availability == "pause" or matches(node, constraints))


def roll_on(world: World, service: Service) -> World:
    """Replace dirty tasks, so many slots at a time as the spec says. A rollout at `paused` goes no further.

    measurements.md#parallelism, #paused-rollouts
    """
    slots = updatable(world, service)
    moving = sum(any(in_motion(task) for task in tasks) for tasks in slots.values())
    due = [
        tasks
        for tasks in slots.values()
        if not any(in_motion(task) for task in tasks)
        and any(task.wanted and is_dirty(world, service, task) for task in tasks)
    ]
    at_once = service_spec.parallelism(service.spec) or len(slots)
    for tasks in due[: 0 if service.status == "paused" else max(0, at_once - moving)]:
        world = replaced(world, service, tasks)
    return world


def updatable(world: World, service: Service) -> dict[Slot, list[Placed]]:
    """The tasks of each slot that an update may move: on paused nodes none of a global service.

    measurements.md#paused-nodes
    """
    slots: dict[Slot, list[Placed]] = {}
    for task in tasks_of(world, service):
        node = world.swarm.node(task.node_id)
        paused = node is not None and node.availability == "pause" and is_global(service)
        if on_live_node(world, task) and not paused:
            slots.setdefault(slot_of(service, task), []).append(task)
    return slots


def in_motion(task: Placed) -> bool:
    """Tell whether an update waits for this task: to end where it runs, or to run where the update made it."""
    ending = task.state == "running" and not task.wanted
    return ending or (task.fresh and task.wanted and task.alive and task.state != "running")


def replaced(world: World, service: Service, tasks: list[Placed]) -> World:
    """A slot whose tasks have to make room: at once, or once the new one runs (measurements.md#start-first)."""
    wanted = [task for task in tasks if task.wanted]
    if service_spec.update_order(service.spec) == "start-first" and any(task.state == "running" for task in wanted):
        return new_task(world, service, slot_of(service, wanted[0]), fresh=True)
    for task in wanted:
        world = stop(world, replace(task, followed=True))
    return world


def used(world: World, service: Service) -> World:
    """Stop a slot's old tasks at once if another update finds its new task there already, whatever its state.

    measurements.md#start-first
    """
    for tasks in updatable(world, service).values():
        wanted = [task for task in tasks if task.wanted]
        dirty = [task for task in wanted if is_dirty(world, service, task)]
        for task in dirty if len(dirty) < len(wanted) else ():
            world = stop(world, replace(task, followed=True))
    return world


def stop(world: World, task: Placed) -> World:
    """A task is told to end: it takes a while where it runs, and is gone at once where it never did.

    One that waits for a place on its own node is never looked at again, nor does one end that its host can't start
    (measurements.md#strip, #forgotten-tasks, #old-ingress-stays).
    """
    if task.state == "starting" or (task.state == "pending" and task.node_id):
        return world.with_task(replace(task, desired="shutdown"))
    if task.state != "running":
        return forget(world, task)
    service = world.swarm.service(task.service_id)
    stubborn = service is not None and service.stubborn
    grace = service_spec.stop_grace(task.spec) if stubborn else 0
    world = world.with_task(replace(task, desired="shutdown"))
    return world.later(world.manners.task_stop + grace, Happening("task ends", task.id))


def forget(world: World, task: Placed) -> World:
    """Without the task; what was told to end is not remembered."""
    return world.agreed(tasks=world.swarm.tasks.without(task))


def stays_ended(world: World, task: Placed) -> bool:
    """Tell whether none follows a task that was told to end: it runs once, and no update moves it.

    To swarmkit a drain is a restart (shouldRestart:
    https://github.com/moby/swarmkit/blob/master/manager/orchestrator/restart/restart.go).
    """
    there = world.swarm.service(task.service_id) is not None
    return there and service_spec.restart_condition(task.spec) == "none" and not task.followed


def on_live_node(world: World, task: Placed) -> bool:
    """Tell whether somebody can still say how the task is."""
    node = world.swarm.node(task.node_id)
    return not task.node_id or (node is not None and node.state != "down")


# What is missing


def fill(world: World, service: Service) -> World:
    """Make the tasks that are missing, each only after the one it follows has ended.

    One that waited for a place and was told to end does not: who follows it waits for a minute in vain.
    """
    full = {slot_of(service, task) for task in tasks_of(world, service) if fills(world, service, task)}
    left = {slot_of(service, task) for task in tasks_of(world, service) if abandoned(task)}
    for slot in empty_slots(world, service, full):
        waits = OLD_TASK_TIMEOUT if slot in left else 0
        world = new_task(world, service, slot, fresh=service.status in ("updating", "rollback_started"), after=waits)
    return world


def abandoned(task: Placed) -> bool:
    """Tell whether it was told to end while it waited for a place, so that it never will.

    measurements.md#forgotten-tasks
    """
    return task.state == "pending" and not task.wanted


def fills(world: World, service: Service, task: Placed) -> bool:
    """Tell whether no other task is made for its slot: it lives, or has ended for good by its own spec's will."""
    if not on_live_node(world, task):
        return False
    if task.state == "shutdown" or task.state in Task.BY_THEMSELVES:
        moved = service.status != "paused" and is_dirty(world, service, task)
        return task.wanted or not (restarts(task) or moved)
    return task.alive and not abandoned(task)


def restarts(task: Placed) -> bool:
    """Tell whether another follows after it has ended by itself (measurements.md#restart-conditions). Restarts count
    while the spec stays the same (swarmkit, shouldRestart:
    https://github.com/moby/swarmkit/blob/master/manager/orchestrator/restart/restart.go).
    """
    condition, attempts = service_spec.restart_condition(task.spec), service_spec.most_restarts(task.spec)
    if attempts and task.restarted >= attempts:
        return False
    return condition == "any" or (condition == "on-failure" and task.state != "complete")


def empty_slots(world: World, service: Service, full: set[Slot]) -> list[Slot]:
    """The slots without a task: of a global service no node that is paused, drained, down or does not fit."""
    if not is_global(service):
        wanted = service_spec.replicas(service.spec) or 0
        numbers = [number for number in range(1, wanted + 1) if Slot(number, "") not in full]
        return [Slot(number, "") for number in numbers[: max(0, wanted - len(full))]]
    constraints = service_spec.constraints(service.spec)
    nodes = [node for node in world.swarm.nodes if node.availability == "active" and may_keep(node, constraints)]
    return [Slot(0, node.id) for node in nodes if Slot(0, node.id) not in full]


def new_task(
    world: World, service: Service, slot: Slot, *, fresh: bool = False, after: float = 0, restarted: int = 0
) -> World:
    """A task that waits for its place. Without the networks it needs it stays `new`, whatever comes later.

    after: how long it only gets ready (measurements.md#dead-networks, #rollback). restarted: as `Placed` has it.
    """
    ingress = world.swarm.ingress
    networks = (*service.networks, *((ingress.id,) if ingress and service.through_ingress else ()))
    allocated = all((net := world.swarm.network(each)) and net.allocated for each in networks)
    possible = allocated and (ingress is not None or not service.through_ingress)
    world, task_id = remembering(world, service, slot).another_id("t")
    task = Placed(
        id=task_id,
        service_id=service.id,
        node_id=slot.node_id if possible else "",
        state="pending" if possible else "new",
        desired="ready" if after else "running",
        slot=slot.number,
        networks=networks if possible else (),
        template=service.template,
        endpoint=service.endpoint,
        fresh=fresh,
        restarted=restarted,
    )
    world = world.with_task(task)
    return world.later(after, Happening("task due", task_id)) if after else world


def remembering(world: World, service: Service, slot: Slot) -> World:
    """Return the world with the last task of a slot that ended by itself, or never will; Engines keep more than one."""
    ended = [
        task
        for task in tasks_of(world, service)
        if slot_of(service, task) == slot and (not task.alive or abandoned(task))
    ]
    for task in ended[: -1 if world.swarm.settings.task_history_limit else None]:
        world = forget(world, task)
    return world


def due(world: World, task_id: str) -> World:
    """A task that only got ready shall run from now on."""
    task = world.swarm.task(task_id)
    if task is None or task.desired != "ready":
        return world
    if task.state != "ready":
        return world.with_task(replace(task, desired="running"))
    world = world.with_task(replace(task, desired="running", state="preparing"))
    return world.later(world.manners.task_start, Happening("task starts", task.id))
