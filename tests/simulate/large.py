"""Swarms of any size at rest, as a simulated world and the plan that made it: grown from one of three hosts."""

from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

from cli.state import State
from providers.rules.plan import Plan
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.shape import Pool
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec
from providers.simulate.others import service_spec
from providers.simulate.tasks import Tasks
from providers.simulate.workloads import Placed, Service
from providers.simulate.world import Host, World
from tests.support.lifecycle import gwbridge_spec, id_of, ingress_spec, node_spec, overlay_spec, running

# For each host.
SERVICES, NETWORKS, TASKS = 6, 4, 6


@dataclass(frozen=True)
class Large:
    """A swarm at rest, what is declared of it, and what the state knows."""

    world: World
    bridges: tuple[GwbridgeSpec, ...]
    nodes: tuple[NodeSpec, ...]
    ingress: IngressSpec
    overlays: tuple[OverlaySpec, ...]

    def plan(self, **changed: Any) -> Plan:
        """Return the plan, or one with these fields changed."""
        usual: dict[str, Any] = {
            "access": {},
            "gwbridges": (self.bridges,),
            "swarm": None,
            "nodes": self.nodes,
            "ingress": self.ingress,
            "overlays": self.overlays,
        }
        return Plan(**{**usual, **changed})

    @cached_property
    def state(self) -> State:
        """What the state knows: the Engines' ids."""
        output = {GwbridgeSpec: "network_id", NodeSpec: "node_id", IngressSpec: "network_id", OverlaySpec: "network_id"}
        return {spec.resource_name: (spec, {output[type(spec)]: id_of(self.world, spec)}) for spec in self.plan().specs}


@cache
def large(hosts: int) -> Large:
    """Three managers, all others workers, each with its share of tasks; every service publishes a port."""
    seed = running()
    world = seed.agreed(nodes=(), attached=frozenset())
    members = [member(seed, number) for number in range(hosts)]
    nodes = [entry(seed, host, number) for number, host in enumerate(members)]
    ingress = seed.swarm.ingress
    assert ingress is not None
    overlays = [
        overlay_spec(f"app{number}", subnet=f"{place}.0/24", gateway=f"{place}.1")
        for number in range(NETWORKS * hosts)
        for place in (f"10.{128 + number // 250}.{number % 250}",)
    ]
    model = next(net for net in seed.swarm.networks if net.name == "app")
    made = [
        replace(
            model,
            id=f"network{number:05d}",
            shape=replace(model.shape, name=spec.name, pools=(Pool(subnet=spec.subnet, gateway=spec.gateway),)),
        )
        for number, spec in enumerate(overlays)
    ]
    services = [service(number, made[number % len(made)].id) for number in range(SERVICES * hosts)]
    tasks = [task(each, number, members[number % hosts], ingress.id) for number, each in enumerate(services)]
    world = replace(
        world.agreed(
            nodes=tuple(nodes),
            attached=frozenset((host.node_id, ingress.id) for host in members),
            networks=(ingress, *made),
            services=tuple(services),
            tasks=Tasks(tasks),
        ),
        hosts=tuple(members),
    )
    return Large(
        world=world,
        bridges=tuple(gwbridge_spec(host.name) for host in members),
        nodes=tuple(node_spec(host.name, role="manager" if host.control else "worker") for host in members),
        ingress=ingress_spec(),
        overlays=tuple(overlays),
    )


def member(seed: World, number: int) -> Host:
    """One host more, with its own bridge."""
    model = seed.host("m1" if number < 3 else "w1")
    bridge = model.network(GATEWAY_BRIDGE)
    copies = tuple(replace(net, id=f"bridge{number:06d}") if net is bridge else net for net in model.networks)
    address = f"10.{64 + number // 250}.0.{number % 250 + 1}"
    return replace(model, name=f"h{number}", address=address, node_id=f"node{number:08d}", networks=copies)


def entry(seed: World, host: Host, number: int):
    """Its entry, as the managers list it."""
    model = next(node for node in seed.swarm.nodes if (node.role == "manager") == (number < 3))
    return replace(model, id=host.node_id, hostname=host.name, address=host.address)


def service(number: int, network: str) -> Service:
    """One of a single task, which publishes a port."""
    spec = service_spec(f"web{number}", ports=((8000 + number, 80),), networks=(network,))
    made = Service(id=f"service{number:05d}", spec=spec)
    return replace(made, numbers=made.ports)


def task(of: Service, number: int, host: Host, ingress: str) -> Placed:
    """Its one task, which runs."""
    return Placed(
        id=f"task{number:08d}",
        service_id=of.id,
        node_id=host.node_id,
        state="running",
        desired="running",
        networks=(*of.networks, ingress),
        container_id=f"container{number:05d}",
        slot=1,
        template=of.template,
        endpoint=of.endpoint,
    )
