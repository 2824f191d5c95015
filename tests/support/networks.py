"""Networks as values, told flat."""

from dataclasses import replace
from itertools import zip_longest
from typing import Any, TypeVar

from providers.rules.vocabulary.facts import Endpoint, Network
from providers.rules.vocabulary.network_config import NetworkConfig, Pool
from providers.rules.vocabulary.steps import CreateNetwork

Told = TypeVar("Told", Network, CreateNetwork)


def pools(subnets: tuple[str, ...], gateways: tuple[str, ...], ip_ranges: tuple[str, ...]) -> tuple[Pool, ...]:
    """The ranges of a network."""
    parts = zip_longest(subnets, gateways, ip_ranges, fillvalue="")
    return tuple(Pool(subnet=subnet, gateway=gateway, ip_range=inner) for subnet, gateway, inner in parts)


def a_network(
    *,
    id: str,
    scope: str,
    endpoints: tuple[Endpoint, ...] = (),
    subnets: tuple[str, ...] = (),
    gateways: tuple[str, ...] = (),
    ip_ranges: tuple[str, ...] = (),
    **given: Any,
) -> Network:
    """A network as an Engine shows it; `given` are other parts of its shape."""
    ranges = pools(subnets, gateways, ip_ranges)
    return Network(id=id, scope=scope, endpoints=endpoints, pools=ranges, **given)


def altered(network: Told, **changes: Any) -> Told:
    """The network, or the step that makes one, with other parts, told as for `a_network`. Without subnets it has no
    ranges at all."""
    config = network.config
    ranges = {
        "subnets": tuple(pool.subnet for pool in config.pools),
        "gateways": tuple(pool.gateway for pool in config.pools),
        "ip_ranges": tuple(pool.ip_range for pool in config.pools),
        **{key: changes.pop(key) for key in ("subnets", "gateways", "ip_ranges") if key in changes},
    }
    changes["pools"] = pools(**ranges) if ranges["subnets"] else ()
    if isinstance(network, Network):
        return replace(network, **changes)
    own = {key: changes.pop(key) for key in ("host",) if key in changes}
    return replace(network, config=replace(config, **changes), **own)


def create_network(
    *, host: str = "", subnet: str | None = None, gateway: str | None = None, ip_range: str | None = None, **given: Any
) -> CreateNetwork:
    """The step that makes a network, with one range or none; `given` are other parts of its shape."""
    asked = Pool(subnet=subnet or "", gateway=gateway or "", ip_range=ip_range or "")
    return CreateNetwork(host=host, config=NetworkConfig(pools=(asked,) if subnet else (), **given))
