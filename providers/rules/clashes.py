"""Ranges, gateways and network names that cannot stand together in a stack file. No roles, no order.

An Engine takes most of this without a word and breaks later, so all of it is refused, whatever the Engine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from providers.rules.addresses import (
    first_address,
    holds_address,
    holds_subnet,
    overlapping,
    prefix_length,
    relation,
)
from providers.rules.stackfile import Ingress, Overlay, PartialGwbridge, StackFile, Swarm

_ENGINE_POOL_PREFIX = 24  # of subnets from the swarm's pool, where nothing is given

# https://www.iana.org/assignments/iana-ipv4-special-registry
_SPECIAL = {
    "the range of no network": "0.0.0.0/8",
    "the loopback range": "127.0.0.0/8",
    "the multicast range": "224.0.0.0/4",
    "the unassigned range": "240.0.0.0/4",
}

_DEAD = "the swarm would take it and never give it addresses"
# Both examples in https://docs.docker.com/engine/swarm/networking/ use 10.11.0.0/16.
_NO_INGRESS = 'hosts would join and be ready, but without ingress, and tasks would fail with "Pool overlaps"'
# Why two kinds of ranges must not share an address, as measured; pairs of kinds that may are left out.
_OURS = ("gwbridge", "overlay", "ingress", "pool")
_WHY = {
    ("gwbridge", "ingress"): f"{_NO_INGRESS}; examples in Docker's documentation give both one range",
    ("gwbridge", "overlay"): 'tasks on the host would be rejected with "Pool overlaps"',
    ("overlay", "overlay"): _DEAD,
    ("overlay", "ingress"): _DEAD,
    ("pool", "pool"): "a swarm takes only pools that are apart",
    **dict.fromkeys(product(_OURS, ["reserved"]), "hosts would no longer reach what is there"),
    **dict.fromkeys(product(_OURS, ["special"]), "nothing can be given an address there"),
}


@dataclass(frozen=True)
class _Range:
    kind: str
    path: str
    subnet: str


def clashes(stackfile: StackFile) -> list[str]:
    """Every problem, as `path: problem`."""
    return [*_names(stackfile), *_inside(stackfile), *_pool_masks(stackfile), *_overlaps(stackfile)]


def lacking(stackfile: StackFile) -> list[str]:
    """Hosts whose own section `gwbridge` has no subnet, and no shared section to take it from."""
    return [
        f"hosts.{name}.gwbridge.subnet: is required, since there is no section gwbridge to take it from"
        for name in stackfile.hosts
        if (bridge := gwbridge_of(stackfile, name)) and not bridge.subnet
    ]


def gwbridge_of(stackfile: StackFile, host: str) -> PartialGwbridge | None:
    """The section `gwbridge` with what the host has in its place; None where there is neither.

    A host that has a subnet of its own does not take the gateway from the shared section.
    """
    shared, own = stackfile.gwbridge, stackfile.hosts[host].gwbridge
    if own is None:
        return shared
    values = shared.model_dump(exclude_unset=True) if shared else {}
    if own.subnet:
        values.pop("gateway", None)
    return PartialGwbridge.model_validate(values | own.model_dump(exclude_unset=True))


def _names(stackfile: StackFile) -> Iterator[str]:
    """Two names that differ in case only are one to a swarm, which answers with an internal error."""
    seen = {stackfile.ingress.name.lower(): "ingress.name"} if stackfile.ingress else {}
    for name in stackfile.overlays:
        if name.lower() in seen:
            yield f"overlays.{name}: is the same name as {seen[name.lower()]}; case does not count in a swarm"
        seen.setdefault(name.lower(), f"overlays.{name}")


def _inside(stackfile: StackFile) -> Iterator[str]:
    """Gateways and ranges that are not where they belong."""
    for name, host in stackfile.hosts.items():
        bridge = gwbridge_of(stackfile, name)
        if host.gwbridge and host.gwbridge.gateway and bridge:
            yield from _gateway(f"hosts.{name}.gwbridge", bridge)
    if stackfile.gwbridge:
        yield from _gateway("gwbridge", stackfile.gwbridge)
    if stackfile.ingress:
        yield from _gateway("ingress", stackfile.ingress)
    for name, overlay in stackfile.overlays.items():
        yield from _gateway(f"overlays.{name}", overlay)
        yield from _ip_range(f"overlays.{name}.ip_range", overlay)


def _gateway(path: str, network: PartialGwbridge | Ingress | Overlay) -> Iterator[str]:
    subnet, gateway = network.subnet, network.gateway
    if not subnet or not gateway:
        return
    if not holds_subnet(subnet, f"{gateway}/32"):
        yield f"{path}.gateway: {gateway} is not inside the subnet {subnet}"
    elif not holds_address(subnet, gateway):
        which = "network" if subnet.startswith(f"{gateway}/") else "broadcast"
        yield f"{path}.gateway: {gateway} is the {which} address of {subnet}; use {first_address(subnet)}"


def _ip_range(path: str, overlay: Overlay) -> Iterator[str]:
    if overlay.ip_range and not holds_subnet(overlay.subnet, overlay.ip_range):
        yield f"{path}: {overlay.ip_range} is not inside the subnet {overlay.subnet}"
    elif overlay.ip_range and prefix_length(overlay.ip_range) > 30:
        yield f"{path}: {overlay.ip_range} leaves no room for containers; use /30 or larger"


def _pool_masks(stackfile: StackFile) -> Iterator[str]:
    swarm = stackfile.swarm or Swarm()
    prefix = swarm.default_addr_pool_prefix or _ENGINE_POOL_PREFIX
    for subnet in swarm.default_addr_pool:
        if prefix_length(subnet) > prefix:
            yield f"swarm.default_addr_pool: {subnet} is smaller than the /{prefix} that networks take of it"


def _ranges(stackfile: StackFile) -> Iterator[_Range]:
    """Every range in the file, in the order of blame: of two that clash, the first is reported."""
    for name, host in stackfile.hosts.items():
        if host.gwbridge and host.gwbridge.subnet:
            yield _Range("gwbridge", f"hosts.{name}.gwbridge.subnet", host.gwbridge.subnet)
    if stackfile.gwbridge:
        yield _Range("gwbridge", "gwbridge.subnet", stackfile.gwbridge.subnet)
    for name, overlay in reversed(stackfile.overlays.items()):
        yield _Range("overlay", f"overlays.{name}.subnet", overlay.subnet)
    if stackfile.ingress:
        yield _Range("ingress", "ingress.subnet", stackfile.ingress.subnet)
    for subnet in stackfile.swarm.default_addr_pool if stackfile.swarm else ():
        yield _Range("pool", "swarm.default_addr_pool", subnet)
    for subnet in stackfile.reserved:
        yield _Range("reserved", "reserved", subnet)
    for name, subnet in _SPECIAL.items():
        yield _Range("special", name, subnet)


def _overlaps(stackfile: StackFile) -> Iterator[str]:
    ranges = list(_ranges(stackfile))
    for one, other in sorted(overlapping([each.subnet for each in ranges])):
        first, second = ranges[one], ranges[other]
        if why := _WHY.get((first.kind, second.kind)):
            how = relation(first.subnet, second.subnet)
            yield f"{first.path}: {first.subnet} {how} {second.path} {second.subnet}: {why}"
