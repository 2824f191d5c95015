"""Changes under running services, through the real loop on the simulated swarm: what it costs, and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

import pytest

from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.specs import Spec
from providers.rules.vocabulary.steps import (
    PauseContainer,
    StartContainer,
    Step,
    StopContainer,
    UpdateNode,
    UpdateService,
)
from providers.simulate import SimulatorState, elapse
from providers.simulate.workloads import Container, read
from tests.support import others
from tests.support.lifecycle import gwbridge_spec, id_of, ingress_spec, make, overlay_spec, running
from tests.support.others import create_service, named, service_spec, set_node
from tests.support.simulated import SimulatedHosts, cuts
from tests.support.tables import cases

NEW_INGRESS = ingress_spec(name="mesh", subnet="10.111.0.0/16", gateway="10.111.0.1", mtu=1400)
NEW_BRIDGE = gwbridge_spec("w1", subnet="10.112.0.0/16", gateway="10.112.0.1")
DISTURBING = NEW_BRIDGE.model_copy(update={"disturb": True})
NEW_OVERLAY = overlay_spec(subnet="10.113.0.0/24", gateway="10.113.0.1", on_in_use="migrate")


@cache
def sim() -> SimulatorState:
    """The whole stack with services of all kinds, at rest."""
    start = running()
    app = id_of(start, overlay_spec())
    for spec in (
        service_spec("web", ports=((8080, 80),), replicas=3, networks=(app,)),
        service_spec("everywhere", ports=((9090, 80),), replicas=None),
        service_spec("dynamic", ports=((0, 80),)),
        service_spec("direct", ports=((7070, 80),), mode="host", replicas=None),
        service_spec("quiet", replicas=2),
    ):
        start = elapse(create_service(start, spec), 20)
    return start


def changed(start: SimulatorState, spec: Spec) -> SimulatedHosts:
    """After the change, at rest."""
    hosts = SimulatedHosts(start)
    make(hosts, spec, id_of(start, spec))
    hosts.elapse(30)
    return hosts


@cache
def ingress_changed() -> SimulatedHosts:
    """After the change of the ingress, at rest; a test only looks at it."""
    return changed(sim(), NEW_INGRESS)


def tasks(found: SimulatorState, name: str) -> set[str]:
    """Ids of a service's tasks that run."""
    service = named(found, name)
    return {task.id for task in found.swarm.tasks if task.service_id == service.id and task.state == "running"}


def updates(steps: list[Step], start: SimulatorState, name: str) -> int:
    """Count the updates of a service."""
    return sum(isinstance(step, UpdateService) and step.service_id == named(start, name).id for step in steps)


@pytest.mark.parametrize("name", ["web", "everywhere", "direct", "quiet"])
def test_specs_are_as_before(name: str):
    """Every spec is equal to the letter."""
    assert read(named(sim(), name).spec) == read(named(ingress_changed().sim, name).spec)


@pytest.mark.parametrize(("treatment", "spec_has"), [("pin", 30000), ("renumber", 0)])
def test_a_dynamic_port(treatment: str, spec_has: int):
    """It keeps its number, at the price of being pinned, or the spec, at the price of another number."""
    spec = NEW_INGRESS.model_copy(update={"dynamic_ports": treatment})
    service = named(changed(sim(), spec).sim, "dynamic")
    assert (spec_has, spec_has or 30001) == (service.ports[0].published, service.numbers[0].published)


def test_updates_are_counted():
    """Ports off, ports on, journal closed, rollback kept: four updates, and none of a service without such a port."""
    expected = {"web": 4, "everywhere": 4, "dynamic": 4, "direct": 0, "quiet": 0}
    assert expected == {name: updates(ingress_changed().steps, sim(), name) for name in expected}


@pytest.mark.parametrize("name", ["direct", "quiet"])
def test_tasks_of_others_are_left_alone(name: str):
    """Tasks that publish nothing through the ingress go on running."""
    assert tasks(sim(), name) == tasks(ingress_changed().sim, name)


def test_a_rollback_keeps_its_ports():
    """A later rollback goes to a spec with its ports."""
    service = named(ingress_changed().sim, "web")
    assert read(service.spec)["EndpointSpec"] == read(service.previous)["EndpointSpec"]


@cache
def begun() -> list[SimulatorState]:
    """Return the simulations left by a change of the ingress killed before each of its steps."""
    return cuts(sim(), lambda hosts: make(hosts, NEW_INGRESS, id_of(sim(), NEW_INGRESS)))


