"""Swarms past one machine: what grows with hosts, services and networks, and what does not. Counts, no times."""

from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import cycle
from typing import Any

import pytest

from providers.explain.forecast import Forecast
from providers.loop.forecasts import State, forecasts
from providers.rules.plan import Plan
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec
from providers.simulate import SimulatorState, elapse
from providers.simulate.from_snapshot import copied
from providers.simulate.tasks import Tasks
from tests.support.calls import calls
from tests.support.lifecycle import gwbridge_spec, id_of, ingress_spec, made, node_spec, overlay_spec, swarm_spec
from tests.support.others import bare, create_service, service_spec
from tests.support.simulated import SimulatedHosts

pytestmark = [pytest.mark.exploration, pytest.mark.timeout(600)]

# For each host.
SERVICES, NETWORKS = 3, 2


# Swarms of any size at rest


@dataclass(frozen=True)
class Large:
    """A swarm at rest, what is declared of it, and what the state knows."""

    sim: SimulatorState
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
        return {spec.resource_name: (spec, {output[type(spec)]: id_of(self.sim, spec)}) for spec in self.plan().specs}


@cache
def large(hosts: int) -> Large:
    """Three managers, all others workers; every service has one task and publishes a port."""
    names = tuple(f"h{number}" for number in range(hosts))
    swarm = Large(
        sim=bare(*names),
        bridges=tuple(map(gwbridge_spec, names)),
        nodes=tuple(node_spec(name, role="manager" if name in names[:3] else "worker") for name in names),
        ingress=ingress_spec(),
        overlays=tuple(
            overlay_spec(f"app{number}", subnet=f"{place}.0/24", gateway=f"{place}.1")
            for number in range(NETWORKS * hosts)
            for place in (f"10.{128 + number // 250}.{number % 250}",)
        ),
    )
    begun = swarm_spec(first_manager=names[0], members=names)
    sim = made(swarm.sim, swarm.bridges[0], begun, swarm.nodes[0], swarm.ingress)
    for spec in (*swarm.bridges[1:], *swarm.nodes[1:], *swarm.overlays):
        sim = made(sim, spec)
    for number in range(SERVICES * hosts):
        network = id_of(sim, swarm.overlays[number % len(swarm.overlays)])
        web = service_spec(f"web{number}", ports=((8000 + number, 80),), networks=(network,))
        sim = create_service(sim, web)
    return replace(swarm, sim=spread(elapse(sim, 60)))


def spread(sim: SimulatorState) -> SimulatorState:
    """Tasks shared out among all hosts: the simulated scheduler counts those of one service only."""
    hosts = cycle(sim.hosts)
    return sim.agreed(tasks=Tasks(replace(task, node_id=next(hosts).node_id) for task in sim.swarm.tasks))


# What they cost


def foretold(swarm: Large, plan: Plan) -> list[Forecast]:
    """What `swarmnet plan` finds out, from the snapshot on."""
    return forecasts(plan, swarm.state, copied(SimulatedHosts(swarm.sim).snapshot()))


def alone(swarm: Large, **changed: object) -> Plan:
    """A plan with nothing but this; the rest is only forgotten."""
    return replace(swarm.plan(gwbridges=(), nodes=(), ingress=None, overlays=()), **changed)


def test_looking_at_twice_the_swarm_costs_twice_as_much():
    """Also at six times the size, where all is as declared: functions that are called, from the snapshot on."""
    small, twice, many = (large(hosts) for hosts in (50, 100, 300))
    assert all(swarm.state for swarm in (small, twice, many))  # what the state knows is no part of it
    few = calls(lambda: foretold(small, small.plan()))

    assert calls(lambda: foretold(twice, twice.plan())) < 2.1 * few
    found: list[Forecast] = []
    assert calls(lambda: found.extend(foretold(many, many.plan()))) < 6.3 * few
    assert (300 + 300 + 1 + 600, []) == (len(found), [each for each in found if each.stages or each.problem])


@pytest.mark.parametrize("hosts", [50, 300])
def test_a_bridge_of_a_member_takes_the_same_steps_however_large_the_swarm_is(hosts):
    """Eight, in the same seconds; so a rolling change takes as many times that as there are hosts."""
    swarm = large(hosts)
    one = swarm.bridges[7].model_copy(update={"subnet": "10.77.0.0/16", "gateway": "10.77.0.1", "disturb": True})
    (found,) = forecasts(
        alone(swarm, gwbridges=((one,),)), {one.resource_name: swarm.state[one.resource_name]}, swarm.sim
    )

    assert ("", ("h7",), 8) == (found.problem, found.drained, len(found.stages))
    assert 9 == round(found.seconds)
