"""Checks hosts as a set, and their order. No ranges and no networks here."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address

from providers.rules.stack_file.access import SSH_PORT, marks
from providers.rules.stack_file.field_types import split_place
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.addresses import engine_host, is_ip

_MANY_MANAGERS = 7  # more are slower and no safer, says Docker's guide, see below


def nobody(resolved: Resolved) -> Iterator[str]:
    """Yield a problem if the stack has no host that could do anything."""
    if not resolved.file.hosts and resolved.unwatched:
        yield "hosts: all are unwatched; a stack needs at least one that is reached"
    elif not resolved.file.hosts:
        yield "hosts: is empty; a stack needs at least one"
    elif not _usable(resolved):
        yield "hosts: all are lost; a stack needs at least one that is not"


def _usable(resolved: Resolved) -> bool:
    return len(resolved.lost) < len(resolved.file.hosts)


def managers(resolved: Resolved) -> Iterator[str]:
    """Warn of numbers of managers that survive no more than fewer would, or cost more than they give.

    https://docs.docker.com/engine/swarm/admin_guide/#add-manager-nodes-for-fault-tolerance
    """
    number = len(set(resolved.managers) - resolved.lost)
    survives = f"hosts: {number} managers survive the loss of {(number - 1) // 2 or 'none'}"
    if not resolved.file.swarm or number == 1:
        return
    if number > _MANY_MANAGERS:
        yield f"{survives}, and each waits for more of the others at every change; {_MANY_MANAGERS} at most are advised"
    elif number and number % 2 == 0:
        yield f"{survives}, as {number - 1} would; make it {number - 1} or {number + 1}"


def advertised(resolved: Resolved) -> Iterator[str]:
    """Yield addresses at which other hosts would find themselves, and names, which no Engine looks up."""
    alone = len(resolved.file.hosts) == 1
    for name, host in resolved.file.hosts.items():
        for key in ("advertise_address", "data_path_address"):
            addr, _ = engine_host(getattr(host, key) or "")
            if addr and addr in (*resolved.file.hosts, host.address) and not is_ip(addr):
                yield f"hosts.{name}.{key}: {addr} is a name, which Engines do not look up; write the host's IP address"
            elif _is_itself(addr) and not alone:
                yield f"hosts.{name}.{key}: {addr} is a loopback address; use one that other hosts can reach"
        remote = any(other.address and not _is_itself(other.address) for other in resolved.file.hosts.values())
        if resolved.file.swarm and remote and not host.advertise_address and _is_itself(host.address or ""):
            yield (
                f"hosts.{name}.address: {host.address} is a loopback address, which other members can't reach; "
                "write the host's address among them as advertise_address"
            )


def advertised_alone(resolved: Resolved) -> Iterator[str]:
    """Warn of the same on a host that has no others yet."""
    for name, host in resolved.file.hosts.items():
        addr, _ = engine_host(host.advertise_address or "")
        if _is_itself(addr) and len(resolved.file.hosts) == 1:
            yield f"hosts.{name}.advertise_address: {addr} is a loopback address, so no other host can join"


def ignored(resolved: Resolved) -> Iterator[str]:
    """Yield accepted findings whose host is not in the stack file."""
    for at, each in enumerate(resolved.file.doctor.ignore):
        if each.host is not None and each.host not in resolved.file.hosts:
            yield f"doctor.ignore[{at}].host: {each.host} is not among hosts"


def prepared_twice(resolved: Resolved) -> Iterator[str]:
    """Yield commands of `prepare` that share a name on one host."""
    shared = [each.name for each in resolved.file.prepare]
    yield from (f"prepare[{at}].name: {name} is used twice" for at, name in enumerate(shared) if name in shared[:at])
    for host, sections in resolved.file.hosts.items():
        own = [each.name for each in sections.prepare]
        for at, name in enumerate(own):
            if name in (*shared, *own[:at]):
                yield f"hosts.{host}.prepare[{at}].name: {name} is used twice, with those of prepare for all hosts"


def _is_itself(address: str) -> bool:
    known = address.lower().rstrip(".") in ("lo", "localhost", "ip6-localhost", "localhost.localdomain")
    return known or (is_ip(address) and ip_address(address).is_loopback)


def through_themselves(resolved: Resolved) -> Iterator[str]:
    """Yield hosts that are reached through themselves, at once or by way of others, as `path: problem`."""
    actual = {(host.address, host.port or SSH_PORT): name for name, host in resolved.access.items() if host.address}
    for name, host in resolved.access.items():
        if host.bastion and host.address and split_place(host.bastion)[1:] == (host.address, host.port):
            yield f"hosts.{name}.bastion: {host.bastion} is the host itself; write `bastion: none` there"
        elif (way := _way(name, resolved, actual))[1:] and way[-1] == name:
            yield f"hosts.{name}.bastion: goes in a circle ({' -> '.join(way)}): one of them needs another way"


def _way(name: str, resolved: Resolved, actual: Mapping[tuple[str, int], str]) -> list[str]:
    """Return the hosts through which one is reached, until one comes a second time or is none of the file's."""
    way = [name]
    while bastion := resolved.access[way[-1]].bastion:
        _, address, port = split_place(bastion)
        following = actual.get((address, port or SSH_PORT))
        if following is None:
            return way
        way.append(following)
        if following in way[:-1]:
            return way
    return way


