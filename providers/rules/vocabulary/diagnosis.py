"""The facts that `swarmnet doctor` reads of hosts, and the words for its findings. Published: docs/doctor.md."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from providers.rules.vocabulary.facts import Member, Network, UnreachableHost
from providers.rules.vocabulary.network_options import BRIDGE_NAME, GATEWAY_BRIDGE, GATEWAY_MODE, MASQUERADE
from providers.rules.vocabulary.routes import Link, Surroundings
from providers.rules.vocabulary.snapshot import SwarmSnapshot

FindingId = Literal[
    "host-answers",
    "swarm-answers",
    "engine-kind",
    "engine-release",
    "mixed-releases",
    "live-restore",
    "cloned-member",
    "membership",
    "certificates",
    "clock",
    "advertised-address",
    "network-addresses",
    "waiting-tasks",
    "gwbridge-addresses",
    "commands",
    "daemon-settings",
    "kernel-vxlan",
    "kernel-ipvs",
    "kernel-esp",
    "forwarding",
    "link-mtu",
    "source-address",
    "asymmetric-route",
    "overlapping-route",
    "checksum-offload",
    "two-firewalls",
    "firewalld-zone",
    "docker-chains",
    "nftables-forward",
    "disk-room",
    "probes",
    "port-taken",
    "reach-managers",
    "reach-gossip",
    "reach-data-path",
    "reach-full-size",
    "reach-data",
    "reach-esp",
    "reach-egress",
]
Status = Literal["failed", "warning", "unknown", "ignored"]
# What is read of a host by commands there; `commands` if none can be run.
Subject = Literal[
    "commands",
    "daemon",
    "modules",
    "forwarding",
    "links",
    "routes",
    "offload",
    "rules",
    "nft",
    "legacy",
    "zone",
    "room",
]
# What a swarm needs between two hosts: TCP to managers, gossip, the data path (VXLAN), packets of full size on it, data
# over TCP within it, ESP; the way outside through docker_gwbridge; ping, which tells why the data path is closed.
Channel = Literal["managers", "gossip-tcp", "gossip-udp", "data-path", "full-size", "data", "esp", "egress", "ping"]
Outcome = Literal["open", "closed", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, or could not be looked at.

    host: empty for a finding about the swarm. peer: the other host, if it is between two. fact, remedy: one line each;
    of an ignored finding, the remedy is the reason for ignoring it.
    """

    id: FindingId
    status: Status
    host: str = ""
    peer: str = ""
    fact: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Clock:
    """A host's clock, and this machine's when it was asked and had answered: seconds since the epoch."""

    shown: float
    asked: float
    answered: float

    @property
    def ahead(self) -> float:
        """Return the seconds before this machine's clock, in the middle of the possible range."""
        return self.shown - (self.asked + self.answered) / 2

    def apart(self, other: "Clock") -> float:
        """Return the least seconds that it is ahead of another, below 0 if it is behind; 0 if they may agree."""
        after = (self.shown - self.answered) - (other.shown - other.asked)
        before = (self.shown - self.asked) - (other.shown - other.answered)
        return max(after, 0.0) + min(before, 0.0)


@dataclass(frozen=True, kw_only=True)
class Room:
    """Addresses of a swarm network: how many are used, and how many are left to give."""

    network: str
    subnet: str
    used: int
    left: int


@dataclass(frozen=True, kw_only=True)
class Way:
    """The way of packets to a peer's address: by which link, from which address."""

    to: str
    device: str
    source: str


