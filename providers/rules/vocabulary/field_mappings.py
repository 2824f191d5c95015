"""Where a network config keeps the values of keys: how each is read there, and how it is written.

A model names the mapping among the annotations of a field's type: `Annotated[bool, attribute("internal")]`. No key is
known here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from providers.rules.vocabulary.addresses import first_address
from providers.rules.vocabulary.network_config import NetworkConfig, Pool
from providers.rules.vocabulary.network_options import FALSE


@dataclass(frozen=True)
class FieldMapping:
    """Where a key's value stands in a network config. `option`: the driver option that it is, else empty."""

    read: Callable[[NetworkConfig], Any]
    write: Callable[[NetworkConfig, Any], NetworkConfig]
    option: str = ""


def attribute(name: str) -> FieldMapping:
    """Return the mapping of an attribute of the network config."""
    return FieldMapping(lambda config: getattr(config, name), lambda config, value: replace(config, **{name: value}))


def in_pool(name: str, absent: str | None = "") -> FieldMapping:
    """Return the mapping of a part of the main pool. absent: its value if the pool has none."""

    def write(config: NetworkConfig, value: str | None) -> NetworkConfig:
        first, part = config.pool, {name: value or ""}
        others = (pool for pool in config.pools if pool is not first)
        return replace(config, pools=(replace(first, **part), *others))  # type: ignore[arg-type] # a part that is a text

    return FieldMapping(lambda config: getattr(config.pool, name) or absent, write)


def _read_further(config: NetworkConfig) -> tuple[str, ...]:
    return tuple(pool.subnet for pool in config.further)


def _write_further(config: NetworkConfig, subnets: Sequence[str]) -> NetworkConfig:
    rest = tuple(Pool(subnet=subnet, gateway=first_address(subnet)) for subnet in subnets)
    others = tuple(pool for pool in config.pools if pool is not config.pool and pool not in config.further)
    return replace(config, pools=(config.pool, *rest, *others))


# The pools of IPv4 beside the main one, each with its first address as gateway.
FURTHER_POOLS = FieldMapping(_read_further, _write_further)


def option(key: str, meaning: Callable[[str | None], Any], text: Callable[[Any], str | None]) -> FieldMapping:
    """Return the mapping of a driver option. meaning: the value of a text (None: not given). text: the text of a
    value."""

    def write(config: NetworkConfig, value: object) -> NetworkConfig:
        option_text = text(value)
        others = {other: value for other, value in config.options if other != key}
        return replace(
            config, options=tuple(sorted({**others, **({} if option_text is None else {key: option_text})}.items()))
        )

    return FieldMapping(lambda config: meaning(config.option(key)), write, key)


def number(key: str) -> FieldMapping:
    """Return the mapping of an option that is a whole number. None if it is not given, 0 or no number: 0 leaves it to
    the Engine, and is always given, since daemon.json may have another default
    (measurements.md#defaults-of-daemonjson)."""
    return option(
        key,
        lambda text: (int(text) if text and text.isdecimal() else 0) or None,
        lambda value: str(value or 0),
    )


def first_number(key: str) -> FieldMapping:
    """Return the mapping of an option that is a list of whole numbers, of which the first counts; None if not given."""
    return option(
        key,
        lambda text: int(first) if (first := (text or "").partition(",")[0]).isdecimal() else None,
        lambda value: None if value is None else str(value),
    )


def presence(key: str) -> FieldMapping:
    """Return the mapping of an option that counts by its presence, whatever its value, as `encrypted` does:
    https://github.com/moby/moby/blob/master/daemon/libnetwork/drivers/overlay/ov_network.go"""
    return option(key, lambda text: text is not None, lambda value: "" if value else None)


def switch(key: str) -> FieldMapping:
    """Return the mapping of an option that is on if it is left out, and therefore always said."""
    return option(key, lambda text: text not in FALSE, lambda value: str(value).lower())


def name(key: str) -> FieldMapping:
    """Return the mapping of an option that is a text; None if not given."""
    return option(key, lambda text: text or None, lambda value: value)


@cache
def field_mappings(keys: type[BaseModel]) -> Mapping[str, FieldMapping]:
    """Return the mapping of each key that a network config keeps."""
    listed = keys.model_fields.items()
    return MappingProxyType(
        {key: place for key, field in listed for place in field.metadata if isinstance(place, FieldMapping)}
    )


def shown(keys: type[BaseModel], config: NetworkConfig) -> dict[str, Any]:
    """Return the keys as a network config has them."""
    return {key: mapping.read(config) for key, mapping in field_mappings(keys).items()}


def with_fields(desired: BaseModel, config: NetworkConfig) -> NetworkConfig:
    """Return the network config with the desired values of its keys."""
    for key, mapping in field_mappings(type(desired)).items():
        config = mapping.write(config, getattr(desired, key))
    return config
