"""The tasks of a simulated swarm's services: which a rollout moves, which are missing, which are too many.

Slots: one of a replicated service's numbered replicas, or one node of a global service.
"""

from dataclasses import replace
from typing import NamedTuple

from providers.rules.live.placement import matches
from providers.rules.vocabulary.facts import Node, Task
from providers.rules.vocabulary.service_spec import read_spec
from providers.simulate.scheduling import schedule
from providers.simulate.state import Happening, SimulatorState
from providers.simulate.workloads import Placed, Service, read

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
    return read_spec(service.spec).mode == "global"


def tasks_of(sim: SimulatorState, service: Service) -> tuple[Placed, ...]:
    """The tasks of one service."""
    return sim.swarm.tasks.of(service.id)


def is_dirty(sim: SimulatorState, service: Service, task: Placed) -> bool:
    """Tell whether a task has to move for the spec as it is now.

    While only the placement of its template differs, and its node will do, nothing else is looked at, its ports
    included (measurements.md#placement-alone).
    """
    if (task.template, task.endpoint) == (service.template, service.endpoint):
        return False
    theirs, ours = dict(read(task.template)), dict(read(service.template))
    moved = theirs.pop("Placement", None) != ours.pop("Placement", None)
    node = sim.swarm.node(task.node_id)
    return not (moved and theirs == ours and node and matches(node, read_spec(service.spec).placement.constraints))


def orchestrate(sim: SimulatorState) -> SimulatorState:
    """Stop what must not run any more, start what is missing, and look for places for what waits for one."""
    return schedule(reconciled(sim))


# For a service the last of its spec, tasks and nodes with which it was as it should be. Most are still, whatever has
# happened to the one that something happens to: of thousands only a few are gone through each time.
_AT_REST: dict[str, tuple[Service, tuple[Placed, ...] | None, tuple[Node, ...]]] = {}


def reconciled(sim: SimulatorState) -> SimulatorState:
    """Return the simulation with the tasks that each service should have, before anybody looks for places."""
    nodes, groups = sim.swarm.nodes, sim.swarm.tasks.by_service
    restless = [
        each
        for each in sim.swarm.services
        if (rested := _AT_REST.get(each.id)) is None
        or rested[0] is not each
        or rested[1] is not groups.get(each.id)
        or rested[2] is not nodes
    ]
    for service in restless:
        before, sim = sim, corrected(sim, service)
        if sim is before:
            _AT_REST[service.id] = (service, groups.get(service.id), nodes)
    return sim


def corrected(sim: SimulatorState, service: Service) -> SimulatorState:
    """Return the simulation with the tasks that one should have.

    What follows a task that has ended is made first: its slot counts among those that are in motion.
    """
    sim = fill(evict(sim, service), service)
    return fill(roll_on(sim, service), service)


# What must go


def evict(sim: SimulatorState, service: Service) -> SimulatorState:
    """Stop tasks whose node is no place for them."""
    constraints = read_spec(service.spec).placement.constraints
    for task in tasks_of(sim, service):
        node = sim.swarm.node(task.node_id)
        if task.meant_to_run and task.node_id and (node is None or not may_keep(node, constraints)):
            sim = stop(sim, task)
    return sim


def may_keep(node: Node, constraints: tuple[str, ...]) -> bool:
    """Tell whether a node keeps its tasks; on a paused one nobody looks at constraints."""
    actual = node.availability != "drain" and node.state != "down"
    return actual and (node.availability == "pause" or matches(node, constraints))


def roll_on(sim: SimulatorState, service: Service) -> SimulatorState:
    """Replace dirty tasks, so many slots at a time as the spec says. A rollout at `paused` goes no further.

    measurements.md#parallelism, #paused-rollouts
    """
    slots = updatable(sim, service)
    moving = sum(any(in_motion(task) for task in tasks) for tasks in slots.values())
    due = [
        tasks
        for tasks in slots.values()
        if not any(in_motion(task) for task in tasks)
        and any(task.meant_to_run and is_dirty(sim, service, task) for task in tasks)
    ]
    at_once = read_spec(service.spec).parallelism or len(slots)
    for tasks in due[: 0 if service.status == "paused" else max(0, at_once - moving)]:
        sim = replaced(sim, service, tasks)
    return sim


