"""Ranges that cannot stand together in a stack file, each with a free one that would fit. No roles, no order.

An Engine takes most of this without a word and breaks later, so all of it is refused, whatever the Engine.
"""

from collections.abc import Iterable
from itertools import product

from providers.rules.checks.engine_defaults import LIKELY, first_of_engine_pool
from providers.rules.checks.free_space import PRIVATE, FreeSpace
from providers.rules.checks.ranges import OURS, Range, meetings, ranges, told
from providers.rules.stack_file.resolved import Resolved

_DEAD = "the swarm would take it and never give it addresses"
# Both examples in https://docs.docker.com/engine/swarm/networking/ use 10.11.0.0/16.
_NO_INGRESS = 'hosts would join and be ready, but without ingress, and tasks would fail with "Pool overlaps"'
_TAKEN = "a network made without a subnet may take the range first, also while this one is being replaced"
# Why two kinds of ranges must not share an address; pairs of kinds that may are left out.
# measurements.md#bridge-ranges, #dead-networks, #ranges-on-a-host
_WHY = {
    ("gwbridge", "ingress"): f"{_NO_INGRESS}; examples in Docker's documentation give both one range",
    ("gwbridge", "overlay"): 'tasks on the host would be rejected with "Pool overlaps"',
    ("gwbridge", "pool"): 'tasks on networks made without a subnet would be rejected with "Pool overlaps"',
    ("gwbridge", "first ingress"): _NO_INGRESS,
    ("gwbridge", "replaced ingress"): _NO_INGRESS,
    ("overlay", "overlay"): _DEAD,
    ("overlay", "ingress"): _DEAD,
    ("overlay", "first ingress"): _DEAD,
    ("overlay", "pool"): _TAKEN,
    ("ingress", "pool"): _TAKEN,
    ("pool", "pool"): "a swarm takes only pools that are apart",
    ("gwbridge", "host"): "hosts would look for that address on the bridge and not reach it",
    **dict.fromkeys(product(OURS[1:], ["host"]), "containers there would not reach that address"),
    **dict.fromkeys(product(OURS, ["reserved"]), "hosts would no longer reach what is there"),
    **dict.fromkeys(product(OURS, ["special"]), "nothing can be given an address there"),
}


def clashing(resolved: Resolved) -> list[tuple[Range, Range, str]]:
    """Every two ranges that clash, the one to blame first, and why."""
    return list(meetings(_declared(resolved), _WHY))


def clashes(resolved: Resolved, beside: Iterable[str] = ()) -> list[str]:
    """Each of `clashing` as `path: problem`; who takes all ranges named as free has no clash left.

    beside: ranges that are not free either, those of stacks that this one reaches.
    """
    found = clashing(resolved)
    if not found:
        return []
    free = instead(resolved, beside, [first for first, _, _ in found])
    return [
        f"{told(first, other)}: {why}{f'; {free[first]} is free' if free[first] else ''}" for first, other, why in found
    ]


def instead(resolved: Resolved, taken: Iterable[str], blamed: Iterable[Range]) -> dict[Range, str | None]:
    """A range of the same size for each that cannot stay: from the pool for overlays, else a private one nearby.

    taken: what is not free beside what the stack file names.
    """
    space = FreeSpace([*(each.subnet for each in _declared(resolved)), *taken, *LIKELY.values()])
    pool = resolved.file.pools.overlays
    found: dict[Range, str | None] = {}
    for each in blamed:
        if each in found:
            continue
        found[each] = space.nearest(each.subnet, [pool.range]) if pool and each.kind == "overlay" else None
        found[each] = found[each] or space.nearest(each.subnet, PRIVATE)
        if chosen := found[each]:
            space.take(chosen)
    return found


def _declared(resolved: Resolved) -> list[Range]:
    return [*ranges(resolved), *first_of_engine_pool(resolved)]
