"""Compares several stack files: which ranges two of them share, and whether that matters. No files are read here.

Stacks may have the same ranges if nothing joins their networks; `connected_to` says that something does.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from providers.rules.checks.overlaps import instead, none_free
from providers.rules.checks.ranges import OURS, Range, ranges
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.addresses import overlapping, relation


@dataclass(frozen=True)
class Shared:
    """A range of one stack that another has as well.

    ranges: the stack's and the other's. joined: a problem, since the stacks reach each other; else an information.
    """

    stack: str
    other: str
    ranges: tuple[Range, Range]
    line: str
    joined: bool


def used(stacks: Iterable[Resolved]) -> list[str]:
    """Return the ranges that stacks give to their networks and hosts. Reserved ones are left out, since they may be
    each other's."""
    return [each.subnet for resolved in stacks for each in _own(resolved)]


def shared(stacks: Mapping[str, Resolved]) -> list[Shared]:
    """Return every two ranges that two stacks share, as `path: words`."""
    owned = [(stack, each) for stack, resolved in stacks.items() for each in _own(resolved)]
    pairs = [(owned[one], owned[other]) for one, other in sorted(overlapping([each.subnet for _, each in owned]))]
    found = [_of(stacks, one, other) for one, other in pairs if one[0] != other[0]]
    free = _instead(stacks, [each for each in found if each.joined])
    return [
        replace(each, line=f"{each.line}; {free[key]}") if (key := (each.stack, each.ranges[0])) in free else each
        for each in found
    ]


def joined(stack: str, stacks: Mapping[str, Resolved]) -> list[Resolved]:
    """Return the other stacks that one reaches, or that reach it."""
    own = stacks[stack].file.connected_to
    return [
        other for name, other in stacks.items() if name != stack and (name in own or stack in other.file.connected_to)
    ]


def unread(stack: str, why: str) -> str:
    """Say that a stack's file can't be read, so that its ranges are unknown."""
    return f"{stack}'s file can't be read: {why}"


def unknown(stack: str, resolved: Resolved, known: Iterable[str], torn: Mapping[str, str]) -> Iterator[str]:
    """Yield the names in `connected_to` that do not exist or can't be read (`torn`: why), as `path: problem`."""
    others = [name for name in known if name != stack]
    for number, name in enumerate(resolved.file.connected_to):
        if name == stack:
            yield f"connected_to[{number}]: {name} is this stack itself"
        elif name not in others:
            close = difflib.get_close_matches(name, others, n=1)
            hint = f"did you mean {close[0]}?" if close else f"stacks are {', '.join(others) or 'none'}"
            yield f"connected_to[{number}]: there is no stack {name}; {hint}"
        elif name in torn:
            yield f"connected_to[{number}]: {unread(name, torn[name])}"


def _own(resolved: Resolved) -> Iterator[Range]:
    return (each for each in ranges(resolved) if each.kind in (*OURS, "host"))


def _instead(stacks: Mapping[str, Resolved], meetings: Iterable[Shared]) -> dict[tuple[str, Range], str]:
    """Return the range to write in place of each one to blame, except hosts: of the same size, free, not reserved, each
    another; or the reason why there is none."""
    blamed: dict[str, list[Range]] = {}
    for each in meetings:
        if each.ranges[0].kind != "host":
            blamed.setdefault(each.stack, []).append(each.ranges[0])
    taken, found = used(stacks.values()), dict[tuple[str, Range], str]()
    for stack, cannot_stay in blamed.items():
        free = instead(stacks[stack], taken, cannot_stay)
        taken += [subnet for subnet in free.values() if subnet]
        for one, subnet in free.items():
            others = [each for each in _every(stack, stacks) if each != one]
            found[stack, one] = f"{subnet} is free" if subnet else none_free(one.subnet, others, taken)
    return found


def _every(stack: str, stacks: Mapping[str, Resolved]) -> list[Range]:
    """Return every range that one stack has to leave alone, by its owner."""
    others = ((name, each) for name, resolved in stacks.items() if name != stack for each in _own(resolved))
    return [*ranges(stacks[stack]), *(replace(each, path=f"{name}'s {each.path}") for name, each in others)]


def _of(stacks: Mapping[str, Resolved], *sides: tuple[str, Range]) -> Shared:
    """Return the problem between two ranges. The stack that declares the other joined is to blame, and never a host for
    its address."""

    def last(side: tuple[str, Range]) -> tuple[bool, bool]:
        (partner,) = {stack for stack, _ in sides} - {side[0]}
        return side[1].kind == "host", partner not in stacks[side[0]].file.connected_to

    (stack, one), (other, two) = sorted(sides, key=last)
    both_bridges = {one.kind, two.kind} == {"gwbridge"}  # they never leave their hosts
    said = other in stacks[stack].file.connected_to or stack in stacks[other].file.connected_to
    reached = said and not both_bridges
    line = f"{one.path}: {one.subnet} {relation(one.subnet, two.subnet)} {other}'s {two.path} {two.subnet}"
    if reached:
        line += ": connected_to joins the two stacks, and neither would reach what is there in the other"
    return Shared(stack, other, (one, two), line, reached)
