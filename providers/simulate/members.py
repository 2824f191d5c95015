"""Members of a simulated swarm: joining, settings, roles, leaving, and hosts that come and go."""

from dataclasses import replace
from typing import Any

from providers.rules.vocabulary.errors import Conflict, EngineError, NotFound
from providers.rules.vocabulary.facts import Node, Swarm
from providers.rules.vocabulary.shape import NetworkShape
from providers.rules.vocabulary.steps import (
    SETTINGS,
    CreateNetwork,
    InitSwarm,
    JoinSwarm,
    LeaveSwarm,
    RemoveNode,
    SwarmSettings,
    UpdateNode,
    UpdateSwarm,
)
from providers.simulate.answering import can_spare, engine, leader, manager, voters
from providers.simulate.bridges import with_gateway_bridge
from providers.simulate.containers import revive
from providers.simulate.host_copies import attach
from providers.simulate.orchestrator import orchestrate
from providers.simulate.overlays import create_overlay
from providers.simulate.tasks import Tasks
from providers.simulate.workloads import Placed
from providers.simulate.world import Cluster, Happening, Host, World

DEFAULT_POOL = ("10.0.0.0/8",)
DEFAULT_PREFIX = 24
DEFAULT_PORT = 4789
# https://docs.docker.com/reference/cli/docker/swarm/init/
DEFAULTS = SwarmSettings(
    autolock=False,
    task_history_limit=5,
    cert_expiry=7_776_000,
    dispatcher_heartbeat=5,
    snapshot_interval=10_000,
    keep_old_snapshots=0,
)
START_INTERVAL = 60.0  # seconds (measurements.md#start-limit)


# Joining


def init(world: World, step: InitSwarm) -> World:
    """A swarm begins on one host, with the Engine's own ingress."""
    host = outside(world, step.host)
    assert world.cluster is None, "a second swarm is not simulated"
    world, swarm_id = world.another_id("s")
    settings = Swarm(
        id=swarm_id,
        data_path_port=step.data_path_port or DEFAULT_PORT,
        default_addr_pool=step.default_addr_pool or DEFAULT_POOL,
        default_addr_pool_prefix=step.default_addr_pool_prefix or DEFAULT_PREFIX,
        **given(step, DEFAULTS),
        labels=step.labels,
        version=1,
    )
    world = member(replace(world, cluster=Cluster(settings=settings)), host.name, "manager", state="ready")
    first = replace(world.host(host.name), control=True)
    world = world.with_host(first).later(world.manners.ready, Happening("node ready", first.node_id))
    ingress = NetworkShape(name="ingress", driver="overlay", ingress=True)
    return create_overlay(world, CreateNetwork(shape=ingress))


def join(world: World, step: JoinSwarm) -> World:
    """A host becomes a member at once, and ready a moment later (measurements.md#init-and-join)."""
    manager(world)
    host = outside(world, step.host)
    if host.failing_joins:
        world = world.with_host(replace(host, state="pending", failing_joins=host.failing_joins - 1))
        return world.later(world.manners.join_given_up, Happening("join given up", host.name))
    world = member(world, host.name, step.role, step.availability, state="unknown")
    return world.later(world.manners.ready, Happening("node ready", world.host(host.name).node_id))


def give_up(world: World, name: str) -> World:
    """A join that was begun has failed; the host keeps a broken membership."""
    host = world.host(name)
    return world.with_host(replace(host, state="error")) if host.state == "pending" else world


def outside(world: World, name: str) -> Host:
    """A host that is in no swarm. Raises Conflict for one that is, or tries to be (measurements.md#refused-joins)."""
    host = engine(world, name)
    if host.state != "inactive":
        raise Conflict(f"{name}: This node is already part of a swarm.")
    return host


def member(world: World, name: str, role: str, availability: str = "active", *, state: str) -> World:
    """A host with an entry among the members, and with a docker_gwbridge (measurements.md#bridge-before-a-join)."""
    world, node_id = world.another_id("n")
    world = with_gateway_bridge(world, name)
    host = replace(world.host(name), state="active", node_id=node_id, joined_at="")
    entry = Node(
        id=node_id,
        hostname=name,
        role=role,
        availability=availability,
        state=state,
        address=host.address,
        nano_cpus=host.nano_cpus,
        memory_bytes=host.memory_bytes,
        version=1,
    )
    return world.with_host(host).agreed(nodes=(*world.swarm.nodes, entry))


# Settings and roles


def update_swarm(world: World, step: UpdateSwarm) -> World:
    """Settings changed, at the version that was read (measurements.md#settings-of-the-swarm)."""
    asked, settings = manager(world), world.swarm.settings
    refuse_version(asked, settings.version, step.version)
    changed = replace(
        settings,
        **given(step, settings),
        labels=relabelled(settings.labels, step),
        version=settings.version + 1,
    )
    return world.agreed(settings=changed)


