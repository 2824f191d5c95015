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
from providers.simulate.state import Due, Happening, Kind, SimulatorState

HAPPENINGS: dict[Kind, Callable[[SimulatorState, Happening], SimulatorState]] = {
    "addresses given": lambda sim, _: give_addresses(sim),
    "ingress arrives": lambda sim, what: arrive(sim, what.subject, what.other),
    "network dropped": lambda sim, what: drop(sim, what.subject, what.other),
    "join given up": lambda sim, what: give_up(sim, what.subject),
    "node ready": lambda sim, what: ready(sim, what.subject),
    "node down": lambda sim, what: gone_down(sim, what.subject),
    "role taken": lambda sim, what: take_role(sim, what.subject),
    "demotion forgotten": lambda sim, _: sim,
    "task starts": lambda sim, what: start(sim, what.subject),
    "task due": lambda sim, what: orchestrate(due(sim, what.subject)),
    "task dies": lambda sim, what: dies(sim, what.subject),
    "task ends": lambda sim, what: end(sim, what.subject),
    "rolled back": lambda sim, what: roll_back(sim, what.subject),
    "update completed": lambda sim, what: complete(sim, what.subject),
    "version bumped": lambda sim, what: bump(sim, what.subject),
    "container ends": lambda sim, what: run_to_its_end(sim, what.subject, what.other),
    "starts forgotten": lambda sim, what: sim.with_host(replace(sim.host(what.subject), starts=0)),
}

# Events that happen also if there is no swarm any more.
OF_A_HOST = frozenset({"network dropped", "container ends", "starts forgotten", "join given up"})


def elapse(sim: SimulatorState, seconds: float) -> SimulatorState:
    """The simulation after so many seconds in which nobody did anything."""
    left = round(seconds * 1000)
    while sim.pending and sim.pending[0].milliseconds <= left:
        first = sim.pending[0]
        left -= first.milliseconds
        sim = happen(passed(sim, first.milliseconds), first.what)
    return passed(sim, left)


def happen(sim: SimulatorState, what: Happening) -> SimulatorState:
    """The simulation after this has happened, which is due now."""
    at = sim.pending.index(Due(0, what))
    sim = replace(sim, pending=sim.pending[:at] + sim.pending[at + 1 :])
    if sim.cluster is None and what.kind not in OF_A_HOST:
        return sim
    return HAPPENINGS[what.kind](sim, what)


def passed(sim: SimulatorState, milliseconds: int) -> SimulatorState:
    """The simulation with everything that is pending so much nearer."""
    if not milliseconds:
        return sim
    pending = [Due(due.milliseconds - milliseconds, due.what) for due in sim.pending]
    return replace(sim, pending=tuple(pending))


def bump(sim: SimulatorState, changed: str) -> SimulatorState:
    """A version goes up in the background with nothing else changed (measurements.md#versions)."""
    node, service = sim.swarm.node(changed), sim.swarm.service(changed)
    if node is not None:
        return sim.with_node(replace(node, version=node.version + 1))
    return sim if service is None else sim.with_service(replace(service, version=service.version + 1))
