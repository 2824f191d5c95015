"""The simulated swarm against docs/dev/measurements.md: each case is one of its sequences, and names the heading.

What scripts of tests/agreement ask of both swarms is not asked again.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from json import loads

import pytest

from providers import simulate
from providers.rules.vocabulary.errors import (
    Conflict,
    EngineError,
    InUse,
    NoQuorum,
    NoSwarm,
    SwarmnetError,
    Unproved,
    Unreachable,
)
from providers.rules.vocabulary.facts import HostIngress
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.steps import (
    DisconnectEndpoint,
    InitSwarm,
    JoinSwarm,
    LeaveSwarm,
    RemoveNetwork,
    RestartEngine,
    StopContainer,
    UnlockSwarm,
    UpdateNode,
)
from providers.simulate import World, bare, elapse, members, others, perform, reads
from providers.simulate.others import change_service, create_service, named, service_spec
from providers.simulate.workloads import read
from tests.simulate.swarms import (
    APP,
    HOSTS,
    bridge_of,
    forced,
    network,
    on_ingress,
    status,
    swarm,
    with_app,
    with_container,
    without_ports,
)
from tests.support.networks import altered, create_network
from tests.support.simulated import on_host

BRIDGE = create_network(host="m1", name=GATEWAY_BRIDGE, driver="bridge", subnet="10.12.0.0/16", gateway="10.12.0.1")
INGRESS = create_network(name="ingress", driver="overlay", subnet="10.11.0.0/16", gateway="10.11.0.1", ingress=True)
OTHER_INGRESS = altered(INGRESS, name="ing2")
PORTS = service_spec("web", ports=((8080, 80),), replicas=3)
DYNAMIC = service_spec("web", ports=((0, 80),))


def entries(world: World, host: str = "w1") -> list[str]:
    """The states of a host's entries as the managers know them: of this membership, and of former ones."""
    return sorted(node.state for node in world.swarm.nodes if node.hostname == host)


def has(world: World, name: str) -> list[str]:
    """The hosts that have a copy of a network of this name."""
    return [host.name for host in world.hosts if host.network(name)]


def kick(world: World, *hosts: str, value: str = "1") -> World:
    """Nodes' label set, as an operator would."""
    for host in hosts:
        world = others.set_node(world, host, labels=(("kick", value),))
    return world


def remove(world: World, name: str) -> World:
    """A network of the cluster removed."""
    return perform(world, RemoveNetwork(id=network(world, name).id))


def swapped(world: World) -> World:
    """Another ingress in the place of the first, on an idle swarm."""
    return elapse(perform(elapse(remove(world, "ingress"), 2), INGRESS), 60)


def cut_bridge() -> World:
    """A member's bridge taken from under its ingress, and another one made."""
    world = perform(swarm(), DisconnectEndpoint(host="m1", network=GATEWAY_BRIDGE, endpoint="gateway_ingress-sbox"))
    world = perform(world, RemoveNetwork(host="m1", id=bridge_of(world, "m1").id))
    return elapse(kick(perform(world, BRIDGE), "m1"), 60)


def publishing() -> World:
    """A swarm with a service that publishes a port, running."""
    return elapse(create_service(swarm(), PORTS), 20)


def stale() -> World:
    """The ingress removed too early: every host keeps the old one."""
    return elapse(remove(without_ports(publishing()), "ingress"), 60)


def stale_and_new() -> World:
    """One of another name made then."""
    return elapse(perform(stale(), OTHER_INGRESS), 5)


def kicked_in_vain() -> World:
    """The attachment of w1 to a new ingress has failed."""
    return elapse(kick(others.fail_kicks(swapped(swarm()), "w1", 1), "w1"), 5)


def placement_only(world: World) -> World:
    """An update that moves no task: a constraint that they satisfy already."""
    template = {**read(named(world, "web").spec)["TaskTemplate"], "Placement": {"Constraints": ["node.role != x"]}}
    return elapse(change_service(world, "web", TaskTemplate=template), 10)