@dataclass(frozen=True, kw_only=True)
class ObservedHost:
    """One host's own word, and what commands there show of its kernel, links, firewall and disk. hosts/examine.py and
    hosts/look.py read it.

    unfit: why swarm networks do not work there, empty where they do. doubtful: why other hosts may not reach it, empty
    where nothing shows so. clock: None if its Engine tells no time that can be read. bridge: its docker_gwbridge with
    its endpoints, None if it has none. backend: how its Engine writes firewall rules, empty where it does not say.
    known_by: the IP address that members find it by, or are to; empty where none is known.

    Of the commands each is None or empty if it could not be read; the reason is in `unread`. daemon: the keys of
    daemon.json and flags of dockerd that matter here, as text. modules: by name, None if it can't be told; forbidden:
    those of them that are there, and kept from being loaded. strict: links with strict reverse path filtering. rules:
    lines of iptables-save, each behind its table, `filter -A INPUT …`. nft: rules of nftables that iptables does not
    show, by their chain, `inet filter forward`; those of a base chain behind its `type … policy …;`. legacy: how many
    rules the older iptables has beside. zone: firewalld's of docker_gwbridge, empty without firewalld. room: KiB where
    docker keeps its data.
    """

    member: Member
    release: str
    unfit: str = ""
    doubtful: str = ""
    live_restore: bool = False
    clock: Clock | None = field(default=None, compare=False)
    bridge: Network | None = None
    backend: str = ""
    root: str = "/var/lib/docker"
    known_by: str = ""
    daemon: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, bool | None] = field(default_factory=dict)
    forbidden: frozenset[str] = frozenset()
    forwarding: bool | None = None
    surroundings: Surroundings = field(default_factory=Surroundings)
    ways: tuple[Way, ...] = ()
    strict: frozenset[str] = frozenset()
    rules: tuple[str, ...] = ()
    nft: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    legacy: int = 0
    zone: str = ""
    room: int | None = None
    unread: Mapping[Subject, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """Its name."""
        return self.member.host

    @property
    def active(self) -> bool:
        """Tell whether it is a member of a swarm."""
        return self.member.state == "active"

    @property
    def own_link(self) -> Link | None:
        """Return the link with the address by which members know it, or None."""
        return self.surroundings.link_of(self.known_by)

    @property
    def bridge_link(self) -> str:
        """Return the name of docker_gwbridge's link."""
        return (self.bridge.option(BRIDGE_NAME) if self.bridge else None) or GATEWAY_BRIDGE

    @property
    def masquerades(self) -> bool:
        """Tell whether containers go outside by docker_gwbridge with the host's own address."""
        own = self.bridge
        return own is not None and own.option(MASQUERADE) != "false" and own.option(GATEWAY_MODE) != "routed"

    def way_to(self, peer: "ObservedHost") -> Way | None:
        """Return how packets to another host leave, or None if that is not known."""
        return next((way for way in self.ways if way.to == peer.known_by), None) if peer is not self else None

    def of_chain(self, table: str, chain: str) -> Iterator[str]:
        """Yield the firewall's rules of a chain, in order, without the chain's name: `-p tcp -j DROP`."""
        begins = f"{table} -A {chain} "
        return (line.removeprefix(begins) for line in self.rules if line.startswith(begins))


@dataclass(frozen=True, kw_only=True)
class ObservedSwarm:
    """The swarm as one good manager shows it. now: that manager's clock. ca_ends: when the certificate of the swarm's
    own authority does, None if it can't be read. Both are seconds since the epoch. rooms: the swarm's own count of
    its networks' addresses, for those of which it keeps one.
    """

    snapshot: SwarmSnapshot
    now: float
    ca_ends: float | None
    rooms: tuple[Room, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Unread:
    """The reason why the swarm could not be read."""

    why: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of the packets of one channel from one host to another. port: None if the protocol has none. why: of
    what is closed or unknown, in the words of the sender's kernel, or ours."""

    sender: str
    receiver: str
    channel: Channel
    outcome: Outcome
    port: int | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class EngineLog:
    """A member's Engine on gossip over UDP, in the last minute. unanswered: addresses of members that did not answer
    it. refused: sources of datagrams that it can't read, address and port."""

    unanswered: frozenset[str] = frozenset()
    refused: frozenset[tuple[str, int]] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Reach:
    """All that was sent between hosts. unprobed: hosts on which nothing could be, with the reason. taken: ports that
    another program has, by host. logs: of each member, or why it can't be read."""

    results: tuple[Result, ...] = ()
    unprobed: Mapping[str, str] = field(default_factory=dict)
    taken: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    logs: Mapping[str, EngineLog | str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Observed:
    """All that was read. swarm: None if all hosts answer and none is in one. reach: None if no packet was sent."""

    hosts: tuple[ObservedHost, ...]
    unreachable: tuple[UnreachableHost, ...] = ()
    swarm: ObservedSwarm | Unread | None = None
    reach: Reach | None = None

    @property
    def read_swarm(self) -> ObservedSwarm | None:
        """Return the swarm, or None if it was not read."""
        return self.swarm if isinstance(self.swarm, ObservedSwarm) else None
