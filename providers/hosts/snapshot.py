"""Reads a snapshot: all that a plan of live changes has to know, by GET requests alone, all hosts at once."""

from collections.abc import Callable, Iterable, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TypeVar

from providers.hosts import observe
from providers.hosts.engine_api import schema
from providers.hosts.engine_api.engine import Engine
from providers.hosts.fleet import Fleet
from providers.hosts.overlays import confirmed, listing
from providers.rules.vocabulary.errors import NotAManager
from providers.rules.vocabulary.facts import Member, Network
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.snapshot import HostSnapshot, Snapshot, Standalone, SwarmSnapshot

T = TypeVar("T")

AT_ONCE = 4


def snapshot(fleet: Fleet, *, stopped: bool = True) -> Snapshot:
    """Return all declared hosts and, if one of them answers for it, the swarm. stopped: also the tasks that are
    to stop, and which containers are gone once they end.

    Raises NoQuorum and the like if there is a swarm and no manager can answer for it.
    """
    found, unreachable = observe.answers(fleet, partial(host_snapshot, inspects=stopped), fleet.names)
    if not any(host.member.state == "active" for host in found):
        return Snapshot(hosts=(*found, *unreachable))
    try:
        swarm = observe.from_manager(fleet, partial(swarm_snapshot, stopped=stopped), newest=True)
    except NotAManager:
        return Snapshot(hosts=(*found, *unreachable))
    return Snapshot(hosts=(*found, *(observe.placed(each, fleet, swarm.nodes) for each in unreachable)), swarm=swarm)


def host_snapshot(engine: Engine, *, inspects: bool = False) -> HostSnapshot:
    """Return one host's own word. inspects: ask of each running container that is no task whether it is gone once it
    ends, which the list does not show."""
    own, containers = observe.member(engine), observe.listed_containers(engine)
    attached = frozenset[str]().union(*(each.networks for each in containers))
    listed = engine.read("/networks", list[Network])
    inspected = [net.id for net in listed if may_be_its_own(net, own, attached)]
    own_copies = dict(zip(inspected, at_once(partial(observe.local_network, engine), inspected), strict=True))
    found = (own_copies.get(net.id) if is_shared(net) else net for net in listed)
    return HostSnapshot(
        member=own,
        networks=tuple(
            net for net in found if net is not None and (net.scope != "swarm" or net.endpoints or not own.control)
        ),
        containers=standalone(engine, containers, inspects=inspects),
    )


def is_shared(listed: Network) -> bool:
    """Tell whether the list alone does not show what the host has of it."""
    return listed.scope == "swarm" or listed.name == GATEWAY_BRIDGE


def may_be_its_own(listed: Network, own: Member, attached: Set[str]) -> bool:
    """Tell whether the host has to be asked for its own copy. A manager may only know the network from the swarm. Its
    own copy always has an endpoint: the sandbox of the ingress, or of its load balancer beside a container. attached:
    ids of networks that containers are attached to.
    """
    if not is_shared(listed):
        return False
    only_the_swarms = own.control and listed.scope == "swarm" and listed.surely_swarms
    return not only_the_swarms or listed.ingress or listed.id in attached


def standalone(engine: Engine, listed: list[schema.Listed], *, inspects: bool) -> tuple[Standalone, ...]:
    """Return those of the containers that are no tasks, running or not."""
    found = (
        Standalone(
            id=each.id,
            name=each.name,
            running=each.state in observe.RUNNING,
            paused=each.state == "paused",
            auto_remove=inspects and observe.inspected(engine, each, ())[0],
            networks=tuple(sorted(filter(None, each.networks))),
        )
        for each in listed
        if not each.is_task
    )
    return tuple(sorted(found, key=lambda container: container.id))


def at_once(ask: Callable[[str], T], ids: Iterable[str]) -> list[T]:
    """Ask one host of each, a few at a time: sshd opens 10 sessions on a connection."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(ask, ids))


def swarm_snapshot(engine: Engine, *, stopped: bool = True) -> SwarmSnapshot:
    """Return the swarm as one manager shows it."""
    listed = listing(engine)
    found = at_once(lambda each: confirmed(engine, listed.by_id[each]), listed.by_id)
    networks = sorted((network for network in found if network is not None), key=lambda network: network.id)
    return SwarmSnapshot(
        settings=observe.settings(engine),
        nodes=observe.nodes(engine),
        networks=tuple(replace(network, endpoints=()) for network in networks),
        services=observe.services(engine),
        tasks=observe.tasks(engine, stopped=stopped),
    )