def given(step: SwarmSettings, before: SwarmSettings | Swarm) -> dict[str, Any]:
    """Return the values that the step sets, and the present ones for what it leaves alone."""
    said = {key: getattr(step, key) for key in SETTINGS}
    return {key: getattr(before, key) if value is None else value for key, value in said.items()}


def refuse_version(asked: Host, current: int, read: int) -> None:
    """Raise Conflict if what was read is no longer so (measurements.md#versions)."""
    if current != read:
        raise Conflict(f"{asked.name}: update out of sequence")


def relabelled(labels: tuple[tuple[str, str], ...], step: UpdateSwarm | UpdateNode) -> tuple[tuple[str, str], ...]:
    """The labels as the step wants them, all others as they are."""
    kept = {key: value for key, value in labels if key not in step.drop_labels}
    return tuple(sorted({**kept, **dict(step.set_labels)}.items()))


def update_node(world: World, step: UpdateNode) -> World:
    """A member changed, at the version that was read. An update that really changes it is a kick.

    measurements.md#versions, #kicks
    """
    asked, node = manager(world), world.swarm.node(step.node_id)
    if node is None:
        raise NotFound(f"{asked.name}: node {step.node_id} not found")
    refuse_version(asked, node.version, step.version)
    refuse_demotion(world, asked, node, step)
    changed = replace(
        node,
        role=step.role or node.role,
        availability=step.availability or node.availability,
        labels=relabelled(node.labels, step),
    )
    real = changed != node  # versions do not count
    world = world.with_node(replace(changed, version=node.version + 1))
    world = world.later(world.manners.bump, Happening("version bumped", node.id))
    world = attach(new_role(world, node, changed), node.id, changed=real)
    return orchestrate(world)


def refuse_demotion(world: World, asked: Host, node: Node, step: UpdateNode) -> None:
    """Raise EngineError if the swarm can't do without this manager (measurements.md#quorum)."""
    if node.role != "manager" or step.role != "worker":
        return
    if len([other for other in world.swarm.nodes if other.role == "manager"]) == 1:
        raise EngineError(f"{asked.name}: attempting to demote the last manager of the swarm")
    if not can_spare(world, node):
        raise EngineError(f"{asked.name}: can't remove member from the raft: this would result in a loss of quorum")


def new_role(world: World, before: Node, after: Node) -> World:
    """The host takes up its role a moment later; soon after a demotion it takes half a minute.

    measurements.md#roles
    """
    if before.role == after.role:
        return world
    manners, taken = world.manners, Happening("role taken", after.id)
    if after.role == "worker":
        return world.later(manners.demotion, taken).later(manners.down, Happening("demotion forgotten", after.id))
    recent = any(due.what == Happening("demotion forgotten", after.id) for due in world.pending)
    return world.later(manners.promotion_again if recent else manners.promotion, taken)


def take_role(world: World, node_id: str) -> World:
    """The host is the manager or worker that its entry says."""
    host, node = world.host_of(node_id), world.swarm.node(node_id)
    if host is None or node is None:
        return world
    return elected(world, world.with_host(replace(host, control=node.role == "manager")))


# Leaving


def leave(world: World, step: LeaveSwarm) -> World:
    """A host leaves: its networks of the swarm go, docker_gwbridge stays, its entry goes down later.

    measurements.md#bridge-before-a-join, #down-and-back
    """
    host = engine(world, step.host)
    if host.state == "inactive":
        raise Conflict(f"{host.name}: This node is not part of a swarm")
    if host.control and not step.force:
        raise EngineError(
            f"{host.name}: You are attempting to leave the swarm on a node that is participating as a manager."
        )
    world = world.with_host(emptied(host))
    entry = world.cluster and world.swarm.node(host.node_id)
    if not entry:
        return world
    if not any(world.host_of(node.id) for node in voters(world)):
        return replace(world, cluster=None)
    return world.later(world.manners.down, Happening("node down", host.node_id))


def emptied(host: Host) -> Host:
    """A host without any membership."""
    local = {net.id for net in host.networks if net.scope == "local"}
    own = {container.id for container in host.containers if set(container.networks) <= local}
    networks = (
        replace(net, endpoints=tuple(end for end in net.endpoints if end.key in own))
        for net in host.networks
        if net.id in local
    )
    return replace(host, state="inactive", node_id="", control=False, networks=tuple(networks))


def remove_node(world: World, step: RemoveNode) -> World:
    """An entry removed: of a worker that is down, or of any worker with force. Raises NotFound.

    measurements.md#quorum, #down-and-back
    """
    asked, node = manager(world), world.swarm.node(step.node_id)
    if node is None:
        raise NotFound(f"{asked.name}: node {step.node_id} not found")
    if node.role == "manager":
        raise EngineError(f"{asked.name}: node {node.id} is a cluster manager and is a member of the raft cluster.")
    if node.state != "down" and not step.force:
        raise EngineError(f"{asked.name}: node {node.id} is not down and can't be removed")
    host = world.host_of(node.id)
    if host is not None:
        world = world.with_host(replace(host, state="pending"))
    world = world.agreed(
        nodes=tuple(other for other in world.swarm.nodes if other.id != node.id),
        tasks=Tasks(task for task in world.swarm.tasks if task.node_id != node.id),
    )
    return orchestrate(world)


