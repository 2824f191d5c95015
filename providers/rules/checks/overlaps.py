"""Finds ranges that cannot stand together in a stack file, each with a free one that would fit. No roles, no order.

An Engine takes most of this without an error and breaks later, so all of it is refused, whatever the Engine.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import product

from providers.rules.checks.engine_defaults import LIKELY, first_of_engine_pool
from providers.rules.checks.free_space import PRIVATE, FreeSpace
from providers.rules.checks.ranges import OURS, Range, meetings, ranges
from providers.rules.stack_file.field_types import AUTO, SMALLEST_MASK
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.addresses import prefix_length, relation
from providers.rules.vocabulary.words import some

_DEAD = "the swarm would accept it and never allocate addresses"
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


@dataclass(frozen=True)
class Clash:
    """Ranges of one kind that are all the same and meet others, for one reason.

    pairs: the range to blame, and what it meets.
    """

    pairs: tuple[tuple[Range, Range], ...]
    why: str

    @property
    def blamed(self) -> list[Range]:
        """Return the ranges that cannot stay, the last of the file first: each needs another range."""
        return list(dict.fromkeys(first for first, _ in self.pairs))

    @property
    def others(self) -> list[Range]:
        """Return the ranges that they meet, and that may stay."""
        blamed = set(self.blamed)
        return [other for other in dict.fromkeys(other for _, other in self.pairs) if other not in blamed]


def clashing(resolved: Resolved) -> list[Clash]:
    """Return all clashes, each once."""
    found: dict[tuple[str, ...], list[tuple[Range, Range]]] = {}
    for first, other, why in meetings(_declared(resolved), _WHY):
        key = (why, first.kind, first.subnet, relation(first.subnet, other.subnet))
        found.setdefault(key, []).append((first, other))
    return [Clash(tuple(pairs), why) for (why, *_), pairs in found.items()]


def clashes(resolved: Resolved, beside: Iterable[str] = ()) -> list[str]:
    """Return each of `clashing` as `path: problem`. If all ranges named as free are taken, no clash of those is left.

    beside: ranges that are not free either, those of stacks that this one reaches.
    """
    found, beside = clashing(resolved), list(beside)
    if not found:
        return []
    free = instead(resolved, beside, [each for clash in found for each in clash.blamed])
    return [f"{_clash_message(clash)}: {clash.why}; {_remedy(resolved, beside, clash, free)}" for clash in found]


def public(resolved: Resolved) -> Iterator[str]:
    """Warn of ranges of the stack that belong to somebody on the Internet, perhaps to its owner."""
    found = [each for each in ranges(resolved) if each.kind in OURS and IPv4Network(each.subnet).is_global]
    free = instead(resolved, (), found)
    for each in found:
        fits = f"; {free[each]} is free" if free[each] else ""
        yield f"{each.path}: {each.subnet} is public: its owner would be unreachable; take a private range{fits}"


def _clash_message(clash: Clash) -> str:
    first, *further = clash.blamed
    too = f", as {some([each.path for each in further])}," if further else ""
    how = relation(first.subnet, clash.others[0].subnet)
    return f"{first.path}: {first.subnet}{too} {how} {_listed(clash.others)}"


def _remedy(resolved: Resolved, beside: Sequence[str], clash: Clash, free: Mapping[Range, str | None]) -> str:
    """Return the ranges to write in place of those to blame."""
    if chosen := [subnet for each in clash.blamed if (subnet := free[each])]:
        return f"{some(chosen)} {'is' if len(chosen) == 1 else 'are'} free"
    return none_free(clash.blamed[0].subnet, [each for each in _declared(resolved) if each not in clash.blamed], beside)


def none_free(subnet: str, taken: Sequence[Range], beside: Iterable[str] = ()) -> str:
    """Say why no range of a subnet's size is free: what takes most of the private ones, and which smaller one is free.

    beside: ranges that are taken too, and not named.
    """
    network, _, mask = subnet.partition("/")
    space = FreeSpace([*(each.subnet for each in taken), *beside, *LIKELY.values()])
    smaller = (space.nearest(f"{network}/{prefix}") for prefix in range(int(mask) + 1, SMALLEST_MASK + 1))
    private = (each for each in taken if any(IPv4Network(each.subnet).overlaps(IPv4Network(b)) for b in PRIVATE))
    largest = sorted(private, key=lambda each: prefix_length(each.subnet))[:3]
    fits = next(filter(None, smaller), None)
    look = f"no /{mask} of {some(PRIVATE)} is free" + (f": look at {_listed(largest)}" if largest else "")
    return f"{look}, or take a smaller range: {fits} is free" if fits else look


def _listed(several: Sequence[Range]) -> str:
    return some([f"{each.path} {each.subnet}" for each in several])


def instead(resolved: Resolved, taken: Iterable[str], blamed: Iterable[Range]) -> dict[Range, str | None]:
    """Return a range of the same size for each that cannot stay: from the pool for overlays, else a private one nearby.

    taken: ranges that are not free beside those of the stack file.
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


def unchosen(resolved: Resolved, overlays: Iterable[str], beside: Iterable[str] = ()) -> dict[str, str]:
    """Return what to write for each overlay with `subnet: auto`, by its name: the first free range of `pools.overlays`.

    resolved: without these overlays. beside: as for `clashes`.
    """
    pool = resolved.file.pools.overlays
    if not pool:
        return dict.fromkeys(overlays, f"is {AUTO}, and there is no pools.overlays to take a range from")
    space = FreeSpace([*(each.subnet for each in _declared(resolved)), *beside, *LIKELY.values()])
    start = f"{IPv4Network(pool.range).network_address}/{pool.prefix}"
    found = {}
    for name in overlays:
        free = space.nearest(start, [pool.range])
        reason = f"write {space.take(free)}, which is free" if free else f"no /{pool.prefix} of {pool.range} is free"
        found[name] = f"is {AUTO}: {reason}"
    return found


def _declared(resolved: Resolved) -> list[Range]:
    return [*ranges(resolved), *first_of_engine_pool(resolved)]
