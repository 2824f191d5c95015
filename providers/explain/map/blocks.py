"""The address plan as nested blocks: each range in the smallest that holds it, with the free space between.

Ranges that lie in one private block, and in it in one /16, are shown together, so that a /24 beside a /8 has its place.
No colours, words or places on a page here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import IPv4Address, IPv4Network, summarize_address_range

from providers.explain.map.address_ranges import OVERLAY_POOL, AddressRange
from providers.rules.checks.free_space import PRIVATE
from providers.rules.checks.ranges import OURS

_PRIVATE = [IPv4Network(block) for block in PRIVATE]
_TOGETHER = 16  # length of the mask of what is shown together
_ORDER = (*OURS, "foreign", "outgoing", "host", OVERLAY_POOL, "reserved", "engine", "special")


@dataclass(frozen=True)
class Block:
    """Addresses from `first` to `last`, with who claims them.

    No claims: they only hold what is inside; with `free_for`, the free space between others, and the stacks that
    it is free for.
    """

    first: IPv4Address
    last: IPv4Address
    address_ranges: tuple[AddressRange, ...] = ()
    inside: tuple["Block", ...] = ()
    free_for: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Count its addresses."""
        return int(self.last) - int(self.first) + 1

    @property
    def range(self) -> str:
        """`10.0.0.0/8`; for what is no subnet its first and its last address."""
        found = list(summarize_address_range(self.first, self.last))
        if len(found) > 1:
            return f"{self.first}…{self.last}"
        return str(self.first) if self.size == 1 else str(found[0])

    @property
    def largest(self) -> str:
        """Return the largest subnet in it."""
        return str(min(summarize_address_range(self.first, self.last), key=lambda each: each.prefixlen))

    @property
    def kinds(self) -> set[str]:
        """Return the kinds of its claims."""
        return {each.kind for each in self.address_ranges}

    @property
    def has_network(self) -> bool:
        """Tell whether a network of a stack is here."""
        return not self.kinds.isdisjoint(OURS) or any(each.has_network for each in self.inside)

    @property
    def free(self) -> int:
        """Count its free addresses."""
        return self.size if self.free_for else sum(each.free for each in self.inside)


def blocks(address_ranges: Sequence[AddressRange], stacks: Sequence[str]) -> tuple[Block, ...]:
    """Return the outermost blocks in the order of their addresses; what Engines alone take is left out."""
    claimed: dict[IPv4Network, list[AddressRange]] = {}
    for address_range in sorted(address_ranges, key=lambda each: _ORDER.index(each.kind)):
        claimed.setdefault(IPv4Network(address_range.subnet), []).append(address_range)
    everything = {*claimed, *(outline for range_ in claimed for outline in _outlines(range_, claimed[range_]))}
    outermost = _nested(sorted(everything), claimed)
    found = (_pruned(each, outermost=True) for each in outermost)
    return tuple(_with_gaps(each, tuple(stacks)) for each in found if _declared(each))


def walk(found: Sequence[Block], depth: int = 0) -> Iterator[tuple[int, Block]]:
    """Yield every block with its depth, each before what is inside."""
    for each in found:
        yield depth, each
        yield from walk(each.inside, depth + 1)


def _outlines(range_: IPv4Network, claimed: Sequence[AddressRange]) -> Iterator[IPv4Network]:
    """Yield the blocks that a range is shown in."""
    private = [block for block in _PRIVATE if range_.subnet_of(block)]
    yield from private
    hosts = all(each.kind == "host" for each in claimed)
    if range_.prefixlen > _TOGETHER and not (private and hosts):
        yield range_.supernet(new_prefix=_TOGETHER)


def _nested(ranges: Sequence[IPv4Network], claimed: Mapping[IPv4Network, Sequence[AddressRange]]) -> list[Block]:
    """Return each outermost of sorted ranges, with those inside it."""
    found, at = [], 0
    while at < len(ranges):
        outer = ranges[at]
        end = next((n for n in range(at + 1, len(ranges)) if not ranges[n].subnet_of(outer)), len(ranges))
        inside = _hosts_together(_nested(ranges[at + 1 : end], claimed))
        ends = (outer.network_address, outer.broadcast_address)
        found.append(Block(*ends, tuple(claimed.get(outer, ())), tuple(inside)))
        at = end
    return found


def _hosts_together(found: Sequence[Block]) -> list[Block]:
    """Neighbours that are nothing but addresses of hosts as one block, if they lie in one /16."""
    merged: list[Block] = []
    for each in found:
        before = merged[-1] if merged else None
        if before and before.kinds == each.kinds == {"host"} and int(before.first) >> 16 == int(each.last) >> 16:
            merged[-1] = replace(before, last=each.last, address_ranges=(*before.address_ranges, *each.address_ranges))
        else:
            merged.append(each)
    return merged


def _pruned(block: Block, outermost: bool = False) -> Block:
    """Without outlines around a single block; but a network's outermost one stays, for the free space in it."""
    inside = tuple(map(_pruned, block.inside))
    if not block.address_ranges and len(inside) == 1 and not (outermost and block.has_network):
        return inside[0]
    return replace(block, inside=inside)


def _declared(block: Block) -> bool:
    """Tell whether anything in it is more than a guess."""
    return bool(block.kinds - {"engine"}) or any(map(_declared, block.inside))


def _with_gaps(block: Block, free_for: tuple[str, ...]) -> Block:
    """With the free space where networks are; what a stack has reserved is free for others alone."""
    keeps = {each.stack for each in block.address_ranges if each.kind == "reserved"}
    free_for = tuple(stack for stack in free_for if stack not in keeps)
    inside = tuple(map(partial(_with_gaps, free_for=free_for), block.inside))
    may_hold = block.kinds <= {OVERLAY_POOL, "reserved"} and free_for
    if may_hold and (block.has_network or OVERLAY_POOL in block.kinds):
        inside = tuple(_filled(block, inside, free_for))
    return replace(block, inside=inside)


def _filled(block: Block, inside: Sequence[Block], free_for: tuple[str, ...]) -> Iterator[Block]:
    start = int(block.first)  # a number, since what follows 255.255.255.255 is no address
    for each in inside:
        if start < int(each.first):
            yield Block(IPv4Address(start), each.first - 1, free_for=free_for)
        yield each
        start = int(each.last) + 1
    if start <= int(block.last):
        yield Block(IPv4Address(start), block.last, free_for=free_for)
