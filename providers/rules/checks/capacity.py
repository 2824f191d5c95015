"""Compares the addresses that networks need with those that their masks give: warnings, never errors.

An Engine says nothing when they run out: tasks stay `new` without a reason. The counting: a /28 with one service on
three hosts is full at nine tasks (measurements.md#addresses-in-use).
"""

from collections.abc import Iterator

from providers.rules.stack_file.model import Expected, Ingress, Overlay
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.addresses import mask_for, room


def warnings(resolved: Resolved) -> Iterator[str]:
    """Yield networks too small for their nodes and for the expected tasks and services, as `path: problem`."""
    nodes = len(resolved.hosts) + len(resolved.unwatched)
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
