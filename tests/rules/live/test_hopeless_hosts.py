"""Hosts that no kick helps: the ports of all others are back first, then one after the other is restarted."""

from functools import cache

from providers.rules.vocabulary.steps import RestartEngine, UpdateNode, UpdateService
from providers.simulate import elapse
from providers.simulate.others import create_service, fail_kicks, service_spec
from tests.support.lifecycle import id_of, ingress_spec, make, running
from tests.support.simulated import SimulatedHosts

SPEC = ingress_spec(subnet="10.111.0.0/16", gateway="10.111.0.1", timeout=600)
KICKS = 24  # that fail: the drain is one more, and what brings it in the end is the restart


@cache
def changed() -> SimulatedHosts:
    """After the ingress changed on a swarm of which two hosts do not follow any kick."""
    world = elapse(create_service(running(), service_spec("web", ports=((8080, 80),))), 20)
    hosts = SimulatedHosts(fail_kicks(fail_kicks(world, "w1", KICKS), "w2", KICKS))
    make(hosts, SPEC, id_of(world, SPEC))
    return hosts


def test_ports_are_back_before_a_host_is_drained():
    """The repair is not waited for."""
    steps = changed().steps
    drains = [at for at, step in enumerate(steps) if isinstance(step, UpdateNode) and step.availability == "drain"]
    refilled = [at for at, step in enumerate(steps) if isinstance(step, UpdateService) and "8080" in step.spec]

    assert refilled[0] < drains[0]


def test_one_after_the_other_is_out_of_service():
    """A host has its availability back before the next is drained."""
    out = 0
    for step in changed().steps:
        if isinstance(step, UpdateNode) and step.availability:
            out += 1 if step.availability == "drain" else -1
            assert out in (0, 1)

    assert ["w1", "w2"] == sorted({step.host for step in changed().steps if isinstance(step, RestartEngine)})
    assert {"active"} == {node.availability for node in changed().world.swarm.nodes}
