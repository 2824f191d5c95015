"""Readers of overlays: one, as a change of it needs it, or any number of them at rest, from one list.

As in observe.py nothing is decided here, and nothing written.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import chain

from providers.hosts.engine_api.engine import Engine
from providers.hosts.fleet import Fleet
from providers.hosts.observe import (
    answers,
    from_manager,
    local_network,
    member,
    networks,
    nodes,
    services,
    settings,
    shared,
    stopped_containers,
    swarm_network,
    tasks,
)
from providers.rules.vocabulary.facts import Network, Node, OverlayFacts, Stopped, Swarm
from providers.rules.vocabulary.labels import TWIN, former_label, twin_of


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The networks of a swarm as one manager lists them between two answers to `GET /nodes`.

    by_id, by_name: each of them. twins: by the name of what they stand in for.
    """

    by_id: Mapping[str, Network]
    by_name: Mapping[str, Sequence[Network]]
    twins: Mapping[str, Network]


@shared
def listing(engine: Engine) -> Listing:
    """Return the list in its frame: every caller that shares it has the whole proof of an absence."""
    engine.read("/nodes", list[Node])
    found = [network for network in engine.read("/networks", list[Network]) if network.scope == "swarm"]
    engine.read("/nodes", list[Node])
    by_name = defaultdict(list)
    for network in found:
        by_name[network.name].append(network)
    return Listing(
        by_id={network.id: network for network in found},
        by_name=by_name,
        twins={twin: network for network in found if (twin := network.label(TWIN)) is not None},
    )


def overlay_at_rest(fleet: Fleet, name: str, network_id: str) -> OverlayFacts:
    """Return an overlay by its id, else by its exact name, and its twin, from the list that all share."""

    def read(engine: Engine) -> OverlayFacts:
        listed = listing(engine)
        alike = (listed.by_id.get(network_id), *listed.by_name.get(name, ()))
        found = (confirmed(engine, network) for network in alike)
        network = next((network for network in found if network is not None), None)
        return OverlayFacts(network=network, twin=confirmed(engine, listed.twins.get(name)), swarm=settings(engine))

    return from_manager(fleet, read)


@dataclass(frozen=True, kw_only=True)
class Uses:
    """The networks of a swarm, and who has to do with them. used: ids of those that a service or a task is on, that a
    host has a copy of, or that a stopped container remembers."""

    listed: Listing
    swarm: Swarm
    used: frozenset[str]


def uses(fleet: Fleet) -> Uses:
    """Return who uses which network, as far as no write of this run came after; asked once for all who remove one."""
    return fleet.uses.to(uses, lambda: from_manager(fleet, lambda engine: uses_from(fleet, engine)))


def uses_from(fleet: Fleet, engine: Engine) -> Uses:
    """Ask one manager who uses what, and each host for the networks of its stopped containers; one that is no manager
    also for those that it has a copy of."""
    listed = listing(engine)
    attached = [each.networks for each in services(engine)] + [each.networks for each in tasks(engine) if each.alive]
    of_hosts, _ = answers(fleet, copies_and_stopped, fleet.names)
    return Uses(listed=listed, swarm=settings(engine), used=frozenset(chain(*attached, *of_hosts)))


def copies_and_stopped(engine: Engine) -> frozenset[str]:
    """Return ids of the swarm's networks that a host lists because it has a copy (a manager lists all of them), and of
    those that its stopped containers remember."""
    remembered = frozenset(chain(*(each.networks for each in stopped_containers(engine))))
    if member(engine).control:
        return remembered
    return remembered | {net.id for net in networks(engine) if net.scope == "swarm"}


def before_removal(fleet: Fleet, name: str, network_id: str) -> OverlayFacts | None:
    """Return an overlay that nobody uses and nothing stands in for, None if it is not known to be one."""
    seen = uses(fleet)
    network = seen.listed.by_id.get(network_id)
    if network is None or network_id in seen.used or name in seen.listed.twins:
        return None
    actual = from_manager(fleet, lambda engine: confirmed(engine, network))
    return OverlayFacts(network=actual, swarm=seen.swarm) if actual else None


def after_removal(fleet: Fleet, network_id: str) -> OverlayFacts:
    """Return the absence of an unused overlay that a manager has just taken away, which proves it; and that manager, if
    a copy of its own still keeps the name."""
    held = from_manager(fleet, lambda engine: engine.name if local_network(engine, network_id) else "")
    return OverlayFacts(network=None, name_held_by=held, swarm=uses(fleet).swarm)


@dataclass(frozen=True, kw_only=True)
class Names:
    """All networks that a manager lists, and what is taken among names: those of networks, in lower case, and of what
    twins stand in for."""

    listed: tuple[Network, ...]
    taken: frozenset[str]
    swarm: Swarm


