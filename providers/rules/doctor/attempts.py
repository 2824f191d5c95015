"""The packets to send from host to host, and what it means if they arrive or not. hosts/probe sends them.

Before a host is a member a listener of ours stands where its Engine will. Between members the Engine itself is asked
over TCP, and the data path is tried from one's ingress sandbox to the other's: each member has one, with an address of
its own. UDP 7946 of members is the Engine's, and encrypted: what arrives there of ours the Engine says in its log.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Literal

from providers.rules.doctor.ports import GOSSIP, managers_port
from providers.rules.doctor.wanted import Wanted
from providers.rules.vocabulary.addresses import is_ip
from providers.rules.vocabulary.diagnosis import Examination
from providers.rules.vocabulary.facts import Network
from providers.rules.vocabulary.network_options import ENCRYPTED
from providers.rules.vocabulary.reach import Channel, EngineLog, Outcome, Trial

Kind = Literal["udp", "once", "tcp", "connect", "ping"]
INGRESS = "ingress_sbox"
_HEADERS = 28  # bytes of IPv4 and UDP
_SMALL, _DATA = 100, 65_536  # bytes
_ENCRYPTED_AT_MOST = 4  # overlays: one tells of the path, more of their keys
SAYS_NOTHING = "its Engine's log says nothing of datagrams that it can't read"


@dataclass(frozen=True, kw_only=True)
class Party:
    """One host that takes part. address, data_address: IP addresses by which others reach it. mtu: bytes."""

    host: str
    address: str
    data_address: str
    manager: bool
    member: bool
    managers_port: int
    mtu: int


@dataclass(frozen=True)
class Place:
    """The place of a probe: a host, or a network namespace of docker's on it, if `sandbox` names one."""

    host: str
    sandbox: str = ""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A probe that runs. ports: where it listens, by what was wanted; a reason in the place of one that is taken.
    address, mtu: of the place. source: the port that its datagrams come from. addresses: all that it may send from."""

    ports: Mapping[tuple[str, int], int | str] = field(default_factory=dict)
    address: str = ""
    mtu: int = 0
    source: int = 0
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One thing to send. label: what the receiver is told of it."""

    sender: Place
    receiver: Place
    channel: Channel
    kind: Kind
    to: str
    port: int
    bytes: int = _SMALL

    @property
    def label(self) -> str:
        """Return the words by which the receiver knows it."""
        return self.channel


def parties(seen: Examination, wanted: Wanted) -> list[Party]:
    """Return the hosts between which something can be tried: those that answer and have a known IPv4 address."""
    return [
        Party(
            host=each.host,
            address=each.known_by,
            data_address=_data_address(wanted, each.host) or each.known_by,
            manager=each.member.control if each.member.state == "active" else each.host in wanted.managers,
            member=each.member.state == "active",
            managers_port=managers_port(wanted.access[each.host]),
            mtu=wanted.mtu(each.host),
        )
        for each in seen.hosts
        if not each.unfit and is_ipv4(each.known_by)
    ]


def places(found: Collection[Party], seen: Examination, data_path_port: int) -> dict[Place, list[tuple[str, int]]]:
    """Return the places where probes are to run, and what each listens to."""
    wanted: dict[Place, list[tuple[str, int]]] = {}
    if len(found) < 2:
        return wanted
    for each in found:
        listen = [("tcp", each.managers_port)] if each.manager else []
        listen += [("tcp", GOSSIP), ("udp", GOSSIP), ("udp", data_path_port)]
        wanted[Place(each.host)] = [] if each.member else listen
    members = [each.host for each in found if each.member]
    for sandbox, hosts in _sandboxes(seen, members):
        if len(hosts) > 1:
            wanted |= {Place(host, sandbox): [("udp", 0), ("tcp", 0)] for host in hosts}
    return wanted


