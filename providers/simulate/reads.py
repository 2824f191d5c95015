"""Single reads of a simulated swarm, with the mixtures that real Engines show.

What a manager lists is the cluster's networks and its own copies; what it inspects is its own copy first.
"""

from dataclasses import replace
from functools import lru_cache
from json import dumps
from operator import attrgetter

from providers.rules.vocabulary.answers import Pairs, pairs
from providers.rules.vocabulary.errors import EngineError, HostError
from providers.rules.vocabulary.facts import (
    Container,
    HostIngress,
    Member,
    Network,
    Node,
    Swarm,
    SwarmService,
    Task,
    UnreachableHost,
)
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.service_spec import Port, read_spec
from providers.simulate.answering import GIVEN_UP, LEADERLESS, LOCKED, engine, leader, quorum, reachable, voters
from providers.simulate.state import Host, Lately, SimulatorState
from providers.simulate.tasks import Tasks
from providers.simulate.workloads import MANY, Placed, Service, read
from providers.simulate.workloads import Container as Alone


def member(sim: SimulatorState, host: Host) -> Member:
    """A host's own word on its membership.

    measurements.md#membership, #autolock, #no-quorum
    """
    leaderless = host.member and host.control and (host.node_id in sim.swarm.left_behind or not quorum(sim))
    locked = host.state == "locked"
    return Member(
        host=host.name,
        state=host.state,
        node_id=own_id(host),
        control=host.control and not locked,
        error=LEADERLESS if leaderless else LOCKED if locked else GIVEN_UP if host.state == "error" else "",
        swarm_id=sim.swarm.settings.id if sim.cluster and host.control and not locked else "",
        node_address=(host.joined_at or host.address) if host.member else "",
        remote_managers=remote_managers(sim) if host.member and sim.cluster else (),
    )


def own_id(host: Host) -> str:
    """The id of its node as the host itself knows it."""
    return "" if host.state == "locked" else host.node_id


def remote_managers(sim: SimulatorState) -> Pairs:
    """Return the managers that a member knows, wherever they are, answering or not (measurements.md#membership)."""
    return tuple(sorted((node.id, node.address) for node in voters(sim)))


def settings(sim: SimulatorState) -> Swarm:
    """The swarm as a manager shows it."""
    return sim.swarm.settings


@Lately
def nodes(sim: SimulatorState) -> tuple[Node, ...]:
    """All members, as any manager lists them."""
    first = leader(sim)
    return tuple(sorted([shown(sim, node, first) for node in sim.swarm.nodes], key=attrgetter("id")))


def shown(sim: SimulatorState, node: Node, first: str) -> Node:
    """An entry with what the managers know of each other. first: the node id of their leader."""
    if node.role != "manager" or node.id in sim.swarm.left_behind:
        return node
    reached = "reachable" if reachable(sim, node) else "unreachable"
    return replace(node, reachability=reached, leader=node.id == first)


def listed(sim: SimulatorState, host: Host) -> tuple[Network, ...]:
    """All networks that an Engine lists, without endpoints: a manager's are the cluster's and its own.

    measurements.md#names-stay-taken
    """
    cluster = sim.swarm.networks if sim.cluster and host.control and host.member else ()
    return LISTED(cluster, host.networks) if cluster else _listed(cluster, host.networks)


def _listed(cluster: tuple[Network, ...], own: tuple[Network, ...]) -> tuple[Network, ...]:
    known = {net.id for net in cluster}
    mixed = [*cluster, *(replace(net, endpoints=()) if net.endpoints else net for net in own if net.id not in known)]
    return tuple(sorted(mixed, key=attrgetter("id")))


LISTED = Lately[tuple[Network, ...]](_listed)


def inspected(sim: SimulatorState, host: Host, network_id: str) -> Network | None:
    """A network as an Engine shows it: its own copy, else on a manager the cluster's (measurements.md#sandbox)."""
    own = next((net for net in host.networks if net.id == network_id), None)
    cluster = sim.swarm.network(network_id) if sim.cluster and host.control and host.member else None
    return own or cluster


def services(sim: SimulatorState) -> tuple[SwarmService, ...]:
    """All services."""
    return _services(sim.swarm.services, sim.swarm.ingress)


@Lately
def _services(services: tuple[Service, ...], ingress: Network | None) -> tuple[SwarmService, ...]:
    """Services as `GET /services` shows them; one that publishes through the ingress has an address on it."""
    return tuple(
        sorted([shown_service(each, ingress.id if ingress else "") for each in services], key=attrgetter("id"))
    )