@pytest.mark.parametrize("killed_after", [*range(1, 22, 3), -1])
def test_taken_back_after_a_cut(killed_after: int):
    """A change that was cut, and then taken back in the stack file, ends where it began."""
    start = sim()
    back = changed(begun()[killed_after], ingress_spec()).sim
    ingress = back.swarm.ingress
    assert ("ingress", "10.11.0.0/16") == (ingress and ingress.name, ingress and ingress.subnet)
    specs = {service.name: read(service.spec)["EndpointSpec"] for service in start.swarm.services}
    del specs["dynamic"]  # pinned
    assert specs == {
        service.name: read(service.spec)["EndpointSpec"] for service in back.swarm.services if service.name in specs
    }


# docker_gwbridge under a member


def test_a_member_stays_the_same_member():
    """Its node id, labels, role and availability survive, and no other host is drained."""
    start = sim()
    hosts = changed(start, NEW_BRIDGE)
    before, after = ([replace(node, version=0) for node in each.swarm.nodes] for each in (start, hosts.sim))
    assert before == after
    assert {start.host("w1").node_id} == {step.node_id for step in hosts.steps if isinstance(step, UpdateNode)}


def test_host_by_host():
    """All hosts change, one after the other, and the ingress is on every one at the end."""
    found = sim()
    for host in ("w1", "w2", "m1"):
        found = changed(found, gwbridge_spec(host, subnet="10.112.0.0/16", gateway="10.112.0.1")).sim
    bridges = [host.network("docker_gwbridge") for host in found.hosts]
    ends = [{end.name for end in bridge.endpoints} for bridge in bridges if bridge]
    assert [True, True, True] == ["gateway_ingress-sbox" in names for names in ends]


def with_plain_container(start: SimulatorState, **more: bool | str) -> SimulatorState:
    """Return the simulation with a container on w1 that is on no overlay: it ends with the restart of docker."""
    host = start.host("w1")
    plain = Container(id="plain", name="db", networks=(), **more)
    return start.with_host(replace(host, containers=(*host.containers, plain)))


def without_service(start: SimulatorState) -> SimulatorState:
    """Return the simulation without a service whose tasks run on, as Engine 20.10 leaves those of a job."""
    left = named(start, "quiet")
    return start.agreed(services=tuple(each for each in start.swarm.services if each != left))


@cases(
    "more, steps",
    {
        "runs": ({}, [StopContainer, StartContainer]),
        "paused": ({"paused": True}, [StopContainer, StartContainer, PauseContainer]),
    },
)
def test_a_container_that_is_on_no_overlay_is_as_before(more: dict[str, bool], steps: list[type[Step]]):
    """A plain container is restarted if the stack file allows to disturb it, and paused if it was."""
    start = with_plain_container(sim(), **more)

    hosts = changed(start, DISTURBING)

    assert start.host("w1").containers == hosts.sim.host("w1").containers
    assert steps == [
        type(step) for step in hosts.steps if type(step) in (StopContainer, StartContainer, PauseContainer)
    ]


def test_a_container_of_a_task_that_is_gone_ends_for_good():
    """Nobody would end it, so that the host would never be empty; it is not started again."""
    hosts = changed(with_plain_container(sim(), task_id="gone"), DISTURBING)

    bridge = hosts.sim.host("w1").network("docker_gwbridge")
    assert (NEW_BRIDGE.subnet, [False]) == (
        bridge and bridge.subnet,
        [each.running for each in hosts.sim.host("w1").containers],
    )


def test_a_container_started_with_rm_is_lost_on_the_word_of_the_file():
    """The stack file has a word for it beside that for the others."""
    hosts = changed(
        with_plain_container(sim(), auto_remove=True), DISTURBING.model_copy(update={"lose_auto_removed": True})
    )

    assert () == hosts.sim.host("w1").containers


def test_a_service_moves_with_its_overlay():
    """It is on the new one in the end, and what is not on it has gone on running."""
    start = sim()
    hosts = changed(start, NEW_OVERLAY)
    end = hosts.sim
    assert ((id_of(end, NEW_OVERLAY),), tasks(start, "quiet")) == (named(end, "web").networks, tasks(end, "quiet"))
    # Onto the twin and off it, each with one that changes nothing, so that a rollback goes to no removed network.
    assert 4 == updates(hosts.steps, start, "web")


