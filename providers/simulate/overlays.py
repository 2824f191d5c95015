"""Networks of the cluster: asked for, given addresses, removed. A removal reaches hosts by copies.py."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network

from providers.rules.nouns.ingress import POOL, POOL_PREFIX
from providers.rules.vocabulary.addresses import first_address
from providers.rules.vocabulary.errors import Conflict, InUse, NotFound
from providers.rules.vocabulary.facts import Network, made
from providers.rules.vocabulary.network_options import VNI
from providers.rules.vocabulary.shape import NetworkShape, Pool
from providers.rules.vocabulary.steps import CreateNetwork, RemoveNetwork
from providers.simulate.answering import engine, manager
from providers.simulate.host_copies import release
from providers.simulate.world import Happening, Host, World

FIRST_VNI = 4097  # measurements.md#filled-in-by-the-engine


def create_overlay(world: World, step: CreateNetwork) -> World:
    """A network of the cluster: accepted at once, given addresses later or never.

    measurements.md#allocation, #dead-networks
    """
    asked = engine(world, step.host) if step.host else manager(world)
    refuse_taken_name(world, asked, step.shape.name)
    if step.shape.ingress and world.swarm.ingress:
        raise Conflict(f"{asked.name}: ingress network ({world.swarm.ingress.id}) is already present")
    world, network_id = world.another_id("ov")
    unallocated = replace(step.shape, driver="", pools=(), options=())
    network = made(unallocated, id=network_id, scope="swarm")
    world = world.agreed(
        networks=(*world.swarm.networks, network), wanted=(*world.swarm.wanted, (network_id, step.shape))
    )
    return world.later(world.manners.allocation, Happening("addresses given"))


def refuse_taken_name(world: World, asked: Host, name: str) -> None:
    """Raises Conflict for a name that the cluster has, or the manager asked still has by itself.

    measurements.md#duplicate-names, #names-stay-taken
    """
    here = (*world.swarm.networks, *asked.networks)
    if any(net.name == name for net in here):
        raise Conflict(f"{asked.name}: network with name {name} already exists")
    if any(net.name.lower() == name.lower() for net in world.swarm.networks):
        raise Conflict(f"{asked.name}: name conflicts with an existing object")


def give_addresses(world: World) -> World:
    """Addresses for each network that waits for them and whose range is free; the others stay dead.

    measurements.md#dead-networks
    """
    for network_id, shape in world.swarm.wanted:
        network, asked = world.swarm.network(network_id), shape.pool
        subnet = asked.subnet or free_pool(world)
        further = all(possible(world, pool, pool.subnet) for pool in shape.further)
        if (
            network is None
            or not subnet
            or not (further and possible(world, asked, subnet))
            or number_taken(world, shape)
        ):
            continue
        pools = tuple(
            replace(pool, gateway=pool.gateway or first_address(pool.subnet, pool.ip_range))
            for pool in (replace(asked, subnet=subnet), *shape.further)
        )
        options = tuple(sorted({**dict(shape.options), VNI: numbers(world, shape, len(pools))}.items()))
        given = replace(network, driver=shape.driver, pools=pools, options=options)
        networks = (given if net.id == network_id else net for net in world.swarm.networks)
        wanted = (each for each in world.swarm.wanted if each[0] != network_id)
        world = world.agreed(networks=tuple(networks), wanted=tuple(wanted))
    return world


def possible(world: World, asked: Pool, subnet: str) -> bool:
    """Tell whether the range can be given: free, unless an ip_range makes nobody look, and its gateway usable.

    measurements.md#dead-networks
    """
    taken = any(net.meets(subnet) for net in world.swarm.networks)
    return (bool(asked.ip_range) or not taken) and asked.gateway != str(IPv4Network(subnet).network_address)


def free_pool(world: World) -> str | None:
    """Return the first free range of the swarm's pools, or None if there is none.

    Engine 28 shows no pool if none was named at init, and takes its own.
    """
    settings = world.swarm.settings
    ranges = (
        str(subnet)
        for pool in settings.default_addr_pool or POOL
        for subnet in IPv4Network(pool).subnets(new_prefix=settings.default_addr_pool_prefix or POOL_PREFIX)
    )
    return next((each for each in ranges if not any(net.meets(each) for net in world.swarm.networks)), None)


def numbers(world: World, shape: NetworkShape, count: int) -> str:
    """A VXLAN's number for each range: those asked for, then the lowest that no network has
    (measurements.md#options-by-engine)."""
    asked = list(filter(None, (shape.option(VNI) or "").split(",")))[:count]
    taken = taken_numbers(world) | set(asked)
    free = (str(number) for number in range(FIRST_VNI, FIRST_VNI + len(taken) + count) if str(number) not in taken)
    return ",".join([*asked, *(next(free) for _ in range(count - len(asked)))])


def taken_numbers(world: World) -> set[str]:
    """The numbers of all VXLANs of the cluster."""
    return {number for net in world.swarm.networks for number in (net.option(VNI) or "").split(",")}


def number_taken(world: World, shape: NetworkShape) -> bool:
    """Tell whether a number that was asked for belongs to another network (measurements.md#options-by-engine)."""
    return not taken_numbers(world).isdisjoint(filter(None, (shape.option(VNI) or "").split(",")))


def remove_overlay(world: World, step: RemoveNetwork) -> World:
    """A network of the cluster, unless a spec or a standalone container holds it (measurements.md#in-use, #removal).

    Tasks do not hold it: hosts where some still run keep their copy, of an ingress for good
    (measurements.md#names-stay-taken, #removal, #old-ingress-stays).
    """
    asked, network = manager(world), world.swarm.network(step.id)
    if network is None:
        raise NotFound(f"{asked.name}: network {step.id} not found")
    for user in holders(world, network):
        raise InUse(f"{asked.name}: network {step.id} is in use by {user}")
    world = world.agreed(
        networks=tuple(net for net in world.swarm.networks if net.id != step.id),
        wanted=tuple(each for each in world.swarm.wanted if each[0] != step.id),
        attached=frozenset() if network.ingress else world.swarm.attached,
    )
    for host in world.hosts:
        world = release(world, host.name, step.id)
    return world.later(world.manners.allocation, Happening("addresses given"))


def holders(world: World, network: Network) -> Iterator[str]:
    """Name what keeps a network of the cluster from being removed."""
    for service in world.swarm.services:
        if network.id in service.networks or (network.ingress and service.through_ingress):
            yield f"service {service.id}"
    for task in world.swarm.tasks:
        if not task.service_id and task.alive and network.id in task.networks:
            yield f"task {task.id}"
