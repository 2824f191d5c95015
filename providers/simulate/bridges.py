"""Bridges of one host, docker_gwbridge above all, and what is plugged into them."""

from dataclasses import replace

from providers.rules.vocabulary.addresses import first_address
from providers.rules.vocabulary.errors import Conflict, EngineError, InUse, NotFound
from providers.rules.vocabulary.facts import Endpoint, made
from providers.rules.vocabulary.network_config import NetworkConfig, Pool
from providers.rules.vocabulary.network_options import BRIDGE_NAME, GATEWAY_BRIDGE, ICC, MASQUERADE
from providers.rules.vocabulary.steps import CreateNetwork, DisconnectEndpoint, RemoveNetwork
from providers.simulate.answering import engine
from providers.simulate.state import Host, SimulatorState

# What the Engine gives the bridge that it makes by itself (measurements.md#default-bridge).
GATEWAY_OPTIONS = (
    (ICC, "false"),
    (MASQUERADE, "true"),
    (BRIDGE_NAME, GATEWAY_BRIDGE),
)


def create_bridge(sim: SimulatorState, step: CreateNetwork) -> SimulatorState:
    """A bridge on one host. A taken name is refused, and a range of another local bridge; what is not asked for is as
    its daemon.json says.

    measurements.md#bridge-options, #bridge-ranges, #defaults-of-daemonjson
    """
    host = engine(sim, step.host)
    config, asked = step.config, step.config.pool
    if host.network(config.name):
        raise Conflict(f"{host.name}: network with name {config.name} already exists")
    subnet = asked.subnet or free_range(host)
    if any(net.scope == "local" and net.meets(subnet) for net in host.networks):
        raise EngineError(f"{host.name}: Pool overlaps with other one on this address space")
    sim, network_id = sim.another_id("br")
    others = (pool for pool in config.pools if pool is not asked)
    options = tuple(sorted({**dict(host.bridge_defaults), **dict(config.options)}.items()))
    config = replace(config, pools=(replace(asked, subnet=subnet), *others), options=options)
    return sim.with_host(host.with_network(made(config, id=network_id, scope="local")))


def free_range(host: Host) -> str:
    """The first of the Engine's default local ranges that nothing on the host uses."""
    ranges = (f"172.{number}.0.0/16" for number in range(18, 32))
    return next(subnet for subnet in ranges if not any(net.meets(subnet) for net in host.networks))


def with_gateway_bridge(sim: SimulatorState, name: str) -> SimulatorState:
    """Return the simulation with docker_gwbridge on a host: kept if there is one, else the Engine's default.

    measurements.md#bridge-before-a-join, #default-bridge
    """
    host = sim.host(name)
    if host.network(GATEWAY_BRIDGE):
        return sim
    subnet = free_range(host)
    pool = Pool(subnet=subnet, gateway=first_address(subnet))
    default = NetworkConfig(name=GATEWAY_BRIDGE, driver="bridge", pools=(pool,), options=GATEWAY_OPTIONS)
    sim, network_id = sim.another_id("br")
    return sim.with_host(sim.host(name).with_network(made(default, id=network_id, scope="local")))


def remove_bridge(sim: SimulatorState, step: RemoveNetwork) -> SimulatorState:
    """A host's own network, once nothing is attached to it (measurements.md#cutting-endpoints)."""
    host = engine(sim, step.host)
    network = host.network(step.id)
    if network is None:
        raise NotFound(f"{host.name}: network {step.id} not found")
    if network.endpoints:
        raise InUse(f"{host.name}: error while removing network: network {network.name} has active endpoints")
    return sim.with_host(host.without_network(network.id))


def disconnect(sim: SimulatorState, step: DisconnectEndpoint) -> SimulatorState:
    """An endpoint taken off by its inspected name; one that is not there is gone already, a container is none.

    measurements.md#cutting-endpoints
    """
    host = engine(sim, step.host)
    if any(container.id == step.endpoint for container in host.containers):
        raise EngineError(f"{host.name}: container {step.endpoint} failed to leave network {step.network}")
    network = host.network(step.network)
    if network is None:
        return sim
    left = tuple(end for end in network.endpoints if end.name != step.endpoint)
    return sim.with_host(host.with_network(replace(network, endpoints=left)))


def plugged(host: Host, network_id: str, *endpoints: Endpoint) -> Host:
    """The host with endpoints on one of its networks, if it has that."""
    network = host.network(network_id)
    if network is None:
        return host
    names = {end.name for end in endpoints}
    kept = (end for end in network.endpoints if end.name not in names)
    return host.with_network(replace(network, endpoints=(*kept, *endpoints)))


def unplugged(host: Host, key: str) -> Host:
    """The host without any endpoint of one container."""
    for network in host.networks:
        left = tuple(end for end in network.endpoints if end.key != key)
        if left != network.endpoints:
            host = host.with_network(replace(network, endpoints=left))
    return host
