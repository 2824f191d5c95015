"""A network's shape in the Engine's JSON, both ways: from `GET`, and for `POST /networks/create`.

https://docs.docker.com/reference/api/engine/
"""

from collections.abc import Mapping
from typing import Any

from providers.rules.vocabulary.shape import NetworkShape, Pool, pairs

Json = dict[str, Any]

# Attributes of the shape, with their names there.
FLAGS = {
    "attachable": "Attachable",
    "internal": "Internal",
    "ingress": "Ingress",
    "ipv6": "EnableIPv6",
    "config_only": "ConfigOnly",
}
POOL = {"subnet": "Subnet", "gateway": "Gateway", "ip_range": "IPRange"}


def to_shape(raw: Mapping[str, Any]) -> NetworkShape:
    """Return the shape in a network as `GET /networks` and `GET /networks/<id>` show it."""
    ipam = raw.get("IPAM") or {}
    return NetworkShape(
        name=raw["Name"],
        driver=raw.get("Driver") or "",
        pools=tuple(map(_to_pool, ipam.get("Config") or [])),
        options=pairs(raw.get("Options")),
        labels=pairs(raw.get("Labels")),
        ipv4=raw.get("EnableIPv4") is not False,  # Engines before 28 show nothing
        config_from=(raw.get("ConfigFrom") or {}).get("Network") or "",
        ipam_driver=ipam.get("Driver") or "default",
        ipam_options=pairs(ipam.get("Options")),
        **{flag: bool(raw.get(name)) for flag, name in FLAGS.items()},
    )


def _to_pool(raw: Mapping[str, Any]) -> Pool:
    parts = {part: raw.get(name) or "" for part, name in POOL.items()}
    return Pool(**parts, aux=pairs(raw.get("AuxiliaryAddresses")))


def to_json(shape: NetworkShape) -> Json:
    """Return the body of a request for it. Engine 20.10 refuses a second network of the same name only with
    CheckDuplicate (measurements.md#bridge-options). IPv6 is said even if it is off: daemon.json may have another
    default."""
    config = list(map(_of_pool, shape.pools))
    ipam: Json = {"Driver": shape.ipam_driver, "Config": config}
    if shape.ipam_options:
        ipam["Options"] = dict(shape.ipam_options)
    return {
        "Name": shape.name,
        "Driver": shape.driver,
        "CheckDuplicate": True,
        "Options": dict(shape.options),
        "Labels": dict(shape.labels),
        **{name: getattr(shape, flag) for flag, name in FLAGS.items() if flag != "config_only" or shape.config_only},
        **({} if shape.ipv4 else {"EnableIPv4": False}),
        **({"ConfigFrom": {"Network": shape.config_from}} if shape.config_from else {}),
        **({"IPAM": ipam} if any(config) or ipam != {"Driver": "default", "Config": config} else {}),
    }


def _of_pool(pool: Pool) -> Json:
    parts: Json = {name: value for part, name in POOL.items() if (value := getattr(pool, part))}
    return parts | ({"AuxiliaryAddresses": dict(pool.aux)} if pool.aux else {})
