"""A host joins drained, gets its labels, and is then opened: what lands on it meanwhile, and what a cut leaves."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from providers import simulate
from providers.rules.resource_types.table import NODE
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.facts import NodeFacts
from providers.rules.vocabulary.specs import NodeSpec
from providers.rules.vocabulary.steps import JoinSwarm, LeaveSwarm
from providers.simulate import SimulatorState
from providers.simulate.members import stop_docker, without_membership
from tests.support import others
from tests.support.lifecycle import gwbridge_spec, id_of, made, make, node_spec, swarm_spec
from tests.support.simulated import Killed, SimulatedHosts, cuts, on_host
from tests.support.tables import cases

NOT_B = {"Placement": {"Constraints": ["node.labels.zone!=b"]}, "ForceUpdate": 0}
ANYWHERE = others.service_spec("anywhere", replicas=None)
NOT_IN_B = others.service_spec("not-in-b", replicas=None, TaskTemplate=NOT_B)


def with_m1() -> SimulatorState:
    """A swarm of m1, beside w1."""
    first = node_spec("m1", role="manager")
    return made(others.bare("m1", "w1"), swarm_spec(members=("m1", "w1")), first)


def with_services() -> SimulatorState:
    """A swarm of m1 with two global services, one of which keeps off hosts of zone b."""
    sim = with_m1()
    for service in (ANYWHERE, NOT_IN_B):
        sim = others.create_service(sim, service)
    return simulate.elapse(sim, 20)


def cut_after_join(sim: SimulatorState, spec: NodeSpec) -> SimulatorState:
    """The join is done, and nothing after it; then a while passes."""
    hosts = SimulatedHosts(sim, killed_after=1)
    with pytest.raises(Killed):
        make(hosts, spec)
    return simulate.elapse(hosts.sim, 60)


def on_w1(sim: SimulatorState) -> set[str]:
    """The names of the services that have, or had, a task on w1."""
    names = {service.id: service.name for service in sim.swarm.services}
    return {names[task.service_id] for task in sim.swarm.tasks if task.node_id == sim.host("w1").node_id}


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


def with_failing_joins(number: int) -> SimulatorState:
    """A swarm of m1, and w1, the next joins of which are given up."""
    sim = with_m1()
    return sim.with_host(replace(sim.host("w1"), failing_joins=number))


def test_join_that_the_engine_gave_up_is_made_again():
    """Where packets get lost, a join fails after it was begun, and the next one comes through."""
    hosts = SimulatedHosts(with_failing_joins(2))
    make(hosts, node_spec())

    join, leave = JoinSwarm(host="w1", role="worker", availability="drain"), LeaveSwarm(host="w1", force=True)
    assert [join, leave, join, leave, join] == hosts.steps[:5]
    assert "ready" == hosts.sim.swarm.nodes[1].state


def test_joins_that_fail_again_and_again_end_with_a_bare_host():
    """The Engine's own words say why; nothing is left of what was begun."""
    hosts = SimulatedHosts(with_failing_joins(9))
    with pytest.raises(Blocked, match=r"w1: it does not join: 3 joins failed, the last one with: rpc error"):
        make(hosts, node_spec())

    assert ("inactive", 3) == (hosts.sim.host("w1").state, sum(isinstance(each, JoinSwarm) for each in hosts.steps))


@pytest.mark.parametrize("spec", [node_spec(role="manager"), node_spec()], ids=["a manager's", "another run's"])
def test_broken_membership_that_may_count_is_left_alone(spec: NodeSpec):
    """The others may count on a manager's vote; what another run left behind may be more than a join that failed."""
    sim = with_failing_joins(1)
    if spec.role == "worker":
        sim = cut_after_join(sim, spec)
    hosts = SimulatedHosts(sim)
    with pytest.raises(
        Blocked, match=r"w1: its membership of a swarm is error \(rpc error.*docker swarm leave --force"
    ):
        make(hosts, spec)

    assert not [each for each in hosts.steps if isinstance(each, LeaveSwarm)]


def test_host_keeps_the_bridge_that_it_joins_with():
    """It joins with the declared one, and not before it has that: `docker network prune` may have removed it."""
    spec, bridge = node_spec(gwbridge="10.12.0.0/16"), gwbridge_spec("w1")
    with pytest.raises(Blocked, match=r"w1: docker_gwbridge is gone, desired 10\.12\.0\.0/16"):
        make(SimulatedHosts(with_m1()), spec)
    ready = made(with_m1(), bridge)

    assert id_of(ready, bridge) == id_of(made(ready, spec), bridge)


# A host that has another address, or has lost its Engine's data

AT = "198.51.100.77"


