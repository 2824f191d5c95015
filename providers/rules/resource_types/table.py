"""The five resource types in the order in which they come about; each comes after those it depends on."""

from operator import attrgetter
from typing import Any

from providers.rules.live import ingress_rollout
from providers.rules.resource_types import gwbridge, ingress, node, overlay, swarm
from providers.rules.resource_types.resource_type import ResourceType
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec, Spec, SwarmSpec

GWBRIDGE = ResourceType(
    name="Gwbridge",
    spec=GwbridgeSpec,
    output="network_id",
    of_swarm=False,
    observe=gwbridge.observe,
    actual=attrgetter("bridge"),
    decide=gwbridge.decide,
    decide_removal=gwbridge.decide_removal,
    status=gwbridge.status,
    decide_rollbacks=gwbridge.decide_rollbacks,
)
SWARM = ResourceType(
    name="Swarm",
    spec=SwarmSpec,
    output="swarm_id",
    of_swarm=False,
    observe=swarm.observe,
    actual=attrgetter("swarm"),
    decide=swarm.decide,
    decide_removal=swarm.decide_removal,
    status=swarm.status,
)
NODE = ResourceType(
    name="Node",
    spec=NodeSpec,
    output="node_id",
    of_swarm=True,
    observe=node.observe,
    actual=node.member_of,
    decide=node.decide,
    decide_removal=node.decide_removal,
    status=node.status,
)
INGRESS = ResourceType(
    name="Ingress",
    spec=IngressSpec,
    output="network_id",
    of_swarm=True,
    observe=ingress.observe,
    actual=attrgetter("network"),
    decide=ingress.decide,
    decide_removal=ingress.decide_removal,
    status=ingress.status,
    decide_rollbacks=ingress.decide_rollbacks,
    left_undone_message=ingress_rollout.left_undone_message,
)
OVERLAY = ResourceType(
    name="Overlay",
    spec=OverlaySpec,
    output="network_id",
    of_swarm=True,
    observe=overlay.observe,
    actual=attrgetter("network"),
    decide=overlay.decide,
    decide_removal=overlay.decide_removal,
    status=overlay.status,
)
RESOURCE_TYPES: tuple[ResourceType[Any, Any], ...] = (GWBRIDGE, SWARM, NODE, INGRESS, OVERLAY)

KINDS: dict[str, type[Spec]] = {resource_type.name: resource_type.spec for resource_type in RESOURCE_TYPES}
ORDER = tuple(resource_type.spec for resource_type in RESOURCE_TYPES)


def type_of(spec: Spec) -> ResourceType[Any, Any]:
    """Return the resource type that a spec is of."""
    return RESOURCE_TYPES[ORDER.index(type(spec))]
