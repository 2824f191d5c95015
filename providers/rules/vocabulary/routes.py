"""A host's links with their MTU and addresses, and its routes (IPv4), beside Docker's networks.

They are neither read nor judged here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, ip_address

# Lines of `ip addr` and `ip -4 route`, iproute2's and BusyBox's alike:
# https://man7.org/linux/man-pages/man8/ip-address.8.html
_LINK = re.compile(r"\d+: ([!-9;-?A-~]{1,20})(?:@\S+)?: .*\bmtu (\d{1,9})\b", re.ASCII)
_ADDRESS = re.compile(r"\s+inet6? ([0-9a-f.:]+)")
_ROUTE = re.compile(
    r"(?:(blackhole|prohibit|unreachable) )?(\d+\.\d+\.\d+\.\d+(?:/\d+)?)(?:\s(?:.*?\bdev ([!-~]{1,20}))?|$)"
)
_NEXT_HOP = re.compile(r"\s+nexthop .*?\bdev ([!-~]{1,20})")
# Links that an Engine makes; their ranges are told by its networks.
_OF_DOCKER = re.compile(r"docker\w*|br-[0-9a-f]{12}|veth\w+|vx-\S+|ov-\S+")


@dataclass(frozen=True)
class Link:
    """A network interface; `mtu` in bytes. driver: the kernel's, empty for one without hardware or where it was not
    asked for. offloads: whether checksum offload is enabled, None if that is not known."""

    name: str
    mtu: int
    addresses: tuple[str, ...] = ()
    driver: str = ""
    offloads: bool | None = None


@dataclass(frozen=True)
class Route:
    """A route that is not the default one, by the link it leaves through; of several, by the first.

    kind: `blackhole`, `prohibit` or `unreachable`: somebody's word that nothing may be there; such a route has no
    link. BusyBox names none of several.
    """

    subnet: str
    device: str = ""
    kind: str = ""

    @property
    def words(self) -> str:
        """Return its name for messages."""
        return f"the {self.kind} route" if self.kind else f"the route by {self.device or 'several links'}"


@dataclass(frozen=True)
class Surroundings:
    """One host's links and routes."""

    links: tuple[Link, ...] = ()
    routes: tuple[Route, ...] = ()

    def link_of(self, address: str) -> Link | None:
        """Return the link that has an address, or None."""
        return next((link for link in self.links if address in link.addresses), None)

    def foreign_routes(self, bridges: frozenset[str]) -> Iterator[Route]:
        """Yield the routes through other links than Docker's own and the named bridges."""
        for route in self.routes:
            if route.device not in bridges and not _OF_DOCKER.fullmatch(route.device):
                yield route


def surroundings(text: str) -> Surroundings:
    """Return the links and routes in the output of `ip addr` and `ip -4 route`, one after the other.

    Lines of other forms, such as the default route, are passed over.
    """
    links: list[Link] = []
    addresses: list[list[str]] = []  # of each link
    routes: list[Route] = []
    for line in text.splitlines():
        if found := _LINK.match(line):
            links.append(Link(name=found[1], mtu=int(found[2])))
            addresses.append([])
        elif links and (found := _ADDRESS.match(line)) and _is_address(found[1]):
            addresses[-1].append(found[1])
        elif routes and not routes[-1].device and (found := _NEXT_HOP.match(line)):
            routes[-1] = replace(routes[-1], device=found[1])
        elif (found := _ROUTE.match(line)) and (subnet := canonical(found[2])):
            routes.append(Route(subnet, found[3] or "", found[1] or ""))
    whole = (replace(link, addresses=tuple(its)) for link, its in zip(links, addresses, strict=True))
    return Surroundings(tuple(whole), tuple(routes))


def canonical(text: str) -> str | None:
    """Return an IPv4 subnet, or None if the text is none."""
    try:
        return str(IPv4Network(text))
    except ValueError:
        return None


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False
