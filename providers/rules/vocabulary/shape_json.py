"""A network's shape in the Engine's JSON, both ways: what `GET` shows, and what `POST /networks/create` asks for.

https://docs.docker.com/reference/api/engine/
"""

from collections.abc import Mapping
from typing import Any

from providers.rules.vocabulary.shape import NetworkShape, Pool, pairs

Json = dict[str, Any]

# Attributes of the shape, with their names there.
FLAGS = {"attachable": "Attachable", "internal": "Internal", "ingress": "Ingress"}
POOL = {"subnet": "Subnet", "gateway": "Gateway", "ip_range": "IPRange"}


def to_shape(raw: Mapping[str, Any]) -> NetworkShape:
    """The shape in a network as `GET /networks` and `GET /networks/<id>` show it."""
    config = (raw.get("IPAM") or {}).get("Config") or []
    return NetworkShape(
        name=raw["Name"],
        driver=raw.get("Driver") or "",
        pools=tuple(Pool(**{part: shown.get(name) or "" for part, name in POOL.items()}) for shown in config),
        options=pairs(raw.get("Options")),
        labels=pairs(raw.get("Labels")),
        **{flag: bool(raw.get(name)) for flag, name in FLAGS.items()},
    )


def to_json(shape: NetworkShape) -> Json:
    """The body of a request for it. Engine 20.10 refuses a second network of the same name only with CheckDuplicate
    (measurements.md#bridge-options)."""
    config = [{name: value for part, name in POOL.items() if (value := getattr(pool, part))} for pool in shape.pools]
    return {
        "Name": shape.name,
        "Driver": shape.driver,
        "CheckDuplicate": True,
        "Options": dict(shape.options),
        "Labels": dict(shape.labels),
        **{name: getattr(shape, flag) for flag, name in FLAGS.items()},
        **({"IPAM": {"Driver": "default", "Config": config}} if any(config) else {}),
    }
