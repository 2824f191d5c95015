"""The facts that `swarmnet doctor` reads of a host by commands there: kernel, links, routes, firewall, disk.

Each is None or empty if it could not be read; the reason is in `unread`. hosts/look.py reads them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

Subject = Literal["daemon", "modules", "forwarding", "links", "routes", "offload", "rules", "legacy", "zone", "room"]


@dataclass(frozen=True, kw_only=True)
class Link:
    """A network interface. mtu: bytes. driver: the kernel's, empty for one without hardware. offloads: whether it is
    left to the interface to reckon checksums, None if that is not known."""

    name: str
    mtu: int
    addresses: tuple[str, ...] = ()
    driver: str = ""
    offloads: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Way:
    """The way of packets to a peer's address: by which link, from which address."""

    to: str
    device: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Look:
    """One host's kernel and its settings.

    daemon: the keys of daemon.json and flags of dockerd that matter here, as text. modules: by name, None if it can't
    be told; forbidden: those of them that are there, and kept from being loaded. strict: links with strict reverse path
    filtering. rules: lines of iptables-save, each behind its table, `filter -A INPUT …`. legacy: how many rules the
    older iptables has beside. zone: firewalld's of docker_gwbridge, empty without firewalld. room, whole: KiB where
    docker keeps its data.
    """

    daemon: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, bool | None] = field(default_factory=dict)
    forbidden: frozenset[str] = frozenset()
    forwarding: bool | None = None
    links: tuple[Link, ...] = ()
    ways: tuple[Way, ...] = ()
    strict: frozenset[str] = frozenset()
    rules: tuple[str, ...] = ()
    legacy: int = 0
    zone: str = ""
    room: int | None = None
    whole: int | None = None
    unread: Mapping[Subject, str] = field(default_factory=dict)

    def link_of(self, address: str) -> Link | None:
        """Return the link that has an address, or None."""
        return next((link for link in self.links if address in link.addresses), None)

    def way_to(self, address: str) -> Way | None:
        """Return how packets to an address leave, or None."""
        return next((way for way in self.ways if way.to == address), None)

    def of_chain(self, table: str, chain: str) -> Iterator[str]:
        """Yield the rules of a chain, in order, without the chain's name: `-p tcp -j DROP`."""
        begins = f"{table} -A {chain} "
        for line in self.rules:
            if line.startswith(begins):
                yield line.removeprefix(begins)
