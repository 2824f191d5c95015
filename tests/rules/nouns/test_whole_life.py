"""The work of each noun on a simulated swarm, through the real loop: from bare hosts to done, and back.

Done, run again, cut anywhere, spoilt by hand: what must hold for every noun stands here once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import pytest

from providers import simulate
from providers.rules.vocabulary.errors import Blocked, DeadlineExceeded, SwarmnetError
from providers.rules.vocabulary.specs import Spec
from providers.rules.vocabulary.steps import InitSwarm, JoinSwarm, LeaveSwarm, RemoveNetwork
from providers.simulate import World, bare, members, others
from providers.simulate.world import NO_TASKS
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
from tests.support.simulated import Killed, SimulatedHosts, cuts, elapsed

SWARM = (swarm_spec(), node_spec("m1", role="manager"), node_spec("w1"), node_spec("w2"))


@dataclass(frozen=True)
class Case:
    """One noun: what it needs to be there before, and how many steps it takes from there."""

    spec: Spec
    before: tuple[Spec, ...]
    steps: int


CASES = {
    "gwbridge": Case(gwbridge_spec(), (), 1),
    "gwbridge in place of the default": Case(gwbridge_spec("w1"), (), 2),
    "swarm": Case(swarm_spec(), (gwbridge_spec(),), 1),
    "first manager": Case(node_spec("m1", role="manager"), (swarm_spec(),), 1),
    "worker": Case(node_spec("w1"), SWARM[:2], 2),
    "manager": Case(node_spec("w1", role="manager"), SWARM[:2], 2),
    "drained worker with labels": Case(node_spec("w1", availability="drain", labels={"a": "b"}), SWARM[:2], 2),
    "ingress": Case(ingress_spec(), SWARM, 8),
    "ingress of another name": Case(ingress_spec(name="my-long-ingress", mtu=1400), SWARM, 8),
    "overlay": Case(overlay_spec(), SWARM, 1),
    "encrypted overlay": Case(overlay_spec(mtu=1400, attachable=True, encrypted=True), SWARM, 1),
}


@cache
def start(name: str) -> World:
    """The world in which a case begins."""
    case = CASES[name]
    world = bare(*HOSTS)
    if name == "gwbridge in place of the default":
        world = simulate.perform(world, InitSwarm(host="m1"))
        world = simulate.perform(simulate.elapse(world, 2), JoinSwarm(host="w1", role="worker"))
        world = simulate.perform(simulate.elapse(world, 2), LeaveSwarm(host="w1"))
    return made(world, *case.before)


def shown(world: World, spec: Spec) -> bool:
    """Tell whether all hosts show that it is right: nothing is left to do or to wait for."""
    hosts = SimulatedHosts(world, killed_after=0)
    make(hosts, spec, id_of(world, spec))
    return hosts.seconds == 0


every_case = pytest.mark.parametrize("name", CASES)


# It comes about


@every_case
def test_steps_are_counted(name: str):
    """It takes just the steps that it needs, from nothing to done."""
    hosts = SimulatedHosts(start(name))
    make(hosts, CASES[name].spec)
    assert CASES[name].steps == len(hosts.steps)


@every_case
def test_done_means_that_every_host_shows_it(name: str):
    """Nothing is left to wait for when the work ends."""
    hosts = SimulatedHosts(start(name))
    make(hosts, CASES[name].spec)
    assert shown(hosts.world, CASES[name].spec)


@every_case
def test_done_stays_done(name: str):
    """Time does not undo it."""
    assert shown(simulate.elapse(made(start(name), CASES[name].spec), 100), CASES[name].spec)


@every_case
@pytest.mark.parametrize("known", [True, False], ids=["update", "create"])
def test_a_second_run_writes_nothing(name: str, known: bool):
    """A resource that is right takes no step, whether the state knows it or not."""
    world = made(start(name), CASES[name].spec)
    hosts = SimulatedHosts(world)
    make(hosts, CASES[name].spec, id_of(world, CASES[name].spec) if known else "")
    assert ([], world) == (hosts.steps, hosts.world)


@every_case
def test_a_run_cut_anywhere_is_finished_by_the_next(name: str):
    """A run killed before any step is ended by another one, at once or later, where it would have ended itself."""
    begun = start(name)
    for cut in cuts(begun, lambda hosts: make(hosts, CASES[name].spec)):
        for pause in (0, 0.7, 15):
            hosts = SimulatedHosts(elapsed(pause)(cut))
            make(hosts, CASES[name].spec)
            assert shown(hosts.world, CASES[name].spec)


def test_a_whole_stack():
    """One of everything, in order: each shows on every host at the end."""
    world = running()
    assert [True] * len(whole_stack()) == [shown(world, spec) for spec in whole_stack()]


def test_a_whole_stack_again():
    """A second run over all of it writes nothing."""
    hosts = SimulatedHosts(running())
    for spec in whole_stack():
        make(hosts, spec, id_of(hosts.world, spec))
    assert [] == hosts.steps


# It is spoilt by hand


def relabelled(host: str, **labels: str) -> Callable[[World], World]:
    """Somebody sets labels on a node."""
    return lambda world: others.set_node(world, host, labels=tuple(labels.items()))


def without_overlay(world: World) -> World:
    """Somebody removes the overlay."""
    return simulate.perform(world, RemoveNetwork(id=id_of(world, overlay_spec())))


def replaced_ingress(world: World) -> World:
    """Somebody swaps the ingress for one of their own, without a kick."""
    world = simulate.perform(world, RemoveNetwork(id=id_of(world, ingress_spec())))
    other = create_network(name="theirs", driver="overlay", subnet="10.99.0.0/16", gateway=None, ingress=True)
    return simulate.elapse(simulate.perform(simulate.elapse(world, 5), other), 5)


def without_ingress(world: World) -> World:
    """Somebody removes the ingress."""
    return simulate.perform(world, RemoveNetwork(id=id_of(world, ingress_spec())))


def left(world: World) -> World:
    """Somebody lets w1 leave."""
    return simulate.elapse(simulate.perform(world, LeaveSwarm(host="w1")), 30)


def restarted(world: World) -> World:
    """Docker on w1 was away for a while, and has just come back."""
    return members.start_docker(simulate.elapse(members.stop_docker(world, "w1"), 30), "w1")


DRIFT: dict[str, tuple[Spec, Callable[[World], World]]] = {
    "a node is drained": (node_spec("w1"), lambda world: others.set_node(world, "w1", availability="drain")),
    "a node is promoted": (node_spec("w1"), lambda world: others.set_node(world, "w1", role="manager")),
    "a label of a node": (node_spec("w2", labels={"zone": "b"}), relabelled("w2", zone="c")),
    "a host left": (node_spec("w1"), left),
    "the overlay is removed": (overlay_spec(), without_overlay),
    "the ingress is removed": (ingress_spec(), without_ingress),
    "the ingress is removed long ago": (ingress_spec(), lambda world: simulate.elapse(without_ingress(world), 60)),
    "the ingress is another one": (ingress_spec(), replaced_ingress),
    "a host was away": (node_spec("w1"), restarted),
    "a host was away, for the ingress": (ingress_spec(), restarted),
}


@pytest.mark.parametrize("name", DRIFT)
def test_drift_is_repaired(name: str):
    """Changes made by hand are undone by a run."""
    spec, act = DRIFT[name]
    before = running()
    hosts = SimulatedHosts(act(before))
    make(hosts, spec, id_of(before, spec))
    assert shown(hosts.world, spec)


@pytest.mark.parametrize("name", DRIFT)
def test_repair_of_drift_cut_anywhere(name: str):
    """A repair that was cut is finished by the next run."""
    spec, act = DRIFT[name]
    before = running()
    for cut in cuts(act(before), lambda hosts: make(hosts, spec, id_of(before, spec))):
        hosts = SimulatedHosts(cut)
        make(hosts, spec, id_of(before, spec))
        assert shown(hosts.world, spec)


@pytest.mark.parametrize(
    ("spec", "act"),
    [
        pytest.param(overlay_spec(), lambda world: members.cut(world, "m1"), id="the manager is cut off"),
        pytest.param(gwbridge_spec("w1"), lambda world: members.stop_docker(world, "w1"), id="docker is stopped"),
        pytest.param(node_spec("w1"), lambda world: members.cut(world, "w1"), id="the host is cut off"),
        pytest.param(swarm_spec(), lambda world: members.stop_docker(world, "m1"), id="nobody answers for the swarm"),
    ],
)
def test_what_can_not_be_seen_is_an_error(spec: Spec, act: Callable[[World], World]):
    """Nothing is called right, or gone, that nobody could look at; and nothing is written."""
    before = running()
    hosts = SimulatedHosts(act(before), killed_after=0)
    with pytest.raises(SwarmnetError):
        make(hosts, spec, id_of(before, spec))


# It is taken away


def gone(world: World, spec: Spec) -> bool:
    """Tell whether nothing of it is left, on any host."""
    name = getattr(spec, "name", "")
    copies = [host.network(name) for host in world.hosts] if name else []
    return not any(copies) and (world.cluster is None or not id_of(world, spec))


def down(world: World, *specs: Spec) -> SimulatedHosts:
    """All this taken away, in the order of `pulumi destroy`."""
    hosts = SimulatedHosts(world)
    go_down(hosts, [(spec, id_of(world, spec)) for spec in specs])
    return hosts


def go_down(hosts: SimulatedHosts, state: list[tuple[Spec, str]]) -> None:
    """Take away what the state still knows, last thing first; what has gone is forgotten."""
    while state:
        spec, known = state[-1]
        take_away(hosts, spec, known)
        state.pop()


def restoring() -> tuple[Spec, ...]:
    """The whole stack, whose bridges are given back."""
    return tuple(
        spec.model_copy(update={"on_remove": "restore_default"}) if hasattr(spec, "on_remove") else spec
        for spec in whole_stack()
    )


def test_a_whole_stack_goes():
    """Nothing of it is left: the hosts are as they were."""
    hosts = down(running(), *restoring())
    assert bare(*HOSTS) == replace(hosts.world, made=0, pending=(), cluster=None)


def test_a_whole_stack_is_kept_where_it_says_so():
    """The bridges stay as they are by default, and the ingress goes with its swarm."""
    hosts = down(running(), *whole_stack())
    assert ["10.12.0.0/16"] * 3 == [host.network("docker_gwbridge").subnet for host in hosts.world.hosts]  # type: ignore[union-attr]


def test_destroy_cut_anywhere():
    """A destroy that was cut is finished by the next."""
    world = running()
    for killed_after in range(len(down(world, *restoring()).steps)):
        hosts = SimulatedHosts(world, killed_after=killed_after)
        state = [(spec, id_of(world, spec)) for spec in restoring()]
        with pytest.raises(Killed):
            go_down(hosts, state)
        hosts.killed_after = None
        go_down(hosts, state)
        assert bare(*HOSTS) == replace(hosts.world, made=0, pending=(), cluster=None)


@pytest.mark.parametrize(
    "spec",
    [overlay_spec(), node_spec("w1"), ingress_spec(on_remove="restore_default")],
    ids=lambda spec: spec.__class__.__name__,
)
def test_what_is_gone_takes_nothing(spec: Spec):
    """A second removal finds nothing to do."""
    hosts = down(running(), spec)
    before = len(hosts.steps)
    hosts.elapse(30)
    take_away(hosts, spec, id_of(running(), spec))
    assert before == len(hosts.steps)


def test_a_removed_overlay_is_gone_everywhere():
    """Its removal ends when its name is free."""
    assert gone(down(running(), overlay_spec()).world, overlay_spec())


def test_the_default_ingress_comes_back():
    """The Engine's own takes the place of ours on every host."""
    hosts = down(running(), ingress_spec(on_remove="restore_default"))
    networks = [host.network("ingress") for host in hosts.world.hosts]
    assert ["10.0.0.0/24"] * 3 == [network.subnet for network in networks if network]


