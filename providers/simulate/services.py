"""Services of a simulated swarm: their specs, their ports, how their updates go, and what a rollback brings."""

from dataclasses import replace

from providers.rules.vocabulary.errors import Conflict, EngineError, NotFound
from providers.rules.vocabulary.facts import Task
from providers.rules.vocabulary.service_spec import read_spec
from providers.rules.vocabulary.steps import UpdateService
from providers.simulate.answering import manager
from providers.simulate.orchestrator import is_dirty, orchestrate, reconciled, tasks_of, updatable, used
from providers.simulate.scheduling import schedule
from providers.simulate.state import Happening, Host, SimulatorState
from providers.simulate.workloads import Placed, Service, read, text


def update_service(sim: SimulatorState, step: UpdateService) -> SimulatorState:
    """A spec written as a whole, at the version that was read (measurements.md#versions)."""
    asked, service = manager(sim), sim.swarm.service(step.service_id)
    if service is None:
        raise NotFound(f"{asked.name}: service {step.service_id} not found")
    if service.version != step.version:
        raise Conflict(f"{asked.name}: update out of sequence")
    spec = text(read(step.spec))
    changed = replace(service, spec=spec, previous=service.spec, version=service.version + 1, status="")
    refuse_ports(sim, asked, changed)
    sim = numbered(sim.with_service(changed), service.id)
    before = begin_update(sim, service.id)
    after = reconciled(before).later(sim.timings.bump, Happening("version bumped", service.id))
    return schedule(after) if after.swarm.tasks != before.swarm.tasks else after


def begin_update(sim: SimulatorState, service_id: str) -> SimulatorState:
    """A service whose spec was written: another update begins with all of its tasks, if one has to move."""
    service = sim.swarm.service(service_id)
    assert service is not None
    for task in tasks_of(sim, service):
        sim = sim.with_task(replace(task, fresh=False, outdated=task.state == "pending"))
    if not any(moves(sim, service, tasks) for tasks in updatable(sim, service).values()):
        return sim
    updating = service if service.status else replace(service, status="updating")
    return watch_update(used(sim.with_service(updating), updating), service_id)


def moves(sim: SimulatorState, service: Service, tasks: list[Placed]) -> bool:
    """Tell whether an update has something to do in a slot, also if its last task has ended for good."""
    desired = [task for task in tasks if task.meant_to_run]
    ended = [task for task in tasks if task.state in Task.BY_THEMSELVES]
    return len(desired) > 1 or any(is_dirty(sim, service, task) for task in desired or ended[-1:])


def numbered(sim: SimulatorState, service_id: str) -> SimulatorState:
    """Return the simulation with numbers for a service's dynamic ports: those they have, else the next ones.

    measurements.md#dynamic-ports
    """
    service = sim.swarm.service(service_id)
    assert service is not None
    if service.through_ingress and sim.swarm.ingress is None:
        return sim.with_service(replace(service, numbers=()))
    had = [port for port in service.numbers if port.mode == "ingress"]
    numbers, following = [], sim.swarm.next_port
    for port in service.ports:
        if port.mode == "ingress" and not port.published:
            own = next((one for one in had if (one.protocol, one.target) == (port.protocol, port.target)), None)
            if own:
                had.remove(own)
            port = replace(port, published=own.published if own else following)
        following += port.published == following
        numbers.append(port)
    return sim.with_service(replace(service, numbers=tuple(numbers))).agreed(next_port=following)


def refuse_ports(sim: SimulatorState, asked: Host, service: Service) -> None:
    """Raises EngineError for ports without an ingress, and for one that another service has.

    measurements.md#no-ingress, #ports-of-others
    """
    if service.through_ingress and sim.swarm.ingress is None:
        raise EngineError(f"{asked.name}: service needs ingress network, but no ingress network is present")
    ports = [port for port in service.ports if port.published]
    desired = {(port.protocol, port.published): port.mode for port in ports}
    if len(desired) < len(ports):
        raise EngineError(f"{asked.name}: duplicate published ports provided")
    for other in sim.swarm.services if desired else ():
        for port in other.numbers if other.id != service.id else ():
            mode = desired.get((port.protocol, port.published))
            if mode and "ingress" in (mode, port.mode):  # on hosts alone, two may have it
                raise EngineError(f"{asked.name}: port '{port.published}' is already in use by service '{other.name}'")


def watch_update(sim: SimulatorState, service_id: str) -> SimulatorState:
    """Its update is watched for a while from now on."""
    what = Happening("update completed", service_id)
    others = tuple([due for due in sim.pending if due.what != what])
    return replace(sim, pending=others).later(sim.timings.monitor, what)


def complete(sim: SimulatorState, service_id: str) -> SimulatorState:
    """An update is complete a while after the last of the tasks that it made began to run, however that is by now.

    One whose task finds no place never is (measurements.md#states-of-an-update).
    """
    service = sim.swarm.service(service_id)
    if service is None or service.status not in ("updating", "rollback_started"):
        return sim
    tasks = [task for tasks in updatable(sim, service).values() for task in tasks]
    if any(under_way(sim, service, task) for task in tasks):
        return sim
    status = "completed" if service.status == "updating" else "rollback_completed"
    return sim.with_service(replace(service, status=status))


def under_way(sim: SimulatorState, service: Service, task: Placed) -> bool:
    """Tell whether an update is not done with a task."""
    if not task.meant_to_run:
        return task.state == "running"
    return is_dirty(sim, service, task) or (task.fresh and task.alive and task.state != "running")


def failed(sim: SimulatorState, service: Service) -> SimulatorState:
    """Do what the spec says about an update whose tasks fail."""
    if read_spec(service.spec).failure_action == "rollback":
        return sim.later(sim.timings.rollback, Happening("rolled back", service.id))
    return sim.with_service(replace(service, status="paused"))


def roll_back(sim: SimulatorState, service_id: str) -> SimulatorState:
    """The whole former spec comes back, labels and ports, without the checks of an update.

    measurements.md#rollback
    """
    service = sim.swarm.service(service_id)
    if service is None or service.status != "updating" or not service.previous:
        return sim
    former = replace(
        service, spec=service.previous, previous="", version=service.version + 1, status="rollback_started"
    )
    return orchestrate(begin_update(numbered(sim.with_service(former), service_id), service_id))