def reached(address: str) -> dict[str, str]:
    """How w1 is reached."""
    return {"name": "w1", "address": address, "advertise_address": address}


def moved(role: str) -> tuple[SimulatorState, NodeSpec, dict[str, Any]]:
    """A swarm of three managers, and w1, whose host has another address since; what is wanted, and the state's word."""
    names = ("m1", "m2", "w1", "w2")
    roles = {"m1": "manager", "m2": "manager", "w1": role, "w2": "worker"}
    nodes = [node_spec(name, role=roles[name], labels={"zone": "b"}) for name in names]
    sim = made(others.bare(*names), gwbridge_spec("w1"), swarm_spec(members=names), *nodes)
    old = sim.host("w1")
    sim = simulate.elapse(others.create_service(sim, ANYWHERE), 20)
    assert old.node_id in {task.node_id for task in sim.swarm.tasks if task.state == "running"}
    sim = on_host(sim, "w1", address=AT, joined_at=old.address)
    known = {"node_id": old.node_id, "labels": {"zone": "b"}, "access": reached(old.address)}
    return simulate.elapse(sim, 20), nodes[2].model_copy(update={"access": reached(AT)}), known


def work(hosts: SimulatedHosts, spec: NodeSpec, known: dict[str, Any]) -> NodeFacts:
    """Bring the membership about, as an `up` does."""
    observe = partial(NODE.observe, hosts, spec, known)
    facts: NodeFacts = hosts.work("it", spec.timeout, hosts.progress.append, observe, NODE.decide(spec, known))
    return facts


@pytest.mark.parametrize("role", ["worker", "manager"])
def test_host_with_a_new_address_leaves_and_joins_by_it(role: str):
    """It is drained first, and comes back as it was, wherever the run was cut; its former entry is gone."""
    sim, spec, known = moved(role)
    for cut in [sim, *cuts(sim, lambda hosts: work(hosts, spec, known))]:
        hosts = SimulatedHosts(cut)
        work(hosts, spec, known)
        (entry,) = [node for node in hosts.sim.swarm.nodes if node.hostname == "w1"]
        own = hosts.member("w1")
        assert (own.node_id, AT) == (entry.id, own.node_address) != (known["node_id"], AT)
        assert (role, "active", "b", AT) == (entry.role, entry.availability, entry.label("zone"), entry.address)
        hosts = SimulatedHosts(hosts.sim)
        work(hosts, spec, known)  # as after a cut right before the state was written
        assert [] == hosts.steps
    leaves = SimulatedHosts(sim)
    work(leaves, spec, known)
    kinds = [type(step).__name__ for step in leaves.steps]
    assert ("UpdateNode", True) == (kinds[0], kinds.index("LeaveSwarm") < kinds.index("JoinSwarm")), kinds


def test_manager_with_a_new_address_stays_where_the_quorum_needs_it():
    """The reason says what to do first; nothing is written."""
    sim, spec, known = moved("manager")
    hosts = SimulatedHosts(simulate.elapse(stop_docker(sim, "m2"), 60))

    with pytest.raises(Blocked, match=r"can't leave and join again by 198.51.100.77: .* bring the others back first"):
        work(hosts, spec, known)
    assert [] == hosts.steps


@pytest.mark.parametrize("told", [{"address": "w1.example.com"}, {"advertise_address": "198.51.100.2"}], ids=str)
def test_member_keeps_the_address_that_the_file_does_not_replace(told: dict[str, str]):
    """A name says nothing of it, and `advertise_address` says that it stays."""
    sim, spec, known = moved("worker")
    now = {**reached(AT), "advertise_address": AT, **told}
    if told.get("address"):
        del now["advertise_address"]
    else:
        now["advertise_address"] = known["access"]["address"]
    hosts = SimulatedHosts(sim)
    work(hosts, spec.model_copy(update={"access": now}), known)

    assert [] == hosts.steps


@pytest.mark.parametrize("role", ["worker", "manager"])
def test_host_whose_engine_lost_its_data_joins_anew(role: str):
    """It is another node; the former one's entry goes once the managers call it down."""
    sim, spec, known = moved(role)
    known["access"] = spec.access
    sim = simulate.elapse(stop_docker(sim, "w1"), 60)
    bare = without_membership(sim.host("w1"))
    hosts = SimulatedHosts(sim.with_host(replace(bare, docker=True, starts=())))
    work(hosts, spec, known)

    (entry,) = [node for node in hosts.sim.swarm.nodes if node.hostname == "w1"]
    assert (role, "active", "b", True) == (
        entry.role,
        entry.availability,
        entry.label("zone"),
        entry.id != known["node_id"],
    )