def attempts(found: Collection[Party], standing: Mapping[Place, Standing], data_path_port: int) -> list[Attempt]:
    """Return all attempts."""
    by_host = {each.host: each for each in found}
    pairs = [(one, other) for one in standing for other in standing if one.host != other.host]
    sent: list[Attempt] = []
    for sender, receiver in pairs:
        if sender.sandbox and sender.sandbox == receiver.sandbox:
            sent += _inside(sender, receiver, standing)
        elif sender.sandbox == receiver.sandbox:
            sent += _outside(by_host[sender.host], by_host[receiver.host], standing[receiver], data_path_port)
    return [*sent, *(_to_itself(each) for each in found if each.member and Place(each.host) in standing)]


def refused_of(
    logs: Mapping[str, EngineLog | str], standing: Mapping[Place, Standing]
) -> dict[Place, set[tuple[str, str]]]:
    """Return whose datagrams members' Engines could not read, by sender and label. An address that no host of ours has
    is one behind which any of them may be."""
    senders = {place.host: one for place, one in standing.items() if not place.sandbox}
    ours = {address for one in senders.values() for address in one.addresses}
    found: dict[Place, set[tuple[str, str]]] = {}
    for host, log in logs.items():
        refused = log.refused if isinstance(log, EngineLog) else ()
        found[Place(host)] = {
            (name, "gossip-udp")
            for name, one in senders.items()
            for address, port in refused
            if port == one.source and (address in one.addresses or address not in ours)
        }
    return found


def outcomes(
    sent: Collection[Attempt],
    tried: Mapping[Attempt, str],
    heard: Mapping[Place, Collection[tuple[str, str]]],
) -> Iterator[Trial]:
    """Yield what became of each attempt. tried: why each was not sent, as far as its sender says; an attempt that is
    missing there was not made. heard: what arrived at each place, by sender and label; a place that is missing there
    tells nothing."""
    ends = {each: _end(each, tried, heard) for each in sent}
    passed = {(each.sender, each.receiver, each.channel) for each, (outcome, _) in ends.items() if outcome == "open"}
    for each, (outcome, why) in ends.items():
        if each.channel == "ping" or each.sender == each.receiver or not _counts(each, passed):
            continue
        if each.channel == "data-path" and (each.sender, each.receiver, "ping") in passed and outcome == "closed":
            why = "ping passes, UDP does not"
        yield Trial(
            sender=each.sender.host,
            receiver=each.receiver.host,
            channel=each.channel,
            outcome=outcome,
            port=None if each.sender.sandbox else each.port,
            why=why,
        )


def _end(
    each: Attempt, tried: Mapping[Attempt, str], heard: Mapping[Place, Collection[tuple[str, str]]]
) -> tuple[Outcome, str]:
    if each not in tried:
        return "unknown", f"the probe on {each.sender.host} has ended"
    if each.kind not in ("udp", "once") or (tried[each] and each.channel == "full-size"):
        return ("closed", tried[each]) if tried[each] else ("open", "")
    if each.receiver not in heard:
        return "unknown", f"the probe on {each.receiver.host} has ended"
    if (each.sender.host, each.label) in heard[each.receiver]:
        return "open", ""
    if each.kind == "once" and (each.receiver.host, each.label) not in heard[each.receiver]:
        return "unknown", SAYS_NOTHING
    return "closed", tried[each] or "nothing arrives"


def _counts(each: Attempt, passed: Collection[tuple[Place, Place, str]]) -> bool:
    """Tell whether it says more than an attempt with less: small packets before large ones, those before a stream."""
    there, back = (each.sender, each.receiver), (each.receiver, each.sender)
    if each.channel == "full-size":
        return (*there, "data-path") in passed
    if each.channel == "data":
        return all((*way, channel) in passed for way in (there, back) for channel in ("data-path", "full-size"))
    return True


