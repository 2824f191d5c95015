"""Finds the free range of addresses that is nearest to one that cannot stay.

Whole numbers and `ipaddress` only.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network

# https://www.rfc-editor.org/rfc/rfc1918#section-3
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")


class FreeSpace:
    """All addresses except those of the ranges taken so far."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for network in sorted(IPv4Network(subnet) for subnet in taken):
            first, last = _ends(network)
            if not self._lasts or self._lasts[-1] < first:  # else it lies inside the one before
                self._firsts.append(first)
                self._lasts.append(last)

    def take(self, subnet: str) -> str:
        """Mark a free range as taken, and return it."""
        first, last = _ends(IPv4Network(subnet))
        place = bisect_left(self._firsts, first)
        self._firsts.insert(place, first)
        self._lasts.insert(place, last)
        return subnet

    def nearest(self, subnet: str, within: Iterable[str] = PRIVATE) -> str | None:
        """Return the free range of the same size that is nearest to a canonical subnet, or None."""
        network = IPv4Network(subnet)
        start = int(network.network_address)
        found = {
            candidate
            for block in within
            if IPv4Network(block).prefixlen <= network.prefixlen
            for candidate in self._both_ways(start, network.num_addresses, *_ends(IPv4Network(block)))
        }
        return (
            f"{IPv4Address(min(found, key=lambda at: (abs(at - start), -at)))}/{network.prefixlen}" if found else None
        )

    def _both_ways(self, start: int, size: int, first: int, last: int) -> Iterator[int]:
        above = self._above(min(max(start, first), last - size + 1), size)
        if above + size - 1 <= last:
            yield above
        below = self._below(max(min(start, last - size + 1), first), size)
        if below >= first:
            yield below

    def _above(self, start: int, size: int) -> int:
        """Return the lowest free place of a size from an aligned start upwards."""
        while (hit := self._hit(start, size)) is not None:
            start = (self._lasts[hit] // size + 1) * size
        return start

    def _below(self, start: int, size: int) -> int:
        """Return the highest free place of a size from an aligned start downwards; below zero if there is none."""
        while start >= 0 and (hit := self._hit(start, size)) is not None:
            start = (self._firsts[hit] // size - 1) * size
        return start

    def _hit(self, start: int, size: int) -> int | None:
        """Return the position of a taken range that shares an address with the place, or None."""
        place = bisect_left(self._lasts, start)
        return place if place < len(self._firsts) and self._firsts[place] < start + size else None


def _ends(network: IPv4Network) -> tuple[int, int]:
    return int(network.network_address), int(network.broadcast_address)
