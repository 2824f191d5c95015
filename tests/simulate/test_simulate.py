"""The simulated swarm against docs/measurements.md: each test is one of its sequences, and names the heading."""

from dataclasses import replace
from functools import partial
from json import loads

import pytest

from providers import simulate
from providers.rules.live.believed import witnesses
from providers.rules.stack_file.access import UNSAID, HostAccess
from providers.rules.vocabulary.errors import Conflict, EngineError, InUse, NoQuorum, NoSwarm, Unproved, Unreachable
from providers.rules.vocabulary.facts import HostIngress, Network
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.steps import (
    CreateNetwork,
    DisconnectEndpoint,
    InitSwarm,
    JoinSwarm,
    LeaveSwarm,
    RemoveNetwork,
    RemoveNode,
    RestartEngine,
    StopContainer,
    UnlockSwarm,
    UpdateNode,
)
from providers.simulate import World, bare, elapse, members, others, perform, reads
from providers.simulate.others import change_service, create_service, named, service_spec
from providers.simulate.workloads import read
from tests.support.networks import altered, create_network
from tests.support.simulated import on_host

HOSTS = ("m1", "w1", "w2")
BRIDGE = create_network(host="m1", name=GATEWAY_BRIDGE, driver="bridge", subnet="10.12.0.0/16", gateway="10.12.0.1")
INGRESS = create_network(name="ingress", driver="overlay", subnet="10.11.0.0/16", gateway="10.11.0.1", ingress=True)
OTHER_INGRESS = altered(INGRESS, name="ing2")
APP = create_network(name="app", driver="overlay", subnet="10.20.0.0/24", gateway="10.20.0.1", attachable=True)
PORTS = service_spec("web", ports=((8080, 80),), replicas=3)


def swarm(*managers: str) -> World:
    """A swarm of three, at rest; m1 is always a manager."""
    world = perform(bare(*HOSTS), InitSwarm(host="m1"))
    for host in HOSTS[1:]:
        world = perform(elapse(world, 1), JoinSwarm(host=host, role="manager" if host in managers else "worker"))
    return elapse(world, 40)


def network(world: World, name: str) -> Network:
    """A network of the cluster by its name."""
    return next(net for net in world.swarm.networks if net.name == name)


def bridge_of(world: World, host: str) -> Network:
    """A host's docker_gwbridge."""
    return next(net for net in world.host(host).networks if net.name == GATEWAY_BRIDGE)


def state_of(world: World, node_id: str) -> str:
    """Return the state of a member as the managers know it."""
    return next(node.state for node in world.swarm.nodes if node.id == node_id)


def has(world: World, name: str) -> list[str]:
    """The hosts that have a copy of a network of this name."""
    return [host.name for host in world.hosts if host.network(name)]


def kick(world: World, host: str, value: str = "1") -> World:
    """A node's label set, as an operator would."""
    return others.set_node(world, host, labels=(("kick", value),))


def remove(world: World, name: str) -> World:
    """A network of the cluster removed."""
    return perform(world, RemoveNetwork(id=network(world, name).id))


def without_ports(world: World) -> World:
    """The ports taken off web."""
    return change_service(world, "web", EndpointSpec={"Ports": []})


def with_ports(world: World) -> World:
    """The ports put back on web."""
    return change_service(world, "web", EndpointSpec=read(PORTS)["EndpointSpec"])


def swapped(world: World) -> World:
    """Another ingress in the place of the first, on an idle swarm."""
    return elapse(perform(elapse(remove(world, "ingress"), 2), INGRESS), 60)


# docker_gwbridge


def test_init_keeps_the_bridge_that_is_there():
    """Init and join keep docker_gwbridge as they find it (measurements.md#bridge-before-a-join)."""
    world = perform(perform(bare(*HOSTS), BRIDGE), InitSwarm(host="m1"))
    assert "10.12.0.0/16" == bridge_of(world, "m1").subnet


