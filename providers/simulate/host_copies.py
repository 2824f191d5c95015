"""Networks of the cluster come to hosts and leave them. The three traps of the ingress are here."""

from collections.abc import Iterable
from dataclasses import replace

from providers.rules.vocabulary.facts import Endpoint, Network
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.simulate.bridges import plugged, unplugged, with_gateway_bridge
from providers.simulate.state import Happening, Host, SimulatorState


def busy(sim: SimulatorState, host: Host, network_id: str) -> bool:
    """Tell whether something of the swarm still runs on this network on this host."""
    tasks = sim.cluster.tasks if sim.cluster else ()
    return any(task.alive and task.node_id == host.node_id and network_id in task.networks for task in tasks)


def release(sim: SimulatorState, name: str, network_id: str) -> SimulatorState:
    """A host lets go of its copy a moment later, if nothing runs on it there now."""
    host = sim.host(name)
    if host.network(network_id) is None or busy(sim, host, network_id):
        return sim
    seconds = sim.timings.drop * (4 if host.slow else 1)
    return sim.later(seconds, Happening("network dropped", name, network_id))


def drop(sim: SimulatorState, name: str, network_id: str) -> SimulatorState:
    """A host's copy goes, with the ingress's gateway endpoint, unless it is in use again by now."""
    host = sim.host(name)
    copy = host.network(network_id)
    kept = copy is not None and copy.ingress and sim.cluster and sim.swarm.network(network_id)
    if copy is None or kept or not host.up or busy(sim, host, network_id):
        return sim
    return sim.with_host(unplugged(host.without_network(network_id), sandbox(copy)))


def sandbox(ingress: Network) -> str:
    """The key of an ingress's sandbox (measurements.md#sandbox)."""
    return f"{ingress.name}-sbox"


def gateway_endpoint(ingress: Network) -> Endpoint:
    """The ingress's endpoint on docker_gwbridge: the same key, and a name that a long one makes anonymous.

    measurements.md#bridge-endpoints
    """
    key = sandbox(ingress)
    return Endpoint(name=f"gateway_{key}" if len(key) <= 12 else "gateway_ingress_sbox", key=key)


def attach(sim: SimulatorState, node_id: str, *, changed: bool = True, after: float | None = None) -> SimulatorState:
    """Do for the ingress of a node what an event of that node brings about.

    The managers give each node an address for the ingress only on such events. The host then sets it up, unless luck is
    against it; after that only an update that changes the node makes it try again (measurements.md#kicks).
    after: how long that takes, if not as long as usual.
    """
    ingress, host = sim.swarm.ingress, sim.host_of(node_id)
    if ingress is None or not ingress.allocated or host is None:
        return sim
    if (node_id, ingress.id) in sim.swarm.attached and not changed:
        return sim
    sim = sim.agreed(attached=sim.swarm.attached | {(node_id, ingress.id)})
    if not host.up or host.network(ingress.id):
        return sim
    if host.failing_kicks:
        return sim.with_host(replace(host, failing_kicks=host.failing_kicks - 1))
    arrives = Happening("ingress arrives", host.name, ingress.id)
    if any(due.what == arrives for due in sim.pending):
        return sim
    return sim.later(sim.timings.ingress_arrives if after is None else after, arrives)


def arrive(sim: SimulatorState, name: str, network_id: str) -> SimulatorState:
    """The ingress on a host with its sandbox and its gateway endpoint.

    It does not come if an old one got stuck or docker_gwbridge has the same range
    (measurements.md#old-ingress-stays, #bridge-ranges).
    """
    host = sim.host(name)
    ingress = sim.cluster.network(network_id) if sim.cluster else None
    if ingress is None or not host.up or not host.member or host.network(network_id):
        return sim
    others = [net for net in host.networks if net.id != network_id]
    if any(net.ingress for net in others) or overlapping(ingress, others):
        return sim
    sim = with_gateway_bridge(sim, name)
    copy = replace(ingress, endpoints=(Endpoint(name=f"{ingress.name}-endpoint", key=sandbox(ingress)),))
    host = sim.host(name).with_network(copy)
    return sim.with_host(plugged(host, GATEWAY_BRIDGE, gateway_endpoint(ingress)))


def overlapping(network: Network, others: Iterable[Network]) -> bool:
    """Tell whether a host's own bridge has a range of this network."""
    return any(other.scope == "local" and other.meets(network.subnet) for other in others)