def joined() -> World:
    """w1 has joined just now."""
    return perform(elapse(perform(bare(*HOSTS), InitSwarm(host="m1")), 2), JoinSwarm(host="w1", role="worker"))


def left() -> World:
    """w1 has left just now."""
    return perform(swarm(), LeaveSwarm(host="w1"))


def removed_after_use() -> World:
    """An overlay removed just after the service that had tasks on it on every host."""
    world, app = with_app()
    world = elapse(create_service(world, service_spec("web", networks=(app,), replicas=None)), 20)
    return remove(others.remove_service(world, "web"), "app")


def failing(action: str) -> World:
    """A strip whose new tasks fail at once."""
    world = change_service(publishing(), "web", UpdateConfig={"Parallelism": 0, "FailureAction": action})
    return without_ports(others.break_service(world, "web"))


def another_overlay(name: str) -> World:
    """A second overlay, of this name."""
    return perform(with_app()[0], altered(APP, name=name, subnets=("10.30.0.0/24",), gateways=()))


def stopped(world: World, *hosts: str) -> World:
    """The world after docker has stopped on these hosts."""
    for host in hosts:
        world = members.stop_docker(world, host)
    return world


def looked_at(world: World) -> object:
    """A look at w1."""
    return simulate.gwbridge_facts(world, "w1")


def begun_with(subnet: str, gateway: str) -> World:
    """A swarm that began on a bridge with this range."""
    world = perform(bare("m1"), altered(BRIDGE, subnets=(subnet,), gateways=(gateway,)))
    return elapse(perform(world, InitSwarm(host="m1")), 30)


def without_container() -> World:
    """A container on an overlay, stopped."""
    world, container = with_container()
    return perform(world, StopContainer(host="w1", id=container))


def restarted(world: World) -> World:
    """The world a while after w1's Engine was kicked and restarted."""
    return elapse(perform(kick(world, "w1"), RestartEngine(host="w1")), 5)


def kicked_as(availability: str) -> World:
    """A new ingress, and w1 kicked, which has this availability."""
    return elapse(kick(swapped(others.set_node(swarm(), "w1", availability=availability)), "w1"), 1)


def promoted(world: World) -> World:
    """w1 promoted just now."""
    return others.set_node(world, "w1", role="manager")


def demoted() -> World:
    """One of three managers demoted a second ago."""
    return elapse(others.set_node(swarm("w1", "w2"), "w1", role="worker"), 1)


def beside_app(**other: tuple[str, ...]) -> World:
    """An overlay, and one named b with other ranges."""
    return perform(with_app()[0], altered(APP, name="b", **other))


def allocated(world: World, name: str = "b") -> bool:
    """Tell whether an overlay has its addresses."""
    return network(world, name).allocated


def held(world: World) -> int:
    """Count the tasks on the ingress."""
    return len(on_ingress(world))


def published(world: World) -> int:
    """Count the ports of web."""
    return len(named(world, "web").ports)


def known_managers(world: World, host: str = "w1") -> list[str]:
    """The hosts that one takes for managers, by the addresses at which it knows them."""
    places = {each.address: each.name for each in world.hosts}
    return [places[place] for _, place in reads.member(world, world.host(host)).remote_managers]


def leads(world: World) -> bool:
    """Tell whether w1 is a manager."""
    return world.host("w1").control


def node_states(world: World) -> set[str]:
    """The states of all members."""
    return {node.state for node in world.swarm.nodes}


def ends_on_m1(world: World) -> list[str]:
    """What hangs on the docker_gwbridge of m1."""
    return [end.name for end in bridge_of(world, "m1").endpoints]


def task_states(world: World) -> list[str]:
    """The states of all tasks."""
    return [task.state for task in world.swarm.tasks]


# What is refused