def test_the_endpoint_comes_after_the_join():
    """The ingress hangs on the bridge half a second after the call has returned (measurements.md#init-and-join)."""
    world = perform(bare("m1"), InitSwarm(host="m1"))
    later = elapse(world, 1.5)
    counts = [len(bridge_of(now, "m1").endpoints) for now in (world, later)]
    assert [0, 1] == counts


def test_the_default_bridge():
    """The Engine makes a missing bridge from the first free range (measurements.md#default-bridge)."""
    bridge = bridge_of(swarm(), "w1")
    assert ("172.18.0.0/16", "172.18.0.1", "false") == (
        bridge.subnet,
        bridge.gateway,
        bridge.option("com.docker.network.bridge.enable_icc"),
    )


def test_a_taken_name():
    """A second docker_gwbridge is refused (measurements.md#bridge-options)."""
    with pytest.raises(Conflict):
        perform(perform(bare("m1"), BRIDGE), BRIDGE)


def test_leave_keeps_the_bridge():
    """After a leave the bridge is there with its settings and without endpoints.

    measurements.md#bridge-before-a-join
    """
    before = bridge_of(swarm(), "w1")
    after = bridge_of(perform(swarm(), LeaveSwarm(host="w1")), "w1")
    assert replace(before, endpoints=()) == after


def test_active_endpoints_hold_the_bridge():
    """A member's bridge can't be removed: the ingress hangs on it (measurements.md#cutting-endpoints)."""
    world = swarm()
    with pytest.raises(InUse, match="has active endpoints"):
        perform(world, RemoveNetwork(host="m1", id=bridge_of(world, "m1").id))


def cut_bridge() -> World:
    """A member's bridge taken from under its ingress, and another one made."""
    world = perform(swarm(), DisconnectEndpoint(host="m1", network=GATEWAY_BRIDGE, endpoint="gateway_ingress-sbox"))
    world = perform(world, RemoveNetwork(host="m1", id=bridge_of(world, "m1").id))
    return elapse(kick(perform(world, BRIDGE), "m1"), 60)


def test_the_ingress_does_not_find_a_new_bridge():
    """Only a restart brings the ingress onto the new bridge; a kick does not.

    measurements.md#gateway-lost
    """
    assert () == bridge_of(cut_bridge(), "m1").endpoints


def test_a_restart_brings_it():
    """After a restart the ingress hangs on the new bridge (measurements.md#bridge-of-a-member)."""
    world = elapse(perform(cut_bridge(), RestartEngine(host="m1")), 3)
    endpoints = bridge_of(world, "m1").endpoints
    assert ["gateway_ingress-sbox"] == [end.name for end in endpoints]


def test_a_local_overlap():
    """A range of docker0 is refused (measurements.md#bridge-ranges)."""
    with pytest.raises(EngineError, match="Pool overlaps"):
        perform(bare("m1"), altered(BRIDGE, subnets=("172.17.0.0/20",)))


def test_a_bridge_on_the_range_of_the_ingress():
    """The join goes well, and the host never gets the ingress (measurements.md#bridge-ranges)."""
    world = perform(bare("m1"), altered(BRIDGE, subnets=("10.0.0.0/16",), gateways=("10.0.0.1",)))
    assert [] == has(elapse(perform(world, InitSwarm(host="m1")), 30), "ingress")


# Overlays


def test_addresses_come_a_moment_later():
    """Accepted at once, allocated some milliseconds later (measurements.md#allocation)."""
    world = perform(swarm(), APP)
    allocated = [network(now, "app").allocated for now in (world, elapse(world, 0.1))]
    assert [False, True] == allocated


@pytest.mark.parametrize(
    "other", [altered(APP, name="b"), altered(APP, name="b", subnets=("10.0.0.0/8",), gateways=())]
)
def test_a_dead_network(other: CreateNetwork):
    """A range that overlaps is accepted and never gets addresses (measurements.md#dead-networks)."""
    world = elapse(perform(elapse(perform(swarm(), APP), 1), other), 60)
    assert not network(world, "b").allocated


