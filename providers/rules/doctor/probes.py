"""The packets to send from host to host, and what it means if they arrive or not. hosts/probe sends them.

Before a host is a member a listener of ours stands where its Engine will. Between members the Engine itself is asked
over TCP, and the data path is tried from one's ingress sandbox to the other's: each member has one, with an address of
its own. UDP 7946 of members is the Engine's, and encrypted: what arrives there of ours the Engine says in its log.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from itertools import permutations
from typing import Literal

from providers.rules.doctor.case import GOSSIP, Case, managers_port
from providers.rules.vocabulary.addresses import is_ip
from providers.rules.vocabulary.diagnosis import Channel, EngineLog, ObservedHost, Outcome, Result
from providers.rules.vocabulary.facts import Network
from providers.rules.vocabulary.network_options import ENCRYPTED

Kind = Literal["udp", "once", "tcp", "connect", "ping"]
Heard = Mapping["Endpoint", Collection[tuple[str, str]]]
INGRESS = "ingress_sbox"
_HEADERS = 28  # bytes of IPv4 and UDP
_SMALL, _DATA = 100, 65_536  # bytes
_ENCRYPTED_AT_MOST = 4  # overlays: one tells of the path, more of their keys
SAYS_NOTHING = "its Engine's log does not report datagrams that it can't read"


@dataclass(frozen=True)
class Endpoint:
    """The place of a program that sends and listens: a host, or a network namespace of docker's on it, if `sandbox`
    names one."""

    host: str
    sandbox: str = ""


@dataclass(frozen=True, kw_only=True)
class Status:
    """Such a program that runs. ports: where it listens, by what was desired; a reason in the place of one that is
    taken. address, mtu: of its sandbox. source: the port that its datagrams come from. addresses: all that it may send
    from."""

    ports: Mapping[tuple[str, int], int | str] = field(default_factory=dict)
    address: str = ""
    mtu: int = 0
    source: int = 0
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One thing to send. The receiver knows it by the sender's host and the channel."""

    sender: Endpoint
    receiver: Endpoint
    channel: Channel
    kind: Kind
    to: str
    port: int
    bytes: int = _SMALL


def endpoints(case: Case) -> dict[Endpoint, list[tuple[str, int]]]:
    """Return the places where programs are to run, and what each listens to."""
    found: dict[Endpoint, list[tuple[str, int]]] = {}
    hosts = [each for each in case.seen.hosts if not each.unfit and is_ipv4(each.known_by)]
    if len(hosts) < 2:
        return found
    for each in hosts:
        managers = [("tcp", managers_port(case.desired.access[each.host]))] if _manages(case, each) else []
        listen = [*managers, ("tcp", GOSSIP), ("udp", GOSSIP), ("udp", case.data_path_port)]
        found[Endpoint(each.host)] = [] if each.active else listen
    for sandbox, names in _sandboxes(case, [each for each in hosts if each.active]):
        if len(names) > 1:
            found |= {Endpoint(name, sandbox): [("udp", 0), ("tcp", 0)] for name in names}
    return found


def probes(case: Case, status: Mapping[Endpoint, Status]) -> list[Probe]:
    """Return all that is to be sent; nothing to a port of another program, since it isn't known who would answer."""
    hosts = {each.host: each for each in case.seen.hosts}
    found = []
    for one, other in permutations(status, 2):
        if one.host == other.host or one.sandbox != other.sandbox:
            continue
        actual = status[other]
        outside = _outside(case, hosts[one.host], hosts[other.host])
        for channel, kind, to, port, size in _inside(one, status[one], actual) if one.sandbox else outside:
            at = actual.ports.get((kind, port), port)
            if isinstance(at, int):
                found.append(Probe(sender=one, receiver=other, channel=channel, kind=kind, to=to, port=at, bytes=size))
        if one.sandbox == INGRESS and hosts[one.host].masquerades:
            found.append(_egress(one, hosts[other.host]))
    members = [each for each in status if hosts[each.host].active and not each.sandbox]
    return [*found, *(_to_itself(each, hosts[each.host].known_by) for each in members)]