REFUSED: dict[str, tuple[type[SwarmnetError], str, Callable[[], object]]] = {
    # measurements.md#bridge-options
    "a second docker_gwbridge": (Conflict, "already exists", lambda: perform(perform(bare("m1"), BRIDGE), BRIDGE)),
    # measurements.md#bridge-ranges
    "a range of docker0": (
        *(EngineError, "Pool overlaps"),
        lambda: perform(bare("m1"), altered(BRIDGE, subnets=("172.17.0.0/20",))),
    ),
    # measurements.md#duplicate-names
    "a name that is taken": (Conflict, "already exists", lambda: another_overlay("app")),
    "a name but for case": (Conflict, "name conflicts", lambda: another_overlay("App")),
    "a name of the manager's own networks": (Conflict, "already exists", lambda: another_overlay(GATEWAY_BRIDGE)),
    "a second ingress": (Conflict, "already present", lambda: perform(swarm(), OTHER_INGRESS)),
    # measurements.md#in-use
    "removal of a container's network": (InUse, "task", lambda: remove(with_container()[0], "app")),
    # measurements.md#membership
    "init by a member": (Conflict, "already part of a swarm", lambda: perform(swarm(), InitSwarm(host="w1"))),
    "join by a member": (
        *(Conflict, "already part of a swarm"),
        lambda: perform(swarm(), JoinSwarm(host="w1", role="worker")),
    ),
    # measurements.md#leaving
    "a leave just after a demotion": (
        *(EngineError, "participating as a manager"),
        lambda: perform(others.set_node(swarm("w1"), "w1", role="worker"), LeaveSwarm(host="w1")),
    ),
    # measurements.md#no-quorum
    "any answer without two of three managers": (
        *(NoQuorum, "does not have a leader"),
        lambda: simulate.overlay_facts(stopped(swarm("w1", "w2"), "w1", "w2"), "app"),
    ),
    "the unlock key for a locked member that is listed as a worker": (
        *(Unproved, "w1: it is not sent the swarm's unlock key"),
        lambda: perform(on_host(swarm(), "w1", state="locked"), UnlockSwarm(host="w1")),
    ),
    "a host that is cut off": (Unreachable, "nothing answers at", lambda: looked_at(members.cut(swarm(), "w1"))),
    "a host without docker": (Unreachable, "docker is not running", lambda: looked_at(stopped(swarm(), "w1"))),
    "hosts outside any swarm": (NoSwarm, "none of them is in one", lambda: simulate.ingress_facts(bare(*HOSTS))),
}