def test_what_was_adopted_is_forgotten():
    """It was there before us, and stays."""
    world = running()
    for spec in (swarm_spec(), node_spec("w1")):
        hosts = SimulatedHosts(world, killed_after=0)
        take_away(hosts, spec, id_of(world, spec), adopted=True)
        assert [] == hosts.steps


# It meets what others do


def on_overlay(world: World) -> World:
    """Somebody runs a service on our overlay."""
    spec = others.service_spec("theirs", networks=(id_of(world, overlay_spec()),))
    return simulate.elapse(others.create_service(world, spec), 10)


def test_a_used_overlay_stays():
    """Its removal names the user and writes nothing."""
    hosts = SimulatedHosts(on_overlay(running()), killed_after=0)
    with pytest.raises(Blocked, match="service theirs"):
        take_away(hosts, overlay_spec(), id_of(hosts.world, overlay_spec()))


def test_a_swarm_with_others_in_it_stays():
    """Belongings of others in the swarm block its end, by name, and nothing of them is lost."""
    world = others.keep_belongings(running(), "secret db")
    with pytest.raises(Blocked, match="secret db"):
        down(world, *restoring())


def test_a_name_that_the_manager_keeps():
    """A new overlay waits until the manager has let go of the old one of its name."""
    world = others.remove_service(on_overlay(running()), "theirs")
    hosts = SimulatedHosts(world)
    take_away(hosts, overlay_spec(), id_of(world, overlay_spec()))
    make(hosts, overlay_spec(subnet="10.21.0.0/24", gateway="10.21.0.1"))
    assert shown(hosts.world, overlay_spec(subnet="10.21.0.0/24", gateway="10.21.0.1"))


