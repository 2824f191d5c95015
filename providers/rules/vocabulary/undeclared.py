"""The parts of a network that nobody declared: options and labels of others, and settings that no key can say.

Which of it is a difference, and what becomes of it, the resource types decide.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from providers.rules.vocabulary.field_mappings import field_mappings
from providers.rules.vocabulary.labels import PREFIX
from providers.rules.vocabulary.network_config import NetworkConfig
from providers.rules.vocabulary.network_options import IPAM_SERIAL, NEUTRAL, VNI, is_neutral
from providers.rules.vocabulary.specs import GwbridgeSpec, NetworkSpec

_NO_IPV6 = "which swarms don't give addresses to (https://github.com/moby/moby/issues/52469)"


def driver_of(spec: type[NetworkSpec] | NetworkSpec) -> str:
    """Return the driver of a network declared so."""
    kind = spec if isinstance(spec, type) else type(spec)
    return "bridge" if issubclass(kind, GwbridgeSpec) else "overlay"


@cache
def own_options(spec: type[NetworkSpec]) -> frozenset[str]:
    """Return the driver options that have a key of their own, or are set by the swarm."""
    return frozenset({place.option for place in field_mappings(spec).values() if place.option} | {VNI})


def options(spec: NetworkSpec, config: NetworkConfig) -> dict[str, str]:
    """Return the undeclared options whose value is not the default."""
    declared, driver = {*own_options(type(spec)), *spec.options}, driver_of(spec)
    return {key: value for key, value in config.options if key not in declared and not is_neutral(driver, key, value)}


def actual(spec: NetworkSpec, config: NetworkConfig, kept: Collection[str] = ()) -> dict[str, str]:
    """Return a network's present options in place of `spec.options`. kept: undeclared ones that stay."""
    shown, driver = dict(config.options), driver_of(spec)
    found = {key: shown.get(key, NEUTRAL[driver].get(key)) for key in spec.options}
    for key, value in found.items():
        if value is not None and is_neutral(driver, key, value) and is_neutral(driver, key, spec.options[key]):
            found[key] = spec.options[key]
    more = {key: value for key, value in options(spec, config).items() if key not in kept}
    return more | {key: value for key, value in found.items() if value is not None}


def dropped_keys(spec: NetworkSpec, known: Mapping[str, Any]) -> frozenset[str]:
    """Return what the state shows and the file does not, as `options.x` and `labels.x`: a preview has shown that it
    goes."""
    return frozenset(
        f"{part}.{key}"
        for part in ("options", "labels")
        for key in known.get(part) or {}
        if key not in getattr(spec, part)
    )


def kept(spec: NetworkSpec, config: NetworkConfig) -> frozenset[str]:
    """Return the names of the undeclared options that no preview has shown to go."""
    return frozenset(key for key in options(spec, config) if f"options.{key}" not in spec.dropped)


def carried(spec: NetworkSpec, desired: NetworkConfig, before: NetworkConfig | None) -> NetworkConfig:
    """Return the network config to make: every option given, with the undeclared options and labels of the network
    before it."""
    theirs = of_others(spec, before) if before else NetworkConfig(name=desired.name, driver=desired.driver)
    merged = {**NEUTRAL[driver_of(spec)], **dict(theirs.options), **spec.options, **dict(desired.options)}
    labels = {**dict(theirs.labels), **dict(desired.labels)}
    return replace(desired, options=tuple(sorted(merged.items())), labels=tuple(sorted(labels.items())))


def of_others(spec: NetworkSpec, before: NetworkConfig) -> NetworkConfig:
    """Return the network with only those options and labels that nobody declared and that stay."""
    stays = kept(spec, before)
    return replace(
        before,
        options=tuple((key, value) for key, value in before.options if key in stays),
        labels=tuple(
            (key, value)
            for key, value in before.labels
            if not key.startswith(PREFIX) and key not in spec.labels and f"labels.{key}" not in spec.dropped
        ),
    )


def inexpressible_message(spec: type[NetworkSpec], config: NetworkConfig) -> str:
    """Say what of a network no key can say; empty if nothing is."""
    return "; ".join(_inexpressible(spec, config)) if config.driver else ""


def _inexpressible(spec: type[NetworkSpec], config: NetworkConfig) -> Iterator[str]:
    if config.driver != driver_of(spec):
        yield f"its driver is {config.driver}"
    if config.config_only:
        yield "it is a template for other networks (config-only)"
    if config.config_from:
        yield f"its settings come from the network {config.config_from} (config-from)"
    if config.ipam_driver != "default":
        yield f"its addresses come from the IPAM driver {config.ipam_driver}"
    yield from (
        f"its IPAM driver has the option {key}={text}" for key, text in config.ipam_options if key != IPAM_SERIAL
    )
    if not config.ipv4:
        yield "it is without IPv4"
    yield from _of_ipv6(spec, config)
    yield from (f"it keeps {address} for {name}" for pool in config.pools for name, address in pool.aux)
    keys = field_mappings(spec)
    if config.attachable and "attachable" not in keys:
        yield "containers may join it (attachable)"
    if config.internal and "internal" not in keys:
        yield "it is internal: containers have no external connectivity"
    yield from _of_ranges(spec, config)


def _of_ipv6(spec: type[NetworkSpec], config: NetworkConfig) -> Iterator[str]:
    pool, sayable = config.pool_ipv6, "ipv6" in field_mappings(spec)
    if not sayable and (pool or config.ipv6):
        yield f"it has IPv6{f' ({pool.subnet})' if pool else ''}, {_NO_IPV6}"
    elif pool and not config.ipv6:
        yield f"it has a range of IPv6, {pool.subnet}, and IPv6 is off"
    elif config.ipv6 and not pool:
        yield "IPv6 is on, without a range of it"
    if sayable and pool and pool.ip_range:
        yield f"it gives addresses from {pool.ip_range} alone"


def _of_ranges(spec: type[NetworkSpec], config: NetworkConfig) -> Iterator[str]:
    if config.pool.ip_range and "ip_range" not in field_mappings(spec):
        yield f"it gives addresses from {config.pool.ip_range} alone (ip_range)"
    for pool in config.further:
        if not pool.plain or "subnets" not in field_mappings(spec):
            more = f"gateway {pool.gateway}" + (f", ip_range {pool.ip_range}" if pool.ip_range else "")
            yield f"its further range {pool.subnet} has {more}, which no key says"
