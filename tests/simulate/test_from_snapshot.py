"""A copy of real hosts behaves as they do: here, the copy of a simulated swarm shows the same facts as that swarm."""

from collections.abc import Callable

import pytest

from providers import simulate
from providers.simulate import SimulatorState
from providers.simulate.from_snapshot import copied
from providers.simulate.hosts import SimulatedHosts as Simulated
from tests.support import lifecycle
from tests.support.others import bare, change_service, create_service, cut, run_container, service_spec, set_node
from tests.support.simulated import after, elapsed


def at_work() -> SimulatorState:
    """The whole stack with services: ports of each kind, an overlay, a placement that changed, a container."""
    sim = lifecycle.made(bare(*lifecycle.HOSTS), *lifecycle.whole_stack()[:-1], lifecycle.overlay_spec(attachable=True))
    app = lifecycle.id_of(sim, lifecycle.overlay_spec())
    placement = {"Networks": [], "Placement": {"Constraints": ["node.role==worker"]}, "ForceUpdate": 0}
    return after(
        sim,
        lambda sim: create_service(sim, service_spec("web", ports=((8080, 80),), replicas=2)),
        lambda sim: create_service(sim, service_spec("api", ports=((0, 81),), replicas=None, networks=(app,))),
        lambda sim: create_service(sim, service_spec("direct", ports=((9000, 80),), mode="host")),
        elapsed(20),
        lambda sim: change_service(sim, "web", TaskTemplate=placement),
        lambda sim: run_container(sim, "w1", app),
        lambda sim: set_node(sim, "w2", labels=(("rack", "a"),)),
        elapsed(20),
    )


WORLDS: dict[str, Callable[[], SimulatorState]] = {
    "bare hosts": lambda: bare(*lifecycle.HOSTS),
    "at rest": lifecycle.running,
    "at work": at_work,
    "a host cut off": lambda: simulate.elapse(cut(at_work(), "w1"), 20),
}


@pytest.mark.parametrize("name", WORLDS)
def test_copy_shows_the_facts_of_the_swarm(name):
    """Every declared host's bridge, the swarm, the ingress and each overlay."""
    sim = WORLDS[name]()

    assert facts(sim) == facts(copied(Simulated(sim).snapshot()))


def facts(sim: SimulatorState) -> list[object]:
    """All that the five resource types look at."""
    up = [host.name for host in sim.hosts if host.up]
    found: list[object] = [simulate.gwbridge_facts(sim, name) for name in up]
    found += [simulate.node_facts(sim, name) for name in up]
    found += [simulate.swarm_facts(sim)]
    if sim.cluster:
        found += [simulate.ingress_facts(sim), simulate.overlay_facts(sim, "app", thorough=True)]
    return found


def test_ports_that_the_swarm_chose_are_not_given_twice():
    """The copy goes on numbering where the swarm is."""
    copy = create_service(copied(Simulated(at_work()).snapshot()), service_spec("late", ports=((0, 80),)))

    numbers = [port.published for service in copy.swarm.services for port in service.numbers if port.mode == "ingress"]
    assert sorted(set(numbers)) == sorted(numbers)


def test_member_that_is_not_declared_is_in_the_copy():
    """It counts for the quorum, and blocks what could not be seen on it."""
    sim = at_work()
    seen = Simulated(sim).snapshot()
    copy = copied(type(seen)(hosts=seen.hosts[:2], swarm=seen.swarm))

    assert [True, True, False] == [host.declared for host in copy.hosts]


def test_tasks_that_are_ending_end_in_the_copy():
    """Work that was under way when the hosts were read goes on in the copy."""
    sim = at_work()
    moving = change_service(sim, "api", TaskTemplate={"Networks": [], "Placement": {}, "ForceUpdate": 1})
    copy = simulate.elapse(copied(Simulated(moving).snapshot()), 20)

    api = next(service.id for service in copy.swarm.services if service.name == "api")
    assert ["running"] * 3 == [task.state for task in copy.swarm.tasks if task.service_id == api]