@pytest.mark.parametrize("name", CASES)
def test_others_are_left_alone(name: str):
    """A service, a network, a bridge and labels of others are after the work what they were before."""
    world = start(name)
    bridge = create_network(host="w2", name="theirs", driver="bridge", subnet="10.77.0.0/16", gateway="10.77.0.1")
    world = simulate.perform(world, bridge)
    if world.cluster:
        theirs = create_network(name="theirs", driver="overlay", subnet="10.88.0.0/24", gateway="10.88.0.1")
        world = simulate.elapse(simulate.perform(world, theirs), 1)
        spec = others.service_spec("theirs", networks=(world.swarm.networks[-1].id,), replicas=1)
        world = others.set_node(others.create_service(world, spec), "m1", labels=(("theirs", "1"),))
    world = simulate.elapse(world, 20)
    assert theirs_in(world) == theirs_in(made(world, CASES[name].spec))


def theirs_in(world: World) -> tuple[object, ...]:
    """All that is not ours."""
    bridges = [host.network("theirs") for host in world.hosts]
    if world.cluster is None:
        return (bridges, [], (), NO_TASKS, [])
    labels = [dict(node.labels).get("theirs") for node in world.swarm.nodes]
    return (
        bridges,
        [net for net in world.swarm.networks if net.name == "theirs"],
        world.swarm.services,
        world.swarm.tasks,
        [label for label in labels if label],
    )


