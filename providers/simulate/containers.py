"""Standalone containers of a simulated swarm: on a host's own networks, and on attachable ones of the cluster."""

from dataclasses import replace

from providers.rules.vocabulary.errors import Conflict, EngineError, NotFound
from providers.rules.vocabulary.facts import Endpoint
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.steps import PauseContainer, StartContainer, StopContainer
from providers.simulate.answering import engine
from providers.simulate.bridges import plugged, unplugged
from providers.simulate.host_copies import release
from providers.simulate.state import Happening, Host, SimulatorState
from providers.simulate.tasks import Tasks
from providers.simulate.workloads import Container, Placed


def stop_container(sim: SimulatorState, step: StopContainer) -> SimulatorState:
    """A container stops, paused or not, and gives up its endpoints; what it held may be removed then. One that was
    started with `--rm` is gone.

    measurements.md#cutting-endpoints, #containers-without-a-service
    """
    container = found(sim, step.host, step.id)
    host = unplugged(engine(sim, step.host), container.id)
    sim = stopped(sim.with_host(host), step.host, container)
    for network_id in container.networks:
        copy = host.network(network_id)
        sim = release(sim, host.name, network_id) if copy and copy.scope == "swarm" else sim
    return sim


def start_container(sim: SimulatorState, step: StartContainer) -> SimulatorState:
    """A container runs again, on the very networks it was made for: it fails if one of them is gone.

    measurements.md#containers-without-a-service
    """
    container = found(sim, step.host, step.id)
    host = with_container(engine(sim, step.host), replace(container, running=True))
    return plug(sim.with_host(host), step.host, container)


def stopped(sim: SimulatorState, name: str, container: Container) -> SimulatorState:
    """Return the simulation with a container that does not run."""
    host = sim.host(name)
    others = tuple(each for each in host.containers if each.id != container.id)
    left = () if container.auto_remove else (replace(container, running=False, paused=False),)
    return detached(sim.with_host(replace(host, containers=(*others, *left))), container.id)


def pause_container(sim: SimulatorState, step: PauseContainer) -> SimulatorState:
    """A container stands still, with all that it has. Raises Conflict for one that does not run, or stands still."""
    container = found(sim, step.host, step.id)
    if container.paused or not container.running:
        raise Conflict(f"{step.host}: container {step.id} is {'already paused' if container.paused else 'not running'}")
    return sim.with_host(with_container(engine(sim, step.host), replace(container, paused=True)))


def run_to_its_end(sim: SimulatorState, container_id: str, host: str) -> SimulatorState:
    """A container whose process is over, each time it was started."""
    actual = any(each.id == container_id and each.running for each in sim.host(host).containers)
    return stop_container(sim, StopContainer(host=host, id=container_id)) if actual and sim.host(host).up else sim


def found(sim: SimulatorState, host: str, container_id: str) -> Container:
    """A container by its id. Raises NotFound."""
    for container in engine(sim, host).containers:
        if container.id == container_id:
            return container
    raise NotFound(f"{host}: No such container: {container_id}")


def with_container(host: Host, changed: Container) -> Host:
    """The host with this container in place of the one with its id."""
    others = (container for container in host.containers if container.id != changed.id)
    return replace(host, containers=(*others, changed))


def plug(sim: SimulatorState, name: str, container: Container) -> SimulatorState:
    """A container on its networks; one on a network of the cluster has a gateway endpoint and is known as a task.

    Raises EngineError if the swarm lets nothing onto its networks: on a node that is paused or drained.
    measurements.md#attachments-of-paused-nodes
    """
    overlays = [each for each in container.networks if sim.host(name).network(each) is None or is_overlay(sim, each)]
    if overlays and not is_active(sim, name):
        raise EngineError(f"{name}: attaching to network failed, make sure your network options are correct")
    for network_id in overlays:
        network = sim.cluster.network(network_id) if sim.cluster else None
        if network is None:
            raise EngineError(f"{name}: Could not attach to network {network_id}: not found")
        host = sim.host(name)
        sim = sim if host.network(network_id) else sim.with_host(host.with_network(network))
    host = sim.host(name)
    for network_id in container.networks:
        host = plugged(host, network_id, Endpoint(name=container.id, key=container.id))
    if container.ends:
        sim = sim.later(sim.timings.life, Happening("container ends", container.id, name))
    if not overlays:
        return sim.with_host(host)
    host = plugged(host, GATEWAY_BRIDGE, Endpoint(name=f"gateway_{container.id}", key=container.id))
    sim, task_id = sim.with_host(host).another_id("t")
    task = Placed(
        id=task_id,
        service_id="",
        node_id=host.node_id,
        state="running",
        desired="running",
        networks=tuple(overlays),
        container_id=container.id,
    )
    others = (task for task in sim.swarm.tasks if task.container_id != container.id)
    return sim.agreed(tasks=Tasks((*others, task)))


def is_active(sim: SimulatorState, name: str) -> bool:
    """Tell whether a host's entry is active, so that the swarm puts something there."""
    node = sim.swarm.node(sim.host(name).node_id) if sim.cluster else None
    return node is not None and node.availability == "active"


def is_overlay(sim: SimulatorState, network_id: str) -> bool:
    """Tell whether it is a network of the cluster."""
    return sim.cluster is not None and sim.swarm.network(network_id) is not None


def revive(sim: SimulatorState, name: str) -> SimulatorState:
    """Start again what ran when the Engine stopped, if it restarts by itself and gets onto its networks. Nobody tries
    again later.

    measurements.md#restart-of-docker, #attachments-of-paused-nodes
    """
    for container in sim.host(name).containers:
        overlays = [each for each in container.networks if is_overlay(sim, each)]
        actual = all(sim.host(name).network(each) or each in overlays for each in container.networks)
        actual = actual and (not overlays or is_active(sim, name))
        if container.running and container.restarts and actual and not container.auto_remove:
            running = replace(container, paused=False)
            sim = plug(sim.with_host(with_container(sim.host(name), running)), name, running)
        elif container.running:
            sim = stopped(sim, name, container)
    return sim


def detached(sim: SimulatorState, container_id: str) -> SimulatorState:
    """Return the simulation with a container no longer among the tasks."""
    if sim.cluster is None:
        return sim
    return sim.agreed(tasks=Tasks(task for task in sim.swarm.tasks if task.container_id != container_id))