@lru_cache(maxsize=MANY)  # most services are as they were at the look before
def shown_service(service: Service, ingress_id: str) -> SwarmService:
    """A service beside an ingress, empty for none."""
    through = (ingress_id,) if ingress_id and service.through_ingress else ()
    return SwarmService(
        id=service.id,
        name=service.name,
        ports=service.ports,
        networks=tuple(sorted({*service.networks, *through})),
        job=read_spec(service.spec).mode == "job",
        labels=service.labels,
        update_state=service.status,
        rollback_labels=pairs(read(service.previous).get("Labels") or {}) if service.previous else (),
        rollback_networks=replace(service, spec=service.previous).networks if service.previous else (),
        force_update=service.force_update,
        endpoint=dumps([raw_port(port) for port in service.numbers]),
        spec=service.spec,
        version=service.version,
    )


def raw_port(port: Port) -> dict[str, str | int]:
    """A port as the Engine's JSON has it."""
    return {
        "Protocol": port.protocol,
        "TargetPort": port.target,
        "PublishedPort": port.published,
        "PublishMode": port.mode,
    }


def tasks(sim: SimulatorState) -> tuple[Task, ...]:
    """All tasks, standalone containers on networks of the cluster among them."""
    return TASKS_SHOWN(sim.swarm.tasks)


@lru_cache(maxsize=MANY)  # most tasks are as they were at the look before
def to_task(task: Placed) -> Task:
    """A task without what it was started from."""
    return Task(
        id=task.id,
        service_id=task.service_id,
        node_id=task.node_id,
        state=task.state,
        desired=task.desired,
        networks=tuple(sorted(task.networks)),
        container_id=task.container_id,
        slot=task.slot,
        message=task.message,
        error=task.error,
        placement=dumps(read(task.template or "{}").get("Placement")),
    )


TASKS_SHOWN = Lately[tuple[Task, ...]](lambda tasks: tuple(sorted(map(to_task, tasks), key=attrgetter("id"))))


def answers(sim: SimulatorState, *, without: str = "") -> tuple[list[Host], list[UnreachableHost]]:
    """The declared hosts that answer, and those that do not."""
    good: list[Host] = []
    unreachable: list[UnreachableHost] = []
    for host in sim.hosts:
        if not host.declared or host.name == without:
            continue
        try:
            good.append(engine(sim, host.name))
        except (HostError, EngineError) as problem:
            unreachable.append(UnreachableHost(host=host.name, why=str(problem)))
    return good, unreachable


def containers(sim: SimulatorState, host: Host) -> tuple[Container, ...]:
    """All containers on a host, running or not: the tasks', and the standalone ones."""
    overlays = {net.id for net in listed(sim, host) if net.scope == "swarm"}
    bridges = {net.id for net in host.networks if net.name == GATEWAY_BRIDGE}
    ours = ((each.id, Alone(id=each.container_id, networks=each.networks)) for each in running_on(sim, host))
    left = ((each.task_id, each) for each in host.containers)
    found = (
        Container(
            id=each.id,
            name=each.name or each.id,
            running=each.running,
            task=bool(task_id),
            task_id=task_id,
            on_overlay=not overlays.isdisjoint(each.networks),
            on_bridge=not bridges.isdisjoint(each.networks),
            paused=each.paused,
            auto_remove=each.auto_remove,
        )
        for task_id, each in (*ours, *left)
    )
    return tuple(sorted(found, key=lambda container: container.id))


def running_on(sim: SimulatorState, host: Host) -> list[Placed]:
    """The tasks of services whose containers run on a host."""
    return _running(sim.cluster.tasks).get(host.node_id, []) if sim.cluster else []


@Lately
def _running(tasks: Tasks) -> dict[str, list[Placed]]:
    found: dict[str, list[Placed]] = {}
    for task in tasks:
        if task.service_id and task.state == "running":
            found.setdefault(task.node_id, []).append(task)
    return found


def host_ingress(sim: SimulatorState, host: Host) -> HostIngress:
    """Return what one host shows of ingress networks, and the containers on its docker_gwbridge."""
    copies = (inspected(sim, host, net.id) for net in listed(sim, host) if net.ingress)
    bridge = host.network(GATEWAY_BRIDGE)
    return HostIngress(
        host=host.name,
        node_id=own_id(host),
        copies=tuple(copy for copy in copies if copy is not None),
        bridge_endpoints=tuple(end.name for end in bridge.endpoints) if bridge else (),
        bridge_subnet=bridge.subnet if bridge else "",
        restart_took=sim.timings.restart,
    )
