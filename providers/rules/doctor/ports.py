"""The ports that must be open on each host for a swarm, and to whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal

from providers.rules.doctor.case import GOSSIP, desired, managers_port
from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.resolved import Resolved, without_lost
from providers.rules.vocabulary.addresses import engine_host, is_ip
from providers.rules.vocabulary.errors import StackFileError

Protocol = Literal["tcp", "udp", "esp"]


@dataclass(frozen=True, kw_only=True)
class Opening:
    """One thing that must be open. `port`: None if the protocol has none. sources: IP addresses."""

    protocol: Protocol
    port: int | None
    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class HostRules:
    """The ports open on one host to the other members alone: to everybody else they are closed.

    ESP from others is not closed: without a key the kernel drops it, and a VPN on the same host needs it.
    """

    host: str
    openings: tuple[Opening, ...]

    @property
    def closed(self) -> dict[Protocol, tuple[int, ...]]:
        """Return the ports that nobody else may reach, by protocol."""
        ports: dict[Protocol, tuple[int, ...]] = {}
        for each in self.openings:
            if each.port is not None:
                ports[each.protocol] = (*ports.get(each.protocol, ()), each.port)
        return ports


def host_rules(resolved: Resolved) -> list[HostRules]:
    """Return the rules of each host that is not lost.

    TCP 2377 is opened, and closed to strangers, on managers alone: on a worker nobody listens there, and a rule that
    closed it would be in the way of its promotion. Raises StackFileError if the file does not say who is a manager, or
    by which addresses members know each other.
    """
    left = without_lost(resolved)
    no_manager = "hosts: none is a manager, so that it is not known where TCP 2377 must be open; write role: manager"
    problems = [] if left.managers else [no_manager]
    problems += (line for host in left.access.values() for line in _unknown(host))
    problems += [
        f"hosts.{name}.address: {place} can't be used in a firewall rule; write the host's IP address"
        for name, place in left.unwatched.items()
        if not is_ip(place)
    ]
    if problems:
        raise StackFileError(problems)
    members, needs = left.access, desired(resolved)

    def of(name: str) -> Iterator[Opening]:
        others = [host for host in members.values() if host.name != name]
        known = (*(_known_by(host) for host in others), *left.unwatched.values())
        senders = (*(_sends_by(host) for host in others), *left.unwatched.values())
        if name in needs.managers:
            yield Opening(protocol="tcp", port=managers_port(members[name]), sources=known)
        yield Opening(protocol="tcp", port=GOSSIP, sources=known)
        yield Opening(protocol="udp", port=GOSSIP, sources=known)
        yield Opening(protocol="udp", port=needs.data_path_port, sources=senders)
        if needs.encrypted:
            yield Opening(protocol="esp", port=None, sources=senders)

    return [HostRules(host=name, openings=tuple(of(name))) for name in members]


def _unknown(host: HostAccess) -> Iterator[str]:
    """Yield addresses that a firewall can't be told, as `path: problem`."""
    place = f"hosts.{host.name}"
    advertised = engine_host(host.advertise_address or "")[0]
    if not advertised:
        yield f"{place}.advertise_address: is required for rules: write the IP address that the other members see"
    for key, address in (("advertise_address", advertised), ("data_path_address", host.data_path_address or "")):
        if address and not is_ip(address):
            yield f"{place}.{key}: {address} can't be used in a firewall rule; write the host's IP address"


def _known_by(host: HostAccess) -> str:
    return str(ip_address(engine_host(host.advertise_address or "")[0]))


def _sends_by(host: HostAccess) -> str:
    """Return the address from which its overlay traffic comes."""
    return str(ip_address(host.data_path_address)) if host.data_path_address else _known_by(host)
