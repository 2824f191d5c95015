"""Networks of the cluster come to hosts and leave them. The three traps of the ingress are here."""

from collections.abc import Iterable
from dataclasses import replace

from providers.rules.vocabulary.facts import Endpoint, Network
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.simulate.bridges import plugged, unplugged, with_gateway_bridge
from providers.simulate.world import Happening, Host, World


def busy(world: World, host: Host, network_id: str) -> bool:
    """Tell whether something of the swarm still runs on this network on this host."""
    tasks = world.cluster.tasks if world.cluster else ()
    return any(task.alive and task.node_id == host.node_id and network_id in task.networks for task in tasks)


def release(world: World, name: str, network_id: str) -> World:
    """A host lets go of its copy a moment later, if nothing runs on it there now."""
    host = world.host(name)
    if host.network(network_id) is None or busy(world, host, network_id):
        return world
    seconds = world.manners.drop * (4 if host.slow else 1)
    return world.later(seconds, Happening("network dropped", name, network_id))


def drop(world: World, name: str, network_id: str) -> World:
    """A host's copy goes, with the ingress's gateway endpoint, unless it is in use again by now."""
    host = world.host(name)
    copy = host.network(network_id)
    kept = copy is not None and copy.ingress and world.cluster and world.swarm.network(network_id)
    if copy is None or kept or not host.up or busy(world, host, network_id):
        return world
    return world.with_host(unplugged(host.without_network(network_id), sandbox(copy)))


def sandbox(ingress: Network) -> str:
    """The key of an ingress's sandbox (measurements.md#sandbox)."""
    return f"{ingress.name}-sbox"


def gateway_endpoint(ingress: Network) -> Endpoint:
    """The ingress's endpoint on docker_gwbridge: the same key, and a name that a long one makes anonymous.

    measurements.md#bridge-endpoints
    """
    key = sandbox(ingress)
    return Endpoint(name=f"gateway_{key}" if len(key) <= 12 else "gateway_ingress_sbox", key=key)


def attach(world: World, node_id: str, *, changed: bool = True, after: float | None = None) -> World:
    """Do for the ingress of a node what an event of that node brings about.

    The managers give each node an address for the ingress only on such events. The host then sets it up, unless luck is
    against it; after that only an update that changes the node makes it try again (measurements.md#kicks).
    after: how long that takes, if not as long as usual.
    """
    ingress, host = world.swarm.ingress, world.host_of(node_id)
    if ingress is None or not ingress.allocated or host is None:
        return world
    if (node_id, ingress.id) in world.swarm.attached and not changed:
        return world
    world = world.agreed(attached=world.swarm.attached | {(node_id, ingress.id)})
    if not host.up or host.network(ingress.id):
        return world
    if host.failing_kicks:
        return world.with_host(replace(host, failing_kicks=host.failing_kicks - 1))
    arrives = Happening("ingress arrives", host.name, ingress.id)
    if any(due.what == arrives for due in world.pending):
        return world
    return world.later(world.manners.ingress_arrives if after is None else after, arrives)


def arrive(world: World, name: str, network_id: str) -> World:
    """The ingress on a host with its sandbox and its gateway endpoint.

    It does not come if an old one got stuck or docker_gwbridge has the same range
    (measurements.md#old-ingress-stays, #bridge-ranges).
    """
    host = world.host(name)
    ingress = world.cluster.network(network_id) if world.cluster else None
    if ingress is None or not host.up or not host.member or host.network(network_id):
        return world
    others = [net for net in host.networks if net.id != network_id]
    if any(net.ingress for net in others) or overlapping(ingress, others):
        return world
    world = with_gateway_bridge(world, name)
    copy = replace(ingress, endpoints=(Endpoint(name=f"{ingress.name}-endpoint", key=sandbox(ingress)),))
    host = world.host(name).with_network(copy)
    return world.with_host(plugged(host, GATEWAY_BRIDGE, gateway_endpoint(ingress)))


def overlapping(network: Network, others: Iterable[Network]) -> bool:
    """Tell whether a host's own bridge has a range of this network."""
    return any(other.scope == "local" and other.meets(network.subnet) for other in others)
