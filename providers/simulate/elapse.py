"""Events that happen by themselves in a simulated swarm as time passes. Each one is explained where it belongs."""

from collections.abc import Callable
from dataclasses import replace

from providers.simulate.containers import run_to_its_end
from providers.simulate.host_copies import arrive, drop
from providers.simulate.members import give_up, gone_down, ready, take_role
from providers.simulate.orchestrator import due, orchestrate
from providers.simulate.overlays import give_addresses
from providers.simulate.running import dies, end, start
from providers.simulate.services import complete, roll_back
from providers.simulate.world import Due, Happening, Kind, World

HAPPENINGS: dict[Kind, Callable[[World, Happening], World]] = {
    "addresses given": lambda world, _: give_addresses(world),
    "ingress arrives": lambda world, what: arrive(world, what.subject, what.other),
    "network dropped": lambda world, what: drop(world, what.subject, what.other),
    "join given up": lambda world, what: give_up(world, what.subject),
    "node ready": lambda world, what: ready(world, what.subject),
    "node down": lambda world, what: gone_down(world, what.subject),
    "role taken": lambda world, what: take_role(world, what.subject),
    "demotion forgotten": lambda world, _: world,
    "task starts": lambda world, what: start(world, what.subject),
    "task due": lambda world, what: orchestrate(due(world, what.subject)),
    "task dies": lambda world, what: dies(world, what.subject),
    "task ends": lambda world, what: end(world, what.subject),
    "rolled back": lambda world, what: roll_back(world, what.subject),
    "update completed": lambda world, what: complete(world, what.subject),
    "version bumped": lambda world, what: bump(world, what.subject),
    "container ends": lambda world, what: run_to_its_end(world, what.subject, what.other),
    "starts forgotten": lambda world, what: world.with_host(replace(world.host(what.subject), starts=0)),
}

# Events that happen also if there is no swarm any more.
OF_A_HOST = frozenset({"network dropped", "container ends", "starts forgotten", "join given up"})


def elapse(world: World, seconds: float) -> World:
    """The world after so many seconds in which nobody did anything."""
    left = round(seconds * 1000)
    while world.pending and world.pending[0].milliseconds <= left:
        first = world.pending[0]
        left -= first.milliseconds
        world = happen(passed(world, first.milliseconds), first.what)
    return passed(world, left)


def happen(world: World, what: Happening) -> World:
    """The world after this has happened, which is due now."""
    at = world.pending.index(Due(0, what))
    world = replace(world, pending=world.pending[:at] + world.pending[at + 1 :])
    if world.cluster is None and what.kind not in OF_A_HOST:
        return world
    return HAPPENINGS[what.kind](world, what)


def passed(world: World, milliseconds: int) -> World:
    """The world with everything that is pending so much nearer."""
    if not milliseconds:
        return world
    pending = [Due(due.milliseconds - milliseconds, due.what) for due in world.pending]
    return replace(world, pending=tuple(pending))


def bump(world: World, changed: str) -> World:
    """A version goes up in the background with nothing else changed (measurements.md#versions)."""
    node, service = world.swarm.node(changed), world.swarm.service(changed)
    if node is not None:
        return world.with_node(replace(node, version=node.version + 1))
    return world if service is None else world.with_service(replace(service, version=service.version + 1))
