"""Standalone containers of a simulated swarm: on a host's own networks, and on attachable ones of the cluster."""

from dataclasses import replace

from providers.rules.vocabulary.errors import Conflict, EngineError, NotFound
from providers.rules.vocabulary.facts import Endpoint
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.steps import PauseContainer, StartContainer, StopContainer
from providers.simulate.answering import engine
from providers.simulate.bridges import plugged, unplugged
from providers.simulate.host_copies import release
from providers.simulate.tasks import Tasks
from providers.simulate.workloads import Container, Placed
from providers.simulate.world import Happening, Host, World


def stop_container(world: World, step: StopContainer) -> World:
    """A container stops, paused or not, and gives up its endpoints; what it held may be removed then. One that was
    started with `--rm` is gone.

    measurements.md#cutting-endpoints, #containers-without-a-service
    """
    container = found(world, step.host, step.id)
    host = unplugged(engine(world, step.host), container.id)
    world = stopped(world.with_host(host), step.host, container)
    for network_id in container.networks:
        copy = host.network(network_id)
        world = release(world, host.name, network_id) if copy and copy.scope == "swarm" else world
    return world


def start_container(world: World, step: StartContainer) -> World:
    """A container runs again, on the very networks it was made for: it fails if one of them is gone.

    measurements.md#containers-without-a-service
    """
    container = found(world, step.host, step.id)
    host = with_container(engine(world, step.host), replace(container, running=True))
    return plug(world.with_host(host), step.host, container)


def stopped(world: World, name: str, container: Container) -> World:
    """Return the world with a container that does not run."""
    host = world.host(name)
    others = tuple(each for each in host.containers if each.id != container.id)
    left = () if container.auto_remove else (replace(container, running=False, paused=False),)
    return detached(world.with_host(replace(host, containers=(*others, *left))), container.id)


def pause_container(world: World, step: PauseContainer) -> World:
    """A container stands still, with all that it has. Raises Conflict for one that does not run, or stands still."""
    container = found(world, step.host, step.id)
    if container.paused or not container.running:
        raise Conflict(f"{step.host}: container {step.id} is {'already paused' if container.paused else 'not running'}")
    return world.with_host(with_container(engine(world, step.host), replace(container, paused=True)))


def run_to_its_end(world: World, container_id: str, host: str) -> World:
    """A container whose process is over, each time it was started."""
    there = any(each.id == container_id and each.running for each in world.host(host).containers)
    return stop_container(world, StopContainer(host=host, id=container_id)) if there and world.host(host).up else world


def found(world: World, host: str, container_id: str) -> Container:
    """A container by its id. Raises NotFound."""
    for container in engine(world, host).containers:
        if container.id == container_id:
            return container
    raise NotFound(f"{host}: No such container: {container_id}")


def with_container(host: Host, changed: Container) -> Host:
    """The host with this container in place of the one with its id."""
    others = (container for container in host.containers if container.id != changed.id)
    return replace(host, containers=(*others, changed))


def plug(world: World, name: str, container: Container) -> World:
    """A container on its networks; one on a network of the cluster has a gateway endpoint and is known as a task.

    Raises EngineError if the swarm lets nothing onto its networks: on a node that is paused or drained.
    measurements.md#attachments-of-paused-nodes
    """
    overlays = [
        each for each in container.networks if world.host(name).network(each) is None or is_overlay(world, each)
    ]
    if overlays and not is_active(world, name):
        raise EngineError(f"{name}: attaching to network failed, make sure your network options are correct")
    for network_id in overlays:
        network = world.cluster.network(network_id) if world.cluster else None
        if network is None:
            raise EngineError(f"{name}: Could not attach to network {network_id}: not found")
        host = world.host(name)
        world = world if host.network(network_id) else world.with_host(host.with_network(network))
    host = world.host(name)
    for network_id in container.networks:
        host = plugged(host, network_id, Endpoint(name=container.id, key=container.id))
    if container.ends:
        world = world.later(world.manners.life, Happening("container ends", container.id, name))
    if not overlays:
        return world.with_host(host)
    host = plugged(host, GATEWAY_BRIDGE, Endpoint(name=f"gateway_{container.id}", key=container.id))
    world, task_id = world.with_host(host).another_id("t")
    task = Placed(
        id=task_id,
        service_id="",
        node_id=host.node_id,
        state="running",
        desired="running",
        networks=tuple(overlays),
        container_id=container.id,
    )
    others = (task for task in world.swarm.tasks if task.container_id != container.id)
    return world.agreed(tasks=Tasks((*others, task)))


def is_active(world: World, name: str) -> bool:
    """Tell whether a host's entry is active, so that the swarm puts something there."""
    node = world.swarm.node(world.host(name).node_id) if world.cluster else None
    return node is not None and node.availability == "active"


def is_overlay(world: World, network_id: str) -> bool:
    """Tell whether it is a network of the cluster."""
    return world.cluster is not None and world.swarm.network(network_id) is not None


def revive(world: World, name: str) -> World:
    """Start again what ran when the Engine stopped, if it restarts by itself and gets onto its networks. Nobody tries
    again later.

    measurements.md#restart-of-docker, #attachments-of-paused-nodes
    """
    for container in world.host(name).containers:
        overlays = [each for each in container.networks if is_overlay(world, each)]
        there = all(world.host(name).network(each) or each in overlays for each in container.networks)
        there = there and (not overlays or is_active(world, name))
        if container.running and container.restarts and there and not container.auto_remove:
            running = replace(container, paused=False)
            world = plug(world.with_host(with_container(world.host(name), running)), name, running)
        elif container.running:
            world = stopped(world, name, container)
    return world


def detached(world: World, container_id: str) -> World:
    """Return the world with a container no longer among the tasks."""
    if world.cluster is None:
        return world
    return world.agreed(tasks=Tasks(task for task in world.swarm.tasks if task.container_id != container_id))
