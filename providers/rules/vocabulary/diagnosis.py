"""The facts that `swarmnet doctor` reads of hosts, and the words for its findings. Published: docs/doctor.md."""

from dataclasses import dataclass, field
from typing import Literal

from providers.rules.vocabulary.facts import Member, Network, Silent
from providers.rules.vocabulary.look import Look
from providers.rules.vocabulary.reach import Reach
from providers.rules.vocabulary.snapshot import SwarmSurvey

FindingId = Literal[
    "host-answers",
    "swarm-answers",
    "engine-kind",
    "engine-release",
    "mixed-releases",
    "live-restore",
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
    "checksum-offload",
    "two-firewalls",
    "firewalld-zone",
    "docker-chains",
    "disk-room",
    "probes",
    "port-taken",
    "reach-managers",
    "reach-gossip",
    "reach-data-path",
    "reach-full-size",
    "reach-data",
    "reach-esp",
]
Status = Literal["failed", "warning", "unknown", "ignored"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, or could not be looked at.

    host: empty for a finding about the swarm. peer: the other host, if it is between two. fact, remedy: one line each;
    of an ignored finding, the remedy is the reason for ignoring it.
    """

    id: FindingId
    status: Status
    fact: str
    remedy: str
    host: str = ""
    peer: str = ""


@dataclass(frozen=True, kw_only=True)
class Clock:
    """A host's clock, and this machine's when it was asked and had answered: seconds since the epoch."""

    said: float
    asked: float
    answered: float

    @property
    def ahead(self) -> float:
        """Return the seconds before this machine's clock, in the middle of the possible range."""
        return self.said - (self.asked + self.answered) / 2

    def apart(self, other: "Clock") -> float:
        """Return the least seconds that it is ahead of another, below 0 if it is behind; 0 if they may agree."""
        after = (self.said - self.answered) - (other.said - other.asked)
        before = (self.said - self.asked) - (other.said - other.answered)
        return max(after, 0.0) + min(before, 0.0)


@dataclass(frozen=True, kw_only=True)
class Room:
    """Addresses of a swarm network: how many are used, and how many are left to give."""

    network: str
    subnet: str
    used: int
    left: int


@dataclass(frozen=True, kw_only=True)
class HostExamination:
    """One host's own word. unfit: why swarm networks do not work there, empty where they do. doubtful: why
    other hosts may not reach it, empty where nothing shows so. clock: None if its
    Engine tells no time that can be read. bridge: its docker_gwbridge with its endpoints, None if it has none.
    backend: how its Engine writes firewall rules, empty where it does not say. known_by: the IP address that members
    find it by, or are to; empty where none is known. look: what commands there showed, the reason where none ran, None
    if none were to."""

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
    look: Look | str | None = None

    @property
    def looked(self) -> Look:
        """Return the output of the commands, empty if none ran."""
        return self.look if isinstance(self.look, Look) else Look()

    @property
    def host(self) -> str:
        """Its name."""
        return self.member.host


@dataclass(frozen=True, kw_only=True)
class SwarmExamination:
    """The swarm as one good manager shows it. now: that manager's clock. ca_ends: when the certificate of the swarm's
    own authority does, None if it can't be read. Both are seconds since the epoch. rooms: the swarm's own count of
    its networks' addresses, for those of which it keeps one.
    """

    survey: SwarmSurvey
    now: float
    ca_ends: float | None
    rooms: tuple[Room, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Unread:
    """The reason why the swarm could not be read."""

    why: str


@dataclass(frozen=True, kw_only=True)
class Examination:
    """All that was read. swarm: None if all hosts answer and none is in one. reach: None if nothing was tried."""

    hosts: tuple[HostExamination, ...]
    silent: tuple[Silent, ...] = ()
    swarm: SwarmExamination | Unread | None = None
    reach: Reach | None = None

    @property
    def read_swarm(self) -> SwarmExamination | None:
        """Return the swarm, or None if it was not read."""
        return self.swarm if isinstance(self.swarm, SwarmExamination) else None