def beginning(resolved: Resolved) -> Iterator[str]:
    """Yield a problem if a swarm has no manager to begin on."""
    managers, swarm = resolved.managers, resolved.file.swarm
    if not swarm or not _usable(resolved):
        return
    if not managers:
        yield "swarm: needs a manager, and no host has role: manager"
    elif resolved.lost.issuperset(managers):
        yield f"swarm: needs a manager, and {', '.join(managers)} {'is' if len(managers) == 1 else 'are'} lost"
    elif swarm.first_manager and swarm.first_manager not in managers:
        what = "a worker" if swarm.first_manager in resolved.file.hosts else "not among hosts"
        yield f"swarm.first_manager: {swarm.first_manager} is {what}; managers are {', '.join(managers)}"
    elif swarm.first_manager in resolved.lost:
        left = ", ".join(name for name in managers if name not in resolved.lost)
        yield f"swarm.first_manager: {swarm.first_manager} is lost; write one of {left}"


def idle(resolved: Resolved) -> Iterator[str]:
    """Warn of a swarm that would run nothing, and of an order that orders nothing, or puts all managers at stake."""
    hosts, order = resolved.file.hosts, resolved.file.order
    if resolved.file.swarm and hosts and all(host.availability == "drain" for host in hosts.values()):
        yield "hosts: availability is drain on all of them: no service would run anywhere"
    if order and not resolved.bridges:
        yield "order: is that of docker_gwbridge, and no host has a section gwbridge: nothing is done in it"
    for number, batch in enumerate(order or ()):
        if len(resolved.managers) > 1 and set(resolved.managers) <= set(batch):
            yield f"order[{number}]: has all managers; put one of them into a wave of its own, to try it there first"


def batches(resolved: Resolved) -> Iterator[str]:
    """Yield hosts that `order` names twice or not at all, and names that are no hosts."""
    if resolved.file.order is None or not _usable(resolved):
        return
    seen: set[str] = set()
    for number, batch in enumerate(resolved.file.order):
        for place, name in enumerate(batch):
            if name in resolved.unwatched:
                yield f"order[{number}][{place}]: {name} is unwatched, so nothing is changed there; remove it"
            elif name not in resolved.file.hosts:
                yield f"order[{number}][{place}]: {name} is not among hosts"
            elif name in seen:
                yield f"order[{number}][{place}]: {name} is listed twice; list each host once"
            seen.add(name)
    if left := [name for name in resolved.file.hosts if name not in seen]:
        yield f"order: lacks {', '.join(left)}; list each host once"


def same_machine(resolved: Resolved) -> Iterator[str]:
    """Yield hosts that are one machine."""
    seen: dict[str, str] = {}
    for name, host in resolved.access.items():
        own = marks(host)
        if mark := next((mark for mark in own if mark in seen), None):
            yield f"hosts.{name}: has the same {mark} as hosts.{seen[mark]}; each machine is one host"
        for mark in own:
            seen.setdefault(mark, name)
