"""Standalone containers of a simulated swarm: on a host's own networks, and on attachable ones of the cluster."""

from dataclasses import replace

from providers.rules.vocabulary.errors import EngineError, NotFound
from providers.rules.vocabulary.facts import Endpoint
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.steps import StartContainer, StopContainer
from providers.simulate.answering import engine
from providers.simulate.bridges import plugged, unplugged
from providers.simulate.host_copies import release
from providers.simulate.workloads import Container, Placed
from providers.simulate.world import Host, World


def stop_container(world: World, step: StopContainer) -> World:
    """A container stops and gives up its endpoints; what it held may be removed then.

    measurements.md#cutting-endpoints, #containers-without-a-service
    """
    container = found(world, step.host, step.id)
    host = unplugged(engine(world, step.host), container.id)
    world = world.with_host(with_container(host, replace(container, running=False)))
    if world.cluster is not None:
        tasks = (task for task in world.swarm.tasks if task.container_id != container.id)
        world = world.agreed(tasks=tuple(tasks))
    for network_id in container.networks:
        copy = host.network(network_id)
        world = release(world, host.name, network_id) if copy and copy.scope == "swarm" else world
    return world


def start_container(world: World, step: StartContainer) -> World:
    """A container runs again, on the very networks it was made for: it fails where one of them is gone.

    measurements.md#containers-without-a-service
    """
    container = found(world, step.host, step.id)
    host = with_container(engine(world, step.host), replace(container, running=True))
    return plug(world.with_host(host), step.host, container)


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
    """A container on its networks; one on a network of the cluster has a gateway endpoint and is known as a task."""
    overlays = [
        each for each in container.networks if world.host(name).network(each) is None or is_overlay(world, each)
    ]
    for network_id in overlays:
        network = world.cluster.network(network_id) if world.cluster else None
        if network is None:
            raise EngineError(f"{name}: Could not attach to network {network_id}: not found")
        host = world.host(name)
        world = world if host.network(network_id) else world.with_host(host.with_network(network))
    host = world.host(name)
    for network_id in container.networks:
        host = plugged(host, network_id, Endpoint(name=container.id, key=container.id))
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
    return world.agreed(tasks=(*others, task))


def is_overlay(world: World, network_id: str) -> bool:
    """Whether it is a network of the cluster."""
    return world.cluster is not None and world.swarm.network(network_id) is not None


def revive(world: World, name: str) -> World:
    """What ran when the Engine stopped runs again, if it restarts by itself and its networks are there.

    measurements.md#restart-of-docker
    """
    for container in world.host(name).containers:
        there = all(world.host(name).network(each) or is_overlay(world, each) for each in container.networks)
        if container.running and container.restarts and there:
            world = plug(world, name, container)
        elif container.running:
            world = world.with_host(with_container(world.host(name), replace(container, running=False)))
    return world
