"""The work of each resource type on a simulated swarm, through the real loop: from bare hosts to done, and back.

Done, run again, cut anywhere, spoilt by hand: what must hold for every resource type stands here once.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from providers import simulate
from providers.rules.vocabulary.errors import Blocked, DeadlineExceeded, SwarmnetError
from providers.rules.vocabulary.specs import Spec
from providers.rules.vocabulary.steps import InitSwarm, JoinSwarm, LeaveSwarm, RemoveNetwork
from providers.simulate import SimulatorState, members
from tests.support import others
from tests.support.lifecycle import (
    HOSTS,
    gwbridge_spec,
    id_of,
    ingress_spec,
    made,
    make,
    node_spec,
    overlay_spec,
    running,
    swarm_spec,
    take_away,
    whole_stack,
)
from tests.support.networks import create_network
from tests.support.others import bare
from tests.support.simulated import Killed, SimulatedHosts, cuts, elapsed
from tests.support.tables import cases

SWARM = (swarm_spec(), node_spec("m1", role="manager"), node_spec("w1"), node_spec("w2"))


# What is made, what has to be there before, and the steps that it takes from there.
CASES: dict[str, tuple[Spec, tuple[Spec, ...], int]] = {
    "gwbridge": (gwbridge_spec(), (), 1),
    "gwbridge in place of the default": (gwbridge_spec("w1"), (), 2),
    "swarm": (swarm_spec(), (gwbridge_spec(),), 1),
    "first manager": (node_spec("m1", role="manager"), (swarm_spec(),), 1),
    "worker": (node_spec("w1"), SWARM[:2], 2),
    "manager": (node_spec("w1", role="manager"), SWARM[:2], 2),
    "drained worker with labels": (node_spec("w1", availability="drain", labels={"a": "b"}), SWARM[:2], 2),
    "ingress": (ingress_spec(), SWARM, 8),
    "ingress of another name": (ingress_spec(name="my-long-ingress", mtu=1400), SWARM, 8),
    "overlay": (overlay_spec(), SWARM, 1),
    "encrypted overlay": (overlay_spec(mtu=1400, attachable=True, encrypted=True), SWARM, 1),
}
every_case = pytest.mark.parametrize("name", CASES)


@cache
def start(name: str) -> SimulatorState:
    """The simulation in which a case begins."""
    sim = bare(*HOSTS)
    if name == "gwbridge in place of the default":
        sim = simulate.perform(sim, InitSwarm(host="m1"))
        sim = simulate.perform(simulate.elapse(sim, 2), JoinSwarm(host="w1", role="worker"))
        sim = simulate.perform(simulate.elapse(sim, 2), LeaveSwarm(host="w1"))
    return made(sim, *CASES[name][1])


def made_at_once(sim: SimulatorState, spec: Spec, known: str = "") -> SimulatorState:
    """The simulation right after it has been brought about."""
    hosts = SimulatedHosts(sim)
    make(hosts, spec, known)
    return hosts.sim


def shown(sim: SimulatorState, spec: Spec) -> bool:
    """Tell whether all hosts show that it is right: nothing is left to do or to wait for."""
    hosts = SimulatedHosts(sim, killed_after=0)
    make(hosts, spec, id_of(sim, spec))
    return hosts.seconds == 0


@every_case
def test_done_stays_done(name: str):
    """It takes just the steps that it needs, from nothing to done, and then none, whether the state knows it or not."""
    spec, _, steps = CASES[name]
    hosts = SimulatedHosts(start(name))
    make(hosts, spec)
    assert steps == len(hosts.steps)
    hosts.elapse(100)
    done = hosts.sim
    for known in (id_of(done, spec), ""):
        make(hosts, spec, known)
        assert (steps, done) == (len(hosts.steps), hosts.sim)


@every_case
def test_a_run_cut_anywhere_is_finished_by_the_next(name: str):
    """A run killed before any step is ended by another one, at once or later, where it would have ended itself: then
    nothing is left to wait for."""
    spec = CASES[name][0]
    for cut in cuts(start(name), lambda hosts: make(hosts, spec)):
        for pause in (0, 0.7, 15):
            assert shown(made_at_once(elapsed(pause)(cut), spec), spec)


# It is spoilt by hand


def without(spec: Spec) -> Callable[[SimulatorState], SimulatorState]:
    """Somebody removes a network."""
    return lambda sim: simulate.perform(sim, RemoveNetwork(id=id_of(sim, spec)))


def replaced_ingress(sim: SimulatorState) -> SimulatorState:
    """Somebody swaps the ingress for one of their own, without a kick."""
    other = create_network(name="theirs", driver="overlay", subnet="10.99.0.0/16", gateway=None, ingress=True)
    gone = simulate.elapse(without(ingress_spec())(sim), 5)
    return simulate.elapse(simulate.perform(gone, other), 5)


def left(sim: SimulatorState) -> SimulatorState:
    """Somebody lets w1 leave."""
    return simulate.elapse(simulate.perform(sim, LeaveSwarm(host="w1")), 30)


def restarted(sim: SimulatorState) -> SimulatorState:
    """Docker on w1 was away for a while, and has just come back."""
    return members.start_docker(simulate.elapse(members.stop_docker(sim, "w1"), 30), "w1")


@cases(
    "spec, act",
    {
        "a node is promoted": (node_spec("w1"), lambda sim: others.set_node(sim, "w1", role="manager")),
        "a host left": (node_spec("w1"), left),
        "the overlay is removed": (overlay_spec(), without(overlay_spec())),
        "the ingress is removed": (ingress_spec(), without(ingress_spec())),
        "the ingress is removed long ago": (ingress_spec(), lambda sim: elapsed(60)(without(ingress_spec())(sim))),
        "the ingress is another one": (ingress_spec(), replaced_ingress),
        "a host was away": (node_spec("w1"), restarted),
        "a host was away, for the ingress": (ingress_spec(), restarted),
    },
)
def test_drift_is_repaired(spec: Spec, act: Callable[[SimulatorState], SimulatorState]):
    """Changes made by hand are undone by a run, or, wherever that is cut, by the next."""
    spoilt, known = act(running()), id_of(running(), spec)
    for sim in [spoilt, *cuts(spoilt, lambda hosts: make(hosts, spec, known))[1:]]:
        assert shown(made_at_once(sim, spec, known), spec)


@cases(
    "spec, act",
    {
        "the manager is cut off": (overlay_spec(), lambda sim: others.cut(sim, "m1")),
        "docker is stopped": (gwbridge_spec("w1"), lambda sim: members.stop_docker(sim, "w1")),
        "the host is cut off": (node_spec("w1"), lambda sim: others.cut(sim, "w1")),
        "nobody answers for the swarm": (swarm_spec(), lambda sim: members.stop_docker(sim, "m1")),
    },
)
def test_what_can_not_be_seen_is_an_error(spec: Spec, act: Callable[[SimulatorState], SimulatorState]):
    """Nothing is called right, or gone, that nobody could look at; and nothing is written."""
    before = running()
    hosts = SimulatedHosts(act(before), killed_after=0)
    with pytest.raises(SwarmnetError):
        make(hosts, spec, id_of(before, spec))


# It is taken away


def go_down(hosts: SimulatedHosts, state: list[tuple[Spec, str]]) -> None:
    """Take away what the state still knows, last thing first, as `pulumi destroy` does; what has gone is removed from
    the state."""
    while state:
        take_away(hosts, *state[-1])
        state.pop()


def down(*specs: Spec) -> SimulatedHosts:
    """All this taken away from the whole stack."""
    hosts = SimulatedHosts(running())
    go_down(hosts, [(spec, id_of(hosts.sim, spec)) for spec in specs])
    return hosts


def restoring() -> tuple[Spec, ...]:
    """The whole stack, whose bridges are given back."""
    return tuple(
        spec.model_copy(update={"on_remove": "restore_default"}) if hasattr(spec, "on_remove") else spec
        for spec in whole_stack()
    )


def test_a_whole_stack_is_kept_where_it_says_so():
    """The bridges stay as they are by default, and the ingress goes with its swarm."""
    hosts = down(*whole_stack())
    assert ["10.12.0.0/16"] * 3 == [host.network("docker_gwbridge").subnet for host in hosts.sim.hosts]  # type: ignore[union-attr]


def test_a_whole_stack_goes():
    """Nothing of it is left, wherever a destroy is cut and the next one goes on: the hosts are as they were."""
    sim = running()
    for killed_after in range(len(down(*restoring()).steps)):
        hosts = SimulatedHosts(sim, killed_after=killed_after)
        state = [(spec, id_of(sim, spec)) for spec in restoring()]
        with pytest.raises(Killed):
            go_down(hosts, state)
        hosts.killed_after = None
        go_down(hosts, state)
        assert bare(*HOSTS) == replace(hosts.sim, made=0, pending=(), cluster=None)


def test_the_default_ingress_comes_back():
    """The Engine's own takes the place of ours on every host."""
    hosts = down(ingress_spec(on_remove="restore_default"))
    networks = [host.network("ingress") for host in hosts.sim.hosts]
    assert ["10.0.0.0/24"] * 3 == [network.subnet for network in networks if network]


