"""A network's shape: the request to an Engine and what the Engine then shows, in one value.

Where a network is and who is on it are facts; which host is asked is a step. No intent here.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network

from providers.rules.vocabulary.addresses import first_address, is_subnet, network, shown_network

Pairs = tuple[tuple[str, str], ...]


def pairs(mapping: dict[str, str] | None) -> Pairs:
    """Return a mapping as sorted pairs, so that it can be part of a frozen value."""
    return tuple(sorted((mapping or {}).items()))


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A range of a network. Empty means not asked for, or not shown."""

    subnet: str = ""
    gateway: str = ""
    ip_range: str = ""
    aux: Pairs = ()  # addresses that are given to nobody, by name

    @property
    def is_ipv6(self) -> bool:
        """Tell whether it is a range of IPv6."""
        return ":" in self.subnet

    @property
    def plain(self) -> bool:
        """Tell whether its subnet says all of it: an IPv4 range that is given out whole, with its first address as
        gateway."""
        return is_subnet(self.subnet) and self.gateway in ("", first_address(self.subnet)) and not self.ip_range


@dataclass(frozen=True, kw_only=True)
class NetworkShape:
    """A network as it is to be made, or as an Engine shows it.

    Without pools the Engine chooses a range. `mtu` and the like are in `options`, as text. A swarm network that was
    never allocated shows an empty `driver` and no pools: the Engine answers 201 to its creation all the same.
    config_only, config_from: whether it is but a template for others, and whose it was made of.
    """

    name: str
    driver: str
    pools: tuple[Pool, ...] = ()
    options: Pairs = ()
    labels: Pairs = ()
    attachable: bool = False
    internal: bool = False
    ingress: bool = False
    ipv4: bool = True
    ipv6: bool = False
    config_only: bool = False
    config_from: str = ""
    ipam_driver: str = "default"
    ipam_options: Pairs = ()

    @property
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
        wanted = network(subnet)
        return any(isinstance(taken, IPv4Network) and taken.overlaps(wanted) for taken in ranges)