def test_it_comes_alive():
    """It gets its addresses when the network in its way is removed (measurements.md#dead-networks)."""
    world = elapse(perform(elapse(perform(swarm(), APP), 1), altered(APP, name="b")), 1)
    assert network(elapse(remove(world, "app"), 0.1), "b").allocated


def test_what_a_manager_fills_in():
    """The gateway is the first address of the range, and there is a VNI (measurements.md#filled-in-by-the-engine)."""
    world = elapse(perform(swarm(), altered(APP, gateways=(), ip_ranges=("10.20.0.128/25",))), 1)
    assert "10.20.0.128" == network(world, "app").gateway


@pytest.mark.parametrize(
    ("name", "words"), [("app", "already exists"), ("App", "name conflicts"), (GATEWAY_BRIDGE, "already exists")]
)
def test_a_taken_name_of_an_overlay(name: str, words: str):
    """Names are told apart without regard to case, and a manager's own networks count.

    measurements.md#duplicate-names
    """
    with pytest.raises(Conflict, match=words):
        perform(perform(swarm(), APP), altered(APP, name=name, subnets=("10.30.0.0/24",), gateways=()))


def test_a_second_ingress():
    """There is one ingress at most (measurements.md#duplicate-names)."""
    with pytest.raises(Conflict, match="already present"):
        perform(swarm(), OTHER_INGRESS)


def with_app(**given: object) -> World:
    """A swarm with an overlay and a service on it on every host."""
    world = elapse(perform(swarm(), APP), 1)
    spec = service_spec("web", networks=(network(world, "app").id,), replicas=None, **given)
    return elapse(create_service(world, spec), 20)


def test_a_service_holds_its_network():
    """A network that a service names can't be removed (measurements.md#in-use)."""
    with pytest.raises(InUse):
        remove(with_app(), "app")


def test_stopping_tasks_hold_nothing():
    """The network can be removed once the service is, while every host still has its copy.

    measurements.md#names-stay-taken
    """
    assert ["m1", "w1", "w2"] == has(remove(others.remove_service(with_app(), "web"), "app"), "app")


def test_the_name_stays_taken():
    """The manager refuses the name for as long as it has its own copy (measurements.md#names-stay-taken)."""
    world = remove(others.remove_service(with_app(), "web"), "app")
    with pytest.raises(Conflict):
        perform(elapse(world, 4), APP)


def test_the_name_is_free_again():
    """The copy goes when the manager's own tasks have stopped, 4 to 6 s later (measurements.md#names-stay-taken)."""
    world = elapse(remove(others.remove_service(with_app(), "web"), "app"), 6)
    assert [] == has(perform(world, APP), "app")


def test_the_list_shows_the_old_one():
    """Meanwhile the manager lists a network that the cluster has not (measurements.md#names-stay-taken)."""
    world = remove(others.remove_service(with_app(), "web"), "app")
    assert "m1" == simulate.overlay_facts(world, "app").name_held_by


def with_container(host: str = "w1") -> World:
    """A standalone container on an overlay."""
    world = elapse(perform(swarm(), APP), 1)
    return others.run_container(world, host, network(world, "app").id)


def test_a_container_holds_its_network():
    """So does a running standalone container (measurements.md#in-use)."""
    with pytest.raises(InUse, match="task"):
        remove(with_container(), "app")


def test_a_stopped_container_holds_nothing():
    """A stopped one does not (measurements.md#containers-without-a-service)."""
    world = with_container()
    world = perform(world, StopContainer(host="w1", id=world.host("w1").containers[0].id))
    assert [] == has(elapse(remove(world, "app"), 1), "app")


# Members


