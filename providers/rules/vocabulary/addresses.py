"""Subnet arithmetic over `ipaddress`: canonical forms, defaults, overlaps. It knows no key of the stack file.

Subnets and addresses travel as text, because they are inputs of resources and keys of the Engine's API.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    NetmaskValueError,
    ip_address,
    ip_network,
)

MANY = 16384
_NO_IPV6 = "swarm networks are IPv4: with an IPv6 subnet an overlay is dropped or never comes up"


# The same ranges are compared again and again, and taking one apart costs more than comparing it. Those of 2,000
# networks fit: of one more than fit, none would be found when all are gone through in turn.
@lru_cache(maxsize=MANY)
def network(subnet: str) -> IPv4Network:
    """Parse a subnet (cached). Raises ValueError like `IPv4Network`."""
    return IPv4Network(subnet)


@lru_cache(maxsize=MANY)
def shown_network(subnet: str) -> IPv4Network | IPv6Network:
    """Return a range as an Engine shows it, of either version and perhaps with host bits. Raises ValueError."""
    return ip_network(subnet, strict=False)


def canonical_subnet(text: str) -> str:
    """Return an IPv4 subnet as `10.11.0.0/16`.

    Raises ValueError if it is none, has no mask, or has host bits: Engine 20.10 takes 10.11.0.5/16 and echoes it, newer
    ones refuse it (measurements.md#bridge-ranges). IPv6: https://github.com/moby/moby/issues/52469
    """
    if ":" in text:
        raise ValueError(f"{text!r} is IPv6; {_NO_IPV6}")
    return _subnet(text, network, "IPv4", "10.11.0.0/16")


def _subnet(text: str, read: Callable[[str], object], version: str, example: str) -> str:
    """Return a subnet as the reader of its version writes it. Raises ValueError as `canonical_subnet` says."""
    if "/" not in text:
        raise ValueError(f"{text!r} has no mask: write it like {example}")
    try:
        return str(read(text))
    except (AddressValueError, NetmaskValueError) as problem:
        raise ValueError(f"{text!r} is not an {version} subnet such as {example}") from problem
    except ValueError as problem:
        raise ValueError(f"{text} has host bits set: write {ip_network(text, strict=False)}") from problem


def is_subnet(text: str) -> bool:
    """Tell whether it is a canonical IPv4 subnet; a network made by hand need not have one."""
    try:
        return canonical_subnet(text) == text
    except ValueError:
        return False


def canonical_address(text: str) -> str:
    """Return an IPv4 address as `10.11.0.1`. Raises ValueError if it is none."""
    if ":" in text:
        raise ValueError(f"{text!r} is IPv6; {_NO_IPV6}")
    try:
        return str(IPv4Address(text))
    except AddressValueError as problem:
        raise ValueError(f"{text!r} is not an IPv4 address such as 10.11.0.1") from problem


def canonical_subnet_ipv6(text: str) -> str:
    """Return an IPv6 subnet as `fd00:64::/64`. Raises ValueError if it is none, has no mask, or has host bits."""
    return _subnet(text, IPv6Network, "IPv6", "fd00:64::/64")


def canonical_address_ipv6(text: str) -> str:
    """Return an IPv6 address as `fd00:64::1`. Raises ValueError if it is none."""
    try:
        return str(IPv6Address(text))
    except AddressValueError as problem:
        raise ValueError(f"{text!r} is not an IPv6 address such as fd00:64::1") from problem


def first_address_ipv6(subnet: str) -> str:
    """Return the address that an Engine gives the gateway of an IPv6 subnet if none is asked for."""
    return str(IPv6Network(subnet).network_address + 1)


def first_address(subnet: str, ip_range: str | None = None) -> str:
    """Return the address that an Engine gives the gateway of a canonical subnet if none is asked for.

    It is the first one of `ip_range`, which may end in .0, except the network's own address
    (measurements.md#filled-in-by-the-engine).
    """
    start = network(ip_range or subnet).network_address
    return str(start + 1 if start == network(subnet).network_address else start)


def holds_address(subnet: str, address: str) -> bool:
    """Tell whether an address is one of a canonical subnet's, and neither its network nor its broadcast one."""
    whole, desired = network(subnet), IPv4Address(address)
    return desired in whole and desired not in (whole.network_address, whole.broadcast_address)


def holds_subnet(subnet: str, inner: str) -> bool:
    """Tell whether a canonical subnet contains another, or is the same."""
    return network(inner).subnet_of(network(subnet))


def prefix_length(subnet: str) -> int:
    """Return 16 for 10.11.0.0/16."""
    return network(subnet).prefixlen


def relation(subnet: str, other: str) -> str:
    """Say how a canonical subnet lies to one that it overlaps: two subnets can only be equal or nested."""
    if subnet == other:
        return "is the same as"
    return "lies inside" if holds_subnet(other, subnet) else "contains"


def overlapping(subnets: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the positions of every two subnets that share an address, the smaller position first.

    One pass over the sorted subnets, since those that overlap are nested: comparing each of 1,000 with each
    takes seconds, this milliseconds.
    """
    networks = [network(subnet) for subnet in subnets]
    enclosing: list[int] = []
    for here in sorted(range(len(networks)), key=lambda at: (networks[at].network_address, networks[at].prefixlen)):
        while enclosing and networks[enclosing[-1]].broadcast_address < networks[here].network_address:
            enclosing.pop()
        yield from ((min(outer, here), max(outer, here)) for outer in enclosing)
        enclosing.append(here)


def crossing(some: Sequence[str], others: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the positions of each of the one with each of the other that share an address."""
    for one, other in sorted(overlapping([*some, *others])):
        if one < len(some) <= other:
            yield one, other - len(some)


# Of a range, the swarm gives none of these to anybody: the network's own, the broadcast address, the gateway.
_NOT_GIVEN = 3


def room(subnet: str, ip_range: str | None = None, gateway: str | None = None) -> int:
    """Return how many addresses of a network the swarm can give."""
    whole, given = network(subnet), network(ip_range or subnet)
    kept = {
        str(whole.network_address),
        str(whole.broadcast_address),
        gateway or first_address(subnet, ip_range),
    }
    return given.num_addresses - sum(network(address).subnet_of(given) for address in kept)


def mask_for(need: int) -> str:
    """Return the smallest range with so many addresses to give, as `/26 or larger`."""
    return f"/{32 - (need + _NOT_GIVEN - 1).bit_length()} or larger"


@lru_cache(maxsize=1024)  # each check of a file asks for every host's addresses again
def is_ip(text: str) -> bool:
    """Tell whether this is an IP address of either version. One with a zone (fe80::1%eth0) is none: it means something
    on one host alone, and a zone may be any text."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def engine_host(text: str) -> tuple[str, str]:
    """Return the host in an Engine's address and its port, empty if there is none; no host if it is no address."""
    if is_ip(text):
        return text, ""
    found = re.fullmatch(r"(?:\[([^\[\]]+)\](?=:)|([^:\[\]]+))(?::([0-9]{1,5}))?", text)
    return (found[1] or found[2], found[3] or "") if found else ("", "")


def ip_only(text: object) -> str:
    """Return the IP address in an Engine's address, without port; empty for anything else: a host's word must not
    become a name that somebody looks up."""
    host, _ = engine_host(text) if isinstance(text, str) else ("", "")
    return str(ip_address(host)) if is_ip(host) else ""
