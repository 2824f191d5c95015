"""What `swarmnet doctor` reads of a host beside its Engine, by commands there: kernel, links, routes, firewall, disk.

Each is None, or empty, where it could not be read; why is in `unread`. How it is read is hosts/look.py's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

Subject = Literal[
    "daemon", "modules", "forwarding", "links", "routes", "offload", "rules", "legacy", "zone", "room", "gossip"
]


@dataclass(frozen=True, kw_only=True)
class Link:
    """A network interface. mtu: bytes. driver: the kernel's, empty for one without hardware. offloads: whether it is
    left to the interface to reckon checksums, None where that is not known."""

    name: str
    mtu: int
    addresses: tuple[str, ...] = ()
    driver: str = ""
    offloads: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Way:
    """How packets to a peer's address leave: by which link, from which address."""

    to: str
    device: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Look:
    """One host's kernel and its settings.

    daemon: the keys of daemon.json and flags of dockerd that matter here, as text. modules: by name, None where it
    can't be told. strict: links with strict reverse path filtering. rules: lines of iptables-save, each behind its
    table, `filter -A INPUT …`. legacy: how many rules the older iptables has beside. zone: firewalld's of
    docker_gwbridge, empty without firewalld. room, whole: KiB where docker keeps its data. unanswered: addresses of
    members whose gossip over UDP the Engine has missed in the last minute, by its own log.
    """

    daemon: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, bool | None] = field(default_factory=dict)
    forwarding: bool | None = None
    links: tuple[Link, ...] = ()
    ways: tuple[Way, ...] = ()
    strict: frozenset[str] = frozenset()
    rules: tuple[str, ...] = ()
    legacy: int = 0
    zone: str = ""
    room: int | None = None
    whole: int | None = None
    unanswered: frozenset[str] = frozenset()
    unread: Mapping[Subject, str] = field(default_factory=dict)

    def link_of(self, address: str) -> Link | None:
        """The link that has an address."""
        return next((link for link in self.links if address in link.addresses), None)

    def way_to(self, address: str) -> Way | None:
        """How packets to an address leave."""
        return next((way for way in self.ways if way.to == address), None)

    def of_chain(self, table: str, chain: str) -> Iterator[str]:
        """The rules of a chain, in order, without what names it: `-p tcp -j DROP`."""
        begins = f"{table} -A {chain} "
        for line in self.rules:
            if line.startswith(begins):
                yield line.removeprefix(begins)