def refused_of(
    logs: Mapping[str, EngineLog | str], status: Mapping[Endpoint, Status]
) -> dict[Endpoint, set[tuple[str, str]]]:
    """Return whose datagrams members' Engines could not read, by sender and channel. An address that no host of ours
    has is one behind which any of them may be."""
    senders = {place.host: one for place, one in status.items() if not place.sandbox}
    ours = {address for one in senders.values() for address in one.addresses}
    return {
        Endpoint(host): {
            (name, "gossip-udp")
            for name, one in senders.items()
            for address, port in (log.refused if isinstance(log, EngineLog) else ())
            if port == one.source and (address in one.addresses or address not in ours)
        }
        for host, log in logs.items()
    }


def results(sent: Collection[Probe], tried: Mapping[Probe, str], heard: Heard) -> Iterator[Result]:
    """Yield what became of each probe. tried: why each was not sent, as far as its sender says; one that is missing
    there was not made. heard: what arrived at each place, by sender and channel; a place that is missing there tells
    nothing."""
    ends = {each: _end(each, tried, heard) for each in sent}
    passed = {(each.sender, each.receiver, each.channel) for each, (outcome, _) in ends.items() if outcome == "open"}
    for each, (outcome, why) in ends.items():
        if each.channel == "ping" or each.sender == each.receiver or not _counts(each, passed):
            continue
        if each.channel == "data-path" and (each.sender, each.receiver, "ping") in passed and outcome == "closed":
            why = "ping passes, UDP does not"
        yield Result(
            sender=each.sender.host,
            receiver=each.receiver.host,
            channel=each.channel,
            outcome=outcome,
            port=None if each.receiver.sandbox else each.port,
            why=why,
        )


def _end(each: Probe, tried: Mapping[Probe, str], heard: Heard) -> tuple[Outcome, str]:
    """Return what became of one, and why: by its sender's word if that knows, else by its receiver's."""
    if each not in tried:
        return "unknown", f"the probe on {each.sender.host} has ended"
    if each.kind not in ("udp", "once") or (tried[each] and each.channel == "full-size"):
        return ("closed", tried[each]) if tried[each] else ("open", "")
    if each.receiver not in heard:
        return "unknown", f"the probe on {each.receiver.host} has ended"
    if (each.sender.host, each.channel) in heard[each.receiver]:
        return "open", ""
    if each.kind == "once" and (each.receiver.host, each.channel) not in heard[each.receiver]:
        return "unknown", SAYS_NOTHING
    return "closed", tried[each] or "nothing arrives"


def _counts(each: Probe, passed: Collection[tuple[Endpoint, Endpoint, str]]) -> bool:
    """Tell whether it says more than a probe with less: small packets before large ones, those before a stream,
    the host itself before its containers."""
    actual, back = (each.sender, each.receiver), (each.receiver, each.sender)
    if each.channel == "full-size":
        return (*actual, "data-path") in passed
    if each.channel == "egress":
        return (Endpoint(each.sender.host), each.receiver, "gossip-tcp") in passed
    if each.channel == "data":
        return all((*way, channel) in passed for way in (actual, back) for channel in ("data-path", "full-size"))
    return True


def _outside(case: Case, one: ObservedHost, other: ObservedHost) -> Iterator[tuple[Channel, Kind, str, int, int]]:
    """Yield what is sent from host to host, before one of them or both are members: channel, kind, address, port and
    bytes."""
    engine: Kind = "connect" if other.active else "tcp"
    if _manages(case, other):
        yield "managers", engine, other.known_by, managers_port(case.desired.access[other.host]), _SMALL
    yield "gossip-tcp", engine, other.known_by, GOSSIP, _SMALL
    yield "gossip-udp", "once" if other.active else "udp", other.known_by, GOSSIP, _SMALL
    if not other.active:
        declared = case.desired.access[other.host].data_path_address or ""
        to, mtu = declared if is_ipv4(declared) else other.known_by, min(map(case.desired.mtu, (one.host, other.host)))
        yield "data-path", "udp", to, case.data_path_port, _SMALL
        yield "full-size", "udp", to, case.data_path_port, mtu - _HEADERS


