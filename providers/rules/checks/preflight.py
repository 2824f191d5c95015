"""Compares the whole stack file with what hosts really have, before the first write: ranges that cannot stand together.

Engines take most of it without an error and break later. Clashes within the stack file are in overlaps.py. No hosts are
read here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from providers.rules.checks.overlaps import instead, none_free
from providers.rules.checks.ranges import Range, ranges
from providers.rules.checks.taken_on_hosts import (
    Occupied,
    ResourceType,
    in_swarm,
    on_host,
    subnets,
    swarm_networks,
    type_of,
)
from providers.rules.checks.too_early import moved_first, removed_first
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.addresses import crossing, prefix_length, relation
from providers.rules.vocabulary.network_options import KNOWN
from providers.rules.vocabulary.snapshot import HostReport
from providers.rules.vocabulary.words import some

# An `up` changes what is there in this order, so that the former gives its range up before the latter takes it.
ORDER = ("gwbridge", "ingress", "overlay", "pool")
LARGEST = 8  # mask length; what is larger leaves no free range

_REJECTED = 'tasks there would be rejected with "Pool overlaps"'
_OVER_ALL = ("ingress", "overlay")
_WHY = {
    **dict.fromkeys(product(["gwbridge"], ["route", "address"]), "hosts would no longer reach what is there"),
    ("gwbridge", "resolver"): "the host would look for it on the bridge, and name lookups would fail",
    ("gwbridge", "network"): "an Engine refuses two such networks",
    ("gwbridge", "swarm"): _REJECTED,
    **dict.fromkeys(product(_OVER_ALL, ["route", "address"]), "containers there would not reach what is there"),
    **dict.fromkeys(product(_OVER_ALL, ["resolver"]), "name lookups in containers there would fail"),
    **dict.fromkeys(product(_OVER_ALL, ["network"]), _REJECTED),
    **dict.fromkeys(product(_OVER_ALL, ["swarm"]), "the swarm would accept it and never allocate addresses"),
    **dict.fromkeys(
        product(["pool"], ["route", "address", "resolver", "network"]),
        "a network made without a subnet may get that range",
    ),
}


@dataclass(frozen=True)
class Findings:
    """A line for each clash: those that forbid to begin, and warnings."""

    refused: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class DesiredRange:
    """A range of the stack file. stands: the same resource type has it already."""

    resource: ResourceType
    path: str
    subnet: str
    stands: bool


Meetings = dict[tuple[DesiredRange, Occupied], list[str]]


def findings(resolved: Resolved, owner: str, reports: Sequence[HostReport]) -> Findings:
    """Return every range of the stack file that meets one that is taken on its hosts. `owner` is `<project>/<stack>`.

    If all ranges named as free are taken, none is refused any more, and none meets what its hosts have. Hosts without a
    report are left out.
    """
    networks = swarm_networks(reports)
    status = {(type_of(net), subnet) for net in networks for subnet in subnets(net)}
    found: Meetings = {}
    taken = {each.subnet for each in ranges(resolved)}
    for report in reports:
        desired = [*_bridge(resolved, report), *_of_swarm(resolved, status, begins=not networks)]
        bridge = resolved.bridges.get(report.host)
        occupied = [
            *on_host(report, bridge.bridge_name if bridge else None),
            *in_swarm(networks, {each.resource for each in desired}, owner),
        ]
        taken.update(each.subnet for each in occupied)
        for pair in _meetings(desired, occupied):
            found.setdefault(pair, []).append(report.host)
    clashing = {pair: hosts for pair, hosts in found.items() if not pair[1].wide_around(pair[0].subnet)}
    lines = dict(zip(clashing, _with_remedies(resolved, clashing, taken), strict=True))
    refused = (line for (desired, _), line in lines.items() if not desired.stands)
    # What stands inside a wide route has been seen before.
    wide = {
        pair: _clash_message(*pair, hosts)
        for pair, hosts in found.items()
        if pair not in clashing and not pair[0].stands
    }
    known = ((lines | wide)[pair] for pair in found if pair in wide or (pair in lines and pair[0].stands))
    unread = (f"routes and resolvers were not compared: {report.unread}" for report in reports if report.unread)
    return Findings((*refused, *_too_old(resolved, reports)), (*known, *unread))


def _bridge(resolved: Resolved, report: HostReport) -> Iterator[DesiredRange]:
    """Yield the ranges desired of one host."""
    bridge, own = resolved.bridges.get(report.host), resolved.file.hosts[report.host].gwbridge
    if bridge and bridge.subnet:
        path = f"hosts.{report.host}.gwbridge.subnet" if own and own.subnet else "gwbridge.subnet"
        stands = any(
            bridge.subnet in subnets(net) for net in report.networks if type_of(net) == ResourceType("gwbridge")
        )
        yield DesiredRange(ResourceType("gwbridge"), path, bridge.subnet, stands)


def _of_swarm(
    resolved: Resolved, status: set[tuple[ResourceType | None, str]], *, begins: bool
) -> Iterator[DesiredRange]:
    """Yield the swarm's desired ranges; its address pools only if it `begins`, since nothing changes them later."""
    for each in ranges(resolved):
        if each.kind in _OVER_ALL or (each.kind == "pool" and begins):
            name = each.path.removeprefix("overlays.").partition(".subnet")[0] if each.kind == "overlay" else ""
            resource = ResourceType(each.kind, name)
            yield DesiredRange(resource, each.path, each.subnet, (resource, each.subnet) in status)


