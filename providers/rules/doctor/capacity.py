"""Addresses that networks and bridges have left, and tasks that wait for one."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network

from providers.rules.doctor.case import Case, Fault
from providers.rules.vocabulary.addresses import room, shown_network
from providers.rules.vocabulary.diagnosis import ObservedHost, ObservedSwarm, Room
from providers.rules.vocabulary.facts import Network, SwarmService, Task
from providers.rules.vocabulary.network_config import Pool
from providers.rules.vocabulary.service_spec import read_spec

_SCARCE = 10  # a warning where less than one in so many is left: an update needs each task's twice for a while
_PORTS = 1023  # of a bridge: https://github.com/moby/moby/issues/31100
_PATIENCE = 10.0  # seconds; addresses are given within milliseconds
_KEPT = 3  # network, gateway, broadcast: measurements.md#addresses-in-use
_LARGER = "give it a larger range (docs/live-changes.md)"


def rooms(case: Case) -> Iterator[Room]:
    """Yield the addresses that each network of the swarm has left, by the swarm's own count if it keeps one."""
    if case.swarm is None:
        return
    counted = {each.network: each for each in case.swarm.rooms}
    for network in sorted(case.swarm.snapshot.networks, key=lambda each: each.name):
        if network.name in counted:
            yield counted[network.name]
        elif _pools(network):
            yield _counted(network, case.swarm)


def full_networks(case: Case) -> Iterator[Fault]:
    """Yield networks of the swarm with few addresses left, or none."""
    for each in rooms(case):
        yield from _scarce(each, _LARGER)


def full_bridge(host: ObservedHost, _: Case) -> Iterator[Fault]:
    """Yield a docker_gwbridge that has room for few more containers, or none."""
    if host.bridge and _pools(host.bridge):
        # Each container on it, and the ingress, has an endpoint.
        left = _room(host.bridge, len(host.bridge.endpoints), most=_PORTS)
        yield from _scarce(left, f"{_LARGER}, or move containers away")


def waiting_tasks(case: Case) -> Iterator[Fault]:
    """Yield tasks that stay `new`: the swarm gives them no address and does not say so.

    https://github.com/moby/moby/issues/43052
    """
    swarm = case.swarm
    if swarm is None:
        return
    full = {each.network for each in rooms(case) if each.left <= 0}
    for service in swarm.snapshot.services:
        waiting = sum(_waits(task, swarm.now) for task in swarm.snapshot.tasks if task.service_id == service.id)
        if waiting:
            fact, remedy = _why(service, swarm, full)
            tasks = f"{waiting} task{'s' * (waiting > 1)} of {service.name} stay{'s' * (waiting == 1)} `new`"
            yield Fault("failed", f"{tasks}: {fact}", remedy)


def _scarce(found: Room, remedy: str) -> Iterator[Fault]:
    if found.left * _SCARCE < found.used + found.left:
        left = "no address is" if found.left <= 0 else f"{found.left} address{'es are' if found.left > 1 else ' is'}"
        fact = f"{found.network}, {found.subnet}: {left} left, {found.used} are used"
        yield Fault("failed" if found.left <= 0 else "warning", fact, remedy)


def _counted(network: Network, swarm: ObservedSwarm) -> Room:
    """Count the kept addresses + 1 for each host that has it, task, and service with an address of its own."""
    snapshot = swarm.snapshot
    tasks = [task for task in snapshot.tasks if task.alive and network.id in task.networks]
    hosts = len(snapshot.nodes) if network.ingress else len({task.node_id for task in tasks if task.node_id})
    services = sum(
        network.id in each.networks and read_spec(each.spec).has_virtual_address for each in snapshot.services
    )
    return _room(network, hosts + len(tasks) + services)


def _room(network: Network, given: int, most: int | None = None) -> Room:
    """Return what is left if so many addresses are given, of `most` at most."""
    pools = _pools(network)
    whole = sum(room(each.subnet, each.ip_range or None, each.gateway or None) for each in pools)
    left = (whole if most is None else min(whole, most)) - given
    subnet = ", ".join(each.subnet for each in pools)
    return Room(network=network.name, subnet=subnet, used=given + _KEPT * len(pools), left=max(left, 0))


def _pools(network: Network) -> list[Pool]:
    """Return its IPv4 ranges, without what an old Engine leaves in them: host bits, and a mask behind the gateway."""
    return [
        replace(each, subnet=str(shown_network(each.subnet)), gateway=each.gateway.partition("/")[0])
        for each in network.pools
        if isinstance(shown_network(each.subnet), IPv4Network)
    ]


def _waits(task: Task, now: float) -> bool:
    return task.unplaced and task.state == "new" and (not task.since or now - task.seconds > _PATIENCE)


def _why(service: SwarmService, swarm: ObservedSwarm, full: set[str]) -> tuple[str, str]:
    """Say what they wait for, and what to do."""
    theirs = [network for network in swarm.snapshot.networks if network.id in service.networks]
    if names := [network.name for network in theirs if network.name in full]:
        return f"{', '.join(names)} has no address left", _LARGER
    if names := [network.name for network in theirs if not network.allocated]:
        return f"{', '.join(names)} never got its range", "remove it, and make it again with a range that is free"
    return "the swarm does not say why", "see the log of docker on the leader"