def updatable(sim: SimulatorState, service: Service) -> dict[Slot, list[Placed]]:
    """The tasks of each slot that an update may move: on paused nodes none of a global service.

    measurements.md#paused-nodes
    """
    slots: dict[Slot, list[Placed]] = {}
    for task in tasks_of(sim, service):
        node = sim.swarm.node(task.node_id)
        paused = node is not None and node.availability == "pause" and is_global(service)
        if on_live_node(sim, task) and not paused:
            slots.setdefault(slot_of(service, task), []).append(task)
    return slots


def in_motion(task: Placed) -> bool:
    """Tell whether an update waits for this task: to end where it runs, or to run where the update made it."""
    ending = task.state == "running" and not task.meant_to_run
    return ending or (task.fresh and task.meant_to_run and task.alive and task.state != "running")


def replaced(sim: SimulatorState, service: Service, tasks: list[Placed]) -> SimulatorState:
    """A slot whose tasks have to make room: at once, or once the new one runs (measurements.md#start-first)."""
    desired = [task for task in tasks if task.meant_to_run]
    if read_spec(service.spec).update_order == "start-first" and any(task.state == "running" for task in desired):
        return new_task(sim, service, slot_of(service, desired[0]), fresh=True)
    for task in desired:
        sim = stop(sim, replace(task, followed=True))
    return sim


def used(sim: SimulatorState, service: Service) -> SimulatorState:
    """Stop a slot's old tasks at once if another update finds its new task there already, whatever its state.

    measurements.md#start-first
    """
    for tasks in updatable(sim, service).values():
        desired = [task for task in tasks if task.meant_to_run]
        dirty = [task for task in desired if is_dirty(sim, service, task)]
        for task in dirty if len(dirty) < len(desired) else ():
            sim = stop(sim, replace(task, followed=True))
    return sim


def stop(sim: SimulatorState, task: Placed) -> SimulatorState:
    """A task is told to end: it takes a while where it runs, and is gone at once where it never did.

    One that waits for a place on its own node is never looked at again, nor does one end that its host can't start
    (measurements.md#strip, #forgotten-tasks, #old-ingress-stays).
    """
    if task.state == "starting" or (task.state == "pending" and task.node_id):
        return sim.with_task(replace(task, desired="shutdown"))
    if task.state != "running":
        return forget(sim, task)
    service = sim.swarm.service(task.service_id)
    stubborn = service is not None and service.stubborn
    grace = read_spec(task.spec).stop_grace if stubborn else 0
    sim = sim.with_task(replace(task, desired="shutdown"))
    return sim.later(sim.timings.task_stop + grace, Happening("task ends", task.id))


def forget(sim: SimulatorState, task: Placed) -> SimulatorState:
    """Without the task; what was told to end is not remembered."""
    return sim.agreed(tasks=sim.swarm.tasks.without(task))


def stays_ended(sim: SimulatorState, task: Placed) -> bool:
    """Tell whether none follows a task that was told to end: it runs once, and no update moves it.

    To swarmkit a drain is a restart (shouldRestart:
    https://github.com/moby/swarmkit/blob/master/manager/orchestrator/restart/restart.go).
    """
    actual = sim.swarm.service(task.service_id) is not None
    return actual and read_spec(task.spec).restart_condition == "none" and not task.followed


def on_live_node(sim: SimulatorState, task: Placed) -> bool:
    """Tell whether the task's node still reports its status."""
    node = sim.swarm.node(task.node_id)
    return not task.node_id or (node is not None and node.state != "down")


# What is missing