def test_a_member_is_ready_a_moment_later():
    """The join returns before the managers call the node ready (measurements.md#init-and-join)."""
    world = perform(elapse(perform(bare(*HOSTS), InitSwarm(host="m1")), 2), JoinSwarm(host="w1", role="worker"))
    states = [state_of(now, now.host("w1").node_id) for now in (world, elapse(world, 1))]
    assert ["unknown", "ready"] == states


def test_a_left_node_goes_down_later():
    """Until then its entry still says ready (measurements.md#init-and-join)."""
    node_id = swarm().host("w1").node_id
    world = perform(swarm(), LeaveSwarm(host="w1"))
    states = [state_of(now, node_id) for now in (world, elapse(world, 20))]
    assert ["ready", "down"] == states


@pytest.mark.parametrize("step", [InitSwarm(host="w1"), JoinSwarm(host="w1", role="worker")])
def test_a_member_can_not_join(step: InitSwarm | JoinSwarm):
    """Init and join of a member are refused (measurements.md#membership)."""
    with pytest.raises(Conflict, match="already part of a swarm"):
        perform(swarm(), step)


def test_a_manager_does_not_leave_without_force():
    """A manager leaves by force only; right after a demotion it still counts as one (measurements.md#leaving)."""
    world = others.set_node(swarm("w1"), "w1", role="worker")
    with pytest.raises(EngineError, match="participating as a manager"):
        perform(world, LeaveSwarm(host="w1"))


def test_a_demoted_manager_leaves():
    """A moment later it is a worker (measurements.md#leaving)."""
    world = elapse(others.set_node(elapse(swarm("w1", "w2"), 1), "w1", role="worker"), 0.5)
    assert "inactive" == perform(world, LeaveSwarm(host="w1")).host("w1").state


def test_the_last_manager_stays():
    """The last manager can't be demoted (measurements.md#quorum)."""
    with pytest.raises(EngineError, match="last manager"):
        others.set_node(swarm(), "m1", role="worker")


def test_quorum_is_kept():
    """A demotion that would leave no majority is refused (measurements.md#quorum)."""
    world = members.stop_docker(swarm("w1", "w2"), "w2")
    with pytest.raises(EngineError, match="loss of quorum"):
        others.set_node(world, "w1", role="worker")


@pytest.mark.parametrize(
    ("managers", "force", "words"),
    [((), False, "is not down"), (("w1", "w2"), True, "is a cluster manager")],
)
def test_removing_an_entry(managers: tuple[str, ...], force: bool, words: str):
    """A worker that is up goes by force only, a manager not at all (measurements.md#quorum)."""
    world = swarm(*managers)
    with pytest.raises(EngineError, match=words):
        perform(world, RemoveNode(node_id=world.host("w1").node_id, force=force))


@pytest.mark.parametrize(("demoted_before", "expected"), [(False, True), (True, False)])
def test_promotion(demoted_before: bool, expected: bool):
    """A worker is a manager after a second; one that was demoted just before takes half a minute.

    measurements.md#roles
    """
    world = swarm("w1", "w2") if demoted_before else swarm()
    if demoted_before:
        world = elapse(others.set_node(world, "w1", role="worker"), 1)
    world = others.set_node(world, "w1", role="manager")
    assert (expected, True) == (elapse(world, 3).host("w1").control, elapse(world, 40).host("w1").control)


def known_managers(world: World, host: str) -> list[str]:
    """The hosts that one takes for managers, by the addresses at which it knows them."""
    places = {each.address: each.name for each in world.hosts}
    return [places[place] for _, place in reads.member(world, world.host(host)).remote_managers]


def test_members_know_the_managers():
    """All of them, themselves too, and whether these answer or not (measurements.md#membership)."""
    world = members.stop_docker(swarm("w1"), "m1")

    assert [["m1", "w1"], ["m1", "w1"]] == [known_managers(world, host) for host in ("w1", "w2")]


