"""`swarmnet recover`, on the simulated swarm: what it refuses, which manager it goes on with, and that a cut run ends
well."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partial

import pytest

from cli.recover import decided, former_of, missing, recovered, with_tasks
from providers import simulate
from providers.explain.facts_file import Attached, FactsFile, NetworkFacts
from providers.rules import recovery
from providers.rules.plan import plan_of
from providers.rules.recovery import Former
from providers.rules.resource_types.table import type_of
from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.resolved import resolve
from providers.rules.vocabulary.errors import Blocked, NoQuorum
from providers.rules.vocabulary.facts import SwarmFacts
from providers.rules.vocabulary.steps import Decision, InitSwarm, JoinSwarm, LeaveSwarm, UpdateNode
from providers.simulate import SimulatorState
from providers.simulate.members import stop_docker
from tests.support.decisions import kinds, steps, waits_for
from tests.support.lifecycle import made, make, node_spec, swarm_spec
from tests.support.others import bare, create_service, cut, service_spec
from tests.support.simulated import SimulatedHosts, after, cuts, elapsed, on_host
from tests.support.tables import cases

MANAGERS = ("m1", "m2", "m3", "m4")
LOST = ("m3", "m4")
SWARM = swarm_spec(members=(*MANAGERS, "w1"))
NODES = (*(node_spec(host, role="manager", labels={"zone": host}) for host in MANAGERS), node_spec("w1"))


@cache
def whole() -> SimulatorState:
    """Four managers and a worker; somebody has labelled m1 by hand."""
    sim = made(bare(*MANAGERS, "w1"), SWARM, *NODES)
    node = sim.swarm.node(sim.host("m1").node_id)
    assert node
    step = UpdateNode(node_id=node.id, version=node.version, set_labels=(("by-hand", "yes"),))
    return simulate.elapse(simulate.perform(sim, step), 2)


@cache
def lost() -> SimulatorState:
    """The same without m3 and m4, whom the stack file calls lost; m2 has the newer log."""
    sim = whole()
    for host in LOST:
        sim = on_host(cut(sim, host), host, declared=False)
    return on_host(simulate.elapse(sim, 20), "m2", last_entry=(2, 11))


def stuck() -> SimulatorState:
    """The same, and managers do not learn by themselves that one has gone on without them."""
    return replace(lost(), timings=replace(lost().timings, found_again=1e6))


def former(without: tuple[str, ...] = LOST) -> Former:
    """What the file and the state say of it."""
    sim = whole()
    return Former(
        swarm=SWARM,
        nodes=tuple(spec for spec in NODES if spec.host not in without),
        node_ids={host.name: host.node_id for host in sim.hosts},
        lost={host: frozenset({sim.host(host).address}) for host in without},
    )


def recover(hosts: SimulatedHosts, newest: str = "") -> None:
    """Run the command's work."""
    chosen, _ = decided(hosts, former(), newest)
    recovered(hosts, former(), chosen, hosts.progress.append)


def refusal(sim: SimulatorState, newest: str = "", of: Former | None = None) -> str:
    """Return why nothing is begun."""
    hosts = SimulatedHosts(sim, killed_after=0)
    with pytest.raises(Blocked) as blocked:
        decided(hosts, of or former(), newest)
    return str(blocked.value)


def members(sim: SimulatorState) -> dict[str, tuple[str, str, str, dict[str, str]]]:
    """Role, availability, state and labels of each that is not lost, as the managers list it."""
    nodes = [node for node in simulate.entries(sim) if node.hostname not in LOST]
    shown = {
        node.hostname: (node.role, node.availability, node.state, dict(node.labels) | {"swarmnet.rejoins": ""})
        for node in nodes
    }
    assert len(shown) == len(nodes), "a former entry is left"
    return shown


def test_newest_manager_goes_on_and_the_others_find_it():
    """One step, and a wait; nobody leaves."""
    hosts = SimulatedHosts(lost())
    recover(hosts)
    hosts.elapse(20)

    assert [("m2", True, "198.51.100.2")] == [
        (step.host, step.force_new, step.address) for step in hosts.steps if isinstance(step, InitSwarm)
    ]
    assert 1 == len(hosts.steps)
    assert members(whole()) == members(hosts.sim)
    assert whole().swarm.settings.id == hosts.sim.swarm.settings.id


def test_manager_that_does_not_find_it_leaves_and_joins_again():
    """As it was, with labels that nobody declared; its former entry goes, and the worker stays."""
    hosts = SimulatedHosts(stuck())
    recover(hosts)
    hosts.elapse(20)

    moved = [(type(step), step.host) for step in hosts.steps if isinstance(step, LeaveSwarm | JoinSwarm)]
    assert [(LeaveSwarm, "m1"), (JoinSwarm, "m1")] == moved
    assert members(whole()) == members(hosts.sim)
    assert whole().host("w1").node_id == hosts.sim.host("w1").node_id


@pytest.mark.parametrize("begun", [lost, stuck])
def test_run_cut_anywhere_is_finished_by_the_next(begun: Callable[[], SimulatorState]):
    """The same command sees what is left behind, and `pulumi up` afterwards what else there is."""
    for sim in cuts(begun(), recover):
        for pause in (0, 15, 90):
            hosts = SimulatedHosts(elapsed(pause)(sim))
            with suppress(Blocked):  # where only a member that is inactive is left, which `pulumi up` lets join
                recover(hosts)
            for spec in former().nodes:
                make(hosts, spec, former().node_ids[spec.host])
            hosts.elapse(20)
            assert members(whole()) == members(hosts.sim)


