"""Members of a simulated swarm: joining, settings, roles, leaving, and hosts that come and go."""

from dataclasses import replace
from typing import Any

from providers.rules.resource_types.ingress import POOL, POOL_PREFIX
from providers.rules.vocabulary.errors import Conflict, EngineError, NotAManager, NotFound
from providers.rules.vocabulary.facts import Node, Swarm
from providers.rules.vocabulary.network_config import NetworkConfig
from providers.rules.vocabulary.steps import (
    ENGINES_OWN,
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
from providers.simulate.state import Cluster, Happening, Host, SimulatorState
from providers.simulate.tasks import Tasks
from providers.simulate.workloads import Placed

START_INTERVAL = 60.0  # seconds (measurements.md#start-limit)


# Joining


def init(sim: SimulatorState, step: InitSwarm) -> SimulatorState:
    """A swarm begins on one host, with the Engine's own ingress; or one goes on with that as its only manager."""
    if step.force_new:
        return force_new_cluster(sim, step)
    host = outside(sim, step.host)
    assert sim.cluster is None, "a second swarm is not simulated"
    sim, swarm_id = sim.another_id("s")
    settings = Swarm(
        id=swarm_id,
        data_path_port=step.data_path_port or Swarm.data_path_port,
        default_addr_pool=step.default_addr_pool or POOL,
        default_addr_pool_prefix=step.default_addr_pool_prefix or POOL_PREFIX,
        **given(step, ENGINES_OWN),
        labels=step.labels,
        version=1,
    )
    sim = member(replace(sim, cluster=Cluster(settings=settings)), host.name, "manager", state="ready")
    first = replace(sim.host(host.name), control=True)
    sim = sim.with_host(first).later(sim.timings.ready, Happening("node ready", first.node_id))
    ingress = NetworkConfig(name="ingress", driver="overlay", ingress=True)
    return create_overlay(sim, CreateNetwork(config=ingress))


def force_new_cluster(sim: SimulatorState, step: InitSwarm) -> SimulatorState:
    """A manager goes on as the only one; the others count on each other until they learn of it, and join it again
    (measurements.md#force-a-new-cluster)."""
    host = engine(sim, step.host)
    if not host.member or not host.control:
        raise NotAManager(f"{host.name}: This node is not a swarm manager.")
    assert not sim.swarm.settings.autolock, "an Engine refuses it, which is not simulated"
    settings = replace(sim.swarm.settings, version=sim.swarm.settings.version + 1)
    others = {node.id for node in sim.swarm.nodes if node.role == "manager" and node.id != host.node_id}
    sim = sim.agreed(settings=settings, left_behind=frozenset(others))
    for node in sim.swarm.nodes:
        sim = sim.with_node(replace(node, state="unknown"))
        own = sim.host_of(node.id)
        if own is not None and own.up:
            after = sim.timings.found_again if node.id in others else sim.timings.unknown
            sim = sim.later(after, Happening("node ready", node.id))
        sim = sim.later(sim.timings.down, Happening("node down", node.id))
    return sim


def join(sim: SimulatorState, step: JoinSwarm) -> SimulatorState:
    """A host becomes a member at once, and ready a moment later (measurements.md#init-and-join)."""
    manager(sim)
    host = outside(sim, step.host)
    if host.failing_joins:
        sim = sim.with_host(replace(host, state="pending", failing_joins=host.failing_joins - 1))
        return sim.later(sim.timings.join_given_up, Happening("join given up", host.name))
    sim = member(sim, host.name, step.role, step.availability, state="unknown")
    return sim.later(sim.timings.ready, Happening("node ready", sim.host(host.name).node_id))


def give_up(sim: SimulatorState, name: str) -> SimulatorState:
    """A join that was begun has failed; the host keeps a broken membership."""
    host = sim.host(name)
    return sim.with_host(replace(host, state="error")) if host.state == "pending" else sim


def outside(sim: SimulatorState, name: str) -> Host:
    """A host that is in no swarm. Raises Conflict for one that is, or tries to be (measurements.md#refused-joins)."""
    host = engine(sim, name)
    if host.state != "inactive":
        raise Conflict(f"{name}: This node is already part of a swarm.")
    return host


def member(sim: SimulatorState, name: str, role: str, availability: str = "active", *, state: str) -> SimulatorState:
    """A host with an entry among the members, and with a docker_gwbridge (measurements.md#bridge-before-a-join)."""
    sim, node_id = sim.another_id("n")
    sim = with_gateway_bridge(sim, name)
    host = replace(sim.host(name), state="active", node_id=node_id, joined_at="")
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
    return sim.with_host(host).agreed(nodes=(*sim.swarm.nodes, entry))


# Settings and roles


def update_swarm(sim: SimulatorState, step: UpdateSwarm) -> SimulatorState:
    """Settings changed, at the version that was read (measurements.md#settings-of-the-swarm)."""
    asked, settings = manager(sim), sim.swarm.settings
    refuse_version(asked, settings.version, step.version)
    changed = replace(
        settings,
        **given(step, settings),
        labels=relabelled(settings.labels, step),
        version=settings.version + 1,
    )
    return sim.agreed(settings=changed)


def given(step: SwarmSettings, before: SwarmSettings | Swarm) -> dict[str, Any]:
    """Return the values that the step sets, and the present ones for what it leaves alone."""
    declared = {key: getattr(step, key) for key in SETTINGS}
    return {key: getattr(before, key) if value is None else value for key, value in declared.items()}


def refuse_version(asked: Host, current: int, read: int) -> None:
    """Raise Conflict if what was read is no longer so (measurements.md#versions)."""
    if current != read:
        raise Conflict(f"{asked.name}: update out of sequence")


def relabelled(labels: tuple[tuple[str, str], ...], step: UpdateSwarm | UpdateNode) -> tuple[tuple[str, str], ...]:
    """The labels as the step wants them, all others as they are."""
    kept = {key: value for key, value in labels if key not in step.drop_labels}
    return tuple(sorted({**kept, **dict(step.set_labels)}.items()))


def update_node(sim: SimulatorState, step: UpdateNode) -> SimulatorState:
    """A member changed, at the version that was read. An update that really changes it is a kick.

    measurements.md#versions, #kicks
    """
    asked, node = manager(sim), sim.swarm.node(step.node_id)
    if node is None:
        raise NotFound(f"{asked.name}: node {step.node_id} not found")
    refuse_version(asked, node.version, step.version)
    refuse_demotion(sim, asked, node, step)
    changed = replace(
        node,
        role=step.role or node.role,
        availability=step.availability or node.availability,
        labels=relabelled(node.labels, step),
    )
    real = changed != node  # versions do not count
    sim = sim.with_node(replace(changed, version=node.version + 1))
    sim = sim.later(sim.timings.bump, Happening("version bumped", node.id))
    sim = attach(new_role(sim, node, changed), node.id, changed=real)
    return orchestrate(sim)


def refuse_demotion(sim: SimulatorState, asked: Host, node: Node, step: UpdateNode) -> None:
    """Raise EngineError if the swarm can't do without this manager (measurements.md#quorum)."""
    if node.role != "manager" or step.role != "worker":
        return
    if node.id in sim.swarm.left_behind:
        raise NotFound(f"{asked.name}: can't find manager in raft memberlist")
    if len([other for other in sim.swarm.nodes if other.role == "manager"]) == 1:
        raise EngineError(f"{asked.name}: attempting to demote the last manager of the swarm")
    if not can_spare(sim, node):
        raise EngineError(f"{asked.name}: can't remove member from the raft: this would result in a loss of quorum")


def new_role(sim: SimulatorState, before: Node, after: Node) -> SimulatorState:
    """The host takes up its role a moment later; soon after a demotion it takes half a minute.

    measurements.md#roles
    """
    if before.role == after.role:
        return sim
    timings, taken = sim.timings, Happening("role taken", after.id)
    if after.role == "worker":
        return sim.later(timings.demotion, taken).later(timings.down, Happening("demotion forgotten", after.id))
    recent = any(due.what == Happening("demotion forgotten", after.id) for due in sim.pending)
    return sim.later(timings.promotion_again if recent else timings.promotion, taken)


def take_role(sim: SimulatorState, node_id: str) -> SimulatorState:
    """The host is the manager or worker that its entry says."""
    host, node = sim.host_of(node_id), sim.swarm.node(node_id)
    if host is None or node is None or (host.up and host.told_nothing):
        return sim
    before, sim = sim, sim.agreed(left_behind=sim.swarm.left_behind - {node_id})
    return elected(before, sim.with_host(replace(host, control=node.role == "manager")))


# Leaving


def leave(sim: SimulatorState, step: LeaveSwarm) -> SimulatorState:
    """A host leaves: its networks of the swarm go, docker_gwbridge stays, its entry goes down later.

    measurements.md#bridge-before-a-join, #down-and-back
    """
    host = engine(sim, step.host)
    if host.state == "inactive":
        raise Conflict(f"{host.name}: This node is not part of a swarm")
    if host.control and not step.force:
        raise EngineError(
            f"{host.name}: You are attempting to leave the swarm on a node that is participating as a manager."
        )
    sim = sim.with_host(without_membership(host))
    entry = sim.cluster and sim.swarm.node(host.node_id)
    if not entry:
        return sim
    if not any(sim.host_of(node.id) for node in voters(sim)):
        return replace(sim, cluster=None)
    return sim.later(sim.timings.down, Happening("node down", host.node_id))


def without_membership(host: Host) -> Host:
    """A host without any membership."""
    local = {net.id for net in host.networks if net.scope == "local"}
    own = {container.id for container in host.containers if set(container.networks) <= local}
    networks = (
        replace(net, endpoints=tuple(end for end in net.endpoints if end.key in own))
        for net in host.networks
        if net.id in local
    )
    return replace(host, state="inactive", node_id="", control=False, networks=tuple(networks))


def remove_node(sim: SimulatorState, step: RemoveNode) -> SimulatorState:
    """An entry removed: of a worker that is down, or of any worker with force. Raises NotFound.

    measurements.md#quorum, #down-and-back
    """
    asked, node = manager(sim), sim.swarm.node(step.node_id)
    if node is None:
        raise NotFound(f"{asked.name}: node {step.node_id} not found")
    if node.role == "manager" and node.id not in sim.swarm.left_behind:
        raise EngineError(f"{asked.name}: node {node.id} is a cluster manager and is a member of the raft cluster.")
    if node.state != "down" and not step.force:
        raise EngineError(f"{asked.name}: node {node.id} is not down and can't be removed")
    host = sim.host_of(node.id)
    if host is not None:
        sim = sim.with_host(replace(host, state="pending"))
    sim = sim.agreed(
        nodes=tuple(other for other in sim.swarm.nodes if other.id != node.id),
        tasks=Tasks(task for task in sim.swarm.tasks if task.node_id != node.id),
    )
    return orchestrate(sim)


# Hosts that come and go


def stop_docker(sim: SimulatorState, name: str) -> SimulatorState:
    """A host's Engine stops, with all that runs on it."""
    host = sim.host(name)
    networks = tuple(replace(net, endpoints=()) for net in host.networks)
    return elected(sim, notice_later(sim.with_host(replace(host, docker=False, networks=networks)), name))


def elected(before: SimulatorState, after: SimulatorState) -> SimulatorState:
    """Take nobody for ready after a change of leader, until that member registers anew.

    measurements.md#unknown-nodes
    """
    if after.cluster is None or leader(after) in ("", leader(before)) or not after.timings.unknown:
        return after
    for node in after.swarm.nodes:
        if node.state == "ready":
            after = after.with_node(replace(node, state="unknown"))
            after = after.later(after.timings.unknown, Happening("node ready", node.id))
    return after


def notice_later(sim: SimulatorState, name: str) -> SimulatorState:
    """The managers find out a while later (measurements.md#down-and-back)."""
    node_id = sim.host(name).node_id
    return sim.later(sim.timings.down, Happening("node down", node_id)) if node_id else sim


def gone_down(sim: SimulatorState, node_id: str) -> SimulatorState:
    """The managers give a member up, unless it is back by now."""
    host, node = sim.host_of(node_id), sim.swarm.node(node_id)
    if node is None or (host is not None and host.up):
        return sim
    return orchestrate(sim.with_node(replace(node, state="down")))


def start_docker(sim: SimulatorState, name: str) -> SimulatorState:
    """A host's Engine starts: locked if the swarm says so, else with what the swarm has now.

    Old networks are gone, a stuck ingress too; standalone containers come back; the ingress comes by itself.
    It stays stopped if it was started too often.
    measurements.md#autolock, #old-ingress-stays, #restart-of-docker, #host-that-is-down
    """
    before, sim = sim, counted(sim, name)
    if before.host(name).start_limit and before.host(name).starts == sim.host(name).starts:
        return sim
    host = replace(sim.host(name), docker=True)
    host = replace(host, networks=tuple(net for net in host.networks if net.scope == "local"))
    if sim.cluster is None:
        return revive(sim.with_host(host), name)
    tasks = (task for task in sim.swarm.tasks if task.node_id != host.node_id or not task.service_id or stays(task))
    sim = sim.with_host(host).agreed(tasks=Tasks(tasks))
    if host.control and sim.swarm.settings.autolock:
        return sim.with_host(replace(host, state="locked"))
    return elected(before, revive(back(sim, name), name))


def counted(sim: SimulatorState, name: str) -> SimulatorState:
    """One more start of a host's docker counted, if it has a limit and that is not reached.

    A minute begins with its first start. measurements.md#start-limit
    """
    host = sim.host(name)
    if host.starts >= host.start_limit:
        return sim
    if not host.starts:
        sim = sim.later(START_INTERVAL, Happening("starts forgotten", name))
    return sim.with_host(replace(host, starts=host.starts + 1))


def stays(task: Placed) -> bool:
    """Tell whether a restart of its Engine leaves a task alone: it waits for a place, or has ended and is replaced."""
    return task.state == "pending" or (not task.alive and not task.meant_to_run)


def unlocked(sim: SimulatorState, name: str) -> SimulatorState:
    """A locked manager takes part again."""
    host = sim.host(name)
    if host.state != "locked":
        return sim
    return elected(sim, revive(back(sim.with_host(replace(host, state="active")), name), name))


def back(sim: SimulatorState, name: str) -> SimulatorState:
    """A member is there again: ready a moment later, and with the ingress."""
    host = sim.host(name)
    if not host.member:
        return sim
    sim = sim.later(sim.timings.back, Happening("node ready", host.node_id))
    return attach(sim, host.node_id, after=sim.timings.ingress_back)


def ready(sim: SimulatorState, node_id: str) -> SimulatorState:
    """A member is ready, and what it should run comes to it."""
    host, node = sim.host_of(node_id), sim.swarm.node(node_id)
    if host is None or node is None or not host.up:
        return sim
    sim = take_role(sim.with_node(replace(node, state="ready")), node_id)
    return orchestrate(attach(sim, node_id))
