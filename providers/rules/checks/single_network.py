"""Checks one network by itself: name, gateway, ip_range, driver options, and whether it has enough addresses.

Other networks' ranges are not compared here.
"""

from collections.abc import Iterator, Mapping
from ipaddress import IPv6Address, IPv6Network

from providers.rules.stack_file import driver_options
from providers.rules.stack_file.field_types import LONGEST_NAME
from providers.rules.stack_file.model import Expected, Ingress, Overlay, PartialGwbridge
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.addresses import (
    first_address,
    first_address_ipv6,
    holds_address,
    holds_subnet,
    mask_for,
    prefix_length,
    room,
)
from providers.rules.vocabulary.labels import twin_name


def lacking(resolved: Resolved) -> Iterator[str]:
    """Yield hosts whose own section `gwbridge` has no subnet, with no shared section to take it from."""
    for name, bridge in resolved.bridges.items():
        if not bridge.subnet:
            yield f"hosts.{name}.gwbridge.subnet: is required, since there is no section gwbridge to take it from"


def names(resolved: Resolved) -> Iterator[str]:
    """Yield names that differ in case only: to a swarm they are one, and it answers with an internal error."""
    seen = {resolved.file.ingress.name.lower(): "ingress.name"} if resolved.file.ingress else {}
    for name in resolved.file.overlays:
        if name.lower() in seen:
            yield f"overlays.{name}: is the same name as {seen[name.lower()]}; case does not count in a swarm"
        seen.setdefault(name.lower(), f"overlays.{name}")


def twins(resolved: Resolved) -> Iterator[str]:
    """Yield overlays in the way of another's twin, and names that leave no room for the twin's own.

    A twin is the temporary network to which services move while an overlay changes.
    """
    names = {name.lower(): name for name in resolved.file.overlays}
    for name, overlay in resolved.file.overlays.items():
        twin = twin_name(name)
        if taken := names.get(twin.lower()):
            yield f"overlays.{taken}: is the temporary network's name while overlays.{name} is migrated; choose another"
        if overlay.on_in_use == "migrate" and len(twin) > LONGEST_NAME:
            most = LONGEST_NAME - len(twin) + len(name)
            yield (
                f"overlays.{name}: the name has {len(name)} characters, too many for on_in_use: migrate; "
                f"choose one of at most {most}"
            )


def inside(resolved: Resolved) -> Iterator[str]:
    """Yield gateways and ranges that are not where they belong."""
    for name, host in resolved.file.hosts.items():
        bridge = resolved.bridges.get(name)
        if host.gwbridge and host.gwbridge.gateway and bridge:
            yield from _gateway(f"hosts.{name}.gwbridge", bridge)
        if host.gwbridge and bridge:
            yield from _of_bridge(f"hosts.{name}.gwbridge", bridge, own=host.gwbridge)
    if shared := resolved.file.gwbridge:
        yield from _gateway("gwbridge", shared)
        yield from _of_bridge("gwbridge", shared, own=shared)
    if resolved.file.ingress:
        yield from _gateway("ingress", resolved.file.ingress)
    for name, overlay in resolved.file.overlays.items():
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


def _of_bridge(path: str, bridge: PartialGwbridge, *, own: PartialGwbridge) -> Iterator[str]:
    """own: what stands at the path itself."""
    if own.ip_range:
        yield from _ip_range(f"{path}.ip_range", bridge)
    if own.ipv6 and own.ipv6.gateway:
        subnet, gateway = IPv6Network(own.ipv6.subnet), IPv6Address(own.ipv6.gateway)
        if gateway not in subnet or gateway == subnet.network_address:
            fits = first_address_ipv6(str(subnet))
            yield f"{path}.ipv6.gateway: {gateway} is not a host address in {subnet}; use {fits}"


def _ip_range(path: str, network: Overlay | PartialGwbridge) -> Iterator[str]:
    subnet, ip_range = network.subnet, network.ip_range
    if not subnet or not ip_range:
        return
    if not holds_subnet(subnet, ip_range):
        yield f"{path}: {ip_range} is not inside the subnet {subnet}"
    elif prefix_length(ip_range) > 30:
        yield f"{path}: {ip_range} leaves no room for containers; use /30 or larger"


def numbers(resolved: Resolved) -> Iterator[str]:
    """Yield overlays with the number of another's VXLAN: the swarm would take the second and never give it
    addresses."""
    seen: dict[int, str] = {}
    for name, overlay in resolved.file.overlays.items():
        if overlay.vxlan_id is None:
            continue
        if other := seen.get(overlay.vxlan_id):
            yield f"overlays.{name}.vxlan_id: {overlay.vxlan_id} is that of overlays.{other} too; choose another number"
        seen.setdefault(overlay.vxlan_id, name)


def few_addresses(resolved: Resolved) -> Iterator[str]:
    """Warn of networks too small for their nodes and for the expected tasks and services.

    An Engine says nothing when addresses run out: tasks stay `new` without a reason. The counting: a /28 with one
    service on three hosts is full at nine tasks (measurements.md#addresses-in-use).
    """
    nodes = len(resolved.file.hosts) + len(resolved.unwatched)
    if ingress := resolved.file.ingress:  # every node takes an address of it
        yield from _lack("ingress", ingress, nodes, ingress.expect or Expected())
    for name, overlay in resolved.file.overlays.items():
        if expect := overlay.expect:  # a node takes one with its first task
            yield from _lack(f"overlays.{name}", overlay, min(nodes, 2 * expect.tasks), expect)


def _lack(path: str, network: Ingress | Overlay, nodes: int, expect: Expected) -> Iterator[str]:
    ip_range = network.ip_range if isinstance(network, Overlay) else None
    key, subnet = ("ip_range", ip_range) if ip_range else ("subnet", network.subnet)
    found = room(network.subnet, ip_range, network.gateway) + sum(map(room, network.subnets))
    need = nodes + expect.services + 2 * expect.tasks
    if need > found:
        counted = ", ".join(
            f"{number} for {what}"
            for number, what in (
                (nodes, "nodes"),
                (expect.services, "services"),
                (2 * expect.tasks, f"{expect.tasks} tasks, twice while they are updated"),
            )
            if number
        )
        gives = f"{', '.join((subnet, *network.subnets))} has {found} addresses to give"
        yield f"{path}.{key}: {gives}, and needs {need} ({counted}); use {mask_for(need)}"


def unknown_options(resolved: Resolved) -> Iterator[str]:
    """Warn of options that are passed on as they are: an Engine keeps an unknown one and does nothing with it."""
    for path, driver, options in _options(resolved):
        for key in driver_options.unknown(driver, options):
            yield f"{path}.options: {key} is unknown to Swarmnet, and passed on unchecked, as Engines do not check it"


def _options(resolved: Resolved) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    file = resolved.file
    if file.gwbridge:
        yield "gwbridge", "bridge", file.gwbridge.options
    for name, host in file.hosts.items():
        if host.gwbridge:
            yield f"hosts.{name}.gwbridge", "bridge", host.gwbridge.options
    if file.ingress:
        yield "ingress", "overlay", file.ingress.options
    for name, overlay in file.overlays.items():
        yield f"overlays.{name}", "overlay", overlay.options
