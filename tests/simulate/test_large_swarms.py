"""Swarms past one machine: what grows with hosts, services and networks, and what does not. Counts, no times."""

from dataclasses import replace

import pytest

from cli.forecasts import forecasts
from providers.explain.forecast import Forecast
from providers.rules.plan import Plan
from providers.simulate.from_snapshot import copied
from tests.simulate.large import NETWORKS, SERVICES, Large, large
from tests.support.calls import calls
from tests.support.simulated import SimulatedHosts

pytestmark = [pytest.mark.exploration, pytest.mark.timeout(600)]


def foretold(swarm: Large, plan: Plan) -> list[Forecast]:
    """What `swarmnet plan` finds out, from the survey on."""
    return forecasts(plan, swarm.state, copied(SimulatedHosts(swarm.world).survey()))


def alone(swarm: Large, **changed: object) -> Plan:
    """A plan with nothing but this; the rest is only forgotten."""
    return replace(swarm.plan(gwbridges=(), nodes=(), ingress=None, overlays=()), **changed)


def test_500_hosts_with_3000_services_and_2000_networks_are_as_declared():
    """Every resource of such a stack is looked at, and nothing is to be done."""
    swarm = large(500)

    assert (3000, 2001) == (len(swarm.world.swarm.services), len(swarm.world.swarm.networks))
    assert (3000, 2000) == (SERVICES * 500, NETWORKS * 500)
    found = foretold(swarm, swarm.plan())
    assert 500 + 500 + 1 + 2000 == len(found)
    assert [] == [each for each in found if each.stages or each.problem]


def test_looking_at_twice_the_swarm_costs_twice_as_much():
    """Also at ten times the size: functions that are called, for the survey, its copy and each resource."""
    small, twice, many = (large(hosts) for hosts in (50, 100, 500))
    assert all(swarm.state for swarm in (small, twice, many))  # what the state knows is no part of it
    few = calls(lambda: foretold(small, small.plan()))

    assert calls(lambda: foretold(twice, twice.plan())) < 2.1 * few
    assert calls(lambda: foretold(many, many.plan())) < 10.5 * few


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
