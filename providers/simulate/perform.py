"""One step on a simulated swarm: the simulation after it, or the error with which the Engine answers.

The same steps, with the same tolerance of what is gone already, as hosts/perform.py takes to real hosts.
"""

from contextlib import suppress

from providers.rules.vocabulary.errors import NotAManager, NotFound, Unproved
from providers.rules.vocabulary.steps import (
    CreateNetwork,
    DisconnectEndpoint,
    InitSwarm,
    JoinSwarm,
    LeaveSwarm,
    PauseContainer,
    RemoveNetwork,
    RemoveNode,
    RestartEngine,
    StartContainer,
    StartEngine,
    Step,
    StopContainer,
    UnlockSwarm,
    UpdateNode,
    UpdateService,
    UpdateSwarm,
)
from providers.simulate.answering import engine, quorum
from providers.simulate.bridges import create_bridge, disconnect, remove_bridge
from providers.simulate.containers import pause_container, start_container, stop_container
from providers.simulate.elapse import elapse
from providers.simulate.members import (
    init,
    join,
    leave,
    remove_node,
    start_docker,
    stop_docker,
    unlocked,
    update_node,
    update_swarm,
)
from providers.simulate.overlays import create_overlay, remove_overlay
from providers.simulate.services import update_service
from providers.simulate.state import SimulatorState


def perform(sim: SimulatorState, step: Step) -> SimulatorState:
    """The simulation after one step. Raises HostError and EngineError."""
    match step:
        case CreateNetwork():
            overlay = step.config.driver == "overlay"
            return create_overlay(sim, step) if overlay else create_bridge(sim, step)
        case RemoveNetwork():
            with suppress(NotFound):
                return remove_bridge(sim, step) if step.host else remove_overlay(sim, step)
        case RemoveNode():
            with suppress(NotFound):
                return remove_node(sim, step)
        case DisconnectEndpoint():
            return disconnect(sim, step)
        case RestartEngine():
            return restart(sim, step)
        case StartEngine():
            return start_docker(sim, step.host)
        case UnlockSwarm():
            return unlock(sim, step.host)
        case StopContainer():
            return stop_container(sim, step)
        case StartContainer():
            return start_container(sim, step)
        case PauseContainer():
            return pause_container(sim, step)
        case InitSwarm():
            return init(sim, step)
        case JoinSwarm():
            return join(sim, step)
        case LeaveSwarm():
            return leave(sim, step)
        case UpdateSwarm():
            return update_swarm(sim, step)
        case UpdateNode():
            return update_node(sim, step)
        case UpdateService():
            return update_service(sim, step)
    return sim


def restart(sim: SimulatorState, step: RestartEngine) -> SimulatorState:
    """The host's Engine stops and starts again, which takes a few seconds. The key is in hand before.

    measurements.md#bridge-of-a-member
    """
    engine(sim, step.host)
    if step.unlock:
        key_holder(sim, step.host)
    if step.noted:
        sim = update_node(sim, step.noted)
    sim = start_docker(elapse(stop_docker(sim, step.host), sim.timings.restart), step.host)
    return unlocked(sim, step.host) if step.unlock else sim


def unlock(sim: SimulatorState, host: str) -> SimulatorState:
    """A locked manager is a member again; one that is not locked is left as it is (measurements.md#autolock)."""
    key_holder(sim, host)
    engine(sim, host)
    return unlocked(sim, host)


def key_holder(sim: SimulatorState, host: str) -> None:
    """Raise NotAManager if no other manager can give the unlock key, Unproved if none lists the host."""
    others = (other for other in sim.hosts if other.declared and other.up and other.name != host)
    if not any(other.member and other.control for other in others) or not quorum(sim):
        raise NotAManager(f"{host}: it needs the swarm's unlock key and no other manager among the hosts can give it")
    entry = sim.swarm.node(sim.host(host).node_id)
    if entry is None or entry.role != "manager":
        raise Unproved(f"{host}: it is not sent the swarm's unlock key, since no other manager lists it as a manager")
