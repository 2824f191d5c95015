"""Networks of the cluster: asked for, given addresses, removed. A removal reaches hosts by copies.py."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network

from providers.rules.resource_types.ingress import POOL, POOL_PREFIX
from providers.rules.vocabulary.addresses import first_address
from providers.rules.vocabulary.errors import Conflict, InUse, NotFound
from providers.rules.vocabulary.facts import Network, made
from providers.rules.vocabulary.network_config import NetworkConfig, Pool
from providers.rules.vocabulary.network_options import VNI
from providers.rules.vocabulary.steps import CreateNetwork, RemoveNetwork
from providers.simulate.answering import engine, manager
from providers.simulate.host_copies import release
from providers.simulate.state import Happening, Host, SimulatorState

FIRST_VNI = 4097  # measurements.md#filled-in-by-the-engine


def create_overlay(sim: SimulatorState, step: CreateNetwork) -> SimulatorState:
    """A network of the cluster: accepted at once, given addresses later or never.

    measurements.md#allocation, #dead-networks
    """
    asked = engine(sim, step.host) if step.host else manager(sim)
    refuse_taken_name(sim, asked, step.config.name)
    if step.config.ingress and sim.swarm.ingress:
        raise Conflict(f"{asked.name}: ingress network ({sim.swarm.ingress.id}) is already present")
    sim, network_id = sim.another_id("ov")
    unallocated = replace(step.config, driver="", pools=(), options=())
    network = made(unallocated, id=network_id, scope="swarm")
    sim = sim.agreed(networks=(*sim.swarm.networks, network), desired=(*sim.swarm.desired, (network_id, step.config)))
    return sim.later(sim.timings.allocation, Happening("addresses given"))


def refuse_taken_name(sim: SimulatorState, asked: Host, name: str) -> None:
    """Raises Conflict for a name that the cluster has, or the manager asked still has by itself.

    measurements.md#duplicate-names, #names-stay-taken
    """
    here = (*sim.swarm.networks, *asked.networks)
    if any(net.name == name for net in here):
        raise Conflict(f"{asked.name}: network with name {name} already exists")
    if any(net.name.lower() == name.lower() for net in sim.swarm.networks):
        raise Conflict(f"{asked.name}: name conflicts with an existing object")


def give_addresses(sim: SimulatorState) -> SimulatorState:
    """Addresses for each network that waits for them and whose range is free; the others stay dead.

    measurements.md#dead-networks
    """
    for network_id, config in sim.swarm.desired:
        network, asked = sim.swarm.network(network_id), config.pool
        subnet = asked.subnet or free_pool(sim)
        further = all(possible(sim, pool, pool.subnet) for pool in config.further)
        if network is None or not subnet or not (further and possible(sim, asked, subnet)) or number_taken(sim, config):
            continue
        pools = tuple(
            replace(pool, gateway=pool.gateway or first_address(pool.subnet, pool.ip_range))
            for pool in (replace(asked, subnet=subnet), *config.further)
        )
        options = tuple(sorted({**dict(config.options), VNI: numbers(sim, config, len(pools))}.items()))
        given = replace(network, driver=config.driver, pools=pools, options=options)
        networks = (given if net.id == network_id else net for net in sim.swarm.networks)
        desired = (each for each in sim.swarm.desired if each[0] != network_id)
        sim = sim.agreed(networks=tuple(networks), desired=tuple(desired))
    return sim


def possible(sim: SimulatorState, asked: Pool, subnet: str) -> bool:
    """Tell whether the range can be given: free, unless an ip_range makes nobody look, and its gateway usable.

    measurements.md#dead-networks
    """
    taken = any(net.meets(subnet) for net in sim.swarm.networks)
    return (bool(asked.ip_range) or not taken) and asked.gateway != str(IPv4Network(subnet).network_address)


def free_pool(sim: SimulatorState) -> str | None:
    """Return the first free range of the swarm's pools, or None if there is none.

    Engine 28 shows no pool if none was named at init, and takes its own.
    """
    settings = sim.swarm.settings
    ranges = (
        str(subnet)
        for pool in settings.default_addr_pool or POOL
        for subnet in IPv4Network(pool).subnets(new_prefix=settings.default_addr_pool_prefix or POOL_PREFIX)
    )
    return next((each for each in ranges if not any(net.meets(each) for net in sim.swarm.networks)), None)


def numbers(sim: SimulatorState, config: NetworkConfig, count: int) -> str:
    """A VXLAN's number for each range: those asked for, then the lowest that no network has
    (measurements.md#options-by-engine)."""
    asked = list(filter(None, (config.option(VNI) or "").split(",")))[:count]
    taken = taken_numbers(sim) | set(asked)
    free = (str(number) for number in range(FIRST_VNI, FIRST_VNI + len(taken) + count) if str(number) not in taken)
    return ",".join([*asked, *(next(free) for _ in range(count - len(asked)))])


def taken_numbers(sim: SimulatorState) -> set[str]:
    """The numbers of all VXLANs of the cluster."""
    return {number for net in sim.swarm.networks for number in (net.option(VNI) or "").split(",")}


def number_taken(sim: SimulatorState, config: NetworkConfig) -> bool:
    """Tell whether a number that was asked for belongs to another network (measurements.md#options-by-engine)."""
    return not taken_numbers(sim).isdisjoint(filter(None, (config.option(VNI) or "").split(",")))


def remove_overlay(sim: SimulatorState, step: RemoveNetwork) -> SimulatorState:
    """A network of the cluster, unless a spec or a standalone container holds it (measurements.md#in-use, #removal).

    Tasks do not hold it: hosts where some still run keep their copy, of an ingress for good
    (measurements.md#names-stay-taken, #removal, #old-ingress-stays).
    """
    asked, network = manager(sim), sim.swarm.network(step.id)
    if network is None:
        raise NotFound(f"{asked.name}: network {step.id} not found")
    for user in holders(sim, network):
        raise InUse(f"{asked.name}: network {step.id} is in use by {user}")
    sim = sim.agreed(
        networks=tuple(net for net in sim.swarm.networks if net.id != step.id),
        desired=tuple(each for each in sim.swarm.desired if each[0] != step.id),
        attached=frozenset() if network.ingress else sim.swarm.attached,
    )
    for host in sim.hosts:
        sim = release(sim, host.name, step.id)
    return sim.later(sim.timings.allocation, Happening("addresses given"))


def holders(sim: SimulatorState, network: Network) -> Iterator[str]:
    """Name what keeps a network of the cluster from being removed."""
    for service in sim.swarm.services:
        if network.id in service.networks or (network.ingress and service.through_ingress):
            yield f"service {service.id}"
    for task in sim.swarm.tasks:
        if not task.service_id and task.alive and network.id in task.networks:
            yield f"task {task.id}"
