"""Which host comes first: the first manager, the waves of docker_gwbridge, and what is wrong with either.

Also the hosts as a set: no two may be the same machine. Ranges and networks must not enter.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from providers.rules.stack_file.access import SSH_PORT, HostAccess, access
from providers.rules.stack_file.field_types import engine_host, is_ip
from providers.rules.stack_file.model import StackFile


def without_lost(stackfile: StackFile) -> StackFile:
    """The stack file without the hosts that are dead for good: their resources are to go."""
    lost = {name for name, host in stackfile.hosts.items() if host.lost}
    if not lost:
        return stackfile
    changed: dict[str, object] = {"hosts": {name: host for name, host in stackfile.hosts.items() if name not in lost}}
    if stackfile.order is not None:
        changed["order"] = [[name for name in wave if name not in lost] for wave in stackfile.order]
    if stackfile.swarm and stackfile.swarm.first_manager in lost:
        changed["swarm"] = stackfile.swarm.model_copy(update={"first_manager": None})
    return stackfile.model_copy(update=changed)


def first_manager(stackfile: StackFile) -> str | None:
    """The host where the swarm begins: the one named, else the first manager of the file."""
    named = stackfile.swarm.first_manager if stackfile.swarm else None
    return named or next(iter(_managers(stackfile)), None)


def waves(stackfile: StackFile) -> list[list[str]]:
    """Host names in waves: `order`, else all workers, each further manager alone, the first manager last."""
    if stackfile.order is not None:
        return [wave for wave in stackfile.order if wave]
    first = first_manager(stackfile)
    workers = [name for name, host in stackfile.hosts.items() if host.role == "worker"]
    further = [[name] for name in _managers(stackfile) if name != first]
    return [wave for wave in (workers, *further, [first] if first else []) if wave]


def disorder(stackfile: StackFile) -> list[str]:
    """Every problem with hosts as a set and with their order, as `path: problem`."""
    if not stackfile.hosts:
        return ["hosts: is empty; a stack needs at least one"]
    if all(host.lost for host in stackfile.hosts.values()):
        return ["hosts: all are lost; a stack needs at least one that is not"]
    return [*_beginning(stackfile), *_waves(stackfile), *_same_machine(stackfile)]


def _managers(stackfile: StackFile) -> list[str]:
    return [name for name, host in stackfile.hosts.items() if host.role == "manager"]


def _beginning(stackfile: StackFile) -> Iterator[str]:
    managers, swarm = _managers(stackfile), stackfile.swarm
    if not swarm:
        return
    if not managers:
        yield "swarm: needs a manager, and no host has role: manager"
    elif all(stackfile.hosts[name].lost for name in managers):
        yield f"swarm: needs a manager, and {', '.join(managers)} {'is' if len(managers) == 1 else 'are'} lost"
    elif swarm.first_manager and swarm.first_manager not in managers:
        what = "a worker" if swarm.first_manager in stackfile.hosts else "not among hosts"
        yield f"swarm.first_manager: {swarm.first_manager} is {what}; managers are {', '.join(managers)}"


def _waves(stackfile: StackFile) -> Iterator[str]:
    if stackfile.order is None:
        return
    seen: set[str] = set()
    for number, wave in enumerate(stackfile.order):
        for place, name in enumerate(wave):
            if name not in stackfile.hosts:
                yield f"order[{number}][{place}]: {name} is not among hosts"
            elif name in seen:
                yield f"order[{number}][{place}]: {name} comes a second time; each host has one place"
            seen.add(name)
    if left := [name for name in stackfile.hosts if name not in seen]:
        yield f"order: lacks {', '.join(left)}; each host has one place"


def _same_machine(stackfile: StackFile) -> Iterator[str]:
    seen: dict[str, str] = {}
    for name, host in access(stackfile).items():
        own = marks(host)
        if mark := next((mark for mark in own if mark in seen), None):
            yield f"hosts.{name}: has the same {mark} as hosts.{seen[mark]}; each machine is one host"
        for mark in own:
            seen.setdefault(mark, name)


def marks(host: HostAccess) -> list[str]:
    """What no two hosts share: the way to them, and the address that members know them by."""
    through = f" through {host.bastion}" if host.bastion else ""
    way = "local: true" if host.local else f"address {host.address} port {host.port or SSH_PORT}{through}"
    advertised, _ = engine_host(host.advertise_address or "")
    return [way, *([f"advertise_address {ip_address(advertised)}"] if is_ip(advertised) else [])]