def _outside(one: Party, other: Party, standing: Standing, data_path_port: int) -> Iterator[Attempt]:
    """Yield attempts from host to host, before one of them or both are members."""

    def to(channel: Channel, kind: Kind, port: int, size: int = _SMALL) -> Iterator[Attempt]:
        """Yield one attempt; none if the port is another program's."""
        address = other.data_address if channel in ("data-path", "full-size") else other.address
        if not isinstance(standing.ports.get((kind, port), port), str):
            sender, receiver = Place(one.host), Place(other.host)
            yield Attempt(
                sender=sender, receiver=receiver, channel=channel, kind=kind, to=address, port=port, bytes=size
            )

    engine: Kind = "connect" if other.member else "tcp"
    if other.manager:
        yield from to("managers", engine, other.managers_port)
    yield from to("gossip-tcp", engine, GOSSIP)
    yield from to("gossip-udp", "once" if other.member else "udp", GOSSIP)
    if not other.member:
        yield from to("data-path", "udp", data_path_port)
        yield from to("full-size", "udp", data_path_port, min(one.mtu, other.mtu) - _HEADERS)


def _to_itself(member: Party) -> Attempt:
    """Return the datagram to a member's own Engine, without whose line its log tells nothing by the lack of others."""
    place = Place(member.host)
    return Attempt(sender=place, receiver=place, channel="gossip-udp", kind="once", to=member.address, port=GOSSIP)


def _inside(sender: Place, receiver: Place, standing: Mapping[Place, Standing]) -> Iterator[Attempt]:
    """Yield attempts from sandbox to sandbox."""
    here, there = standing[sender], standing[receiver]

    def to(channel: Channel, kind: Kind, size: int = _SMALL) -> Iterator[Attempt]:
        port = there.ports.get((kind, 0), 0)
        if here.address and there.address and isinstance(port, int):
            yield Attempt(
                sender=sender, receiver=receiver, channel=channel, kind=kind, to=there.address, port=port, bytes=size
            )

    if sender.sandbox != INGRESS:
        yield from to("esp", "udp")
        return
    yield from to("data-path", "udp")
    yield from to("full-size", "udp", min(here.mtu, there.mtu) - _HEADERS)
    yield from to("data", "tcp", _DATA)
    yield from to("ping", "ping")


def _sandboxes(seen: Examination, members: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the namespaces in which the data path is tried, and the hosts that have them."""
    swarm = seen.read_swarm
    if swarm is None:
        return
    if any(each.ingress for each in swarm.survey.networks):
        yield INGRESS, list(members)
    nodes = {host.member.node_id: host.host for host in seen.hosts if host.host in members}
    encrypted = [each for each in swarm.survey.networks if each.option(ENCRYPTED) is not None and not each.ingress]
    for network in encrypted[:_ENCRYPTED_AT_MOST]:
        used = {task.node_id for task in swarm.survey.tasks if task.state == "running" and network.id in task.networks}
        yield sandbox_of(network), [host for node, host in nodes.items() if node in used]


def sandbox_of(network: Network) -> str:
    """Return the namespace of a network's load balancer, which each host with a task of its services has:
    https://github.com/moby/moby/blob/v28.5.2/libnetwork/sandbox.go"""
    return INGRESS if network.ingress else f"lb_{network.id[:9]}"


def subnets(seen: Examination, sandbox: str) -> list[str]:
    """Return the ranges in which a place there has its address."""
    swarm = seen.read_swarm
    found = [each for each in swarm.survey.networks if sandbox_of(each) == sandbox] if swarm else []
    return [subnet for network in found for subnet in network.subnets]


def own_link(links: Iterable[tuple[str, str, int]], ranges: Iterable[str]) -> tuple[str, int]:
    """Return address and MTU of the link that is in one of the ranges, or an empty address and 0."""
    nets = [ip_network(each, strict=False) for each in ranges]
    for _, address, mtu in links:
        if is_ipv4(address) and any(ip_address(address) in net for net in nets):
            return address, mtu
    return "", 0


def _data_address(wanted: Wanted, host: str) -> str:
    said = wanted.access[host].data_path_address or ""
    return said if is_ipv4(said) else ""


def is_ipv4(address: str) -> bool:
    """Tell whether packets of ours can be sent there: swarm networks are IPv4."""
    return is_ip(address) and ip_address(address).version == 4
