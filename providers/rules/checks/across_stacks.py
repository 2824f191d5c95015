"""Compares several stack files. No files are read here.

Stacks may have the same ranges if nothing joins their networks; `connected_to` says that something does. Stacks may
share hosts: one has the swarm, another some overlays in it. What two both declare of one swarm or one machine each
would undo for the other: a stack that takes over what others made writes nothing to hosts, so only files can tell.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from providers.rules.checks.overlaps import instead, none_free
from providers.rules.checks.ranges import OURS, Range, ranges
from providers.rules.stack_file.access import marks
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.addresses import overlapping, relation
from providers.rules.vocabulary.errors import StackFileError

Path = tuple[str, ...]


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
    free = _instead(stacks, found)
    return [
        replace(each, line=f"{each.line}; {remedy}") if (remedy := free.get((each.stack, each.ranges[0]))) else each
        for each in found
    ]


def joined(stack: str, stacks: Mapping[str, Resolved]) -> list[Resolved]:
    """Return the other stacks that one reaches, or that reach it."""
    own = stacks[stack].file.connected_to
    return [
        other for name, other in stacks.items() if name != stack and (name in own or stack in other.file.connected_to)
    ]


def unknown(stack: str, resolved: Resolved, known: Iterable[str], torn: Mapping[str, StackFileError]) -> Iterator[str]:
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
            yield f"connected_to[{number}]: {name}'s file can't be read: {'; '.join(torn[name].problems)}"


def _own(resolved: Resolved) -> Iterator[Range]:
    return (each for each in ranges(resolved) if each.kind in (*OURS, "host"))


def _instead(stacks: Mapping[str, Resolved], meetings: Sequence[Shared]) -> dict[tuple[str, Range], str]:
    """Return the range to write in place of each one to blame, except hosts: of the same size, free, not reserved, each
    another; or the reason why there is none."""
    taken, found = used(stacks.values()), dict[tuple[str, Range], str]()
    for stack, resolved in stacks.items():
        blamed = [each.ranges[0] for each in meetings if each.joined and each.stack == stack]
        free = instead(resolved, taken, [one for one in blamed if one.kind != "host"])
        taken += [subnet for subnet in free.values() if subnet]
        for one, subnet in free.items():
            others = [each for each in ranges(resolved) if each != one]
            found[stack, one] = f"{subnet} is free" if subnet else none_free(one.subnet, others, taken)
    return found


def _of(stacks: Mapping[str, Resolved], *sides: tuple[str, Range]) -> Shared:
    """Return the problem between two ranges. The stack that declares the other joined is to blame, and never a host for
    its address."""

    def last(side: tuple[str, Range]) -> tuple[bool, bool]:
        (partner,) = {stack for stack, _ in sides} - {side[0]}
        return side[1].kind == "host", partner not in stacks[side[0]].file.connected_to

    (stack, one), (other, two) = sorted(sides, key=last)
    both_bridges = {one.kind, two.kind} == {"gwbridge"}  # they never leave their hosts
    connected = other in stacks[stack].file.connected_to or stack in stacks[other].file.connected_to
    reached = connected and not both_bridges
    line = f"{one.path}: {one.subnet} {relation(one.subnet, two.subnet)} {other}'s {two.path} {two.subnet}"
    if reached:
        line += ": connected_to joins the two stacks, and neither would reach these addresses in the other"
    return Shared(stack, other, (one, two), line, reached)


def declared_by_others(resolved: Resolved, others: Mapping[str, Resolved]) -> Iterator[tuple[Path, str]]:
    """Yield each section that another stack declares too, by its path, and why one of the two has to leave it out."""
    for stack, other in others.items():
        shared = _shared(resolved, other)
        seen: set[Path] = set()
        for path, host in _both(resolved, other, shared):
            if path not in seen:
                seen.add(path)
                yield (
                    path,
                    f"stack {stack} declares it too, and {_same(host, shared[host])}: leave it out of one of the two",
                )


def _same(here: str, actual: str) -> str:
    return f"hosts.{here} is in both" if here == actual else f"hosts.{here} here is hosts.{actual} there"


def declared_twice(resolved: Resolved, others: Mapping[str, Resolved]) -> list[str]:
    """Return the same as `path: problem`."""
    return [f"{'.'.join(path)}: {why}" for path, why in declared_by_others(resolved, others)]


def _shared(resolved: Resolved, other: Resolved) -> dict[str, str]:
    """Return the machines that both have: the host here, and its name there."""
    actual = {mark: name for name, host in other.access.items() for mark in marks(host)}
    here = {name: [actual[mark] for mark in marks(host) if mark in actual] for name, host in resolved.access.items()}
    return {name: found[0] for name, found in here.items() if found}


def _both(resolved: Resolved, other: Resolved, shared: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Yield what both declare, with a machine that makes it the same."""
    if not shared:
        return
    first = next(iter(shared))
    for host, theirs in shared.items():
        if host in resolved.bridges and theirs in other.bridges:
            yield ("hosts", host, "gwbridge") if resolved.file.hosts[host].gwbridge else ("gwbridge",), host
    if resolved.file.swarm and other.file.swarm:
        yield ("swarm",), first
    if resolved.file.ingress and other.file.ingress:
        yield ("ingress",), first
    names = {name.lower() for name in other.file.overlays}
    yield from ((("overlays", name), first) for name in resolved.file.overlays if name.lower() in names)