@every_case
def test_others_are_left_alone(name: str):
    """A service, a network, a bridge and labels of others are after the work what they were before."""
    sim = start(name)
    bridge = create_network(host="w2", name="theirs", driver="bridge", subnet="10.77.0.0/16", gateway="10.77.0.1")
    sim = simulate.perform(sim, bridge)
    if sim.cluster:
        theirs = create_network(name="theirs", driver="overlay", subnet="10.88.0.0/24", gateway="10.88.0.1")
        sim = simulate.elapse(simulate.perform(sim, theirs), 1)
        spec = others.service_spec("theirs", networks=(sim.swarm.networks[-1].id,), replicas=1)
        sim = others.set_node(others.create_service(sim, spec), "m1", labels=(("theirs", "1"),))
    sim = simulate.elapse(sim, 20)
    expected = theirs_in(sim)
    assert expected == theirs_in(made(sim, CASES[name][0]))[: len(expected)]


def theirs_in(sim: SimulatorState) -> tuple[object, ...]:
    """All that is not ours."""
    bridges = [host.network("theirs") for host in sim.hosts]
    if sim.cluster is None:
        return (bridges,)
    networks = [net for net in sim.swarm.networks if net.name == "theirs"]
    labels = [dict(node.labels)["theirs"] for node in sim.swarm.nodes if "theirs" in dict(node.labels)]
    return bridges, networks, sim.swarm.services, sim.swarm.tasks, labels


def test_a_swarm_with_others_in_it_stays():
    """Belongings of others in the swarm block its end, by name, and nothing of them is lost."""
    hosts = SimulatedHosts(others.keep_belongings(running(), "secret db"))
    with pytest.raises(Blocked, match="secret db"):
        go_down(hosts, [(spec, id_of(hosts.sim, spec)) for spec in restoring()])


def test_a_dead_overlay_is_taken_back():
    """An overlay that never gets addresses is removed again, and the reason says so."""
    hosts = SimulatedHosts(running())
    nobody = overlay_spec("app2", subnet="10.30.0.0/24", gateway="10.30.0.0")
    with pytest.raises(Blocked, match="gave it no addresses"):
        make(hosts, nobody)
    assert "" == id_of(hosts.sim, nobody)


def test_a_host_that_has_the_range_of_the_ingress():
    """A bridge on the ingress's range keeps it away from that host: it is named."""
    sim = made(bare(*HOSTS), gwbridge_spec("w1", subnet="10.11.0.0/16", gateway="10.11.0.1"), *SWARM)
    with pytest.raises((Blocked, DeadlineExceeded), match="w1"):
        make(SimulatedHosts(sim), ingress_spec())
