"""The work of each resource type on a simulated swarm, as its provider does it: made, made again, taken away."""

from functools import cache, partial
from typing import Any

from providers.rules.resource_types.table import type_of
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec, Spec, SwarmSpec
from providers.simulate import SimulatorState
from tests.support.others import bare
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
    resource_type = type_of(spec)
    outputs = {resource_type.output: known, "labels": dict.fromkeys(drop_labels, "")} if known else {}
    observe = partial(resource_type.observe, hosts, spec, outputs)
    back = resource_type.decide_rollbacks(spec, known=bool(known))
    return hosts.work(
        spec.resource_name, spec.timeout, hosts.progress.append, observe, resource_type.decide(spec, outputs), back
    )


def take_away(hosts: SimulatedHosts, spec: Spec, known: str, *, adopted: bool = False) -> Any:
    """Remove one resource, which the state knows by this id."""
    resource_type = type_of(spec)
    outputs = {resource_type.output: known, "adopted": adopted}
    observe = partial(resource_type.observe, hosts, spec, outputs, leaving=True)
    decide = resource_type.decide_removal(spec, outputs, lost=False)
    return hosts.work("it", spec.timeout, hosts.progress.append, observe, decide) if decide else observe()


def made(sim: SimulatorState, *specs: Spec) -> SimulatorState:
    """The simulation in which all this has been brought about, and has come to rest."""
    hosts = SimulatedHosts(sim)
    for spec in specs:
        make(hosts, spec)
    hosts.elapse(20)
    return hosts.sim


def recorded(sim: SimulatorState, spec: Spec) -> dict[str, Any]:
    """The outputs that the state has of what was made."""
    return {**spec.model_dump(), type_of(spec).output: id_of(sim, spec), "adopted": False}


@cache
def running(sim: SimulatorState | None = None) -> SimulatorState:
    """Three hosts with the whole stack, at rest."""
    return made(sim or bare(*HOSTS), *whole_stack())


def id_of(sim: SimulatorState, spec: Spec) -> str:
    """The id by which the state knows what was made."""
    match spec:
        case GwbridgeSpec():
            bridge = sim.host(spec.host).network(GATEWAY_BRIDGE)
            return bridge.id if bridge else ""
        case SwarmSpec():
            return sim.swarm.settings.id
        case NodeSpec():
            return sim.host(spec.host).node_id
        case IngressSpec():
            return sim.swarm.ingress.id if sim.swarm.ingress else ""
        case OverlaySpec():
            return next((net.id for net in sim.swarm.networks if net.name == spec.name), "")
    raise TypeError(type(spec).__name__)