def names_from(engine: Engine) -> Names:
    """Ask one manager which names and ranges are taken, and what changes that were cut have noted."""
    swarm, listed = settings(engine), networks(engine)
    twins = (twin.lower() for net in listed if (twin := net.label(TWIN)) is not None)
    return Names(listed=listed, taken=frozenset(chain((net.name.lower() for net in listed), twins)), swarm=swarm)


def before_creation(fleet: Fleet, name: str) -> OverlayFacts | None:
    """Return the absence of an overlay whose name was free when all were asked for, and of which no change has left a
    trace. None if it takes a look of its own."""
    seen = fleet.names_taken.to(before_creation, lambda: from_manager(fleet, names_from))
    if name.lower() in seen.taken or seen.swarm.label(former_label(name)) is not None:
        return None
    return OverlayFacts(network=None, listed=seen.listed)


def after_creation(fleet: Fleet, network_id: str) -> OverlayFacts | None:
    """Return an overlay that was just made where nothing was; None if the swarm does not have it."""
    actual = from_manager(fleet, lambda engine: swarm_network(engine, network_id))
    return OverlayFacts(network=actual) if actual else None


def confirmed(engine: Engine, network: Network | None) -> Network | None:
    """Return a listed network as the swarm has it, or None if it may be no more than the manager's own copy of what the
    swarm has not any more, and the swarm does not have it."""
    return swarm_network(engine, network.id) if network is not None and not network.surely_swarms else network


@dataclass
class OverlayReader:
    """Looks at one overlay: by its id if one is known (from the state, or just created), else by its exact name.

    `thorough`: reads also who holds it, and frames absence with two answered `GET /nodes`. Who holds it is read as well
    where the swarm has a note of what it was like: a run was cut while it was recreated.
    """

    fleet: Fleet
    name: str
    network_id: str = ""
    thorough: bool = False

    def __call__(self) -> OverlayFacts:
        """Return the overlay as it is now."""
        return from_manager(self.fleet, self.read, newest=self.thorough)

    def read(self, engine: Engine) -> OverlayFacts:
        """Return what one manager knows of it."""
        network = swarm_network(engine, self.network_id) if self.network_id else None
        deep = self.thorough or settings(engine).label(former_label(self.name)) is not None
        if network is not None and not deep:
            return OverlayFacts(network=network)
        members = nodes(engine) if self.thorough else ()
        listed = networks(engine)
        network, held = (network, "") if network else self.by_name(engine, listed)
        status_in = twin_of(self.name, listed)
        twin = swarm_network(engine, status_in.id) if status_in else None
        if not deep and twin is None:
            return OverlayFacts(network=network, listed=listed, name_held_by=held)
        return self.with_holders(engine, network, listed, held, twin, members or nodes(engine))

    def with_holders(
        self,
        engine: Engine,
        network: Network | None,
        listed: tuple[Network, ...],
        held: str,
        twin: Network | None,
        members: tuple[Node, ...],
    ) -> OverlayFacts:
        """Add the holders of it or its twin; absence is framed by a second answered `GET /nodes`."""
        if network is None:
            nodes(engine)
        ids = {net.id for net in (network, twin) if net is not None}
        used = bool(ids)
        facts = OverlayFacts(
            network=network,
            listed=listed,
            name_held_by=held or self.held_elsewhere(network),
            twin=twin,
            swarm=settings(engine),
            services=tuple(each for each in services(engine) if ids & set(each.networks)) if used else (),
            tasks=tuple(each for each in tasks(engine) if ids & set(each.networks) and each.alive) if used else (),
            nodes=members,
        )
        return facts if not used or facts.on_its_way else replace(facts, stopped=self.stopped(ids))

    def stopped(self, ids: Set[str]) -> tuple[Stopped, ...]:
        """Return the stopped containers on hosts that answer which remember one of these networks."""
        found, _ = answers(self.fleet, stopped_containers, self.fleet.names)
        return tuple(each for each in chain(*found) if ids & each.networks)

    def held_elsewhere(self, network: Network | None) -> str:
        """Return the other hosts that still have a copy of a removed network of this name."""
        if network is not None or not self.thorough:
            return ""
        found, _ = answers(self.fleet, lambda engine: (engine.name, networks(engine)), self.fleet.names)
        keeping = [host for host, listed in found if any(self.is_named(net) for net in listed)]
        return ", ".join(sorted(keeping))

    def is_named(self, network: Network) -> bool:
        """Tell whether it is a swarm network of exactly this name: one-letter names resolve as prefixes of ids."""
        return network.name == self.name and network.scope == "swarm"

    def by_name(self, engine: Engine, listed: tuple[Network, ...]) -> tuple[Network | None, str]:
        """Return the overlay of that name as the swarm has it, and the manager's name if it only keeps the name."""
        named = [net for net in listed if self.is_named(net)]
        confirmed = [swarm_network(engine, net.id) for net in named]
        network = next((net for net in confirmed if net is not None), None)
        return network, engine.name if named and network is None else ""
