"""Finds what two stacks both declare of one swarm or one machine: each would undo what the other does.

A stack that takes over what others made writes nothing to hosts, so only the stack files can tell. Stacks may share
hosts: one has the swarm, another some overlays in it. No files are read here.
"""

from collections.abc import Iterator, Mapping

from providers.rules.stack_file.access import marks
from providers.rules.stack_file.resolved import Resolved

Path = tuple[str, ...]


def claims(resolved: Resolved, others: Mapping[str, Resolved]) -> Iterator[tuple[Path, str]]:
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


def _same(here: str, there: str) -> str:
    return f"hosts.{here} is in both" if here == there else f"hosts.{here} here is hosts.{there} there"


def claimed_twice(resolved: Resolved, others: Mapping[str, Resolved]) -> list[str]:
    """Return the same as `path: problem`."""
    return [f"{'.'.join(path)}: {why}" for path, why in claims(resolved, others)]


def _shared(resolved: Resolved, other: Resolved) -> dict[str, str]:
    """Return the machines that both have: the host here, and its name there."""
    there = {mark: name for name, host in other.access.items() for mark in marks(host)}
    here = {name: [there[mark] for mark in marks(host) if mark in there] for name, host in resolved.access.items()}
    return {name: found[0] for name, found in here.items() if found}


def _both(resolved: Resolved, other: Resolved, shared: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Yield what both declare, with a machine that makes it the same."""
    if not shared:
        return
    first = next(iter(shared))
    for host, theirs in shared.items():
        if resolved.hosts[host].gwbridge and other.hosts[theirs].gwbridge:
            yield ("hosts", host, "gwbridge") if resolved.file.hosts[host].gwbridge else ("gwbridge",), host
    if resolved.file.swarm and other.file.swarm:
        yield ("swarm",), first
    if resolved.file.ingress and other.file.ingress:
        yield ("ingress",), first
    names = {name.lower() for name in other.file.overlays}
    yield from ((("overlays", name), first) for name in resolved.file.overlays if name.lower() in names)
