"""The facts of a simulated swarm, as hosts/observe.py reads them from real hosts: the same mixtures and the same gaps.

What a manager lists is the cluster's networks and its own copies; what it inspects is its own copy first.
"""

from dataclasses import replace
from json import dumps

from providers.rules.errors import EngineError, HostError, NoSwarm, NotAManager
from providers.rules.facts import (
    Container,
    GwbridgeFacts,
    HostIngress,
    IngressFacts,
    Member,
    Network,
    Node,
    NodeFacts,
    OverlayFacts,
    Port,
    Silent,
    Swarm,
    SwarmFacts,
    SwarmService,
    Task,
    pairs,
)
from providers.rules.journal import AVAILABILITY, JOURNAL, copy_label
from providers.rules.migration import twin_of
from providers.rules.simulate.ask import LEADERLESS, LOCKED, engine, leader, manager, quorum, reachable
from providers.rules.simulate.bridges import GATEWAY_BRIDGE
from providers.rules.simulate.workloads import Placed, Service, read
from providers.rules.simulate.world import Host, World

# Single reads


def member(world: World, host: Host) -> Member:
    """A host's own word on its membership (47, 56, P2 10.3)."""
    leaderless = host.member and host.control and not quorum(world)
    locked = host.state == "locked"
    return Member(
        host=host.name,
        state=host.state,
        node_id="" if locked else host.node_id,
        control=host.control and not locked,
        error=LEADERLESS if leaderless else LOCKED if locked else "",
        swarm_id=world.swarm.settings.id if world.cluster and host.control and not locked else "",
        node_address=host.address if host.member else "",
    )


def settings(world: World) -> Swarm:
    """The swarm as a manager shows it."""
    return world.swarm.settings


def nodes(world: World) -> tuple[Node, ...]:
    """All members, as any manager lists them."""
    return tuple(sorted((shown(world, node) for node in world.swarm.nodes), key=lambda node: node.id))


def shown(world: World, node: Node) -> Node:
    """An entry with what the managers know of each other."""
    if node.role != "manager":
        return node
    reached = "reachable" if reachable(world, node) else "unreachable"
    return replace(node, reachability=reached, leader=node.id == leader(world))


def listed(world: World, host: Host) -> tuple[Network, ...]:
    """All networks that an Engine lists, without endpoints: a manager's are the cluster's and its own (41)."""
    cluster = world.swarm.networks if world.cluster and host.control and host.member else ()
    known = {net.id for net in cluster}
    mixed = [*cluster, *(replace(net, endpoints=()) for net in host.networks if net.id not in known)]
    return tuple(sorted(mixed, key=lambda net: net.id))


def inspected(world: World, host: Host, network_id: str) -> Network | None:
    """A network as an Engine shows it: its own copy, else on a manager the cluster's (P2 4.7)."""
    own = next((net for net in host.networks if net.id == network_id), None)
    cluster = world.swarm.network(network_id) if world.cluster and host.control and host.member else None
    return own or cluster


def services(world: World) -> tuple[SwarmService, ...]:
    """All services."""
    return tuple(sorted((to_service(world, service) for service in world.swarm.services), key=lambda each: each.id))


def to_service(world: World, service: Service) -> SwarmService:
    """A service as `GET /services` shows it; one that publishes through the ingress has an address on it."""
    ingress = world.swarm.ingress
    through = (ingress.id,) if ingress and service.through_ingress else ()
    return SwarmService(
        id=service.id,
        name=service.name,
        ports=service.ports,
        networks=tuple(sorted({*service.networks, *through})),
        job=service.job,
        labels=service.labels,
        update_state=service.status,
        rollback_labels=pairs(read(service.previous).get("Labels")) if service.previous else (),
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


def tasks(world: World) -> tuple[Task, ...]:
    """All tasks, standalone containers on networks of the cluster among them."""
    return tuple(sorted((to_task(task) for task in world.swarm.tasks), key=lambda task: task.id))


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
        placement=dumps(read(task.template or "{}").get("Placement")),
    )


