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
from providers.simulate import SimulatorState, elapse, members, perform, reads
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
from tests.support import others
from tests.support.networks import altered, create_network
from tests.support.others import bare, change_service, create_service, named, service_spec
from tests.support.simulated import on_host

BRIDGE = create_network(host="m1", name=GATEWAY_BRIDGE, driver="bridge", subnet="10.12.0.0/16", gateway="10.12.0.1")
INGRESS = create_network(name="ingress", driver="overlay", subnet="10.11.0.0/16", gateway="10.11.0.1", ingress=True)
OTHER_INGRESS = altered(INGRESS, name="ing2")
PORTS = service_spec("web", ports=((8080, 80),), replicas=3)
DYNAMIC = service_spec("web", ports=((0, 80),))


def entries(sim: SimulatorState, host: str = "w1") -> list[str]:
    """The states of a host's entries as the managers know them: of this membership, and of former ones."""
    return sorted(node.state for node in sim.swarm.nodes if node.hostname == host)


def has(sim: SimulatorState, name: str) -> list[str]:
    """The hosts that have a copy of a network of this name."""
    return [host.name for host in sim.hosts if host.network(name)]


def kick(sim: SimulatorState, *hosts: str, value: str = "1") -> SimulatorState:
    """Nodes' label set, as an operator would."""
    for host in hosts:
        sim = others.set_node(sim, host, labels=(("kick", value),))
    return sim


def remove(sim: SimulatorState, name: str) -> SimulatorState:
    """A network of the cluster removed."""
    return perform(sim, RemoveNetwork(id=network(sim, name).id))


def swapped(sim: SimulatorState) -> SimulatorState:
    """Another ingress in the place of the first, on an idle swarm."""
    return elapse(perform(elapse(remove(sim, "ingress"), 2), INGRESS), 60)


def cut_bridge() -> SimulatorState:
    """A member's bridge taken from under its ingress, and another one made."""
    sim = perform(swarm(), DisconnectEndpoint(host="m1", network=GATEWAY_BRIDGE, endpoint="gateway_ingress-sbox"))
    sim = perform(sim, RemoveNetwork(host="m1", id=bridge_of(sim, "m1").id))
    return elapse(kick(perform(sim, BRIDGE), "m1"), 60)


def publishing() -> SimulatorState:
    """A swarm with a service that publishes a port, running."""
    return elapse(create_service(swarm(), PORTS), 20)


def stale() -> SimulatorState:
    """The ingress removed too early: every host keeps the old one."""
    return elapse(remove(without_ports(publishing()), "ingress"), 60)


def stale_and_new() -> SimulatorState:
    """One of another name made then."""
    return elapse(perform(stale(), OTHER_INGRESS), 5)


def kicked_in_vain() -> SimulatorState:
    """The attachment of w1 to a new ingress has failed."""
    return elapse(kick(others.fail_kicks(swapped(swarm()), "w1", 1), "w1"), 5)


def placement_only(sim: SimulatorState) -> SimulatorState:
    """An update that moves no task: a constraint that they satisfy already."""
    template = {**read(named(sim, "web").spec)["TaskTemplate"], "Placement": {"Constraints": ["node.role != x"]}}
    return elapse(change_service(sim, "web", TaskTemplate=template), 10)


def joined() -> SimulatorState:
    """w1 has joined just now."""
    return perform(elapse(perform(bare(*HOSTS), InitSwarm(host="m1")), 2), JoinSwarm(host="w1", role="worker"))


def left() -> SimulatorState:
    """w1 has left just now."""
    return perform(swarm(), LeaveSwarm(host="w1"))


def removed_after_use() -> SimulatorState:
    """An overlay removed just after the service that had tasks on it on every host."""
    sim, app = with_app()
    sim = elapse(create_service(sim, service_spec("web", networks=(app,), replicas=None)), 20)
    return remove(others.remove_service(sim, "web"), "app")


def failing(action: str) -> SimulatorState:
    """A strip whose new tasks fail at once."""
    sim = change_service(publishing(), "web", UpdateConfig={"Parallelism": 0, "FailureAction": action})
    return without_ports(others.break_service(sim, "web"))


def another_overlay(name: str) -> SimulatorState:
    """A second overlay, of this name."""
    return perform(with_app()[0], altered(APP, name=name, subnets=("10.30.0.0/24",), gateways=()))


def stopped(sim: SimulatorState, *hosts: str) -> SimulatorState:
    """The simulation after docker has stopped on these hosts."""
    for host in hosts:
        sim = members.stop_docker(sim, host)
    return sim


def looked_at(sim: SimulatorState) -> object:
    """A look at w1."""
    return simulate.gwbridge_facts(sim, "w1")


