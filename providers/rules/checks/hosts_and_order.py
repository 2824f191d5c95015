"""What is wrong with hosts as a set and with their order. Ranges and networks must not enter."""

from collections.abc import Iterator

from providers.rules.stack_file.access import marks
from providers.rules.stack_file.field_types import split_place
from providers.rules.stack_file.resolved import Resolved


def disorder(resolved: Resolved) -> list[str]:
    """Every problem with hosts as a set and with their order, as `path: problem`."""
    hosts = resolved.file.hosts
    if not hosts:
        return ["hosts: is empty; a stack needs at least one"]
    if len(resolved.lost) == len(hosts):
        return ["hosts: all are lost; a stack needs at least one that is not"]
    return [*_beginning(resolved), *_waves(resolved), *_same_machine(resolved)]


def through_themselves(resolved: Resolved) -> Iterator[str]:
    """Hosts whose bastion they are, as `path: problem`."""
    for name, host in resolved.access.items():
        if host.bastion and host.address and split_place(host.bastion)[1:] == (host.address, host.port):
            yield f"hosts.{name}.bastion: {host.bastion} is the host itself; write `bastion: none` there"


def _beginning(resolved: Resolved) -> Iterator[str]:
    managers, swarm = resolved.managers, resolved.file.swarm
    if not swarm:
        return
    if not managers:
        yield "swarm: needs a manager, and no host has role: manager"
    elif resolved.lost.issuperset(managers):
        yield f"swarm: needs a manager, and {', '.join(managers)} {'is' if len(managers) == 1 else 'are'} lost"
    elif swarm.first_manager and swarm.first_manager not in managers:
        what = "a worker" if swarm.first_manager in resolved.hosts else "not among hosts"
        yield f"swarm.first_manager: {swarm.first_manager} is {what}; managers are {', '.join(managers)}"


def _waves(resolved: Resolved) -> Iterator[str]:
    if resolved.file.order is None:
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


def _same_machine(resolved: Resolved) -> Iterator[str]:
    seen: dict[str, str] = {}
    for name, host in resolved.access.items():
        own = marks(host)
        if mark := next((mark for mark in own if mark in seen), None):
            yield f"hosts.{name}: has the same {mark} as hosts.{seen[mark]}; each machine is one host"
        for mark in own:
            seen.setdefault(mark, name)
