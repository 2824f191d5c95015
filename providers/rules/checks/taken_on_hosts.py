"""The ranges that are taken on hosts: by routes, addresses, resolvers, and networks of Engines and the swarm.

Each with the resource type of the stack file that now has it. Nothing is compared with what is desired here.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import NamedTuple

from providers.rules.vocabulary.addresses import holds_subnet, prefix_length, shown_network
from providers.rules.vocabulary.facts import Network
from providers.rules.vocabulary.labels import TWIN, owner_of
from providers.rules.vocabulary.network_options import BRIDGE_NAME, GATEWAY_BRIDGE
from providers.rules.vocabulary.routes import Surroundings
from providers.rules.vocabulary.snapshot import HostReport

# A route for more than a /12 says little about a range in it: the way to all of a company, or everything by a VPN.
WIDE = 12


class ResourceType(NamedTuple):
    """The resource type that has a range: `gwbridge`, `ingress`, or `overlay` with its name."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        return {"gwbridge": GATEWAY_BRIDGE, "ingress": "the ingress"}.get(self.kind, f"{self.kind} {self.name}")


@dataclass(frozen=True)
class Occupied:
    """A range that is taken: by a `route`, an `address` or a `resolver` of a host, a `network` of its Engine or of the
    `swarm`.

    resource type: the resource type of the stack file that has it; None if the stack file does not declare it. dropped:
    the overlay of this stack that has it, if the stack file no longer declares it.
    """

    kind: str
    words: str
    subnet: str
    resource: ResourceType | None = None
    dropped: str = ""

    @property
    def wide(self) -> bool:
        """Tell whether it says little about the ranges in it."""
        return self.kind == "route" and prefix_length(self.subnet) < WIDE

    def wide_around(self, subnet: str) -> bool:
        """Tell whether it says little about a range, since that is in it."""
        return self.wide and holds_subnet(self.subnet, subnet)


def type_of(network: Network) -> ResourceType | None:
    """Return the resource type that a network would be in a stack file, or None; an overlay's twin is the overlay."""
    if network.ingress:
        return ResourceType("ingress")
    if network.scope == "swarm":
        return ResourceType("overlay", network.label(TWIN) or network.name)
    return ResourceType("gwbridge") if network.name == GATEWAY_BRIDGE else None


def subnets(network: Network) -> list[str]:
    """Return a network's IPv4 ranges. Engine 20.10 shows host bits as they were asked for
    (measurements.md#bridge-ranges)."""
    found = (shown_network(subnet) for subnet in network.subnets if subnet)
    return [str(each) for each in found if isinstance(each, IPv4Network)]


def swarm_networks(reports: Iterable[HostReport]) -> list[Network]:
    """Return the swarm's networks, each once: as a manager lists it, since a host's own copy has no labels."""
    listed = [net for report in reports for net in report.networks if net.scope == "swarm"]
    return list({net.id: net for net in sorted(listed, key=lambda net: len(net.labels))}.values())


def in_swarm(networks: Iterable[Network], declared: Collection[ResourceType], owner: str) -> Iterator[Occupied]:
    """Yield the ranges that the swarm has given to its networks."""
    for net in networks:
        resource = type_of(net)
        dropped = str(resource) if not net.ingress and owner_of(net.labels) == owner else ""
        whose = (resource, "") if resource in declared else (None, dropped)
        yield from (Occupied("swarm", f"the swarm's network {net.name}", subnet, *whose) for subnet in subnets(net))


def on_host(report: HostReport, bridge_name: str | None) -> Iterator[Occupied]:
    """Yield the ranges that one host has for itself. bridge_name: the declared link of its docker_gwbridge, or None."""
    local = [net for net in report.networks if net.scope != "swarm"]
    for net in local:
        resource = type_of(net) if bridge_name else None
        yield from (Occupied("network", f"the docker network {net.name}", subnet, resource) for subnet in subnets(net))
    links = {GATEWAY_BRIDGE, bridge_name or GATEWAY_BRIDGE}
    links |= {net.option(BRIDGE_NAME) or f"br-{net.id[:12]}" for net in local}
    routes = list(by_routes(report.surroundings, links))
    yield from routes
    yield from _alone(
        report, links, [*(each.subnet for each in routes), *(sub for net in local for sub in subnets(net))]
    )


def by_routes(around: Surroundings, bridges: Collection[str]) -> Iterator[Occupied]:
    """Yield the ranges to which a host has a route by another link than Docker's own and the named bridges."""
    for route in dict.fromkeys(around.foreign_routes(frozenset(bridges))):  # a table may repeat another
        yield Occupied("route", route.words, route.subnet)


def _alone(report: HostReport, links: set[str], known: Sequence[str]) -> Iterator[Occupied]:
    """Yield single addresses that no route or network shows: of links that are down or lead to one machine, of
    resolvers."""
    for link in report.surroundings.links:
        for address in () if link.name in links else link.addresses:
            if not any(holds_subnet(subnet, f"{address}/32") for subnet in known if prefix_length(subnet) >= WIDE):
                yield Occupied("address", f"the address of {link.name}", f"{address}/32")
    yield from (Occupied("resolver", "a resolver", f"{address}/32") for address in report.resolvers)
