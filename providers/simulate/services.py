"""Services of a simulated swarm and their tasks: what an update moves, what it does not, and what comes back."""

from dataclasses import replace

from providers.rules.vocabulary.errors import Conflict, EngineError, NotFound
from providers.rules.vocabulary.facts import Endpoint, Node, Port
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.steps import UpdateService
from providers.simulate.answering import manager
from providers.simulate.bridges import plugged, unplugged
from providers.simulate.host_copies import arrive, attach, overlapping, release
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
    if any(task.desired == "running" and is_dirty(changed, task) for task in tasks_of(world, changed)):
        changed = replace(changed, status="updating")
    world = numbered(world.with_service(changed), service.id)
    return orchestrate(world.later(world.manners.bump, Happening("version bumped", service.id)))


def numbered(world: World, service_id: str) -> World:
    """With numbers for a service's dynamic ports: those they have, else the next ones.

    measurements.md#dynamic-ports
    """
    service = world.swarm.service(service_id)
    assert service is not None
    if service.through_ingress and world.swarm.ingress is None:
        return world.with_service(replace(service, numbers=()))
    had = {(port.protocol, port.target): port.published for port in service.numbers if port.mode == "ingress"}
    numbers, following = [], world.swarm.next_port
    for port in service.ports:
        number = port.published or had.get((port.protocol, port.target), following)
        following += number == following
        numbers.append(replace(port, published=number if port.mode == "ingress" else port.published))
    return world.with_service(replace(service, numbers=tuple(numbers))).agreed(next_port=following)


def refuse_ports(world: World, asked: Host, service: Service) -> None:
    """Raises EngineError for ports without an ingress, and for one that another service has.

    measurements.md#no-ingress, #ports-of-others
    """
    if service.through_ingress and world.swarm.ingress is None:
        raise EngineError(f"{asked.name}: service needs ingress network, but no ingress network is present")
    wanted = published(service.ports)
    for other in world.swarm.services:
        taken = wanted & published(other.numbers)
        if other.id != service.id and taken:
            raise EngineError(f"{asked.name}: port '{min(taken)[1]}' is already in use by service '{other.name}'")


def published(ports: tuple[Port, ...]) -> set[tuple[str, int]]:
    """The numbers among these ports that go through the ingress."""
    return {(port.protocol, port.published) for port in ports if port.mode == "ingress" and port.published}


def tasks_of(world: World, service: Service) -> list[Placed]:
    """The tasks of one service."""
    return [task for task in world.swarm.tasks if task.service_id == service.id]


def is_dirty(service: Service, task: Placed) -> bool:
    """Whether a task has to move for the spec as it is now.

    While only the placement of its template differs nothing else is looked at, its ports included
    (measurements.md#placement-alone).
    """
    if (task.template, task.endpoint) == (service.template, service.endpoint):
        return False
    theirs, ours = dict(read(task.template)), dict(read(service.template))
    moved = theirs.pop("Placement", None) != ours.pop("Placement", None)
    return not (moved and theirs == ours)


def orchestrate(world: World) -> World:
    """Stop what must not run any more, and start what is missing."""
    for service in world.swarm.services:
        world = fill(retire(world, service), service)
    return world


def retire(world: World, service: Service) -> World:
    """Stop tasks whose node is no place for them, and (so many at a time as the spec says) those that are dirty."""
    for task in tasks_of(world, service):
        node = world.swarm.node(task.node_id)
        if task.desired == "running" and task.node_id and (node is None or not may_keep(node)):
            world = stop(world, task)
    tasks = tasks_of(world, service)
    at_once = service.parallelism or len(tasks)
    stopping = sum(task.alive and task.desired == "shutdown" and on_live_node(world, task) for task in tasks)
    dirty = [task for task in tasks if task.desired == "running" and is_dirty(service, task)]
    for task in dirty[: 0 if service.status == "paused" else max(0, at_once - stopping)]:
        world = stop(world, task)
    return world


def may_keep(node: Node) -> bool:
    """Whether a node keeps its tasks."""
    return node.availability != "drain" and node.state != "down"


def on_live_node(world: World, task: Placed) -> bool:
    """Whether somebody can still say how the task is."""
    node = world.swarm.node(task.node_id)
    return not task.node_id or (node is not None and node.state != "down")


def fill(world: World, service: Service) -> World:
    """Start the tasks that are missing, each only after the one it follows has ended."""
    places = [node for node in world.swarm.nodes if node.availability == "active" and node.state == "ready"]
    count = {node.id: 0 for node in places}
    there = [task for task in tasks_of(world, service) if on_live_node(world, task)]
    for task in there:
        count[task.node_id] = count.get(task.node_id, 0) + 1
    if service.replicas is None:
        for node in places:
            world = world if count[node.id] else new_task(world, service, node.id)
        return world
    for _ in range(service.replicas - len(there) if places else 0):
        chosen = min(places, key=lambda node: count[node.id])
        count[chosen.id] += 1
        world = new_task(world, service, chosen.id)
    return world