def with_stopped_container(start: SimulatorState) -> SimulatorState:
    """A container on the overlay has run to its end: it can start again only on the very same network."""
    ended = Container(id="ended", name="batch", networks=(id_of(start, NEW_OVERLAY),), running=False)
    return start.with_host(replace(start.host("w1"), containers=(ended,)))


def with_container_on_a_paused_host(start: SimulatorState) -> SimulatorState:
    """A container on the overlay runs on w1, which somebody has paused."""
    actual = Container(id="there", name="batch", networks=(id_of(start, NEW_OVERLAY),))
    return set_node(start.with_host(replace(start.host("w1"), containers=(actual,))), "w1", availability="pause")


def undeclared(start: SimulatorState) -> SimulatorState:
    """A member that the stack file does not name."""
    return start.with_host(replace(start.host("w2"), declared=False))


def in_a_change(start: SimulatorState) -> SimulatorState:
    """Another stack is changing the swarm."""
    swarm = start.swarm.settings
    return start.agreed(settings=replace(swarm, labels=(*swarm.labels, ("swarmnet.change", "infra/staging"))))


def test_unwatched_member_forbids_no_change():
    """It is kicked with the others, and each step that it has a part in says whose word it is by."""
    start = undeclared(sim())
    hosts = changed(start, NEW_INGRESS.model_copy(update={"unwatched": ("w2",)}))
    word = "; not verified (unwatched): w2"
    kicked = {step.node_id for step in hosts.steps if isinstance(step, UpdateNode) and step.set_labels}

    assert {node.id for node in start.swarm.nodes} == kicked
    assert [True, True] == [
        any(line.startswith(begins) and line.endswith(word) for line in hosts.progress)
        for begins in ("remove the old ingress", "bring the ingress to m1 and w1")
    ]


@cases(
    "spec, act, expected",
    {
        "a member that is not declared": (NEW_INGRESS, undeclared, "member w2"),
        "a member that is unreachable": (NEW_INGRESS, lambda start: others.cut(start, "w1"), "w1 can't be asked"),
        "another stack's change, bridge": (NEW_BRIDGE, in_a_change, "infra/staging is in the middle"),
        "another stack's change, overlay": (NEW_OVERLAY, in_a_change, "infra/staging is in the middle"),
        "a stopped container on the overlay": (
            NEW_OVERLAY,
            with_stopped_container,
            r"it can't be migrated: containers without a service use it: batch on w1 \(stopped\)",
        ),
        "a stopped container on an overlay that is made again": (
            NEW_OVERLAY.model_copy(update={"on_in_use": "refuse"}),
            with_stopped_container,
            r"while it is used by .*container batch on w1 \(stopped\)",
        ),
        "a container on the overlay of a paused host": (
            DISTURBING,
            with_container_on_a_paused_host,
            "batch could not start again on a host that is paused: disconnect it from the overlay first",
        ),
        # It would end with docker's restart, and only a restart policy would bring it back.
        "a container on no overlay": (
            NEW_BRIDGE,
            with_plain_container,
            "w1: docker_gwbridge can't change: db would stop with its docker",
        ),
        "one that would be gone": (
            DISTURBING,
            partial(with_plain_container, auto_remove=True),
            "db was started with --rm and would be removed for good: stop it yourself, or set gwbridge.lose_auto",
        ),
        "one of a service that was removed while the host was away": (
            NEW_BRIDGE,
            partial(with_plain_container, task_id="gone"),
            "db runs for a service that was removed, and would stop with its docker: remove it there with",
        ),
        "one of a job that was removed": (NEW_BRIDGE, without_service, "runs for a service that was removed"),
        "one that would be gone, on its own word": (
            NEW_BRIDGE.model_copy(update={"lose_auto_removed": True}),
            partial(with_plain_container, auto_remove=True),
            "db would stop with its docker: stop them, or set gwbridge.disturb: true",
        ),
    },
)
def test_it_is_refused_before_the_first_write(
    spec: Spec, act: Callable[[SimulatorState], SimulatorState], expected: str
):
    """The obstacle is named, and nothing has been written."""
    start = act(sim())
    hosts = SimulatedHosts(start, killed_after=0)
    with pytest.raises(Blocked, match=expected):
        make(hosts, spec, id_of(start, spec))