def _inside(place: Endpoint, here: Status, actual: Status) -> Iterator[tuple[Channel, Kind, str, int, int]]:
    """Yield what is sent from sandbox to sandbox, in the same form; port 0 is the one that the receiver was given."""
    if not (here.address and actual.address):
        return
    if place.sandbox != INGRESS:
        yield "esp", "udp", actual.address, 0, _SMALL
        return
    yield "data-path", "udp", actual.address, 0, _SMALL
    yield "full-size", "udp", actual.address, 0, min(here.mtu, actual.mtu) - _HEADERS
    yield "data", "tcp", actual.address, 0, _DATA
    yield "ping", "ping", actual.address, 0, _SMALL


def _egress(place: Endpoint, other: ObservedHost) -> Probe:
    """Return the connection that goes as a container's does, through docker_gwbridge: to another host's Engine."""
    actual, to = Endpoint(other.host), other.known_by
    return Probe(sender=place, receiver=actual, channel="egress", kind="connect", to=to, port=GOSSIP)


def _to_itself(place: Endpoint, address: str) -> Probe:
    """Return the datagram to a member's own Engine, without whose line its log tells nothing by the lack of others."""
    return Probe(sender=place, receiver=place, channel="gossip-udp", kind="once", to=address, port=GOSSIP)


def _manages(case: Case, host: ObservedHost) -> bool:
    """Tell whether it is a manager, or is to be."""
    return host.member.control if host.active else host.host in case.desired.managers


def _sandboxes(case: Case, members: Collection[ObservedHost]) -> Iterator[tuple[str, list[str]]]:
    """Yield the namespaces in which the data path is tried, and the hosts that have them."""
    if case.swarm is None:
        return
    snapshot = case.swarm.snapshot
    if any(each.ingress for each in snapshot.networks):
        yield INGRESS, [each.host for each in members]
    encrypted = [each for each in snapshot.networks if each.option(ENCRYPTED) is not None and not each.ingress]
    for network in encrypted[:_ENCRYPTED_AT_MOST]:
        used = {task.node_id for task in snapshot.tasks if task.state == "running" and network.id in task.networks}
        yield sandbox_of(network), [each.host for each in members if each.member.node_id in used]


def sandbox_of(network: Network) -> str:
    """Return the namespace of a network's load balancer, which each host with a task of its services has:
    https://github.com/moby/moby/blob/v28.5.2/libnetwork/sandbox.go"""
    return INGRESS if network.ingress else f"lb_{network.id[:9]}"


def own_link(case: Case, sandbox: str, links: Iterable[tuple[str, str, int]]) -> tuple[str, int]:
    """Return address and MTU of a sandbox: of that of its links (name, address, MTU) which is in the range of its
    network. An empty address and 0 if none is."""
    networks = [each for each in (case.swarm.snapshot.networks if case.swarm else ()) if sandbox_of(each) == sandbox]
    return link_within([subnet for network in networks for subnet in network.subnets], links)


def link_within(subnets: Iterable[str], links: Iterable[tuple[str, str, int]]) -> tuple[str, int]:
    """Return address and MTU of the first of these links that is in one of the ranges, or an empty address and 0."""
    ranges = [ip_network(subnet, strict=False) for subnet in subnets]
    for _, address, mtu in links:
        if is_ipv4(address) and any(ip_address(address) in each for each in ranges):
            return address, mtu
    return "", 0


def is_ipv4(address: str) -> bool:
    """Tell whether packets of ours can be sent there: swarm networks are IPv4."""
    return is_ip(address) and ip_address(address).version == 4
