"""One step on a simulated swarm: the world after it, or the error with which the Engine answers.

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
from providers.simulate.world import World


def perform(world: World, step: Step) -> World:
    """The world after one step. Raises HostError and EngineError."""
    match step:
        case CreateNetwork():
            overlay = step.shape.driver == "overlay"
            return create_overlay(world, step) if overlay else create_bridge(world, step)
        case RemoveNetwork():
            with suppress(NotFound):
                return remove_bridge(world, step) if step.host else remove_overlay(world, step)
        case RemoveNode():
            with suppress(NotFound):
                return remove_node(world, step)
        case DisconnectEndpoint():
            return disconnect(world, step)
        case RestartEngine():
            return restart(world, step)
        case StartEngine():
            return start_docker(world, step.host)
        case UnlockSwarm():
            return unlock(world, step.host)
        case StopContainer():
            return stop_container(world, step)
        case StartContainer():
            return start_container(world, step)
        case PauseContainer():
            return pause_container(world, step)
        case InitSwarm():
            return init(world, step)
        case JoinSwarm():
            return join(world, step)
        case LeaveSwarm():
            return leave(world, step)
        case UpdateSwarm():
            return update_swarm(world, step)
        case UpdateNode():
            return update_node(world, step)
        case UpdateService():
            return update_service(world, step)
    return world


def restart(world: World, step: RestartEngine) -> World:
    """The host's Engine stops and starts again, which takes a few seconds. The key is in hand before.

    measurements.md#bridge-of-a-member
    """
    engine(world, step.host)
    if step.unlock:
        key_holder(world, step.host)
    if step.noted:
        world = update_node(world, step.noted)
    world = start_docker(elapse(stop_docker(world, step.host), world.manners.restart), step.host)
    return unlocked(world, step.host) if step.unlock else world


def unlock(world: World, host: str) -> World:
    """A locked manager is a member again; one that is not locked is left as it is (measurements.md#autolock)."""
    key_holder(world, host)
    engine(world, host)
    return unlocked(world, host)


def key_holder(world: World, host: str) -> None:
    """Raise NotAManager if no other manager can give the unlock key, Unproved if none lists the host."""
    others = (other for other in world.hosts if other.declared and other.up and other.name != host)
    if not any(other.member and other.control for other in others) or not quorum(world):
        raise NotAManager(f"{host}: it needs the swarm's unlock key and no other manager among the hosts can give it")
    entry = world.swarm.node(world.host(host).node_id)
    if entry is None or entry.role != "manager":
        raise Unproved(f"{host}: it is not sent the swarm's unlock key, since no other manager lists it as a manager")
