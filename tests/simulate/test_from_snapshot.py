"""A copy of real hosts behaves as they do: here, the copy of a simulated swarm shows the same facts as that swarm."""

from collections.abc import Callable

import pytest

from providers import simulate
from providers.simulate import World, bare
from providers.simulate.from_snapshot import copied
from providers.simulate.hosts import SimulatedHosts as Simulated
from providers.simulate.members import cut
from providers.simulate.others import change_service, create_service, run_container, service_spec, set_node
from tests.support import lifecycle
from tests.support.simulated import after, elapsed


def at_work() -> World:
    """The whole stack with services: ports of each kind, an overlay, a placement that changed, a container."""
    world = lifecycle.made(
        bare(*lifecycle.HOSTS), *lifecycle.whole_stack()[:-1], lifecycle.overlay_spec(attachable=True)
    )
    app = lifecycle.id_of(world, lifecycle.overlay_spec())
    placement = {"Networks": [], "Placement": {"Constraints": ["node.role==worker"]}, "ForceUpdate": 0}
    return after(
        world,
        lambda world: create_service(world, service_spec("web", ports=((8080, 80),), replicas=2)),
        lambda world: create_service(world, service_spec("api", ports=((0, 81),), replicas=None, networks=(app,))),
        lambda world: create_service(world, service_spec("direct", ports=((9000, 80),), mode="host")),
        elapsed(20),
        lambda world: change_service(world, "web", TaskTemplate=placement),
        lambda world: run_container(world, "w1", app),
        lambda world: set_node(world, "w2", labels=(("rack", "a"),)),
        elapsed(20),
    )


WORLDS: dict[str, Callable[[], World]] = {
    "bare hosts": lambda: bare(*lifecycle.HOSTS),
    "at rest": lifecycle.running,
    "at work": at_work,
    "a host cut off": lambda: simulate.elapse(cut(at_work(), "w1"), 20),
}


@pytest.mark.parametrize("name", WORLDS)
def test_copy_shows_the_facts_of_the_swarm(name):
    """Every declared host's bridge, the swarm, the ingress and each overlay."""
    world = WORLDS[name]()

    assert facts(world) == facts(copied(Simulated(world).survey()))


def facts(world: World) -> list[object]:
    """All that the five nouns look at."""
    up = [host.name for host in world.hosts if host.up]
    found: list[object] = [simulate.gwbridge_facts(world, name) for name in up]
    found += [simulate.node_facts(world, name) for name in up]
    found += [simulate.swarm_facts(world)]
    if world.cluster:
        found += [simulate.ingress_facts(world), simulate.overlay_facts(world, "app", thorough=True)]
    return found


def test_ports_that_the_swarm_chose_are_not_given_twice():
    """The copy goes on numbering where the swarm is."""
    copy = create_service(copied(Simulated(at_work()).survey()), service_spec("late", ports=((0, 80),)))

    numbers = [port.published for service in copy.swarm.services for port in service.numbers if port.mode == "ingress"]
    assert sorted(set(numbers)) == sorted(numbers)


def test_member_that_is_not_declared_is_in_the_copy():
    """It counts for the quorum, and blocks what could not be seen on it."""
    world = at_work()
    seen = Simulated(world).survey()
    copy = copied(type(seen)(hosts=seen.hosts[:2], swarm=seen.swarm))

    assert [True, True, False] == [host.declared for host in copy.hosts]


def test_tasks_that_are_ending_end_in_the_copy():
    """Work that was under way when the hosts were read goes on in the copy."""
    world = at_work()
    moving = change_service(world, "api", TaskTemplate={"Networks": [], "Placement": {}, "ForceUpdate": 1})
    copy = simulate.elapse(copied(Simulated(moving).survey()), 20)

    api = next(service.id for service in copy.swarm.services if service.name == "api")
    assert ["running"] * 3 == [task.state for task in copy.swarm.tasks if task.service_id == api]
