"""Hosts that only a restart helps are repaired one at a time: no kick helps them, or they keep a removed ingress."""

import json
from dataclasses import replace
from functools import cache

import pytest

from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.steps import RemoveNetwork, RestartEngine, UpdateNode, UpdateService
from providers.simulate import SimulatorState, elapse, perform
from tests.support.lifecycle import id_of, ingress_spec, make, running
from tests.support.others import create_service, fail_kicks, service_spec
from tests.support.simulated import SimulatedHosts

STALE = ingress_spec(timeout=600)
HOPELESS = ingress_spec(subnet="10.111.0.0/16", gateway="10.111.0.1", timeout=600)
KICKS = 24  # that fail: the drain is one more, and what brings it in the end is the restart


def with_web(replicas: int | None) -> SimulatorState:
    """The whole stack with a service that publishes a port."""
    return elapse(create_service(running(), service_spec("web", ports=((8080, 80),), replicas=replicas)), 20)


def changed(spec: object, sim: SimulatorState, start: SimulatorState) -> SimulatedHosts:
    """After the work on the ingress that the state knows from before."""
    hosts = SimulatedHosts(start)
    make(hosts, spec, id_of(sim, spec))
    return hosts


@cache
def hopeless() -> SimulatedHosts:
    """After the ingress changed on a swarm of which two hosts do not follow any kick."""
    sim = with_web(1)
    return changed(HOPELESS, sim, fail_kicks(fail_kicks(sim, "w1", KICKS), "w2", KICKS))


@cache
def stale() -> SimulatedHosts:
    """After the work on a swarm of which every host keeps the old ingress: its only service's ports were taken off and
    the ingress was removed at once, a minute ago, by somebody else."""
    sim = with_web(None)
    (service,) = sim.swarm.services
    spec = json.loads(service.spec) | {"EndpointSpec": {"Ports": []}}
    bare = perform(sim, UpdateService(service_id=service.id, version=service.version, spec=json.dumps(spec)))
    return changed(STALE, sim, elapse(perform(bare, RemoveNetwork(id=id_of(sim, STALE))), 60))


def restarted(hosts: SimulatedHosts) -> list[str]:
    """The hosts whose docker was restarted."""
    return sorted(step.host for step in hosts.steps if isinstance(step, RestartEngine))


def test_ports_are_back_before_a_host_is_drained():
    """The repair is not waited for."""
    steps = hopeless().steps
    drains = [at for at, step in enumerate(steps) if isinstance(step, UpdateNode) and step.availability == "drain"]
    refilled = [at for at, step in enumerate(steps) if isinstance(step, UpdateService) and "8080" in step.spec]

    assert refilled[0] < drains[0]


def test_only_those_are_restarted():
    """One that keeps a removed ingress once; all have the new one then."""
    assert ({"w1", "w2"}, ["m1", "w1", "w2"]) == (set(restarted(hopeless())), restarted(stale()))
    ingress = id_of(stale().sim, STALE)
    assert [True, True, True] == [host.network(ingress) is not None for host in stale().sim.hosts]


@pytest.mark.parametrize("repaired", [hopeless, stale], ids=lambda repaired: repaired.__name__)
def test_never_more_than_one_is_out_of_service(repaired):
    """A host gets its availability back before the next is drained; in the end all have theirs."""
    out = 0
    for step in repaired().steps:
        if isinstance(step, UpdateNode) and step.availability:
            out += 1 if step.availability == "drain" else -1
            assert out in (0, 1)

    assert {"active"} == {node.availability for node in repaired().sim.swarm.nodes}


def test_one_that_does_not_come_back_is_restarted_twice():
    """A third time systemd may give its docker up: it stays drained, and the run says so."""
    sim = with_web(1)
    never = replace(sim, timings=replace(sim.timings, ingress_back=1000))
    hosts = SimulatedHosts(fail_kicks(never, "w1", KICKS))
    with pytest.raises(Blocked, match="w1: its docker was restarted 2 times, and it is still not attached"):
        make(hosts, HOPELESS, id_of(sim, HOPELESS))
    assert ["w1", "w1"] == restarted(hosts)
    assert ["w1"] == [node.hostname for node in hosts.sim.swarm.nodes if node.availability == "drain"]
