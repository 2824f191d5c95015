"""The work of each noun on a simulated swarm, as its provider does it: made, made again, taken away."""

from functools import cache, partial
from typing import Any

from providers.rules.nouns.table import noun_of
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec, Spec, SwarmSpec
from providers.simulate import World, bare
from tests.support.simulated import SimulatedHosts

OWNER = "infra/prod"
OTHER_OWNER = "infra/staging"
OURS = (("swarmnet.owner", OWNER),)
OTHERS = (("swarmnet.owner", OTHER_OWNER),)
HOSTS = ("m1", "w1", "w2")


def gwbridge_spec(host: str = "m1", **given: Any) -> GwbridgeSpec:
    """docker_gwbridge of one host."""
    return GwbridgeSpec(**{"owner": OWNER, "host": host, "subnet": "10.12.0.0/16", "gateway": "10.12.0.1", **given})


def swarm_spec(**given: Any) -> SwarmSpec:
    """A swarm that begins on m1."""
    return SwarmSpec(**{"owner": OWNER, "first_manager": "m1", "members": HOSTS, **given})


def node_spec(host: str = "w1", **given: Any) -> NodeSpec:
    """A worker."""
    return NodeSpec(**{"owner": OWNER, "host": host, **given})


def ingress_spec(**given: Any) -> IngressSpec:
    """An ingress of our own."""
    return IngressSpec(**{"owner": OWNER, "subnet": "10.11.0.0/16", "gateway": "10.11.0.1", **given})


def overlay_spec(name: str = "app", **given: Any) -> OverlaySpec:
    """An overlay."""
    return OverlaySpec(**{"owner": OWNER, "name": name, "subnet": "10.20.0.0/24", "gateway": "10.20.0.1", **given})


def whole_stack() -> tuple[Spec, ...]:
    """One of everything for three hosts, in the order in which Pulumi would bring it about."""
    return (
        *(gwbridge_spec(host) for host in HOSTS),
        swarm_spec(),
        node_spec("m1", role="manager"),
        node_spec("w1"),
        node_spec("w2", labels={"zone": "b"}),
        ingress_spec(),
        overlay_spec(),
    )


def make(hosts: SimulatedHosts, spec: Spec, known: str = "", drop_labels: tuple[str, ...] = ()) -> Any:
    """Bring one resource about; returns the facts that were enough. `known`: what the state knows, empty in create."""
    noun = noun_of(spec)
    outputs = {noun.output: known, "labels": dict.fromkeys(drop_labels, "")} if known else {}
    look = partial(noun.look, hosts, spec, outputs)
    back = noun.ways_back(spec, known=bool(known))
    return hosts.work(spec.resource_name, spec.timeout, hosts.progress.append, look, noun.decide(spec, outputs), back)


def take_away(hosts: SimulatedHosts, spec: Spec, known: str, *, adopted: bool = False) -> Any:
    """Remove one resource, which the state knows by this id."""
    noun = noun_of(spec)
    outputs = {noun.output: known, "adopted": adopted}
    look = partial(noun.look, hosts, spec, outputs, leaving=True)
    decide = noun.decide_removal(spec, outputs, lost=False)
    return hosts.work("it", spec.timeout, hosts.progress.append, look, decide) if decide else look()


def made(world: World, *specs: Spec) -> World:
    """The world in which all this has been brought about, and has come to rest."""
    hosts = SimulatedHosts(world)
    for spec in specs:
        make(hosts, spec)
    hosts.elapse(20)
    return hosts.world


def recorded(world: World, spec: Spec) -> dict[str, Any]:
    """The outputs that the state has of what was made."""
    return {**spec.model_dump(), noun_of(spec).output: id_of(world, spec), "adopted": False}


@cache
def running(world: World | None = None) -> World:
    """Three hosts with the whole stack, at rest."""
    return made(world or bare(*HOSTS), *whole_stack())


def id_of(world: World, spec: Spec) -> str:
    """The id by which the state knows what was made."""
    match spec:
        case GwbridgeSpec():
            bridge = world.host(spec.host).network(GATEWAY_BRIDGE)
            return bridge.id if bridge else ""
        case SwarmSpec():
            return world.swarm.settings.id
        case NodeSpec():
            return world.host(spec.host).node_id
        case IngressSpec():
            return world.swarm.ingress.id if world.swarm.ingress else ""
        case OverlaySpec():
            return next((net.id for net in world.swarm.networks if net.name == spec.name), "")
    raise TypeError(type(spec).__name__)
