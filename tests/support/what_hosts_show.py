"""Pictures of what the hosts of a group show and of what a stack file promises, in the same words, to be compared.

Each host is asked itself. Only what a stack file can say is in a picture; ids and counters are not.
"""

from collections.abc import Mapping
from typing import Any

from tests.support.machines import KEY_FILE, KNOWN_HOSTS, Group, Host

Json = Any
# The Engine's name for the way out of the ingress's sandbox, and for that of an ingress with a long name.
WAYS_OUT = {"gateway_ingress-sbox", "gateway_ingress_sbox"}
SSH = {"user": "root", "key_file": str(KEY_FILE), "known_hosts": str(KNOWN_HOSTS)}


def stack_of(group: Group, managers: int = 1) -> dict[str, Json]:
    """The sections of a stack file for a group's hosts: a swarm with two overlays, given back when it ends."""
    roles = ["manager"] * managers + ["worker"] * (len(group.hosts) - managers)
    return {
        "hosts": {
            host.name: {"address": host.address, "role": role, "labels": {"rack": "r1"}}
            for host, role in zip(group, roles, strict=True)
        },
        "ssh": dict(SSH),
        "swarm": {"task_history_limit": 4, "labels": {"team": "net"}},
        "gwbridge": {"subnet": "10.200.0.0/20", "on_remove": "restore_default"},
        "ingress": {"subnet": "10.201.0.0/20"},
        "overlays": {
            "app": {"subnet": "10.202.0.0/24", "attachable": True},
            "monitoring": {"subnet": "10.202.1.0/24", "labels": {"team": "ops"}},
        },
    }


def promised(sections: Mapping[str, Json]) -> dict[str, Json]:
    """The picture that hosts show once a stack file is carried out."""
    on_each = {
        "bridge": sections["gwbridge"]["subnet"],
        "ingress": sections["ingress"]["subnet"],
        "sandbox": True,
        "way out": True,
    }
    return {
        "hosts": dict.fromkeys(sections["hosts"], on_each),
        "nodes": {
            name: (host["role"], host.get("availability", "active"), "ready", host.get("labels", {}))
            for name, host in sections["hosts"].items()
        },
        "swarm": (sections["swarm"]["task_history_limit"], sections["swarm"]["labels"]),
        "overlays": {
            name: ("overlay", overlay["subnet"], overlay.get("attachable", False), overlay.get("labels", {}))
            for name, overlay in sections["overlays"].items()
        },
    }


def shown(group: Group, manager: str = "", ingress: str = "ingress") -> dict[str, Json]:
    """The picture that a group's hosts show; the swarm's part as `manager` (the first host) sees it."""
    asked = group[manager] if manager else next(iter(group))
    spec = asked.swarm()["Cluster"]["Spec"]
    return {
        "hosts": {host.name: networks_of(host, ingress) for host in group},
        "nodes": {name: node_of(node) for name, node in asked.nodes().items()},
        "swarm": (spec["Orchestration"]["TaskHistoryRetentionLimit"], others(spec["Labels"])),
        "overlays": {
            name: overlay_of(asked.network(name), labels)
            for name, labels in asked.networks().items()
            if name not in ("docker_gwbridge", ingress)
        },
    }


def networks_of(host: Host, name: str = "ingress") -> dict[str, Json]:
    """A host's own bridge and ingress, with the ingress's sandbox and that sandbox's way out through the bridge."""
    bridge, ingress = host.network("docker_gwbridge"), host.network(name)
    return {
        "bridge": subnet(bridge),
        "ingress": subnet(ingress),
        "sandbox": f"{name}-sbox" in ((ingress or {}).get("Containers") or {}),
        "way out": bool(WAYS_OUT & endpoints(bridge)),
    }


def node_of(node: Json) -> tuple[str, str, str, dict[str, str]]:
    """A member's role, availability, state and labels."""
    spec = node["Spec"]
    return spec["Role"], spec["Availability"], node["Status"]["State"], others(spec["Labels"])


def overlay_of(network: Json, labels: Mapping[str, str]) -> tuple[str, str | None, bool, dict[str, str]]:
    """An overlay's driver (empty before it is allocated), subnet, whether containers may attach, and labels."""
    return network["Driver"], subnet(network), network["Attachable"], others(labels)


def subnet(network: Json | None) -> str | None:
    """Return a network's first subnet, or None if there is none."""
    config: list[dict[str, str]] = ((network or {}).get("IPAM") or {}).get("Config") or [{}]
    return config[0].get("Subnet")


def endpoints(network: Json | None) -> set[str]:
    """Names of what hangs on a network of a host."""
    return {each["Name"] for each in ((network or {}).get("Containers") or {}).values()}


def others(labels: Mapping[str, str] | None) -> dict[str, str]:
    """The labels that are not Swarmnet's own."""
    return {key: value for key, value in (labels or {}).items() if not key.startswith("swarmnet.")}


def is_bare(host: Host) -> bool:
    """Tell whether a host is as if nothing had ever been done to it: in no swarm, and with no network of one."""
    return host.swarm()["LocalNodeState"] == "inactive" and not host.networks()
