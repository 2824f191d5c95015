"""A network config: the request to an Engine and what the Engine then shows, in one value.

Where a network is and who is on it are facts; which host is asked is a step. No intent here.
"""

from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network
from typing import Annotated, Any, NotRequired

from typing_extensions import TypedDict

from providers.rules.vocabulary.addresses import first_address, is_subnet, network, shown_network
from providers.rules.vocabulary.answers import Address, At, From, Labels, Many, Range, or_else

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A range of a network. Empty means not asked for, or not shown."""

    subnet: Annotated[Range, At("Subnet")] = ""
    gateway: Annotated[Address, At("Gateway")] = ""
    ip_range: Annotated[Range, At("IPRange")] = ""
    aux: Annotated[Labels, At("AuxiliaryAddresses")] = ()  # addresses that are given to nobody, by name

    @property
    def is_ipv6(self) -> bool:
        """Tell whether it is a range of IPv6."""
        return ":" in self.subnet

    @cached_property
    def plain(self) -> bool:
        """Tell whether its subnet says all of it: an IPv4 range that is given out whole, with its first address as
        gateway."""
        return is_subnet(self.subnet) and self.gateway in ("", first_address(self.subnet)) and not self.ip_range


class _Ipam(TypedDict):
    Config: NotRequired[Many[Pool] | None]


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """A network as it is to be made, or as an Engine shows it.

    Without pools the Engine chooses a range. `mtu` and the like are in `options`, as text. A swarm network that was
    never allocated shows an empty `driver` and no pools: the Engine answers 201 to its creation all the same.
    config_only, config_from: whether it is but a template for others, and whose it was made of.
    """

    name: Annotated[str, At("Name")]
    driver: Annotated[str, At("Driver")] = ""
    pools: Annotated[tuple[Pool, ...], From(_Ipam, lambda ipam: tuple(ipam.get("Config") or ())), At("IPAM")] = ()
    options: Annotated[Labels, At("Options")] = ()
    labels: Annotated[Labels, At("Labels")] = ()
    attachable: Annotated[bool, At("Attachable")] = False
    internal: Annotated[bool, At("Internal")] = False
    ingress: Annotated[bool, At("Ingress")] = False
    ipv4: Annotated[bool, At("EnableIPv4")] = True  # Engines before 28 show nothing
    ipv6: Annotated[bool, At("EnableIPv6")] = False
    config_only: Annotated[bool, At("ConfigOnly")] = False
    config_from: Annotated[str, At("ConfigFrom.Network")] = ""
    ipam_driver: Annotated[str, or_else("default"), At("IPAM.Driver")] = "default"
    ipam_options: Annotated[Labels, At("IPAM.Options")] = ()

    @cached_property
    def pool(self) -> Pool:
        """Return the main pool: of the IPv4 ones the first that is not plain, else the first; else the first pool, else
        an empty one.

        Their order means nothing: `docker network create` sends them in any (measurements.md#order-of-ranges).
        """
        ipv4 = [pool for pool in self.pools if not pool.is_ipv6]
        return next((pool for pool in ipv4 if not pool.plain), (*ipv4, *self.pools, Pool())[0])

    @property
    def further(self) -> tuple[Pool, ...]:
        """Return the IPv4 pools beside the main one."""
        main = self.pool
        return tuple(pool for pool in self.pools if not pool.is_ipv6 and pool is not main)

    @property
    def pool_ipv6(self) -> Pool | None:
        """Return the IPv6 pool, of which no Engine takes two, or None."""
        return next((pool for pool in self.pools if pool.is_ipv6), None)

    def option(self, key: str) -> str | None:
        """Return a driver option's value, or None if it was not given."""
        return dict(self.options).get(key)

    def label(self, key: str) -> str | None:
        """Return a label's value, or None."""
        return dict(self.labels).get(key)

    def meets(self, subnet: str) -> bool:
        """Tell whether a range of it overlaps an IPv4 subnet."""
        ranges = (shown_network(pool.subnet) for pool in self.pools if pool.subnet)
        desired = network(subnet)
        return any(isinstance(taken, IPv4Network) and taken.overlaps(desired) for taken in ranges)


def to_json(config: NetworkConfig) -> Json:
    """Return the body of a request for it. Engine 20.10 refuses a second network of the same name only with
    CheckDuplicate (measurements.md#bridge-options). IPv6 is said even if it is off: daemon.json may have another
    default."""
    ranges = list(map(_to_json, config.pools))
    ipam: Json = {"Driver": config.ipam_driver, "Config": ranges}
    if config.ipam_options:
        ipam["Options"] = dict(config.ipam_options)
    return {
        "Name": config.name,
        "Driver": config.driver,
        "CheckDuplicate": True,
        "Options": dict(config.options),
        "Labels": dict(config.labels),
        "Attachable": config.attachable,
        "Internal": config.internal,
        "Ingress": config.ingress,
        "EnableIPv6": config.ipv6,
        **({"ConfigOnly": True} if config.config_only else {}),
        **({} if config.ipv4 else {"EnableIPv4": False}),
        **({"ConfigFrom": {"Network": config.config_from}} if config.config_from else {}),
        **({"IPAM": ipam} if any(ranges) or ipam != {"Driver": "default", "Config": ranges} else {}),
    }


def _to_json(pool: Pool) -> Json:
    parts = {"Subnet": pool.subnet, "Gateway": pool.gateway, "IPRange": pool.ip_range}
    content: Json = {name: value for name, value in parts.items() if value}
    return content | ({"AuxiliaryAddresses": dict(pool.aux)} if pool.aux else {})
