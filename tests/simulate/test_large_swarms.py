"""Swarms past one machine: what grows with hosts, services and networks, and what does not. Counts, no times."""

from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import pytest

from providers.explain.forecast import Forecast
from providers.loop.forecasts import State, forecasts
from providers.rules.plan import Plan
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.shape import Pool
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec
from providers.simulate.from_snapshot import copied
from providers.simulate.others import service_spec
from providers.simulate.tasks import Tasks
from providers.simulate.workloads import Placed, Service
from providers.simulate.world import Host, World
from tests.support.calls import calls
from tests.support.lifecycle import gwbridge_spec, id_of, ingress_spec, node_spec, overlay_spec, running
from tests.support.simulated import SimulatedHosts

pytestmark = [pytest.mark.exploration, pytest.mark.timeout(600)]

# For each host.
SERVICES, NETWORKS = 6, 4


# Swarms of any size at rest, grown from one of three hosts


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
            name=spec.name,
            pools=(Pool(subnet=spec.subnet, gateway=spec.gateway),),
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


# What they cost


def foretold(swarm: Large, plan: Plan) -> list[Forecast]:
    """What `swarmnet plan` finds out, from the survey on."""
    return forecasts(plan, swarm.state, copied(SimulatedHosts(swarm.world).survey()))


def alone(swarm: Large, **changed: object) -> Plan:
    """A plan with nothing but this; the rest is only forgotten."""
    return replace(swarm.plan(gwbridges=(), nodes=(), ingress=None, overlays=()), **changed)


def test_looking_at_twice_the_swarm_costs_twice_as_much():
    """Also at ten times the size, where all is as declared: functions that are called, from the survey on."""
    small, twice, many = (large(hosts) for hosts in (50, 100, 500))
    assert all(swarm.state for swarm in (small, twice, many))  # what the state knows is no part of it
    few = calls(lambda: foretold(small, small.plan()))

    assert calls(lambda: foretold(twice, twice.plan())) < 2.1 * few
    found: list[Forecast] = []
    assert calls(lambda: found.extend(foretold(many, many.plan()))) < 10.5 * few
    assert (500 + 500 + 1 + 2000, []) == (len(found), [each for each in found if each.stages or each.problem])


@pytest.mark.parametrize("hosts", [50, 500])
def test_a_bridge_of_a_member_takes_the_same_steps_however_large_the_swarm_is(hosts):
    """Eight, in the same seconds; so a rolling change takes as many times that as there are hosts."""
    swarm = large(hosts)
    one = swarm.bridges[7].model_copy(update={"subnet": "10.77.0.0/16", "gateway": "10.77.0.1", "disturb": True})
    (found,) = forecasts(
        alone(swarm, gwbridges=((one,),)), {one.resource_name: swarm.state[one.resource_name]}, swarm.world
    )

    assert ("", ("h7",), 8) == (found.problem, found.drained, len(found.stages))
    assert 9 == round(found.seconds)
