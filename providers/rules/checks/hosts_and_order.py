"""What is wrong with hosts as a set and with their order. Ranges and networks must not enter."""

from collections.abc import Iterator

from providers.rules.stack_file.access import marks
from providers.rules.stack_file.field_types import split_place
from providers.rules.stack_file.resolved import Resolved


def nobody(resolved: Resolved) -> Iterator[str]:
    """A stack without a host that could do anything."""
    if not resolved.hosts:
        yield "hosts: is empty; a stack needs at least one"
    elif not _usable(resolved):
        yield "hosts: all are lost; a stack needs at least one that is not"


def _usable(resolved: Resolved) -> bool:
    return len(resolved.lost) < len(resolved.hosts)


def through_themselves(resolved: Resolved) -> Iterator[str]:
    """Hosts whose bastion they are, as `path: problem`."""
    for name, host in resolved.access.items():
        if host.bastion and host.address and split_place(host.bastion)[1:] == (host.address, host.port):
            yield f"hosts.{name}.bastion: {host.bastion} is the host itself; write `bastion: none` there"


def beginning(resolved: Resolved) -> Iterator[str]:
    """A swarm without a manager to begin on."""
    managers, swarm = resolved.managers, resolved.file.swarm
    if not swarm or not _usable(resolved):
        return
    if not managers:
        yield "swarm: needs a manager, and no host has role: manager"
    elif resolved.lost.issuperset(managers):
        yield f"swarm: needs a manager, and {', '.join(managers)} {'is' if len(managers) == 1 else 'are'} lost"
    elif swarm.first_manager and swarm.first_manager not in managers:
        what = "a worker" if swarm.first_manager in resolved.hosts else "not among hosts"
        yield f"swarm.first_manager: {swarm.first_manager} is {what}; managers are {', '.join(managers)}"


def waves(resolved: Resolved) -> Iterator[str]:
    """Hosts that `order` has more or less than once, and what is no host."""
    if resolved.file.order is None or not _usable(resolved):
        return
    seen: set[str] = set()
    for number, wave in enumerate(resolved.file.order):
        for place, name in enumerate(wave):
            if name not in resolved.hosts:
                yield f"order[{number}][{place}]: {name} is not among hosts"
            elif name in seen:
                yield f"order[{number}][{place}]: {name} comes a second time; each host has one place"
            seen.add(name)
    if left := [name for name in resolved.hosts if name not in seen]:
        yield f"order: lacks {', '.join(left)}; each host has one place"


def same_machine(resolved: Resolved) -> Iterator[str]:
    """Hosts that are one machine."""
    seen: dict[str, str] = {}
    for name, host in resolved.access.items():
        own = marks(host)
        if mark := next((mark for mark in own if mark in seen), None):
            yield f"hosts.{name}: has the same {mark} as hosts.{seen[mark]}; each machine is one host"
        for mark in own:
            seen.setdefault(mark, name)
