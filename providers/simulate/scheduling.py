"""Places where tasks of a simulated swarm may run: nodes that take tasks, constraints, tasks per node, reservations.

As swarmkit's scheduler has it: https://github.com/moby/swarmkit/blob/master/manager/scheduler/filter.go
"""

from dataclasses import replace

from providers.rules.live.placement import matches
from providers.rules.vocabulary.facts import Node
from providers.rules.vocabulary.service_spec import read_spec
from providers.simulate.state import Happening, SimulatorState
from providers.simulate.workloads import Placed

NO_PLACE = "no suitable node"


def takes_tasks(node: Node) -> bool:
    """Tell whether the scheduler gives it anything, standalone containers on overlays included.

    measurements.md#attachments-of-paused-nodes
    """
    return node.availability == "active" and node.state == "ready"


def fits(sim: SimulatorState, node: Node, task: Placed) -> bool:
    """Tell whether a node can take a task now."""
    at_most = read_spec(task.spec).placement.max_per_node
    return (
        takes_tasks(node)
        and matches(node, read_spec(task.spec).placement.constraints)
        and (not at_most or _beside(sim, node, task) < at_most)
        and _has_room(sim, node, task)
    )


def _beside(sim: SimulatorState, node: Node, task: Placed) -> int:
    """Count the tasks of its service that a node has beside it."""
    actual = sim.swarm.tasks.of(task.service_id)
    return sum(
        other.node_id == node.id and other.id != task.id and other.meant_to_run and other.alive for other in actual
    )


def _has_room(sim: SimulatorState, node: Node, task: Placed) -> bool:
    """Tell whether its reservation is free; a task that is to end keeps its own until then (as `pending` it has
    none).
    """
    asked = read_spec(task.spec)
    if not asked.nano_cpus and not asked.memory_bytes:
        return True
    others = [other for other in sim.swarm.tasks if other.node_id == node.id and other.id != task.id]
    taken = [read_spec(other.spec) for other in others if other.alive and other.state != "pending"]
    cpus = asked.nano_cpus + sum(each.nano_cpus for each in taken)
    memory = asked.memory_bytes + sum(each.memory_bytes for each in taken)
    return (not asked.nano_cpus or cpus <= node.nano_cpus) and (not asked.memory_bytes or memory <= node.memory_bytes)


def schedule(sim: SimulatorState) -> SimulatorState:
    """One pass of the scheduler over all tasks that wait for a place.

    A task whose service was written since it was made, though nothing that concerns it, is looked at once more and
    then never again (measurements.md#forgotten-tasks).
    """
    actual = sim.swarm.tasks
    waiting = [task for service in actual.waiting for task in actual.of(service) if task.state == "pending"]
    for task in sorted(waiting, key=lambda task: task.id):
        if task.meant_to_run and task.queued:
            sim = _placed(sim, task)
    return sim


def _placed(sim: SimulatorState, task: Placed) -> SimulatorState:
    """A task with a place on a node, if one takes it."""
    node = _place(sim, task)
    if node is None:
        queued = bool(task.node_id) or not task.outdated
        return sim.with_task(replace(task, queued=queued, error=NO_PLACE))
    state = "ready" if task.desired == "ready" else "preparing"
    sim = sim.with_task(replace(task, node_id=node.id, state=state, outdated=False, error=""))
    if task.desired == "ready":
        return sim
    return sim.later(sim.timings.task_start, Happening("task starts", task.id))


def _place(sim: SimulatorState, task: Placed) -> Node | None:
    """The node for a task: its own, or of all that can take it the one with the fewest of its service."""
    nodes = [node for node in sim.swarm.nodes if task.node_id in ("", node.id) and fits(sim, node, task)]
    count = {node.id: 0 for node in nodes}
    for other in sim.swarm.tasks.of(task.service_id):
        if other.alive and other.node_id in count:
            count[other.node_id] += 1
    return min(nodes, key=lambda node: count[node.id], default=None)
