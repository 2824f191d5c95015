"""A host joins drained, gets its labels, and is then opened: what lands on it meanwhile, and what a cut leaves."""

from dataclasses import replace

import pytest

from providers import simulate
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.specs import NodeSpec
from providers.rules.vocabulary.steps import JoinSwarm, LeaveSwarm
from providers.simulate import World, others
from tests.support.lifecycle import gwbridge_spec, id_of, made, make, node_spec, swarm_spec
from tests.support.simulated import Killed, SimulatedHosts
from tests.support.tables import cases

NOT_B = {"Placement": {"Constraints": ["node.labels.zone!=b"]}, "ForceUpdate": 0}
ANYWHERE = others.service_spec("anywhere", replicas=None)
NOT_IN_B = others.service_spec("not-in-b", replicas=None, TaskTemplate=NOT_B)


def with_m1() -> World:
    """A swarm of m1, beside w1."""
    first = node_spec("m1", role="manager")
    return made(simulate.bare("m1", "w1"), swarm_spec(members=("m1", "w1")), first)


def with_services() -> World:
    """A swarm of m1 with two global services, one of which keeps off hosts of zone b."""
    world = with_m1()
    for service in (ANYWHERE, NOT_IN_B):
        world = others.create_service(world, service)
    return simulate.elapse(world, 20)


def cut_after_join(world: World, spec: NodeSpec) -> World:
    """The join is done, and nothing after it; then a while passes."""
    hosts = SimulatedHosts(world, killed_after=1)
    with pytest.raises(Killed):
        make(hosts, spec)
    return simulate.elapse(hosts.world, 60)


def on_w1(world: World) -> set[str]:
    """The names of the services that have, or had, a task on w1."""
    names = {service.id: service.name for service in world.swarm.services}
    return {names[task.service_id] for task in world.swarm.tasks if task.node_id == world.host("w1").node_id}


@cases(
    "expected, spec",
    {
        "drained": (set(), node_spec(availability="drain")),
        "with a label": ({"anywhere"}, node_spec(labels={"zone": "b"})),
        "bare": ({"anywhere", "not-in-b"}, node_spec()),
    },
)
def test_no_task_lands_on_a_host_that_is_not_yet_as_declared(expected: set[str], spec: NodeSpec):
    """Nothing is on it however long it stays so, even if the run is cut; the next one opens it."""
    cut = cut_after_join(with_services(), spec)
    done = made(cut, spec)

    assert (set(), expected) == (on_w1(cut), on_w1(done))


def with_failing_joins(number: int) -> World:
    """A swarm of m1, and w1, the next joins of which are given up."""
    world = with_m1()
    return world.with_host(replace(world.host("w1"), failing_joins=number))


def test_join_that_the_engine_gave_up_is_made_again():
    """Where packets get lost, a join fails after it was begun, and the next one comes through."""
    hosts = SimulatedHosts(with_failing_joins(2))
    make(hosts, node_spec())

    join, leave = JoinSwarm(host="w1", role="worker", availability="drain"), LeaveSwarm(host="w1", force=True)
    assert [join, leave, join, leave, join] == hosts.steps[:5]
    assert "ready" == hosts.world.swarm.nodes[1].state


def test_joins_that_fail_again_and_again_end_with_a_bare_host():
    """The Engine's own words say why; nothing is left of what was begun."""
    hosts = SimulatedHosts(with_failing_joins(9))
    with pytest.raises(Blocked, match=r"w1: it does not join: 3 joins failed, the last one with: rpc error"):
        make(hosts, node_spec())

    assert ("inactive", 3) == (hosts.world.host("w1").state, sum(isinstance(each, JoinSwarm) for each in hosts.steps))


@pytest.mark.parametrize("spec", [node_spec(role="manager"), node_spec()], ids=["a manager's", "another run's"])
def test_broken_membership_that_may_count_is_left_alone(spec: NodeSpec):
    """The others may count on a manager's vote; what another run left behind may be more than a join that failed."""
    world = with_failing_joins(1)
    if spec.role == "worker":
        world = cut_after_join(world, spec)
    hosts = SimulatedHosts(world)
    with pytest.raises(
        Blocked, match=r"w1: its membership of a swarm is error \(rpc error.*docker swarm leave --force"
    ):
        make(hosts, spec)

    assert not [each for each in hosts.steps if isinstance(each, LeaveSwarm)]


def test_host_keeps_the_bridge_that_it_joins_with():
    """It joins with the declared one, and not before it has that: `docker network prune` may have removed it."""
    spec, bridge = node_spec(gwbridge="10.12.0.0/16"), gwbridge_spec("w1")
    with pytest.raises(Blocked, match=r"w1: docker_gwbridge is gone, wanted 10\.12\.0\.0/16"):
        make(SimulatedHosts(with_m1()), spec)
    ready = made(with_m1(), bridge)

    assert id_of(ready, bridge) == id_of(made(ready, spec), bridge)
