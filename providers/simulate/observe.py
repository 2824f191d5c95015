"""The facts of a simulated swarm, as hosts/observe.py reads them: with the same mixtures and the same gaps."""

from collections.abc import Set
from dataclasses import replace

from providers.rules.vocabulary.errors import EngineError, HostError, NoSwarm, NotAManager
from providers.rules.vocabulary.facts import (
    GwbridgeFacts,
    IngressFacts,
    Member,
    Network,
    Node,
    NodeFacts,
    OverlayFacts,
    Silent,
    Stopped,
    Swarm,
    SwarmFacts,
)
from providers.rules.vocabulary.labels import former_label, of_ingress, twin_of
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.simulate.answering import engine, manager
from providers.simulate.reads import answers, containers, host_ingress, listed, member, nodes, services, settings, tasks
from providers.simulate.world import Host, Lately, World

__all__ = ["entries", "gwbridge_facts", "ingress_facts", "node_facts", "overlay_facts", "swarm_facts", "tasks"]


def gwbridge_facts(world: World, host: str) -> GwbridgeFacts:
    """One host's docker_gwbridge. Raises what reaching the host raises."""
    asked = engine(world, host)
    own, bridge = member(world, asked), asked.network(GATEWAY_BRIDGE)
    if own.state == "locked":
        return GwbridgeFacts(member=own, bridge=bridge, swarm=swarm_of_others(world))
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


def swarm_of_others(world: World) -> Swarm | None:
    """Return the swarm as another host shows it, or None if no manager answers."""
    try:
        manager(world)
    except (EngineError, HostError):
        return None
    return settings(world)


def swarm_facts(world: World, *, ending: bool = False) -> SwarmFacts:
    """Return each declared host's own membership, and the swarm, if one of them can answer for it."""
    good, silent = answers(world)
    members = tuple(member(world, host) for host in good)
    asked = next((host for host, said in zip(good, members, strict=True) if said.good_manager), None)
    if asked is None:
        outside = ((host.name, host.network(GATEWAY_BRIDGE)) for host in good if host.state == "inactive")
        found = tuple((name, bridge.subnet) for name, bridge in outside if bridge)
        return SwarmFacts(members=members, silent=tuple(silent), bridges=found)
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
        tasks=tuple(task for task in tasks(world) if own.node_id in ("", task.node_id)) if leaving else (),
        ingress=None if leaving else next((net for net in listed(world, asked) if net.ingress), None),
        local=local,
    )


def entries(world: World) -> tuple[Node, ...]:
    """Return all members as a manager lists them."""
    manager(world)
    return nodes(world)


def own_word(world: World, host: str, leaving: bool) -> Member | Silent:
    """Return the host's own membership; silence counts as an answer only from a host that is leaving, and one that is
    lost is not asked."""
    if leaving and host not in {each.name for each in world.hosts}:
        return Silent(host=host, why=f"{host}: not asked, since it is lost")
    try:
        return member(world, engine(world, host))
    except HostError as problem:
        if not leaving:
            raise
        return Silent(host=host, why=str(problem))


def ingress_facts(world: World) -> IngressFacts:
    """The swarm's ingress, and what each declared host has of it."""
    good, silent = answers(world)
    seen = listed(world, manager(world))
    swarm = settings(world)
    ingresses = {net.id for net in seen if net.ingress}
    members = nodes(world)
    concerned, their_tasks = of_ingress(services(world), tasks(world), members, swarm, ingresses)
    return IngressFacts(
        network=world.swarm.ingress,
        swarm=swarm,
        hosts=(*(host_ingress(world, host) for host in good), *(placed(world, each) for each in silent)),
        nodes=members,
        listed=tuple(net for net in seen if net.scope == "swarm" and not net.ingress),
        services=concerned,
        tasks=their_tasks,
    )


def placed(world: World, silent: Silent) -> Silent:
    """A silent host with the member that has its address."""
    address = world.host(silent.host).address
    node = next((node for node in nodes(world) if address == node.address or node.hostname == silent.host), None)
    return replace(silent, node_id=node.id if node else "")


def overlay_facts(world: World, name: str, network_id: str = "", *, thorough: bool = False) -> OverlayFacts:
    """One overlay: by its id if that is known, else by its exact name. `thorough`: also who holds it."""
    asked = manager(world)
    network = world.swarm.network(network_id)
    deep = thorough or settings(world).label(former_label(name)) is not None
    if network is not None and not deep:
        return OverlayFacts(network=network)
    seen = listed(world, asked)
    network, held = (network, "") if network else by_name(world, asked, name)
    standing_in = twin_of(name, seen)
    twin = world.swarm.network(standing_in.id) if standing_in else None
    facts = OverlayFacts(network=network, listed=seen, name_held_by=held, twin=twin)
    if not deep and twin is None:
        return facts
    ids = {net.id for net in (network, twin) if net is not None}
    facts = replace(
        facts,
        name_held_by=held or (held_elsewhere(world, name) if thorough and network is None else ""),
        swarm=settings(world),
        services=tuple([each for each in services(world) if not ids.isdisjoint(each.networks)]),
        tasks=tuple([each for each in tasks(world) if not ids.isdisjoint(each.networks) and each.alive]),
        nodes=nodes(world),
    )
    return facts if not ids or facts.on_its_way else replace(facts, stopped=stopped(world, ids))


def stopped(world: World, ids: Set[str]) -> tuple[Stopped, ...]:
    """The stopped containers on hosts that answer which remember one of these networks."""
    return tuple(each for each in STOPPED.of(world.hosts) if ids & each.networks)


STOPPED = Lately[list[Stopped]](
    lambda hosts: [
        Stopped(host=host.name, name=each.name or each.id, networks=frozenset(each.networks))
        for host in hosts
        for each in host.containers
        if host.declared and host.up and not each.running
    ]
)


def by_name(world: World, asked: Host, name: str) -> tuple[Network | None, str]:
    """The overlay of that name as the swarm has it, and the manager's name if it only keeps the name.

    measurements.md#names-stay-taken
    """
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