# Hosts that come and go


def stop_docker(world: World, name: str) -> World:
    """A host's Engine stops, with all that runs on it."""
    host = world.host(name)
    networks = tuple(replace(net, endpoints=()) for net in host.networks)
    return elected(world, away(world.with_host(replace(host, docker=False, networks=networks)), name))


def cut(world: World, name: str) -> World:
    """A host's link is cut: neither we nor the other members reach it."""
    return elected(world, away(world.with_host(replace(world.host(name), connected=False)), name))


def elected(before: World, after: World) -> World:
    """Take nobody for ready after a change of leader, until that member registers anew.

    measurements.md#unknown-nodes
    """
    if after.cluster is None or leader(after) in ("", leader(before)) or not after.manners.unknown:
        return after
    for node in after.swarm.nodes:
        if node.state == "ready":
            after = after.with_node(replace(node, state="unknown"))
            after = after.later(after.manners.unknown, Happening("node ready", node.id))
    return after


def away(world: World, name: str) -> World:
    """The managers find out a while later (measurements.md#down-and-back)."""
    node_id = world.host(name).node_id
    return world.later(world.manners.down, Happening("node down", node_id)) if node_id else world


def gone_down(world: World, node_id: str) -> World:
    """The managers give a member up, unless it is back by now."""
    host, node = world.host_of(node_id), world.swarm.node(node_id)
    if node is None or (host is not None and host.up):
        return world
    return orchestrate(world.with_node(replace(node, state="down")))


def start_docker(world: World, name: str) -> World:
    """A host's Engine starts: locked if the swarm says so, else with what the swarm has now.

    Old networks are gone, a stuck ingress too; standalone containers come back; the ingress comes by itself.
    It stays stopped if it was started too often.
    measurements.md#autolock, #old-ingress-stays, #restart-of-docker, #host-that-is-down
    """
    before, world = world, counted(world, name)
    if before.host(name).start_limit and before.host(name).starts == world.host(name).starts:
        return world
    host = replace(world.host(name), docker=True)
    host = replace(host, networks=tuple(net for net in host.networks if net.scope == "local"))
    if world.cluster is None:
        return revive(world.with_host(host), name)
    tasks = (task for task in world.swarm.tasks if task.node_id != host.node_id or not task.service_id or stays(task))
    world = world.with_host(host).agreed(tasks=Tasks(tasks))
    if host.control and world.swarm.settings.autolock:
        return world.with_host(replace(host, state="locked"))
    return elected(before, revive(back(world, name), name))


def counted(world: World, name: str) -> World:
    """One more start of a host's docker counted, if it has a limit and that is not reached.

    A minute begins with its first start. measurements.md#start-limit
    """
    host = world.host(name)
    if host.starts >= host.start_limit:
        return world
    if not host.starts:
        world = world.later(START_INTERVAL, Happening("starts forgotten", name))
    return world.with_host(replace(host, starts=host.starts + 1))


def stays(task: Placed) -> bool:
    """Tell whether a restart of its Engine leaves a task alone: it waits for a place, or has ended and is replaced."""
    return task.state == "pending" or (not task.alive and not task.wanted)


def unlocked(world: World, name: str) -> World:
    """A locked manager takes part again."""
    host = world.host(name)
    if host.state != "locked":
        return world
    return elected(world, revive(back(world.with_host(replace(host, state="active")), name), name))


def heal(world: World, name: str) -> World:
    """A host's link is back; tasks that were to end, end. An ingress that was removed meanwhile stays, until its docker
    restarts (measurements.md#host-that-is-down)."""
    before, world = world, world.with_host(replace(world.host(name), connected=True))
    if world.cluster is None:
        return world
    for task in world.swarm.tasks:
        if task.node_id == world.host(name).node_id and task.desired == "shutdown":
            world = world.later(world.manners.drop, Happening("task ends", task.id))
    for network in world.host(name).networks:
        if network.scope == "swarm" and not network.ingress and world.swarm.network(network.id) is None:
            world = world.later(world.manners.drop, Happening("network dropped", name, network.id))
    return elected(before, back(world, name))


def back(world: World, name: str) -> World:
    """A member is there again: ready a moment later, and with the ingress."""
    host = world.host(name)
    if not host.member:
        return world
    world = world.later(world.manners.back, Happening("node ready", host.node_id))
    return attach(world, host.node_id, after=world.manners.ingress_back)


def ready(world: World, node_id: str) -> World:
    """A member is ready, and what it should run comes to it."""
    host, node = world.host_of(node_id), world.swarm.node(node_id)
    if host is None or node is None or not host.up:
        return world
    world = take_role(world.with_node(replace(node, state="ready")), node_id)
    return orchestrate(attach(world, node_id))
