"""Hosts that keep an ingress which was removed too early, by somebody else, are repaired one at a time."""

import json
from functools import cache

from providers.rules.vocabulary.steps import RemoveNetwork, RestartEngine, UpdateNode, UpdateService
from providers.simulate import World, elapse, perform
from providers.simulate.others import create_service, service_spec
from tests.support.lifecycle import id_of, ingress_spec, make, running
from tests.support.simulated import SimulatedHosts

SPEC = ingress_spec(timeout=600)


@cache
def repaired() -> SimulatedHosts:
    """After the work on a swarm of which every host keeps the old ingress."""
    world = elapse(create_service(running(), service_spec("web", ports=((8080, 80),), replicas=None)), 20)
    hosts = SimulatedHosts(stale(world))
    make(hosts, SPEC, id_of(world, SPEC))
    return hosts


def stale(world: World) -> World:
    """Its only service's ports taken off and the ingress removed at once, a minute ago."""
    (service,) = world.swarm.services
    spec = json.loads(service.spec) | {"EndpointSpec": {"Ports": []}}
    world = perform(world, UpdateService(service_id=service.id, version=service.version, spec=json.dumps(spec)))
    return elapse(perform(world, RemoveNetwork(id=id_of(world, SPEC))), 60)


def test_each_is_restarted_once():
    """All have the new ingress then."""
    hosts = repaired()

    assert ["m1", "w1", "w2"] == sorted(step.host for step in hosts.steps if isinstance(step, RestartEngine))
    ingress = id_of(hosts.world, SPEC)
    assert [True, True, True] == [host.network(ingress) is not None for host in hosts.world.hosts]


def test_never_more_than_one_is_out_of_service():
    """A host gets its availability back before the next is drained; in the end all have theirs."""
    out = 0
    for step in repaired().steps:
        if isinstance(step, UpdateNode) and step.availability:
            out += 1 if step.availability == "drain" else -1
            assert out in (0, 1)

    assert {"active"} == {node.availability for node in repaired().world.swarm.nodes}