def test_who_left_knows_none():
    """It is in no swarm (measurements.md#leaving)."""
    assert [] == known_managers(perform(swarm(), LeaveSwarm(host="w2")), "w2")


def test_managers_are_believed_as_on_real_hosts():
    """They are believed by the words of the others alone."""
    world = swarm("w1")
    said = {host.name: reads.member(world, host) for host in world.hosts}
    known = witnesses({host.name: HostAccess(name=host.name, address=host.address) for host in world.hosts}, UNSAID)

    assert ["m1", "w1"] == [host for host in HOSTS if known.proved(host, said)]


def test_the_unlock_key_goes_to_managers_only():
    """A worker that says it is locked is listed as a worker."""
    world = on_host(swarm(), "w1", state="locked")
    with pytest.raises(Unproved, match="w1: it is not sent the swarm's unlock key"):
        perform(world, UnlockSwarm(host="w1"))


def test_an_old_version():
    """An update of what has changed since is refused (measurements.md#versions)."""
    world = swarm()
    update = UpdateNode(node_id=world.host("w1").node_id, version=world.swarm.nodes[1].version, role="manager")
    with pytest.raises(Conflict, match="out of sequence"):
        perform(kick(world, "w1"), update)


def test_versions_move_by_themselves():
    """A version goes up in the background after a change (measurements.md#versions)."""
    world = kick(swarm(), "w1")
    assert world.swarm.nodes[1].version < elapse(world, 1).swarm.nodes[1].version


def test_a_locked_manager():
    """A manager with autolock is locked after a restart, and knows nothing of the swarm (measurements.md#autolock)."""
    world = perform(bare("m1"), InitSwarm(host="m1", autolock=True))
    world = perform(elapse(world, 5), RestartEngine(host="m1"))
    assert ("locked", "") == (
        simulate.gwbridge_facts(world, "m1").member.state,
        simulate.gwbridge_facts(world, "m1").member.node_id,
    )


def test_a_new_membership_is_another():
    """A host that leaves and joins again has another node id; the old entry stays (measurements.md#leaving)."""
    world = elapse(perform(swarm(), LeaveSwarm(host="w1")), 20)
    world = elapse(perform(world, JoinSwarm(host="w1", role="worker")), 5)
    assert ["down", "ready"] == sorted(node.state for node in world.swarm.nodes if node.hostname == "w1")


def test_workers_of_an_ended_swarm():
    """They stay active, and nobody answers for the swarm (measurements.md#down-and-back)."""
    world = perform(swarm(), LeaveSwarm(host="m1", force=True))
    assert ("active", None) == (world.host("w1").state, simulate.swarm_facts(world).swarm)


def test_a_leftover_endpoint():
    """An endpoint that a leave left on the bridge holds it until it is disconnected by name.

    measurements.md#endpoint-left-behind
    """
    world = others.leave_endpoint(perform(swarm(), LeaveSwarm(host="w1")), "w1")
    bridge = bridge_of(world, "w1")
    world = perform(world, DisconnectEndpoint(host="w1", network=bridge.id, endpoint=bridge.endpoints[0].name))
    assert ["m1", "w2"] == has(perform(world, RemoveNetwork(host="w1", id=bridge.id)), GATEWAY_BRIDGE)


# The ingress


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda world: create_service(world, PORTS), id="create"),
        pytest.param(
            lambda world: with_ports(create_service(world, service_spec("web"))),
            id="update",
        ),
    ],
)
def test_no_ingress_no_port(act: partial[World]):
    """No service gets a port through the mesh without an ingress (measurements.md#no-ingress)."""
    with pytest.raises(EngineError, match="no ingress network is present"):
        act(elapse(remove(swarm(), "ingress"), 5))


def test_other_services():
    """Services with host-mode ports, or none, are created all the same (measurements.md#no-ingress)."""
    world = elapse(remove(swarm(), "ingress"), 5)
    world = create_service(world, service_spec("host", ports=((9000, 80),), mode="host"))
    assert ["running"] == [task.state for task in elapse(world, 5).swarm.tasks]


