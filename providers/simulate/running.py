"""Tasks of a simulated swarm on their hosts: how they start, what they bring along, and how they end."""

from dataclasses import replace

from providers.rules.vocabulary.facts import Endpoint
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.service_spec import read_spec
from providers.simulate.bridges import plugged, unplugged
from providers.simulate.host_copies import arrive, attach, overlapping, release
from providers.simulate.orchestrator import (
    forget,
    is_global,
    new_task,
    orchestrate,
    restarts,
    slot_of,
    stays_ended,
    stop,
    tasks_of,
)
from providers.simulate.services import failed, watch_update
from providers.simulate.state import Happening, Host, SimulatorState
from providers.simulate.workloads import Placed, Service


def start(sim: SimulatorState, task_id: str) -> SimulatorState:
    """A task begins to run if its networks can come to its host; then the ones that it replaces may go."""
    task = sim.swarm.task(task_id)
    host = sim.host_of(task.node_id) if task else None
    if task is None or host is None or task.desired != "running" or host.told_nothing:
        return sim
    sim = settle(bring_networks(sim, host.name, task), task)
    service = sim.swarm.service(task.service_id)
    return orchestrate(watch_update(succeeded(sim, service, task), service.id)) if service else orchestrate(sim)


def succeeded(sim: SimulatorState, service: Service, task: Placed) -> SimulatorState:
    """The former tasks of a slot end once the one that an update made for it runs (measurements.md#start-first)."""
    now = sim.swarm.task(task.id)
    if now is None or now.state != "running" or not now.fresh:
        return sim
    for other in tasks_of(sim, service):
        if other.meant_to_run and other.id != task.id and slot_of(service, other) == slot_of(service, task):
            sim = stop(sim, other)
    return sim


def bring_networks(sim: SimulatorState, name: str, task: Placed) -> SimulatorState:
    """A task brings its networks to its host, and its node the ingress (measurements.md#kicks)."""
    for network_id in task.networks:
        network, host = sim.swarm.network(network_id), sim.host(name)
        if network is None or host.network(network_id):
            continue
        if network.ingress:
            sim = arrive(attach(sim, task.node_id, changed=False), name, network_id)
        elif not overlapping(network, host.networks):  # measurements.md#ranges-on-a-host
            sim = sim.with_host(host.with_network(network))
    return sim


def settle(sim: SimulatorState, task: Placed) -> SimulatorState:
    """The task runs, or is rejected for want of a network, or fails as its service was told to."""
    host, service = sim.host_of(task.node_id), sim.swarm.service(task.service_id)
    assert host is not None
    if not all(host.network(each) for each in task.networks):
        if sim.timings.held and keeps_another_ingress(sim, host, task):
            return sim.with_task(replace(task, state="starting"))
        rejected = replace(task, state="rejected")
        return ended(sim, service, rejected) if service else sim.with_task(rejected)
    if service is not None and service.failing and service.status == "updating":
        return failed(sim.with_task(replace(task, state="failed")), service)
    sim, container = sim.another_id("c")
    for network_id in task.networks:
        host = plugged(host, network_id, Endpoint(name=task.id, key=container))
    if task.networks:
        host = plugged(host, GATEWAY_BRIDGE, Endpoint(name=f"gateway_{container}", key=container))
    sim = sim.with_host(host).with_task(replace(task, state="running", container_id=container))
    return sim.later(sim.timings.life, Happening("task dies", task.id)) if service and service.ends else sim


def keeps_another_ingress(sim: SimulatorState, host: Host, task: Placed) -> bool:
    """Tell whether the host has an ingress that is none of the task's, and none of the swarm's."""
    return any(each.ingress and each.id not in task.networks for each in host.networks) and bool(sim.swarm.ingress)


def dies(sim: SimulatorState, task_id: str) -> SimulatorState:
    """A task's process ends by itself: another follows it, unless its spec or the rollout is against that.

    measurements.md#restart-conditions, #crash-loops
    """
    task = sim.swarm.task(task_id)
    service = sim.swarm.service(task.service_id) if task else None
    host = sim.host_of(task.node_id) if task else None
    if task is None or service is None or host is None or not host.up or task.state != "running":
        return sim
    sim = let_go(sim.with_host(unplugged(host, task.container_id)), host.name, task.networks)
    return orchestrate(ended(sim, service, replace(task, state=service.ends)))


def ended(sim: SimulatorState, service: Service, task: Placed) -> SimulatorState:
    """A task that has ended without being told to, and the one that follows it."""
    if not task.meant_to_run:
        return sim.with_task(task)
    sim = sim.with_task(replace(task, desired="shutdown"))
    if task.fresh and service.status == "updating":
        sim = failed(sim, service)
    node = sim.swarm.node(task.node_id)
    paused = node is not None and node.availability == "pause" and is_global(service)
    if paused or not restarts(task):
        return sim
    after, counts = read_spec(task.spec).restart_delay, read_spec(task.spec).most_restarts > 0
    return new_task(sim, service, slot_of(service, task), after=after, restarted=task.restarted + counts)


def end(sim: SimulatorState, task_id: str) -> SimulatorState:
    """A task has ended as it was told: off its networks. Nobody sees it on a host that is away."""
    task = sim.swarm.task(task_id)
    host = sim.host_of(task.node_id) if task else None
    if task is None or host is None or host.told_nothing or task.meant_to_run or task.state != "running":
        return sim
    over = stays_ended(sim, task)
    sim = sim.with_task(replace(task, state="shutdown")) if over else forget(sim, task)
    sim = sim.with_host(unplugged(host, task.container_id))
    return orchestrate(let_go(sim, host.name, task.networks))


def let_go(sim: SimulatorState, name: str, networks: tuple[str, ...]) -> SimulatorState:
    """Take unused networks off a host, but for an ingress (measurements.md#old-ingress-stays)."""
    for network_id in networks:
        copy = sim.host(name).network(network_id)
        sim = sim if copy is None or copy.ingress else release(sim, name, network_id)
    return sim
