"""The facts of a simulated swarm, as hosts/observe.py reads them: with the same mixtures and the same gaps."""

from collections.abc import Set
from dataclasses import replace

from providers.rules.vocabulary.errors import EngineError, HostError, NoSwarm, NotAManager, Unreachable
from providers.rules.vocabulary.facts import (
    GwbridgeFacts,
    IngressFacts,
    Member,
    Network,
    Node,
    NodeFacts,
    OverlayFacts,
    Stopped,
    Swarm,
    SwarmFacts,
    UnreachableHost,
)
from providers.rules.vocabulary.labels import AVAILABILITY, former_label, of_ingress, twin_of
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.simulate.answering import engine, manager
from providers.simulate.reads import answers, containers, host_ingress, listed, member, nodes, services, settings, tasks
from providers.simulate.state import Host, Lately, SimulatorState

__all__ = ["entries", "gwbridge_facts", "ingress_facts", "node_facts", "overlay_facts", "swarm_facts", "tasks"]


def gwbridge_facts(sim: SimulatorState, host: str) -> GwbridgeFacts:
    """One host's docker_gwbridge. Raises what reaching the host raises."""
    try:
        asked = engine(sim, host)
    except Unreachable as problem:
        unreachable = in_the_middle(sim, host, problem)
        if unreachable is None:
            raise
        return unreachable
    own, bridge = member(sim, asked), asked.network(GATEWAY_BRIDGE)
    if own.state == "locked":
        return GwbridgeFacts(member=own, bridge=bridge, swarm=swarm_of_others(sim))
    if own.state != "active":
        return GwbridgeFacts(member=own, bridge=bridge)
    manager(sim)
    members = nodes(sim)
    return GwbridgeFacts(
        member=own,
        bridge=bridge,
        swarm=settings(sim),
        node=next((node for node in members if node.id == own.node_id), None),
        nodes=members,
        ingress=sim.swarm.ingress,
        local=host_ingress(sim, asked),
        containers=containers(sim, asked),
    )


def in_the_middle(sim: SimulatorState, host: str, problem: Unreachable) -> GwbridgeFacts | None:
    """Return an unreachable host that we drained, as the managers show it; None if we did not, or none answers."""
    swarm = swarm_of_others(sim)
    members = nodes(sim) if swarm else ()
    node = next((each for each in members if each.id == sim.host(host).node_id), None)
    if node is None or node.label(AVAILABILITY) is None:
        return None
    own = Member(host=host, state="silent", node_id=node.id, error=str(problem))
    return GwbridgeFacts(member=own, bridge=None, swarm=swarm, node=node, nodes=members)


def swarm_of_others(sim: SimulatorState) -> Swarm | None:
    """Return the swarm as another host shows it, or None if no manager answers."""
    try:
        manager(sim)
    except (EngineError, HostError):
        return None
    return settings(sim)


def swarm_facts(sim: SimulatorState, *, ending: bool = False) -> SwarmFacts:
    """Return each declared host's own membership, and the swarm, if one of them can answer for it."""
    good, unreachable = answers(sim)
    members = tuple(member(sim, host) for host in good)
    asked = next((host for host, own in zip(good, members, strict=True) if own.good_manager), None)
    if asked is None:
        outside = ((host.name, host.network(GATEWAY_BRIDGE)) for host in good if host.state == "inactive")
        found = tuple((name, bridge.subnet) for name, bridge in outside if bridge)
        return SwarmFacts(members=members, unreachable=tuple(unreachable), bridges=found)
    swarm_wide = (net for net in listed(sim, asked) if net.scope == "swarm")
    return SwarmFacts(
        members=members,
        unreachable=tuple(unreachable),
        swarm=settings(sim),
        nodes=nodes(sim),
        services=services(sim) if ending else (),
        networks=tuple(swarm_wide) if ending else (),
        belongings=sim.swarm.belongings if ending else (),
    )


def node_facts(sim: SimulatorState, host: str, *, leaving: bool = False) -> NodeFacts:
    """One host's membership. Where no declared host answers for a swarm, `swarm` is None.

    Raises what reaching the host raises, unless it is leaving: then silence is a fact.
    """
    own = self_report(sim, host, leaving)
    local = None if isinstance(own, UnreachableHost) or leaving else host_ingress(sim, sim.host(host))
    others = tuple(member(sim, each) for each in answers(sim, without=host)[0]) if leaving else ()
    try:
        asked = manager(sim)
    except (NotAManager, NoSwarm):
        return NodeFacts(member=own, swarm=None, others=others)
    return NodeFacts(
        member=own,
        swarm=settings(sim),
        nodes=nodes(sim),
        others=others,
        tasks=tuple(task for task in tasks(sim) if own.node_id in ("", task.node_id)) if leaving else (),
        ingress=None if leaving else next((net for net in listed(sim, asked) if net.ingress), None),
        local=local,
    )