def publishing() -> World:
    """A swarm with a service that publishes a port, running."""
    return elapse(create_service(swarm(), PORTS), 20)


@pytest.mark.parametrize("spec", [PORTS, service_spec("none", ports=((0, 80),), replicas=0)])
def test_a_port_holds_the_ingress(spec: str):
    """A published port holds the ingress, with no task behind it too (measurements.md#removal)."""
    with pytest.raises(InUse):
        remove(create_service(swarm(), spec), "ingress")


def test_tasks_do_not_hold_it():
    """After the strip it can be removed, though all tasks still run on it (measurements.md#removal)."""
    world = remove(without_ports(publishing()), "ingress")
    assert ["m1", "w1", "w2"] == has(world, "ingress")


def test_a_strip_takes_seconds():
    """The tasks on the ingress are gone 4 to 5 s later (measurements.md#strip)."""
    world, old = publishing(), network(publishing(), "ingress").id
    left = [
        sum(old in task.networks for task in elapse(without_ports(world), seconds).swarm.tasks) for seconds in (3, 5)
    ]
    assert [3, 0] == left


def test_idle_hosts_drop_it():
    """A host without a task on it drops it within a second (measurements.md#removal)."""
    assert [] == has(elapse(remove(elapse(without_ports(publishing()), 6), "ingress"), 1), "ingress")


def stale() -> World:
    """The ingress removed too early: every host keeps the old one."""
    return elapse(remove(without_ports(publishing()), "ingress"), 60)


def test_the_old_one_stays_for_good():
    """A minute after the last task has gone every host still has it (measurements.md#old-ingress-stays)."""
    assert ["m1", "w1", "w2"] == has(stale(), "ingress")


def test_its_name_is_taken():
    """Another one of the same name is refused (measurements.md#old-ingress-stays)."""
    with pytest.raises(Conflict):
        perform(stale(), INGRESS)


def test_another_name_reaches_nobody():
    """One of another name is accepted, and no host gets it, kick or no kick (measurements.md#old-ingress-stays)."""
    world = elapse(perform(stale(), OTHER_INGRESS), 5)
    for host in HOSTS:
        world = kick(world, host)
    assert [] == has(elapse(world, 30), "ing2")


def test_a_restart_repairs():
    """A restart clears the old one away, and the new one comes (measurements.md#old-ingress-stays)."""
    world = elapse(perform(stale(), OTHER_INGRESS), 5)
    world = elapse(perform(kick(world, "w1"), RestartEngine(host="w1")), 5)
    assert (["m1", "w2"], ["w1"]) == (has(world, "ingress"), has(world, "ing2"))


def test_a_new_one_reaches_nobody():
    """An idle swarm's hosts never get a new ingress by themselves (measurements.md#kicks)."""
    assert [] == has(swapped(swarm()), "ingress")


def test_a_task_brings_it():
    """A node that gets a task with a port gets it, the others do not (measurements.md#kicks)."""
    world = create_service(swapped(swarm()), service_spec("web", ports=((8080, 80),)))
    assert ["m1"] == has(elapse(world, 30), "ingress")


@pytest.mark.parametrize("availability", ["active", "pause", "drain"])
def test_a_kick_brings_it(availability: str):
    """An update of the node does, whatever its availability (measurements.md#kicks)."""
    world = others.set_node(swarm(), "w1", availability=availability)
    assert ["w1"] == has(elapse(kick(swapped(world), "w1"), 1), "ingress")


def test_an_unchanged_update_repairs_nothing():
    """An update that changes nothing does not repair a failed attachment (measurements.md#kicks)."""
    world = elapse(kick(others.fail_kicks(swapped(swarm()), "w1", 1), "w1"), 5)
    assert [] == has(elapse(kick(world, "w1"), 30), "ingress")