def answers(world: World, *, without: str = "") -> tuple[list[Host], list[Silent]]:
    """The declared hosts that answer, and those that do not."""
    good: list[Host] = []
    silent: list[Silent] = []
    for host in world.hosts:
        if not host.declared or host.name == without:
            continue
        try:
            good.append(engine(world, host.name))
        except (HostError, EngineError) as problem:
            silent.append(Silent(host=host.name, why=str(problem)))
    return good, silent


# Facts


def gwbridge_facts(world: World, host: str) -> GwbridgeFacts:
    """One host's docker_gwbridge. Raises what reaching the host raises."""
    asked = engine(world, host)
    own, bridge = member(world, asked), asked.network(GATEWAY_BRIDGE)
    if own.state != "active":
        return GwbridgeFacts(member=own, bridge=bridge)
    manager(world)
    members = nodes(world)
    return GwbridgeFacts(
        member=own,
        bridge=bridge,
        swarm=settings(world),
        node=next((node for node in members if node.id == own.node_id), None),
        nodes=members,
        ingress=world.swarm.ingress,
        local=host_ingress(world, asked),
        containers=containers(world, asked),
    )


def containers(world: World, host: Host) -> tuple[Container, ...]:
    """All containers on a host, running or not: the tasks', and the standalone ones."""
    overlays = {net.id for net in listed(world, host) if net.scope == "swarm"}
    bridges = {net.id for net in host.networks if net.name == GATEWAY_BRIDGE}
    ours = ((each.container_id, each.networks, True, True) for each in running_on(world, host))
    alone = ((each.id, each.networks, each.running, False) for each in host.containers)
    found = (
        Container(
            id=container_id,
            name=container_id,
            running=running,
            task=task,
            on_overlay=not overlays.isdisjoint(attached),
            on_bridge=not bridges.isdisjoint(attached),
        )
        for container_id, attached, running, task in (*ours, *alone)
    )
    return tuple(sorted(found, key=lambda container: container.id))


def running_on(world: World, host: Host) -> list[Placed]:
    """The tasks of services whose containers run on a host."""
    tasks = world.cluster.tasks if world.cluster else ()
    return [task for task in tasks if task.node_id == host.node_id and task.service_id and task.state == "running"]


def swarm_facts(world: World, *, ending: bool = False) -> SwarmFacts:
    """What every declared host says of its membership, and the swarm, if one of them can answer for it."""
    good, silent = answers(world)
    members = tuple(member(world, host) for host in good)
    asked = next((host for host, said in zip(good, members, strict=True) if said.good_manager), None)
    if asked is None:
        return SwarmFacts(members=members, silent=tuple(silent))
    swarm_wide = (net for net in listed(world, asked) if net.scope == "swarm")
    return SwarmFacts(
        members=members,
        silent=tuple(silent),
        swarm=settings(world),
        nodes=nodes(world),
        services=services(world) if ending else (),
        networks=tuple(swarm_wide) if ending else (),
        belongings=world.swarm.belongings if ending else (),
    )


def node_facts(world: World, host: str, *, leaving: bool = False) -> NodeFacts:
    """One host's membership. Where no declared host answers for a swarm, `swarm` is None.

    Raises what reaching the host raises, unless it is leaving: then silence is a fact.
    """
    own = own_word(world, host, leaving)
    local = None if isinstance(own, Silent) or leaving else host_ingress(world, world.host(host))
    others = tuple(member(world, each) for each in answers(world, without=host)[0]) if leaving else ()
    try:
        asked = manager(world)
    except (NotAManager, NoSwarm):
        return NodeFacts(member=own, swarm=None, others=others)
    return NodeFacts(
        member=own,
        swarm=settings(world),
        nodes=nodes(world),
        others=others,
        tasks=tasks(world) if leaving else (),
        ingress=None if leaving else next((net for net in listed(world, asked) if net.ingress), None),
        local=local,
    )


def entry(world: World, node_id: str) -> Node | None:
    """A member's entry as the managers list it, None where they list none."""
    manager(world)
    return next((node for node in nodes(world) if node.id == node_id), None)