def entries(sim: SimulatorState) -> tuple[Node, ...]:
    """Return all members as a manager lists them."""
    manager(sim)
    return nodes(sim)


def self_report(sim: SimulatorState, host: str, leaving: bool) -> Member | UnreachableHost:
    """Return the host's own membership; silence counts as an answer only from a host that is leaving, and one that is
    lost is not asked."""
    if leaving and host not in {each.name for each in sim.hosts}:
        return UnreachableHost(host=host, why=f"{host}: not asked, since it is lost")
    try:
        return member(sim, engine(sim, host))
    except HostError as problem:
        if not leaving:
            raise
        return UnreachableHost(host=host, why=str(problem))


def ingress_facts(sim: SimulatorState) -> IngressFacts:
    """The swarm's ingress, and what each declared host has of it."""
    good, unreachable = answers(sim)
    seen = listed(sim, manager(sim))
    swarm = settings(sim)
    ingresses = {net.id for net in seen if net.ingress}
    members = nodes(sim)
    concerned, their_tasks = of_ingress(services(sim), tasks(sim), members, swarm, ingresses)
    return IngressFacts(
        network=sim.swarm.ingress,
        swarm=swarm,
        hosts=(*(host_ingress(sim, host) for host in good), *(placed(sim, each) for each in unreachable)),
        nodes=members,
        listed=tuple(net for net in seen if net.scope == "swarm" and not net.ingress),
        services=concerned,
        tasks=their_tasks,
    )


def placed(sim: SimulatorState, unreachable: UnreachableHost) -> UnreachableHost:
    """An unreachable host with the member that has its address."""
    address = sim.host(unreachable.host).address
    node = next((node for node in nodes(sim) if address == node.address or node.hostname == unreachable.host), None)
    return replace(unreachable, node_id=node.id if node else "")


def overlay_facts(sim: SimulatorState, name: str, network_id: str = "", *, thorough: bool = False) -> OverlayFacts:
    """One overlay: by its id if that is known, else by its exact name. `thorough`: also who holds it."""
    asked = manager(sim)
    network = sim.swarm.network(network_id)
    deep = thorough or settings(sim).label(former_label(name)) is not None
    if network is not None and not deep:
        return OverlayFacts(network=network)
    seen = listed(sim, asked)
    network, held = (network, "") if network else by_name(sim, asked, name)
    status_in = twin_of(name, seen)
    twin = sim.swarm.network(status_in.id) if status_in else None
    facts = OverlayFacts(network=network, listed=seen, name_held_by=held, twin=twin)
    if not deep and twin is None:
        return facts
    ids = {net.id for net in (network, twin) if net is not None}
    facts = replace(
        facts,
        name_held_by=held or (held_elsewhere(sim, name) if thorough and network is None else ""),
        swarm=settings(sim),
        services=tuple([each for each in services(sim) if not ids.isdisjoint(each.networks)]),
        tasks=tuple([each for each in tasks(sim) if not ids.isdisjoint(each.networks) and each.alive]),
        nodes=nodes(sim),
    )
    return facts if not ids or facts.on_its_way else replace(facts, stopped=stopped(sim, ids))


def stopped(sim: SimulatorState, ids: Set[str]) -> tuple[Stopped, ...]:
    """The stopped containers on hosts that answer which remember one of these networks."""
    return tuple(each for each in STOPPED(sim.hosts) if ids & each.networks)


STOPPED = Lately[list[Stopped]](
    lambda hosts: [
        Stopped(host=host.name, name=each.name or each.id, networks=frozenset(each.networks))
        for host in hosts
        for each in host.containers
        if host.declared and host.up and not each.running
    ]
)


def by_name(sim: SimulatorState, asked: Host, name: str) -> tuple[Network | None, str]:
    """The overlay of that name as the swarm has it, and the manager's name if it only keeps the name.

    measurements.md#names-stay-taken
    """
    named = {net.id for net in listed(sim, asked) if net.name == name and net.scope == "swarm"}
    network = next((net for net in sim.swarm.networks if net.id in named), None)
    return network, asked.name if named and network is None else ""


def held_elsewhere(sim: SimulatorState, name: str) -> str:
    """The hosts that still have a copy of a removed network of this name."""
    keeping = [
        host.name
        for host in answers(sim)[0]
        if any(net.name == name and net.scope == "swarm" for net in listed(sim, host))
    ]
    return ", ".join(sorted(keeping))