def test_a_dead_overlay_is_taken_back():
    """An overlay that never gets addresses is removed again, and the reason says so."""
    hosts = SimulatedHosts(running())
    nobody = overlay_spec("app2", subnet="10.30.0.0/24", gateway="10.30.0.0")
    with pytest.raises(Blocked, match="gave it no addresses"):
        make(hosts, nobody)
    assert gone(hosts.world, nobody)


def test_kicks_that_fail():
    """A host on which the ingress is not set up at first gets it by another kick."""
    hosts = SimulatedHosts(others.fail_kicks(made(bare(*HOSTS), *SWARM), "w1", 3))
    make(hosts, ingress_spec())
    assert shown(hosts.world, ingress_spec())


def test_a_host_that_is_down_is_not_waited_for():
    """It gets the ingress by itself when it is back."""
    world = simulate.elapse(members.stop_docker(made(bare(*HOSTS), *SWARM), "w1"), 30)
    hosts = SimulatedHosts(world)
    make(hosts, ingress_spec())
    back = simulate.elapse(members.start_docker(hosts.world, "w1"), 10)
    assert shown(back, ingress_spec())


def test_a_host_that_has_the_range_of_the_ingress():
    """A bridge on the ingress's range keeps it away from that host: it is named."""
    world = made(bare(*HOSTS), gwbridge_spec("w1", subnet="10.11.0.0/16", gateway="10.11.0.1"), *SWARM)
    with pytest.raises((Blocked, DeadlineExceeded), match="w1"):
        make(SimulatedHosts(world), ingress_spec())
