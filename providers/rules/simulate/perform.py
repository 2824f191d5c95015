"""One step on a simulated swarm: the world after it, or the error with which the Engine answers.

The same steps, with the same tolerance of what is gone already, as hosts/perform.py takes to real hosts.
"""

from contextlib import suppress

from providers.rules.errors import NotFound
from providers.rules.simulate.ask import engine
from providers.rules.simulate.bridges import create_bridge, disconnect, remove_bridge
from providers.rules.simulate.containers import start_container, stop_container
from providers.rules.simulate.elapse import elapse
from providers.rules.simulate.members import (
    init,
    join,
    leave,
    remove_node,
    start_docker,
    stop_docker,
    update_node,
    update_swarm,
)
from providers.rules.simulate.overlays import create_overlay, remove_overlay
from providers.rules.simulate.services import update_service
from providers.rules.simulate.world import World
from providers.rules.steps import (
    CreateNetwork,
    DisconnectEndpoint,
    InitSwarm,
    JoinSwarm,
    LeaveSwarm,
    RemoveNetwork,
    RemoveNode,
    RestartEngine,
    StartContainer,
    Step,
    StopContainer,
    UpdateNode,
    UpdateService,
    UpdateSwarm,
)


def perform(world: World, step: Step) -> World:
    """The world after one step. Raises HostError and EngineError."""
    match step:
        case CreateNetwork():
            return create_bridge(world, step) if step.host else create_overlay(world, step)
        case RemoveNetwork():
            with suppress(NotFound):
                return remove_bridge(world, step) if step.host else remove_overlay(world, step)
        case RemoveNode():
            with suppress(NotFound):
                return remove_node(world, step)
        case DisconnectEndpoint():
            return disconnect(world, step)
        case RestartEngine():
            return restart(world, step.host)
        case StopContainer():
            return stop_container(world, step)
        case StartContainer():
            return start_container(world, step)
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


def restart(world: World, host: str) -> World:
    """The host's Engine stops and starts again, which takes a few seconds (17)."""
    engine(world, host)
    return start_docker(elapse(stop_docker(world, host), world.manners.restart), host)
