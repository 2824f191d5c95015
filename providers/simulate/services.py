"""Services of a simulated swarm: their specs, their ports, how their updates go, and what a rollback brings."""

from dataclasses import replace

from providers.rules.live import service_spec
from providers.rules.vocabulary.errors import Conflict, EngineError, NotFound
from providers.rules.vocabulary.facts import Task
from providers.rules.vocabulary.steps import UpdateService
from providers.simulate.answering import manager
from providers.simulate.orchestrator import is_dirty, orchestrate, reconciled, tasks_of, updatable, used
from providers.simulate.scheduling import schedule
from providers.simulate.workloads import Placed, Service, read, text
from providers.simulate.world import Happening, Host, World


def update_service(world: World, step: UpdateService) -> World:
    """A spec written as a whole, at the version that was read (measurements.md#versions)."""
    asked, service = manager(world), world.swarm.service(step.service_id)
    if service is None:
        raise NotFound(f"{asked.name}: service {step.service_id} not found")
    if service.version != step.version:
        raise Conflict(f"{asked.name}: update out of sequence")
    spec = text(read(step.spec))
    changed = replace(service, spec=spec, previous=service.spec, version=service.version + 1, status="")
    refuse_ports(world, asked, changed)
    world = numbered(world.with_service(changed), service.id)
    before = begun(world, service.id)
    after = reconciled(before).later(world.manners.bump, Happening("version bumped", service.id))
    return schedule(after) if after.swarm.tasks != before.swarm.tasks else after


def begun(world: World, service_id: str) -> World:
    """A service whose spec was written: another update begins with all of its tasks, if one has to move."""
    service = world.swarm.service(service_id)
    assert service is not None
    for task in tasks_of(world, service):
        world = world.with_task(replace(task, fresh=False, outdated=task.state == "pending"))
    if not any(moves(world, service, tasks) for tasks in updatable(world, service).values()):
        return world
    updating = service if service.status else replace(service, status="updating")
    return watched(used(world.with_service(updating), updating), service_id)


def moves(world: World, service: Service, tasks: list[Placed]) -> bool:
    """Tell whether an update has something to do in a slot, also if its last task has ended for good."""
    wanted = [task for task in tasks if task.wanted]
    ended = [task for task in tasks if task.state in Task.BY_THEMSELVES]
    return len(wanted) > 1 or any(is_dirty(world, service, task) for task in wanted or ended[-1:])


def numbered(world: World, service_id: str) -> World:
    """Return the world with numbers for a service's dynamic ports: those they have, else the next ones.

    measurements.md#dynamic-ports
    """
    service = world.swarm.service(service_id)
    assert service is not None
    if service.through_ingress and world.swarm.ingress is None:
        return world.with_service(replace(service, numbers=()))
    had = [port for port in service.numbers if port.mode == "ingress"]
    numbers, following = [], world.swarm.next_port
    for port in service.ports:
        if port.mode == "ingress" and not port.published:
            own = next((one for one in had if (one.protocol, one.target) == (port.protocol, port.target)), None)
            if own:
                had.remove(own)
            port = replace(port, published=own.published if own else following)
        following += port.published == following
        numbers.append(port)
    return world.with_service(replace(service, numbers=tuple(numbers))).agreed(next_port=following)


def refuse_ports(world: World, asked: Host, service: Service) -> None:
    """Raises EngineError for ports without an ingress, and for one that another service has.

    measurements.md#no-ingress, #ports-of-others
    """
    if service.through_ingress and world.swarm.ingress is None:
        raise EngineError(f"{asked.name}: service needs ingress network, but no ingress network is present")
    ports = [port for port in service.ports if port.published]
    wanted = {(port.protocol, port.published): port.mode for port in ports}
    if len(wanted) < len(ports):
        raise EngineError(f"{asked.name}: duplicate published ports provided")
    for other in world.swarm.services if wanted else ():
        for port in other.numbers if other.id != service.id else ():
            mode = wanted.get((port.protocol, port.published))
            if mode and "ingress" in (mode, port.mode):  # on hosts alone, two may have it
                raise EngineError(f"{asked.name}: port '{port.published}' is already in use by service '{other.name}'")


def watched(world: World, service_id: str) -> World:
    """Its update is watched for a while from now on."""
    what = Happening("update completed", service_id)
    others = tuple([due for due in world.pending if due.what != what])
    return replace(world, pending=others).later(world.manners.monitor, what)


def complete(world: World, service_id: str) -> World:
    """An update is complete a while after the last of the tasks that it made began to run, however that is by now.

    One whose task finds no place never is (measurements.md#states-of-an-update).
    """
    service = world.swarm.service(service_id)
    if service is None or service.status not in ("updating", "rollback_started"):
        return world
    tasks = [task for tasks in updatable(world, service).values() for task in tasks]
    if any(under_way(world, service, task) for task in tasks):
        return world
    status = "completed" if service.status == "updating" else "rollback_completed"
    return world.with_service(replace(service, status=status))


def under_way(world: World, service: Service, task: Placed) -> bool:
    """Tell whether an update is not done with a task."""
    if not task.wanted:
        return task.state == "running"
    return is_dirty(world, service, task) or (task.fresh and task.alive and task.state != "running")


def failed(world: World, service: Service) -> World:
    """Do what the spec says about an update whose tasks fail."""
    if service_spec.failure_action(service.spec) == "rollback":
        return world.later(world.manners.rollback, Happening("rolled back", service.id))
    return world.with_service(replace(service, status="paused"))


def roll_back(world: World, service_id: str) -> World:
    """The whole former spec comes back, labels and ports, without the checks of an update.

    measurements.md#rollback
    """
    service = world.swarm.service(service_id)
    if service is None or service.status != "updating" or not service.previous:
        return world
    former = replace(
        service, spec=service.previous, previous="", version=service.version + 1, status="rollback_started"
    )
    return orchestrate(begun(numbered(world.with_service(former), service_id), service_id))
