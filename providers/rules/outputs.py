"""The stack outputs `swarmnet` and `compose`, which deployments of apps read: formats that docs/outputs.md publishes.

`swarmnet` is versioned by `schema`: keys may be added under the same number; whatever else changes takes the next one.
No secret may enter.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from providers.rules.plan import Plan
from providers.rules.vocabulary.keys import OverlayFlags
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, OverlaySpec, Spec

S = TypeVar("S", bound=Spec)

SCHEMA = 1


def exports(plan: Plan, ids: Mapping[str, Any]) -> dict[str, Any]:
    """Return the outputs of the stack. `ids` are the Engine's, by resource name; in a preview they may be unknown. A
    network without one is left out: a partial run did not make it.

    All else is intent, so that previews show it. A section that the stack file leaves out is left out, and so is an
    `mtu` that is left to the Engine. `managers` maps host names to the addresses where they are reached.
    """
    return {
        "schema": SCHEMA,
        **({"swarm": {"id": ids["swarm"], "managers": _managers(plan)}} if _made(ids, plan.swarm) else {}),
        "gwbridge": {spec.host: _gwbridge(spec) for batch in plan.gwbridges for spec in batch},
        **({"ingress": _network(plan.ingress, ids["ingress"])} if plan.ingress and _made(ids, plan.ingress) else {}),
        "networks": {each.name: _overlay(each, ids[each.resource_name]) for each in _made(ids, *plan.overlays)},
    }


def compose(plan: Plan, ids: Mapping[str, Any]) -> str:
    """Return the overlays that have an id, as text of a Compose file, for `docker stack deploy` beside an app's file.

    By name alone, so that it is known in previews, and stays when a network is replaced. Names are quoted because
    readers differ in which bare words they take for something else, such as the number 1e5. The last line has no end:
    `pulumi stack output compose` adds it.
    It has no `version`: several files must have the same one, so that any would shut out all apps with another.
    https://github.com/docker/cli/blob/v28.5.2/cli/compose/loader/loader.go
    """
    networks = [f'  "{spec.name}":\n    external: true' for spec in _made(ids, *plan.overlays)]
    return "\n".join(["networks:", *networks]) if networks else "networks: {}"


def _made(ids: Mapping[str, Any], *specs: S | None) -> list[S]:
    return [spec for spec in specs if spec and spec.resource_name in ids]


def _managers(plan: Plan) -> dict[str, str]:
    hosts = [plan.access[node.host] for node in plan.nodes if node.role == "manager"]
    return {host.name: host.address or host.advertise_address or "" for host in hosts}


def _gwbridge(spec: GwbridgeSpec) -> dict[str, Any]:
    more = {"ipv6": spec.ipv6.model_dump()} if spec.ipv6 else {}
    return {"name": "docker_gwbridge", **_range(spec), **more}


def _network(spec: IngressSpec | OverlaySpec, network_id: object) -> dict[str, Any]:
    more: dict[str, Any] = {"subnets": list(spec.subnets)} if spec.subnets else {}
    more |= {"encrypted": True} if spec.encrypted else {}
    return {"id": network_id, "name": spec.name, **_range(spec), **more}


def _overlay(spec: OverlaySpec, network_id: object) -> dict[str, Any]:
    flags = spec.model_dump(include=set(OverlayFlags.model_fields))
    return {**_network(spec, network_id), **flags}


def _range(spec: GwbridgeSpec | IngressSpec | OverlaySpec) -> dict[str, Any]:
    return spec.model_dump(include={"subnet", "gateway", "mtu", "ip_range", "vxlan_id"}, exclude_none=True)
