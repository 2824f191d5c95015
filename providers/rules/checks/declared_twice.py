"""What two stacks both declare of one swarm or one machine: each would undo what the other does.

A stack that takes over what others made writes nothing to hosts, so that there only the stack files can tell. Stacks
may share hosts: the one has the swarm, another some overlays in it. Reading files must not enter.
"""

from collections.abc import Iterator, Mapping

from providers.rules.checks.ranges import gwbridge_of
from providers.rules.stack_file.access import access
from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.waves import marks

Path = tuple[str, ...]


def claims(stackfile: StackFile, others: Mapping[str, StackFile]) -> Iterator[tuple[Path, str]]:
    """Each section that another stack declares too, by its path, and why one of the two has to leave it out."""
    for stack, other in others.items():
        shared = _shared(stackfile, other)
        seen: set[Path] = set()
        for path, host in _both(stackfile, other, shared):
            if path not in seen:
                seen.add(path)
                yield (
                    path,
                    f"stack {stack} declares it too, and {_same(host, shared[host])}: leave it out of one of the two",
                )


def _same(here: str, there: str) -> str:
    return f"hosts.{here} is in both" if here == there else f"hosts.{here} here is hosts.{there} there"


def refused(stackfile: StackFile, others: Mapping[str, StackFile]) -> list[str]:
    """The same as `path: problem`."""
    return [f"{'.'.join(path)}: {why}" for path, why in claims(stackfile, others)]


def _shared(stackfile: StackFile, other: StackFile) -> dict[str, str]:
    """The machines that both have: the host here, and what it is called there."""
    there = {mark: name for name, host in access(other).items() for mark in marks(host)}
    here = {name: [there[mark] for mark in marks(host) if mark in there] for name, host in access(stackfile).items()}
    return {name: found[0] for name, found in here.items() if found}


def _both(stackfile: StackFile, other: StackFile, shared: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """What both declare, and a machine by which that is the same."""
    if not shared:
        return
    first = next(iter(shared))
    for host, theirs in shared.items():
        if gwbridge_of(stackfile, host) and gwbridge_of(other, theirs):
            yield ("hosts", host, "gwbridge") if stackfile.hosts[host].gwbridge else ("gwbridge",), host
    if stackfile.swarm and other.swarm:
        yield ("swarm",), first
    if stackfile.ingress and other.ingress:
        yield ("ingress",), first
    names = {name.lower() for name in other.overlays}
    yield from ((("overlays", name), first) for name in stackfile.overlays if name.lower() in names)
