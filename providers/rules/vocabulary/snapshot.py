"""All facts that a plan of live changes needs, read once: every declared host's own word, and the swarm's.

Unlike facts, which one resource type needs to decide, a snapshot is enough to go on with by itself:
simulate/from_snapshot.py makes a simulated swarm of it. A report holds a host's addresses. No intent here.
"""

from dataclasses import dataclass, field

from providers.rules.vocabulary.facts import Member, Network, Node, Swarm, SwarmService, Task, UnreachableHost
from providers.rules.vocabulary.routes import Surroundings


@dataclass(frozen=True, kw_only=True)
class Standalone:
    """A container that is no task, and the ids of the networks that it was made for. auto_remove: it is gone once it
    ends; False where nobody asked."""

    id: str
    name: str
    running: bool
    paused: bool = False
    auto_remove: bool = False
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class HostSnapshot:
    """One host's own word. `networks` are its own, with endpoints where it is docker_gwbridge or the swarm's."""

    member: Member
    networks: tuple[Network, ...]
    containers: tuple[Standalone, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SwarmSnapshot:
    """The swarm as one good manager shows it. `networks` are the swarm's, never that manager's own copies."""

    settings: Swarm
    nodes: tuple[Node, ...]
    networks: tuple[Network, ...] = ()
    services: tuple[SwarmService, ...] = ()
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """All declared hosts, those that do not answer among them, and the swarm, if one of them answers for it."""

    hosts: tuple[HostSnapshot | UnreachableHost, ...]
    swarm: SwarmSnapshot | None = None


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A member's certificate: seconds until it ends, and for how many it was made."""

    left: float
    lasts: float


@dataclass(frozen=True, kw_only=True)
class HostReport:
    """One host's answer. member: its own word on its membership. networks: as its Engine lists them, those of the swarm
    among them. certificate: as a member, None if it can't be read, which takes root there. unread: why its surroundings
    and resolvers (IPv4 addresses) are not known, empty if they are. engine: its release, 0 if unknown."""

    host: str
    member: Member | None = None
    certificate: Certificate | None = None
    networks: tuple[Network, ...] = ()
    surroundings: Surroundings = field(default_factory=Surroundings)
    resolvers: tuple[str, ...] = ()
    unread: str = ""
    engine: int = 0