def new_task(world: World, service: Service, node_id: str) -> World:
    """A task on a node. Without the networks it needs it stays `new`, whatever comes later.

    measurements.md#dead-networks, #rollback
    """
    ingress = world.swarm.ingress
    networks = (*service.networks, *((ingress.id,) if ingress and service.through_ingress else ()))
    allocated = all((net := world.swarm.network(each)) and net.allocated for each in networks)
    possible = allocated and (ingress is not None or not service.through_ingress)
    world, task_id = world.another_id("t")
    task = Placed(
        id=task_id,
        service_id=service.id,
        node_id=node_id if possible else "",
        state="preparing" if possible else "new",
        desired="running",
        networks=networks if possible else (),
        template=service.template,
        endpoint=service.endpoint,
    )
    world = world.agreed(tasks=(*world.swarm.tasks, task))
    return world.later(world.manners.task_start, Happening("task starts", task_id)) if possible else world


def start(world: World, task_id: str) -> World:
    """A task begins to run where its networks can come to its host."""
    task = world.swarm.task(task_id)
    host = world.host_of(task.node_id) if task else None
    if task is None or host is None or task.desired != "running" or not host.up:
        return world
    world = settle(bring_networks(world, host.name, task), task)
    return orchestrate(world.later(world.manners.monitor, Happening("update completed", task.service_id)))


def complete(world: World, service_id: str) -> World:
    """An update is complete once all its tasks have run for a while (measurements.md#states-of-an-update)."""
    service = world.swarm.service(service_id)
    if service is None or service.status not in ("updating", "rollback_started"):
        return world
    tasks = [task for task in tasks_of(world, service) if on_live_node(world, task)]
    if any(task.state != "running" or task.desired != "running" or is_dirty(service, task) for task in tasks):
        return world
    status = "completed" if service.status == "updating" else "rollback_completed"
    return world.with_service(replace(service, status=status))


def bring_networks(world: World, name: str, task: Placed) -> World:
    """A task brings its networks to its host, and its node the ingress (measurements.md#kicks)."""
    for network_id in task.networks:
        network, host = world.swarm.network(network_id), world.host(name)
        if network is None or host.network(network_id):
            continue
        if network.ingress:
            world = arrive(attach(world, task.node_id, changed=False), name, network_id)
        elif not overlapping(network, host.networks):  # measurements.md#ranges-on-a-host
            world = world.with_host(host.with_network(network))
    return world


def settle(world: World, task: Placed) -> World:
    """The task runs, or is rejected for want of a network, or fails as its service was told to."""
    host, service = world.host_of(task.node_id), world.swarm.service(task.service_id)
    assert host is not None
    if not all(host.network(each) for each in task.networks):
        return world.with_task(replace(task, state="rejected"))
    if service is not None and service.failing and service.status == "updating":
        return failed(world.with_task(replace(task, state="failed")), service)
    world, container = world.another_id("c")
    for network_id in task.networks:
        host = plugged(host, network_id, Endpoint(name=task.id, key=container))
    if task.networks:
        host = plugged(host, GATEWAY_BRIDGE, Endpoint(name=f"gateway_{container}", key=container))
    return world.with_host(host).with_task(replace(task, state="running", container_id=container))


def failed(world: World, service: Service) -> World:
    """What the spec says about an update whose tasks fail."""
    if service.failure_action == "rollback":
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
    return orchestrate(numbered(world.with_service(former), service_id))


def stop(world: World, task: Placed) -> World:
    """A task is told to end: it takes a while where it runs, and is gone at once where it never did.

    measurements.md#strip
    """
    if task.state != "running":
        return forget(world, task)
    world = world.with_task(replace(task, desired="shutdown"))
    return world.later(world.manners.task_stop, Happening("task ends", task.id))


def forget(world: World, task: Placed) -> World:
    """Without the task; what ended is not remembered."""
    return world.agreed(tasks=tuple(other for other in world.swarm.tasks if other.id != task.id))


def end(world: World, task_id: str) -> World:
    """A task has ended: off its networks, which its host may now let go. Nobody sees it on a host that is away."""
    task = world.swarm.task(task_id)
    host = world.host_of(task.node_id) if task else None
    if task is None or host is None or not host.up:
        return world
    world = forget(world, task).with_host(unplugged(host, task.container_id))
    for network_id in task.networks:
        copy = host.network(network_id)
        # measurements.md#old-ingress-stays
        world = world if copy is None or copy.ingress else release(world, host.name, network_id)
    return orchestrate(world)