def fill(sim: SimulatorState, service: Service) -> SimulatorState:
    """Make the tasks that are missing, each only after the one it follows has ended.

    One that waited for a place and was told to end does not: who follows it waits for a minute in vain.
    """
    full = {slot_of(service, task) for task in tasks_of(sim, service) if fills(sim, service, task)}
    left = {slot_of(service, task) for task in tasks_of(sim, service) if abandoned(task)}
    for slot in empty_slots(sim, service, full):
        waits = OLD_TASK_TIMEOUT if slot in left else 0
        sim = new_task(sim, service, slot, fresh=service.status in ("updating", "rollback_started"), after=waits)
    return sim


def abandoned(task: Placed) -> bool:
    """Tell whether it was told to end while it waited for a place, so that it never will.

    measurements.md#forgotten-tasks
    """
    return task.state == "pending" and not task.meant_to_run


def fills(sim: SimulatorState, service: Service, task: Placed) -> bool:
    """Tell whether no other task is made for its slot: it lives, or has ended for good by its own spec's will."""
    if not on_live_node(sim, task):
        return False
    if task.state == "shutdown" or task.state in Task.BY_THEMSELVES:
        moved = service.status != "paused" and is_dirty(sim, service, task)
        return task.meant_to_run or not (restarts(task) or moved)
    return task.alive and not abandoned(task)


def restarts(task: Placed) -> bool:
    """Tell whether another follows after it has ended by itself (measurements.md#restart-conditions). Restarts count
    while the spec stays the same (swarmkit, shouldRestart:
    https://github.com/moby/swarmkit/blob/master/manager/orchestrator/restart/restart.go).
    """
    condition, attempts = read_spec(task.spec).restart_condition, read_spec(task.spec).most_restarts
    if attempts and task.restarted >= attempts:
        return False
    return condition == "any" or (condition == "on-failure" and task.state != "complete")


def empty_slots(sim: SimulatorState, service: Service, full: set[Slot]) -> list[Slot]:
    """The slots without a task: of a global service no node that is paused, drained, down or does not fit."""
    if not is_global(service):
        desired = read_spec(service.spec).replicas or 0
        numbers = [number for number in range(1, desired + 1) if Slot(number, "") not in full]
        return [Slot(number, "") for number in numbers[: max(0, desired - len(full))]]
    constraints = read_spec(service.spec).placement.constraints
    nodes = [node for node in sim.swarm.nodes if node.availability == "active" and may_keep(node, constraints)]
    return [Slot(0, node.id) for node in nodes if Slot(0, node.id) not in full]


def new_task(
    sim: SimulatorState, service: Service, slot: Slot, *, fresh: bool = False, after: float = 0, restarted: int = 0
) -> SimulatorState:
    """A task that waits for its place. Without the networks it needs it stays `new`, whatever comes later.

    after: how long it only gets ready (measurements.md#dead-networks, #rollback). restarted: as `Placed` has it.
    """
    ingress = sim.swarm.ingress
    networks = (*service.networks, *((ingress.id,) if ingress and service.through_ingress else ()))
    allocated = all((net := sim.swarm.network(each)) and net.allocated for each in networks)
    possible = allocated and (ingress is not None or not service.through_ingress)
    sim, task_id = remembering(sim, service, slot).another_id("t")
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
    sim = sim.with_task(task)
    return sim.later(after, Happening("task due", task_id)) if after else sim


def remembering(sim: SimulatorState, service: Service, slot: Slot) -> SimulatorState:
    """Return the simulation with the last task of a slot that ended by itself, or never will; Engines keep more than
    one."""
    ended = [
        task
        for task in tasks_of(sim, service)
        if slot_of(service, task) == slot and (not task.alive or abandoned(task))
    ]
    for task in ended[: -1 if sim.swarm.settings.task_history_limit else None]:
        sim = forget(sim, task)
    return sim


def due(sim: SimulatorState, task_id: str) -> SimulatorState:
    """A task that only got ready shall run from now on."""
    task = sim.swarm.task(task_id)
    if task is None or task.desired != "ready":
        return sim
    if task.state != "ready":
        return sim.with_task(replace(task, desired="running"))
    sim = sim.with_task(replace(task, desired="running", state="preparing"))
    return sim.later(sim.timings.task_start, Happening("task starts", task.id))