def _meetings(desired: Sequence[DesiredRange], occupied: Sequence[Occupied]) -> Iterator[tuple[DesiredRange, Occupied]]:
    """Yield each desired range with each thing that has an address of it and will still have it."""
    for one, other in crossing([each.subnet for each in desired], [each.subnet for each in occupied]):
        if not _gives_way(occupied[other], desired[one]):
            yield desired[one], occupied[other]


def _gives_way(occupied: Occupied, desired: DesiredRange) -> bool:
    """Tell whether the range is free by the time that it is desired: the same resource type has it, or one that changes
    before."""
    if occupied.resource is None:
        return False
    before = ORDER.index(occupied.resource.kind) < ORDER.index(desired.resource.kind)
    return desired.stands or before or occupied.resource == desired.resource


def _with_remedies(resolved: Resolved, found: Meetings, taken: set[str]) -> Iterator[str]:
    """Yield a line for each, with a free range of the same size, if there is one."""
    blamed = {desired: Range(desired.resource.kind, desired.path, desired.subnet) for desired, _ in found}
    counted = [subnet for subnet in taken if prefix_length(subnet) >= LARGEST]
    free = instead(resolved, counted, blamed.values())
    met = [Range(occupied.kind, f"{occupied.words},", occupied.subnet) for _, occupied in found]
    for (desired, occupied), hosts in found.items():
        fits, others = free[blamed[desired]], [each for each in ranges(resolved) if each.path != desired.path]
        remedy = f"{fits} is free" if fits else none_free(desired.subnet, [*others, *met], counted)
        yield f"{_clash_message(desired, occupied, hosts)}; {remedy}"


def _clash_message(desired: DesiredRange, occupied: Occupied, hosts: Sequence[str]) -> str:
    line = f"{desired.path}: {desired.subnet} {relation(desired.subnet, occupied.subnet)} {occupied.subnet}"
    where = "" if occupied.kind == "swarm" else f" of {some(hosts)}"
    return (
        f"{line}, {occupied.words}{where}: {_recipe(desired, occupied) or _WHY[desired.resource.kind, occupied.kind]}"
    )


def _recipe(desired: DesiredRange, occupied: Occupied) -> str:
    """Say what to do about a range that this stack itself still has; empty if it has not."""
    if occupied.resource:
        return moved_first(str(occupied.resource), str(desired.resource))
    if occupied.dropped:
        return removed_first(occupied.dropped, str(desired.resource))
    return ""


def _too_old(resolved: Resolved, reports: Sequence[HostReport]) -> Iterator[str]:
    """Yield options that a host's Engine would keep without doing anything."""
    for report in reports:
        bridge, found = resolved.bridges.get(report.host), report.engine
        own = resolved.file.hosts[report.host].gwbridge
        for key in bridge.options if bridge else ():
            known = KNOWN.get(key)
            if known and 0 < found < known.since:
                path = f"hosts.{report.host}.gwbridge" if own and key in own.options else "gwbridge"
                yield (
                    f"{path}.options: {key} needs {known.since}: {report.host} has {found}, which would keep it and "
                    "do nothing: leave it out for that host, or give it a newer Engine"
                )