def test_lost_managers_are_removed_by_the_next_up():
    """No majority needs them, and none of them is demoted before."""
    hosts = SimulatedHosts(lost())
    recover(hosts)
    for spec in NODES:
        if spec.host in LOST:
            known = {"node_id": whole().host(spec.host).node_id}
            decide = type_of(spec).decide_removal(spec, known, lost=True)
            assert decide
            hosts.work(spec.host, 60, hosts.progress.append, partial(hosts.node, spec.host, leaving=True), decide)

    assert {"m1", "m2", "w1"} == {node.hostname for node in hosts.nodes()}


def test_worker_that_does_not_find_the_manager_joins_again():
    """After the stated wait, and not before: marked and drained, then let go."""
    hosts = SimulatedHosts(lost())
    recover(hosts)
    seen = with_tasks(hosts, "w1")
    own = next(node for node in seen.nodes if node.hostname == "w1")
    decide = recovery.bring_back(node_spec("w1"), {"node_id": own.id})

    def decision(waited: float, **changes: object) -> Decision:
        nodes = tuple(replace(node, state="down", **changes) if node == own else node for node in seen.nodes)
        return decide(replace(seen, nodes=nodes, unchanged_for=waited))

    assert "w1 to find the swarm's manager" == waits_for(decision(59))
    assert ["UpdateNode"] == kinds(decision(60))
    assert (LeaveSwarm(host="w1", force=True),) == steps(decision(0, labels=(("swarmnet.rejoins", "w1"),)))


@cases(
    "expected, sim, newest",
    {
        "a majority answers": ("there is nothing to recover", whole(), ""),
        "one is not lost by the file": (
            "m3: nothing answers at 198.51.100.3; if it is gone for good, set hosts.m3.lost: true",
            after(lost(), lambda sim: on_host(sim, "m3", declared=True)),
            "",
        ),
        "docker is stopped": (
            "m1: the Engine does not answer (docker is not running?): start it",
            stop_docker(lost(), "m1"),
            "",
        ),
        "locked": ("run `docker swarm unlock` on it", on_host(lost(), "m1", state="locked"), ""),
        "another member": ("m1: it is node other, the state knows node", on_host(lost(), "m1", node_id="other"), ""),
        "an unknown log": ("m2 unknown (); name the one to go on with", on_host(lost(), "m2", last_entry=None), ""),
        "the older one named": ("m1: its log is older than that of m2", lost(), "m1"),
        "a strange one named": ("w1: it is none of the managers that answer", lost(), "w1"),
        "autolock": (
            "m2: autolock is on",
            lost().agreed(settings=replace(lost().swarm.settings, autolock=True)),
            "",
        ),
    },
)
def test_refused(expected: str, sim: SimulatorState, newest: str):
    """Before anything is written."""
    managers = (*MANAGERS[:2], "m3") if "m3: nothing" in expected else MANAGERS[:2]
    of = former(without=tuple(host for host in MANAGERS if host not in managers))

    assert expected in refusal(sim, newest, of)


def test_manager_that_the_file_does_not_have_is_no_loss():
    """The managers know it, and it may be only cut off."""
    of = replace(former(), lost={"m3": frozenset({whole().host("m3").address})})
    unknown = replace(of, node_ids={key: value for key, value in of.node_ids.items() if key != "m4"})

    assert "at 198.51.100.4, that the stack file does not have" in refusal(lost(), of=unknown)


def test_managers_that_are_just_losing_their_leader_are_asked_again_later():
    """The Engine's own words tell nobody that waiting helps."""

    class Leaderless(SimulatedHosts):
        def swarm(self, *, ending: bool = False) -> SwarmFacts:
            raise NoQuorum("The swarm does not have a leader.")

    with pytest.raises(Blocked, match=r"type it again in half a minute \(The swarm does not have a leader"):
        decided(Leaderless(lost()), former(), "")


def test_log_that_is_unknown_is_named_by_the_user():
    """And only such a one."""
    sim = on_host(lost(), "m1", last_entry=None)
    chosen, _ = decided(SimulatedHosts(sim), former(), "m1")

    assert chosen
    assert "m1" == chosen.host


def test_what_it_means_is_said_before():
    """How far each log goes, who becomes what, and what must not come back."""
    hosts = SimulatedHosts(lost())
    _, words = decided(hosts, former(), "")

    assert [
        "last entries of the managers' logs: m1 term 2, entry 10; m2 term 2, entry 11",
        "m2 becomes the only manager of the swarm, with what its log has",
    ] == words[:2]
    assert words[2].startswith("m1 and all workers stay")
    assert words[-1].startswith("m3 and m4: must not come back as they are")
    assert [] == hosts.steps


def test_what_the_last_facts_have_and_the_swarm_has_no_more_is_named():
    """Services by name: they were deployed after the last entry that is left."""
    web = Attached(name="web")
    app = NetworkFacts(id="a", services=(web, Attached(name="api")))
    known = FactsFile(schema=1, stack="t", taken_at=datetime.now(UTC), hosts={}, networks={"app": app}, forecast=())
    hosts = SimulatedHosts(create_service(whole(), service_spec("web")))

    assert ["missing since the facts were taken: services api: deploy them again"] == list(missing(hosts, known))
    assert [] == list(missing(hosts, None))


def test_stack_that_does_not_declare_the_swarm_is_refused():
    """It does not say who is a manager."""
    file = {"hosts": {"m1": {"address": "192.0.2.1", "role": "manager"}}}

    with pytest.raises(Blocked, match="the stack file has no section swarm"):
        former_of(plan_of(file, "infra/prod"), resolve(StackFile.model_validate(file)), {})
