"""Tasks of a simulated swarm on their hosts: how they start, what they bring along, and how they end."""

from dataclasses import replace

from providers.rules.live import service_spec
from providers.rules.vocabulary.facts import Endpoint
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
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
from providers.simulate.services import failed, watched
from providers.simulate.workloads import Placed, Service
from providers.simulate.world import Happening, Host, World


def start(world: World, task_id: str) -> World:
    """A task begins to run if its networks can come to its host; then the ones that it replaces may go."""
    task = world.swarm.task(task_id)
    host = world.host_of(task.node_id) if task else None
    if task is None or host is None or task.desired != "running" or not host.up:
        return world
    world = settle(bring_networks(world, host.name, task), task)
    service = world.swarm.service(task.service_id)
    return orchestrate(watched(succeeded(world, service, task), service.id)) if service else orchestrate(world)


def succeeded(world: World, service: Service, task: Placed) -> World:
    """The former tasks of a slot end once the one that an update made for it runs (measurements.md#start-first)."""
    now = world.swarm.task(task.id)
    if now is None or now.state != "running" or not now.fresh:
        return world
    for other in tasks_of(world, service):
        if other.wanted and other.id != task.id and slot_of(service, other) == slot_of(service, task):
            world = stop(world, other)
    return world


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
        if world.manners.held and keeps_another_ingress(world, host, task):
            return world.with_task(replace(task, state="starting"))
        rejected = replace(task, state="rejected")
        return ended(world, service, rejected) if service else world.with_task(rejected)
    if service is not None and service.failing and service.status == "updating":
        return failed(world.with_task(replace(task, state="failed")), service)
    world, container = world.another_id("c")
    for network_id in task.networks:
        host = plugged(host, network_id, Endpoint(name=task.id, key=container))
    if task.networks:
        host = plugged(host, GATEWAY_BRIDGE, Endpoint(name=f"gateway_{container}", key=container))
    world = world.with_host(host).with_task(replace(task, state="running", container_id=container))
    return world.later(world.manners.life, Happening("task dies", task.id)) if service and service.ends else world


def keeps_another_ingress(world: World, host: Host, task: Placed) -> bool:
    """Tell whether the host has an ingress that is none of the task's, and none of the swarm's."""
    return any(each.ingress and each.id not in task.networks for each in host.networks) and bool(world.swarm.ingress)


def dies(world: World, task_id: str) -> World:
    """A task's process ends by itself: another follows it, unless its spec or the rollout is against that.

    measurements.md#restart-conditions, #crash-loops
    """
    task = world.swarm.task(task_id)
    service = world.swarm.service(task.service_id) if task else None
    host = world.host_of(task.node_id) if task else None
    if task is None or service is None or host is None or not host.up or task.state != "running":
        return world
    world = let_go(world.with_host(unplugged(host, task.container_id)), host.name, task.networks)
    return orchestrate(ended(world, service, replace(task, state=service.ends)))


def ended(world: World, service: Service, task: Placed) -> World:
    """A task that has ended without being told to, and the one that follows it."""
    if not task.wanted:
        return world.with_task(task)
    world = world.with_task(replace(task, desired="shutdown"))
    if task.fresh and service.status == "updating":
        world = failed(world, service)
    node = world.swarm.node(task.node_id)
    paused = node is not None and node.availability == "pause" and is_global(service)
    if paused or not restarts(task):
        return world
    after, counts = service_spec.restart_delay(task.spec), service_spec.most_restarts(task.spec) > 0
    return new_task(world, service, slot_of(service, task), after=after, restarted=task.restarted + counts)


def end(world: World, task_id: str) -> World:
    """A task has ended as it was told: off its networks. Nobody sees it on a host that is away."""
    task = world.swarm.task(task_id)
    host = world.host_of(task.node_id) if task else None
    if task is None or host is None or not host.up or task.wanted or task.state != "running":
        return world
    over = stays_ended(world, task)
    world = world.with_task(replace(task, state="shutdown")) if over else forget(world, task)
    world = world.with_host(unplugged(host, task.container_id))
    return orchestrate(let_go(world, host.name, task.networks))


def let_go(world: World, name: str, networks: tuple[str, ...]) -> World:
    """Take unused networks off a host, but for an ingress (measurements.md#old-ingress-stays)."""
    for network_id in networks:
        copy = world.host(name).network(network_id)
        world = world if copy is None or copy.ingress else release(world, name, network_id)
    return world