def begun_with(subnet: str, gateway: str) -> SimulatorState:
    """A swarm that began on a bridge with this range."""
    sim = perform(bare("m1"), altered(BRIDGE, subnets=(subnet,), gateways=(gateway,)))
    return elapse(perform(sim, InitSwarm(host="m1")), 30)


def without_container() -> SimulatorState:
    """A container on an overlay, stopped."""
    sim, container = with_container()
    return perform(sim, StopContainer(host="w1", id=container))


def restarted(sim: SimulatorState) -> SimulatorState:
    """The simulation a while after w1's Engine was kicked and restarted."""
    return elapse(perform(kick(sim, "w1"), RestartEngine(host="w1")), 5)


def kicked_as(availability: str) -> SimulatorState:
    """A new ingress, and w1 kicked, which has this availability."""
    return elapse(kick(swapped(others.set_node(swarm(), "w1", availability=availability)), "w1"), 1)


def promoted(sim: SimulatorState) -> SimulatorState:
    """w1 promoted just now."""
    return others.set_node(sim, "w1", role="manager")


def demoted() -> SimulatorState:
    """One of three managers demoted a second ago."""
    return elapse(others.set_node(swarm("w1", "w2"), "w1", role="worker"), 1)


def beside_app(**other: tuple[str, ...]) -> SimulatorState:
    """An overlay, and one named b with other ranges."""
    return perform(with_app()[0], altered(APP, name="b", **other))


def allocated(sim: SimulatorState, name: str = "b") -> bool:
    """Tell whether an overlay has its addresses."""
    return network(sim, name).allocated


def held(sim: SimulatorState) -> int:
    """Count the tasks on the ingress."""
    return len(on_ingress(sim))


def published(sim: SimulatorState) -> int:
    """Count the ports of web."""
    return len(named(sim, "web").ports)


def known_managers(sim: SimulatorState, host: str = "w1") -> list[str]:
    """The hosts that one takes for managers, by the addresses at which it knows them."""
    places = {each.address: each.name for each in sim.hosts}
    return [places[place] for _, place in reads.member(sim, sim.host(host)).remote_managers]


def leads(sim: SimulatorState) -> bool:
    """Tell whether w1 is a manager."""
    return sim.host("w1").control


def node_states(sim: SimulatorState) -> set[str]:
    """The states of all members."""
    return {node.state for node in sim.swarm.nodes}


def ends_on_m1(sim: SimulatorState) -> list[str]:
    """What hangs on the docker_gwbridge of m1."""
    return [end.name for end in bridge_of(sim, "m1").endpoints]


def task_states(sim: SimulatorState) -> list[str]:
    """The states of all tasks."""
    return [task.state for task in sim.swarm.tasks]


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
    "a host that is cut off": (Unreachable, "nothing answers at", lambda: looked_at(others.cut(swarm(), "w1"))),
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
    sim = swarm()
    update = UpdateNode(node_id=sim.host("w1").node_id, version=sim.swarm.nodes[1].version, role="manager")
    with pytest.raises(Conflict, match="out of sequence"):
        perform(kick(sim, "w1"), update)


# Which hosts have a copy of a network