@pytest.mark.parametrize(("error", "words", "act"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(error: type[SwarmnetError], words: str, act: Callable[[], object]):
    """It is refused as by real hosts, in words that tell the reasons apart."""
    with pytest.raises(error, match=words):
        act()


def test_an_old_version():
    """An update of what has changed since is refused (measurements.md#versions)."""
    world = swarm()
    update = UpdateNode(node_id=world.host("w1").node_id, version=world.swarm.nodes[1].version, role="manager")
    with pytest.raises(Conflict, match="out of sequence"):
        perform(kick(world, "w1"), update)


# Which hosts have a copy of a network

FOUND: dict[str, tuple[list[str], str, Callable[[], World]]] = {
    # measurements.md#bridge-ranges
    "no ingress where a bridge is on its range": ([], "ingress", lambda: begun_with("10.0.0.0/16", "10.0.0.1")),
    # measurements.md#names-stay-taken
    "an overlay whose tasks stop": (["m1", "w1", "w2"], "app", removed_after_use),
    "until they have stopped": ([], "app", lambda: perform(elapse(removed_after_use(), 6), APP)),
    # measurements.md#containers-without-a-service
    "no overlay of a stopped container": ([], "app", lambda: elapse(remove(without_container(), "app"), 1)),
    # measurements.md#removal
    "no ingress on idle hosts a second later": (
        *([], "ingress"),
        lambda: elapse(remove(elapse(without_ports(publishing()), 6), "ingress"), 1),
    ),
    # measurements.md#old-ingress-stays
    "an ingress removed too early stays for good": (["m1", "w1", "w2"], "ingress", stale),
    "one of another name reaches nobody": ([], "ing2", lambda: elapse(kick(stale_and_new(), *HOSTS), 30)),
    "a restart clears the old one away": (["m1", "w2"], "ingress", lambda: restarted(stale_and_new())),
    "a restart brings the new one": (["w1"], "ing2", lambda: restarted(stale_and_new())),
    # measurements.md#kicks
    "a new one reaches nobody": ([], "ingress", lambda: swapped(swarm())),
    "a task brings it": (["m1"], "ingress", lambda: elapse(create_service(swapped(swarm()), DYNAMIC), 30)),
    "a kick brings it": (["w1"], "ingress", lambda: kicked_as("active")),
    "a kick brings it to a paused node": (["w1"], "ingress", lambda: kicked_as("pause")),
    "a kick brings it to a drained node": (["w1"], "ingress", lambda: kicked_as("drain")),
    "an unchanged update repairs nothing": ([], "ingress", lambda: elapse(kick(kicked_in_vain(), "w1"), 30)),
    "a fresh value does": (["w1"], "ingress", lambda: elapse(kick(kicked_in_vain(), "w1", value="2"), 30)),
    # measurements.md#host-that-is-down
    "a host whose docker was away needs no kick": (
        *(["w1"], "ingress"),
        lambda: elapse(members.start_docker(swapped(elapse(stopped(swarm(), "w1"), 15)), "w1"), 3),
    ),
}


@pytest.mark.parametrize(("expected", "name", "world"), FOUND.values(), ids=FOUND)
def test_hosts_that_have_a_network(expected: list[str], name: str, world: Callable[[], World]):
    """The hosts with a copy of a network, or of a removed one, are those of the measurement."""
    assert expected == has(world(), name)


def test_only_a_restart_rids_a_host_of_an_ingress_that_went_while_it_was_cut_off():
    """measurements.md#host-that-is-down"""
    back = members.heal(swapped(elapse(members.cut(swarm(), "w1"), 30)), "w1")
    kicked = elapse(kick(elapse(back, 30), "w1"), 30)
    restarted = elapse(perform(kicked, RestartEngine(host="w1")), 10)
    copies = [[net.id for net in world.host("w1").networks if net.ingress] for world in (kicked, restarted)]
    new = [network(back, "ingress").id]

    assert [False, True] == [each == new for each in copies]


# What is so, and what is so seconds later

LATER: dict[str, tuple[dict[float, object], Callable[[World], object], Callable[[], World]]] = {
    # measurements.md#init-and-join
    "the ingress hangs on the bridge": (
        {0: [], 1.5: ["gateway_ingress-sbox"]},
        ends_on_m1,
        lambda: perform(bare("m1"), InitSwarm(host="m1")),
    ),
    "who joined is ready": ({0: ["unknown"], 1: ["ready"]}, entries, joined),
    "who left is down": ({0: ["ready"], 20: ["down"]}, entries, left),
    # measurements.md#down-and-back
    "who stopped is down": ({0: ["ready"], 15: ["down"]}, entries, lambda: stopped(swarm(), "w1")),
    "workers of an ended swarm stay active": (
        {0: ("active", None)},
        lambda world: (world.host("w1").state, simulate.swarm_facts(world).swarm),
        lambda: perform(swarm(), LeaveSwarm(host="m1", force=True)),
    ),
    # measurements.md#leaving
    "who joins again is another": (
        {5: ["down", "ready"]},
        entries,
        lambda: perform(elapse(left(), 20), JoinSwarm(host="w1", role="worker")),
    ),
    "who left knows no manager": ({0: []}, known_managers, left),
    # measurements.md#membership
    "members know all managers, also those that do not answer": (
        {0: (["m1", "w1"], ["m1", "w1"])},
        lambda world: (known_managers(world), known_managers(world, "w2")),
        lambda: stopped(swarm("w1"), "m1"),
    ),
    # measurements.md#autolock
    "a manager with autolock is locked after a restart": (
        {0: ("locked", "")},
        lambda world: (world.host("m1").state, reads.member(world, world.host("m1")).node_id),
        lambda: perform(elapse(perform(bare("m1"), InitSwarm(host="m1", autolock=True)), 5), RestartEngine(host="m1")),
    ),
    # measurements.md#roles
    "a promoted worker is a manager": ({3: True, 40: True}, leads, lambda: promoted(swarm())),
    "one demoted just before takes half a minute": ({3: False, 40: True}, leads, lambda: promoted(demoted())),
    # measurements.md#allocation
    "an overlay has addresses": ({0: False, 0.1: True}, partial(allocated, name="app"), lambda: perform(swarm(), APP)),
    # measurements.md#filled-in-by-the-engine
    "a gateway is the first address of its range": (
        {1: "10.20.0.128"},
        lambda world: network(world, "app").gateway,
        lambda: perform(swarm(), altered(APP, gateways=(), ip_ranges=("10.20.0.128/25",))),
    ),
    # measurements.md#dead-networks
    "never one around another": ({60: False}, allocated, lambda: beside_app(subnets=("10.0.0.0/8",), gateways=())),
    "unless what is in its way goes": ({0.1: True}, allocated, lambda: remove(elapse(beside_app(), 1), "app")),
    # measurements.md#names-stay-taken
    "a removed overlay's name": (
        {0: "m1", 4: "m1", 6: ""},
        lambda world: simulate.overlay_facts(world, "app").name_held_by,
        removed_after_use,
    ),
    # measurements.md#parallelism
    "tasks leave the ingress one at a time": (
        {5: 2, 10: 1, 16: 0},
        held,
        lambda: without_ports(change_service(publishing(), "web", UpdateConfig={"Parallelism": 1})),
    ),
    # measurements.md#states-of-an-update
    "an update is completed a Monitor's time after": (
        {0: "updating", 8: "updating", 12: "completed"},
        status,
        lambda: without_ports(publishing()),
    ),
    # measurements.md#placement-alone
    "a strip after a placement moves no task": (
        {60: ("", 3)},
        lambda world: (status(world), held(world)),
        lambda: without_ports(placement_only(publishing())),
    ),
    "a raised ForceUpdate does": ({6: 0}, held, lambda: forced(without_ports(placement_only(publishing())))),
    # measurements.md#rollback
    "a rollback restores the former spec": ({20: 1}, published, lambda: failing("rollback")),
    "rolled back without an ingress it is dead": (
        {0: {"new"}},
        lambda world: set(task_states(world)),
        lambda: elapse(kick(perform(elapse(remove(elapse(failing("rollback"), 5), "ingress"), 15), INGRESS), "m1"), 60),
    ),
    # measurements.md#no-ingress
    "a host's port needs no ingress": (
        {5: ["running"]},
        task_states,
        lambda: create_service(
            elapse(remove(swarm(), "ingress"), 5), service_spec("host", ports=((9000, 80),), mode="host")
        ),
    ),
    # measurements.md#host-that-is-down
    "tasks of a host that is down look alive": (
        {20: [("shutdown", "running")]},
        lambda world: [(t.desired, t.state) for t in world.swarm.tasks if t.node_id == world.host("w1").node_id],
        lambda: stopped(publishing(), "w1"),
    ),
    # measurements.md#bridge-before-a-join
    "init keeps the bridge that is there": (
        {0: "10.12.0.0/16"},
        lambda world: bridge_of(world, "m1").subnet,
        lambda: perform(perform(bare(*HOSTS), BRIDGE), InitSwarm(host="m1")),
    ),
    # measurements.md#gateway-lost
    "no kick brings the ingress onto another bridge": ({0: []}, ends_on_m1, cut_bridge),
    # measurements.md#bridge-of-a-member
    "a restart does": (
        {3: ["gateway_ingress-sbox"]},
        ends_on_m1,
        lambda: perform(cut_bridge(), RestartEngine(host="m1")),
    ),
    # measurements.md#unknown-nodes
    "a new leader knows nobody": (
        {0: {"unknown"}, 10: {"ready"}},
        node_states,
        lambda: perform(swarm(), RestartEngine(host="m1")),
    ),
    "another leader neither": ({0: {"unknown"}}, node_states, lambda: stopped(swarm("w1", "w2"), "m1")),
    "the stop of any other manager goes unnoticed": (
        {0: {"ready"}},
        node_states,
        lambda: stopped(swarm("w1", "w2"), "w1"),
    ),
}


@pytest.mark.parametrize(("expected", "look", "world"), LATER.values(), ids=LATER)
def test_what_comes_later(expected: dict[float, object], look: Callable[[World], object], world: Callable[[], World]):
    """It is so after these many seconds."""
    begun = world()
    assert expected == {seconds: look(elapse(begun, seconds)) for seconds in expected}


# docker_gwbridge


def test_the_default_bridge():
    """The Engine makes a missing bridge from the first free range (measurements.md#default-bridge)."""
    bridge = bridge_of(swarm(), "w1")
    icc = bridge.option("com.docker.network.bridge.enable_icc")
    assert ("172.18.0.0/16", "172.18.0.1", "false") == (bridge.subnet, bridge.gateway, icc)


def test_leave_keeps_the_bridge():
    """Its settings stay, and no endpoint (measurements.md#bridge-before-a-join)."""
    assert replace(bridge_of(swarm(), "w1"), endpoints=()) == bridge_of(left(), "w1")


def test_a_leftover_endpoint():
    """An endpoint that a leave left on the bridge holds it until it is disconnected by name."""
    # measurements.md#endpoint-left-behind
    world = others.leave_endpoint(left(), "w1")
    bridge = bridge_of(world, "w1")
    world = perform(world, DisconnectEndpoint(host="w1", network=bridge.id, endpoint=bridge.endpoints[0].name))
    assert ["m1", "w2"] == has(perform(world, RemoveNetwork(host="w1", id=bridge.id)), GATEWAY_BRIDGE)


@pytest.mark.parametrize(
    ("name", "expected"), [("ing4", "gateway_ing4-sbox"), ("my-long-ingress", "gateway_ingress_sbox")]
)
def test_the_gateway_endpoint(name: str, expected: str):
    """Its name on docker_gwbridge depends on the length of the ingress's name (measurements.md#bridge-endpoints)."""
    world = elapse(perform(elapse(remove(swarm(), "ingress"), 2), altered(INGRESS, name=name)), 1)
    facts = simulate.ingress_facts(elapse(kick(world, "w1"), 2))
    seen = [host.bridge_endpoints for host in facts.hosts if isinstance(host, HostIngress)]
    assert [(), (expected,), ()] == seen


# Members


def test_versions_move_by_themselves():
    """A version goes up in the background after a change (measurements.md#versions)."""
    world = kick(swarm(), "w1")
    assert world.swarm.nodes[1].version < elapse(world, 1).swarm.nodes[1].version


# Networks and ports


@pytest.mark.parametrize(
    ("expected", "back"), [(30001, (0,)), (30000, (30000, 0))], ids=["dynamic ones move", "pinned ones stay"]
)
def test_dynamic_ports(expected: int, back: tuple[int, ...]):
    """Taken off and put back a port has another number, unless it was pinned before (measurements.md#dynamic-ports)."""
    world = without_ports(create_service(swarm(), DYNAMIC))
    for number in back:
        ports = read(service_spec("web", ports=((number, 80),)))["EndpointSpec"]
        world = change_service(world, "web", EndpointSpec=ports)
    assert expected == named(world, "web").numbers[0].published


# What is not of the Engine


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
    ports = [port["PublishedPort"] for port in loads(service.endpoint)]
    assert (loads(PORTS), [8080]) == (loads(service.spec), ports)