def test_a_changed_one_does():
    """A fresh value does (measurements.md#kicks)."""
    world = elapse(kick(others.fail_kicks(swapped(swarm()), "w1", 1), "w1"), 5)
    assert ["w1"] == has(elapse(kick(world, "w1", "2"), 30), "ingress")


@pytest.mark.parametrize(
    ("name", "expected"), [("ing4", "gateway_ing4-sbox"), ("my-long-ingress", "gateway_ingress_sbox")]
)
def test_the_gateway_endpoint(name: str, expected: str):
    """Its name on docker_gwbridge depends on the length of the ingress's name (measurements.md#bridge-endpoints)."""
    world = elapse(perform(elapse(remove(swarm(), "ingress"), 2), altered(INGRESS, name=name)), 1)
    facts = simulate.ingress_facts(elapse(kick(world, "w1"), 2))
    seen = [host.bridge_endpoints for host in facts.hosts if isinstance(host, HostIngress)]
    assert [(), (expected,), ()] == seen


def test_dynamic_ports_move():
    """Taken off and put back, a dynamic port has another number (measurements.md#dynamic-ports)."""
    ports = read(service_spec("web", ports=((0, 80),)))["EndpointSpec"]
    world = create_service(swarm(), service_spec("web", ports=((0, 80),)))
    world = change_service(world, "web", EndpointSpec={"Ports": []})
    world = change_service(world, "web", EndpointSpec=ports)
    assert 30001 == named(world, "web").numbers[0].published


def test_pinned_ports_stay():
    """Put back with its number it keeps it, also when the number is left out again (measurements.md#dynamic-ports)."""
    pinned = read(service_spec("web", ports=((30000, 80),)))["EndpointSpec"]
    dynamic = read(service_spec("web", ports=((0, 80),)))["EndpointSpec"]
    world = create_service(swarm(), service_spec("web", ports=((0, 80),)))
    world = change_service(world, "web", EndpointSpec={"Ports": []})
    for ports in (pinned, dynamic):
        world = change_service(world, "web", EndpointSpec=ports)
    assert 30000 == named(world, "web").numbers[0].published


def test_an_update_is_completed_late():
    """It is completed a Monitor's time after the last task began to run (measurements.md#states-of-an-update)."""
    world = without_ports(publishing())
    states = [named(elapse(world, seconds), "web").status for seconds in (0, 8, 12)]
    assert ["updating", "updating", "completed"] == states


def test_without_a_quorum():
    """Two of three managers down: nobody answers for the swarm (measurements.md#no-quorum)."""
    world = members.stop_docker(members.stop_docker(swarm("w1", "w2"), "w1"), "w2")
    with pytest.raises(NoQuorum):
        simulate.overlay_facts(world, "app")


def test_a_stopped_host_is_down_later():
    """The managers find out after some ten seconds (measurements.md#down-and-back)."""
    node_id = swarm().host("w1").node_id
    world = members.stop_docker(swarm(), "w1")
    states = [state_of(now, node_id) for now in (world, elapse(world, 15))]
    assert ["ready", "down"] == states


def placement_only(world: World) -> World:
    """An update that moves no task: a constraint that they satisfy already."""
    template = {**read(named(world, "web").spec)["TaskTemplate"], "Placement": {"Constraints": ["node.role != x"]}}
    return elapse(change_service(world, "web", TaskTemplate=template), 10)


def test_placement_hides_the_strip():
    """After a placement-only update a strip moves no task, and its state stays empty.

    measurements.md#placement-alone
    """
    world = elapse(without_ports(placement_only(publishing())), 60)
    old = network(world, "ingress").id
    assert ("", 3) == (named(world, "web").status, sum(old in task.networks for task in world.swarm.tasks))