def own_word(world: World, host: str, leaving: bool) -> Member | Silent:
    """What the host itself says; silence counts as a word only of one that is leaving."""
    try:
        return member(world, engine(world, host))
    except HostError as problem:
        if not leaving:
            raise
        return Silent(host=host, why=str(problem))


def host_ingress(world: World, host: Host) -> HostIngress:
    """What one host shows of ingress networks, and who hangs on its docker_gwbridge."""
    copies = (inspected(world, host, net.id) for net in listed(world, host) if net.ingress)
    bridge = host.network(GATEWAY_BRIDGE)
    return HostIngress(
        host=host.name,
        node_id=member(world, host).node_id,
        copies=tuple(copy for copy in copies if copy is not None),
        bridge_endpoints=tuple(end.name for end in bridge.endpoints) if bridge else (),
    )


def ingress_facts(world: World) -> IngressFacts:
    """The swarm's ingress, and what each declared host has of it."""
    good, silent = answers(world)
    seen = listed(world, manager(world))
    swarm = settings(world)
    concerned = tuple(each for each in services(world) if each.publishes_ingress or concerns(each, swarm))
    ingresses, names = {net.id for net in seen if net.ingress}, {service.id for service in concerned}
    out = {node.id for node in nodes(world) if node.label(AVAILABILITY) is not None}
    return IngressFacts(
        network=world.swarm.ingress,
        swarm=swarm,
        hosts=(*(host_ingress(world, host) for host in good), *(placed(world, each) for each in silent)),
        nodes=nodes(world),
        listed=tuple(net for net in seen if net.scope == "swarm" and not net.ingress),
        services=concerned,
        tasks=tuple(
            task
            for task in tasks(world)
            if task.service_id in names or task.node_id in out or ingresses & set(task.networks)
        ),
    )


def concerns(service: SwarmService, swarm: Swarm) -> bool:
    """Whether a swap of the ingress left something on it: a journal, its copy, or a rollback that would bring one."""
    labels = {**dict(service.labels), **dict(service.rollback_labels)}
    return JOURNAL in labels or swarm.label(copy_label(service.id)) is not None


def placed(world: World, silent: Silent) -> Silent:
    """A silent host with the member that has its address."""
    address = world.host(silent.host).address
    node = next((node for node in nodes(world) if address == node.address or node.hostname == silent.host), None)
    return replace(silent, node_id=node.id if node else "")


def overlay_facts(world: World, name: str, network_id: str = "", *, thorough: bool = False) -> OverlayFacts:
    """One overlay: by its id where that is known, else by its exact name. `thorough`: also who holds it."""
    asked = manager(world)
    network = world.swarm.network(network_id)
    if network is not None and not thorough:
        return OverlayFacts(network=network)
    seen = listed(world, asked)
    network, held = (network, "") if network else by_name(world, asked, name)
    standing_in = twin_of(name, seen)
    twin = world.swarm.network(standing_in.id) if standing_in else None
    facts = OverlayFacts(network=network, listed=seen, name_held_by=held, twin=twin)
    if not thorough and twin is None:
        return facts
    ids = {net.id for net in (network, twin) if net is not None}
    return replace(
        facts,
        name_held_by=held or (held_elsewhere(world, name) if thorough and network is None else ""),
        swarm=settings(world),
        services=tuple(each for each in services(world) if ids & set(each.networks)),
        tasks=tuple(each for each in tasks(world) if ids & set(each.networks) and each.alive),
        nodes=nodes(world),
    )


def by_name(world: World, asked: Host, name: str) -> tuple[Network | None, str]:
    """The overlay of that name as the swarm has it, and the manager's name where it only keeps the name (41)."""
    named = {net.id for net in listed(world, asked) if net.name == name and net.scope == "swarm"}
    network = next((net for net in world.swarm.networks if net.id in named), None)
    return network, asked.name if named and network is None else ""


def held_elsewhere(world: World, name: str) -> str:
    """The hosts that still have a copy of a removed network of this name."""
    keeping = [
        host.name
        for host in answers(world)[0]
        if any(net.name == name and net.scope == "swarm" for net in listed(world, host))
    ]
    return ", ".join(sorted(keeping))
