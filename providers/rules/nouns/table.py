"""The five nouns in the order in which they come about; each comes after those it depends on."""

from operator import attrgetter
from typing import Any

from providers.rules.live import ingress_rollout
from providers.rules.nouns import gwbridge, ingress, node, overlay, swarm
from providers.rules.nouns.noun import Noun
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec, Spec, SwarmSpec

GWBRIDGE = Noun(
    name="Gwbridge",
    spec=GwbridgeSpec,
    output="network_id",
    of_swarm=False,
    look=gwbridge.look,
    there=attrgetter("bridge"),
    decide=gwbridge.decide,
    decide_removal=gwbridge.decide_removal,
    finding=gwbridge.finding,
    ways_back=gwbridge.ways_back,
)
SWARM = Noun(
    name="Swarm",
    spec=SwarmSpec,
    output="swarm_id",
    of_swarm=False,
    look=swarm.look,
    there=attrgetter("swarm"),
    decide=swarm.decide,
    decide_removal=swarm.decide_removal,
    finding=swarm.finding,
)
NODE = Noun(
    name="Node",
    spec=NodeSpec,
    output="node_id",
    of_swarm=True,
    look=node.look,
    there=node.member_of,
    decide=node.decide,
    decide_removal=node.decide_removal,
    finding=node.finding,
)
INGRESS = Noun(
    name="Ingress",
    spec=IngressSpec,
    output="network_id",
    of_swarm=True,
    look=ingress.look,
    there=attrgetter("network"),
    decide=ingress.decide,
    decide_removal=ingress.decide_removal,
    finding=ingress.finding,
    ways_back=ingress.ways_back,
    left_undone=ingress_rollout.left_undone,
)
OVERLAY = Noun(
    name="Overlay",
    spec=OverlaySpec,
    output="network_id",
    of_swarm=True,
    look=overlay.look,
    there=attrgetter("network"),
    decide=overlay.decide,
    decide_removal=overlay.decide_removal,
    finding=overlay.finding,
)
NOUNS: tuple[Noun[Any, Any], ...] = (GWBRIDGE, SWARM, NODE, INGRESS, OVERLAY)

KINDS: dict[str, type[Spec]] = {noun.name: noun.spec for noun in NOUNS}
ORDER = tuple(noun.spec for noun in NOUNS)


def noun_of(spec: Spec) -> Noun[Any, Any]:
    """Return the noun that a spec is of."""
    return NOUNS[ORDER.index(type(spec))]