FOUND: dict[str, tuple[list[str], str, Callable[[], SimulatorState]]] = {
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


@pytest.mark.parametrize(("expected", "name", "sim"), FOUND.values(), ids=FOUND)
def test_hosts_that_have_a_network(expected: list[str], name: str, sim: Callable[[], SimulatorState]):
    """The hosts with a copy of a network, or of a removed one, are those of the measurement."""
    assert expected == has(sim(), name)


def test_only_a_restart_rids_a_host_of_an_ingress_that_went_while_it_was_cut_off():
    """measurements.md#host-that-is-down"""
    back = others.heal(swapped(elapse(others.cut(swarm(), "w1"), 30)), "w1")
    kicked = elapse(kick(elapse(back, 30), "w1"), 30)
    restarted = elapse(perform(kicked, RestartEngine(host="w1")), 10)
    copies = [[net.id for net in sim.host("w1").networks if net.ingress] for sim in (kicked, restarted)]
    new = [network(back, "ingress").id]

    assert [False, True] == [each == new for each in copies]


# What is so, and what is so seconds later

LATER: dict[str, tuple[dict[float, object], Callable[[SimulatorState], object], Callable[[], SimulatorState]]] = {
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
        lambda sim: (sim.host("w1").state, simulate.swarm_facts(sim).swarm),
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
        lambda sim: (known_managers(sim), known_managers(sim, "w2")),
        lambda: stopped(swarm("w1"), "m1"),
    ),
    # measurements.md#autolock
    "a manager with autolock is locked after a restart": (
        {0: ("locked", "")},
        lambda sim: (sim.host("m1").state, reads.member(sim, sim.host("m1")).node_id),
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
        lambda sim: network(sim, "app").gateway,
        lambda: perform(swarm(), altered(APP, gateways=(), ip_ranges=("10.20.0.128/25",))),
    ),
    # measurements.md#dead-networks
    "never one around another": ({60: False}, allocated, lambda: beside_app(subnets=("10.0.0.0/8",), gateways=())),
    "unless what is in its way goes": ({0.1: True}, allocated, lambda: remove(elapse(beside_app(), 1), "app")),
    # measurements.md#names-stay-taken
    "a removed overlay's name": (
        {0: "m1", 4: "m1", 6: ""},
        lambda sim: simulate.overlay_facts(sim, "app").name_held_by,
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
        lambda sim: (status(sim), held(sim)),
        lambda: without_ports(placement_only(publishing())),
    ),
    "a raised ForceUpdate does": ({6: 0}, held, lambda: forced(without_ports(placement_only(publishing())))),
    # measurements.md#rollback
    "a rollback restores the former spec": ({20: 1}, published, lambda: failing("rollback")),
    "rolled back without an ingress it is dead": (
        {0: {"new"}},
        lambda sim: set(task_states(sim)),
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
        lambda sim: [(t.desired, t.state) for t in sim.swarm.tasks if t.node_id == sim.host("w1").node_id],
        lambda: stopped(publishing(), "w1"),
    ),
    # measurements.md#bridge-before-a-join
    "init keeps the bridge that is there": (
        {0: "10.12.0.0/16"},
        lambda sim: bridge_of(sim, "m1").subnet,
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


@pytest.mark.parametrize(("expected", "look", "sim"), LATER.values(), ids=LATER)
def test_what_comes_later(
    expected: dict[float, object], look: Callable[[SimulatorState], object], sim: Callable[[], SimulatorState]
):
    """It is so after these many seconds."""
    begun = sim()
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
    sim = others.leave_endpoint(left(), "w1")
    bridge = bridge_of(sim, "w1")
    sim = perform(sim, DisconnectEndpoint(host="w1", network=bridge.id, endpoint=bridge.endpoints[0].name))
    assert ["m1", "w2"] == has(perform(sim, RemoveNetwork(host="w1", id=bridge.id)), GATEWAY_BRIDGE)


@pytest.mark.parametrize(
    ("name", "expected"), [("ing4", "gateway_ing4-sbox"), ("my-long-ingress", "gateway_ingress_sbox")]
)
def test_the_gateway_endpoint(name: str, expected: str):
    """Its name on docker_gwbridge depends on the length of the ingress's name (measurements.md#bridge-endpoints)."""
    sim = elapse(perform(elapse(remove(swarm(), "ingress"), 2), altered(INGRESS, name=name)), 1)
    facts = simulate.ingress_facts(elapse(kick(sim, "w1"), 2))
    seen = [host.bridge_endpoints for host in facts.hosts if isinstance(host, HostIngress)]
    assert [(), (expected,), ()] == seen


# Members


def test_versions_move_by_themselves():
    """A version goes up in the background after a change (measurements.md#versions)."""
    sim = kick(swarm(), "w1")
    assert sim.swarm.nodes[1].version < elapse(sim, 1).swarm.nodes[1].version


# Networks and ports


@pytest.mark.parametrize(
    ("expected", "back"), [(30001, (0,)), (30000, (30000, 0))], ids=["dynamic ones move", "pinned ones stay"]
)
def test_dynamic_ports(expected: int, back: tuple[int, ...]):
    """Taken off and put back a port has another number, unless it was pinned before (measurements.md#dynamic-ports)."""
    sim = without_ports(create_service(swarm(), DYNAMIC))
    for number in back:
        ports = read(service_spec("web", ports=((number, 80),)))["EndpointSpec"]
        sim = change_service(sim, "web", EndpointSpec=ports)
    assert expected == named(sim, "web").numbers[0].published


# What is not of the Engine


def test_a_world_at_rest_stays_the_same():
    """Time changes nothing if nothing is pending, so that states can be told apart and found again."""
    sim = elapse(publishing(), 60)
    assert {sim} == {elapse(sim, 0.1), elapse(sim, 1000)}


def test_time_in_pieces_is_the_same_time():
    """It makes no difference in how many pieces time passes."""
    sim = without_ports(publishing())
    pieces = sim
    for _ in range(60):
        pieces = elapse(pieces, 0.1)
    assert elapse(sim, 6) == pieces


def test_a_service_is_read_as_the_engine_shows_it():
    """The raw spec and the raw ports come out as they went in."""
    service = simulate.ingress_facts(publishing()).services[0]
    ports = [port["PublishedPort"] for port in loads(service.endpoint)]
    assert (loads(PORTS), [8080]) == (loads(service.spec), ports)