def test_force_moves_them():
    """A raised ForceUpdate moves them (measurements.md#placement-alone)."""
    world = without_ports(placement_only(publishing()))
    template = {**read(named(world, "web").spec)["TaskTemplate"], "ForceUpdate": 1}
    world, old = elapse(change_service(world, "web", TaskTemplate=template), 6), network(world, "ingress").id
    assert 0 == sum(old in task.networks for task in world.swarm.tasks)


def failing(action: str) -> World:
    """A strip whose new tasks fail at once."""
    update = {"Parallelism": 0, "FailureAction": action}
    world = change_service(publishing(), "web", UpdateConfig=update)
    return without_ports(others.break_service(world, "web"))


@pytest.mark.parametrize(("action", "ports"), [("rollback", 1), ("pause", 0)])
def test_a_rollback_brings_the_ports_back(action: str, ports: int):
    """The swarm's own rollback restores the former spec; paused, the update stays as it is.

    measurements.md#rollback
    """
    assert ports == len(named(elapse(failing(action), 20), "web").ports)


def test_between_removal_and_creation():
    """Rolled back while there is no ingress, the service is dead, also when one has come (measurements.md#rollback)."""
    world = elapse(remove(elapse(failing("rollback"), 5), "ingress"), 15)
    world = elapse(kick(perform(world, INGRESS), "m1"), 60)
    assert {"new"} == {task.state for task in world.swarm.tasks}


def test_one_at_a_time():
    """A strip of three replicas takes three times as long with Parallelism 1 (measurements.md#parallelism)."""
    world = change_service(publishing(), "web", UpdateConfig={"Parallelism": 1})
    old = network(world, "ingress").id
    left = [
        sum(old in task.networks for task in elapse(without_ports(world), seconds).swarm.tasks)
        for seconds in (5, 10, 16)
    ]
    assert [2, 1, 0] == left


def test_a_host_that_was_away():
    """It drops the old ingress and has the new one soon after it is back, without a kick.

    measurements.md#host-that-is-down
    """
    world = members.start_docker(swapped(elapse(members.stop_docker(swarm(), "w1"), 15)), "w1")
    assert ["w1"] == has(elapse(world, 3), "ingress")


def test_its_tasks_look_alive():
    """Meanwhile its tasks are wanted stopped and observed running (measurements.md#host-that-is-down)."""
    world = elapse(members.stop_docker(publishing(), "w1"), 20)
    tasks = [task for task in world.swarm.tasks if task.node_id == world.host("w1").node_id]
    assert [("shutdown", "running")] == [(task.desired, task.state) for task in tasks]


# What is not of the Engine


@pytest.mark.parametrize(
    ("act", "words"),
    [(members.cut, "nothing answers at"), (members.stop_docker, "docker is not running")],
)
def test_a_host_that_does_not_answer(act: partial[World], words: str):
    """A cut host can't be reached, nor one whose docker is stopped, which the words tell apart."""
    with pytest.raises(Unreachable, match=words):
        simulate.gwbridge_facts(act(swarm(), "w1"), "w1")


def test_without_a_manager():
    """Hosts outside any swarm can't answer for one, and prove that what was in one is gone."""
    with pytest.raises(NoSwarm):
        simulate.ingress_facts(bare(*HOSTS))


def test_a_world_at_rest_stays_the_same():
    """Time changes nothing if nothing is pending, so that states can be told apart and found again."""
    world = elapse(publishing(), 60)
    assert {world} == {elapse(world, 0.1), elapse(world, 1000)}


def test_time_in_pieces_is_the_same_time():
    """It makes no difference in how many pieces time passes."""
    world = without_ports(publishing())
    pieces = world
    for _ in range(60):
        pieces = elapse(pieces, 0.1)
    assert elapse(world, 6) == pieces


def test_a_service_is_read_as_the_engine_shows_it():
    """The raw spec and the raw ports come out as they went in."""
    service = simulate.ingress_facts(publishing()).services[0]
    assert (loads(PORTS), [8080]) == (
        loads(service.spec),
        [port["PublishedPort"] for port in loads(service.endpoint)],
    )
