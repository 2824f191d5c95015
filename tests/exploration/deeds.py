"""Acts of others in explored simulations: each is said without the simulation in which it is done."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial, wraps
from typing import Concatenate, ParamSpec

from providers import simulate
from providers.rules.live import maintenance
from providers.rules.vocabulary.errors import InUse
from providers.rules.vocabulary.steps import RemoveNetwork, UpdateService
from providers.simulate import SimulatorState, members
from providers.simulate.workloads import read
from tests.exploration import checks
from tests.exploration.checks import BY_HAND
from tests.exploration.explore import Act
from tests.support import others
from tests.support.lifecycle import id_of, overlay_spec
from tests.support.others import change_service, create_service, named, service_spec, set_node
from tests.support.simulated import on_host

P = ParamSpec("P")


def deed(act: Callable[Concatenate[SimulatorState, P], SimulatorState]) -> Callable[P, Act]:
    """Return an act that waits for its simulation."""

    @wraps(act)
    def said(*args: P.args, **kwargs: P.kwargs) -> Act:
        return lambda sim: act(sim, *args, **kwargs)

    return said


# On services


def by_hand(sim: SimulatorState, service: str, **changes: object) -> SimulatorState:
    """Change top-level keys of a service's spec, and say so in a label."""
    labels = read(named(sim, service).spec)["Labels"]
    return change_service(sim, service, **changes, Labels={**labels, BY_HAND: ""})


def template(sim: SimulatorState, service: str, **changes: object) -> SimulatorState:
    """Change keys of a service's task template by hand."""
    return by_hand(sim, service, TaskTemplate={**read(named(sim, service).spec)["TaskTemplate"], **changes})


@deed
def another_image(sim: SimulatorState, service: str) -> SimulatorState:
    """Somebody changes what a service's tasks are made of, which replaces them."""
    return template(sim, service, ContainerSpec={"Image": "other"})


@deed
def another_placement(sim: SimulatorState, service: str) -> SimulatorState:
    """Somebody changes where a service's tasks may run, which moves none of them."""
    return template(sim, service, Placement={"Constraints": ["node.role != x"]})


@deed
def another_port(sim: SimulatorState, service: str, port: int) -> SimulatorState:
    """Somebody publishes one more port of a service."""
    more = {"Protocol": "tcp", "TargetPort": port, "PublishedPort": port, "PublishMode": "ingress"}
    ports = checks.raw_ports(read(named(sim, service).spec))
    return by_hand(sim, service, EndpointSpec={"Ports": [*ports, more]})


@deed
def unpublished(sim: SimulatorState, service: str) -> SimulatorState:
    """Somebody deploys a service without any port, as `docker stack deploy` does: nothing is kept of what was there."""
    new = {"EndpointSpec": {"Ports": []}, "Labels": {BY_HAND: ""}, "UpdateConfig": {"Parallelism": 1}}
    return change_service(sim, service, **new)


@deed
def scaled(sim: SimulatorState, service: str, replicas: int) -> SimulatorState:
    """Somebody wants another number of tasks, if it is not one on every node."""
    everywhere = "Global" in read(named(sim, service).spec)["Mode"]
    return sim if everywhere else by_hand(sim, service, Mode={"Replicated": {"Replicas": replicas}})


@deed
def rolled_back(sim: SimulatorState, service: str) -> SimulatorState:
    """Somebody rolls a service back to its former spec."""
    found = named(sim, service)
    update = UpdateService(service_id=found.id, version=found.version, spec=found.previous)
    return simulate.perform(sim, update) if found.previous else sim


@deed
def failing(sim: SimulatorState, service: str) -> SimulatorState:
    """The tasks of a service's updates die at once from now on, if no update of others is under way."""
    theirs = BY_HAND in dict(named(sim, service).labels)
    return sim if theirs else others.break_service(sim, service)


@deed
def created(sim: SimulatorState, port: int, mode: str = "ingress") -> SimulatorState:
    """Somebody creates a service that publishes a port, if none has its name."""
    actual = any(service.name == "alien" for service in sim.swarm.services)
    return sim if actual else create_service(sim, service_spec("alien", ports=((port, 80),), mode=mode))


@deed
def removed(sim: SimulatorState, service: str) -> SimulatorState:
    """Somebody removes a service."""
    actual = any(each.name == service for each in sim.swarm.services)
    return others.remove_service(sim, service) if actual else sim


# On networks


@deed
def used(sim: SimulatorState) -> SimulatorState:
    """Somebody creates a service on our overlay."""
    known = id_of(sim, overlay_spec())
    return create_service(sim, service_spec("late", networks=(known,))) if known else sim


@deed
def contained(sim: SimulatorState, host: str) -> SimulatorState:
    """Somebody runs a container on our overlay."""
    known = id_of(sim, overlay_spec())
    return others.run_container(sim, host, known) if known and sim.host(host).member else sim


@deed
def taken_off(sim: SimulatorState, host: str) -> SimulatorState:
    """Somebody takes the stopped containers of a host off their networks."""
    return on_host(sim, host, containers=tuple(replace(each, networks=()) for each in sim.host(host).containers))


@deed
def removed_too_early(sim: SimulatorState) -> SimulatorState:
    """Somebody removes the ingress while tasks are on it: their hosts keep it."""
    with suppress(InUse):
        return simulate.perform(sim, RemoveNetwork(id=sim.swarm.ingress.id)) if sim.swarm.ingress else sim
    return sim


# On members


@deed
def paused(sim: SimulatorState, host: str) -> SimulatorState:
    """Somebody pauses a node, and says so in a label."""
    return set_node(sim, host, availability="pause", labels=((BY_HAND, "pause"),))


@deed
def drained(sim: SimulatorState, host: str) -> SimulatorState:
    """Somebody drains a node, and says so in a label; nobody could tell it from a drain of ours that goes on."""
    node = sim.swarm.node(sim.host(host).node_id)
    ours = node is not None and maintenance.is_out_of_service(node)
    return sim if ours else set_node(sim, host, availability="drain", labels=((BY_HAND, "drain"),))


@deed
def given_role(sim: SimulatorState, host: str, role: str) -> SimulatorState:
    """Somebody promotes or demotes a node, if the swarm lets them."""
    return set_node(sim, host, role=role)


@deed
def labelled(sim: SimulatorState, host: str) -> SimulatorState:
    """Somebody labels a node."""
    return set_node(sim, host, labels=(("theirs", "1"),))


@deed
def started(sim: SimulatorState, host: str) -> SimulatorState:
    """Docker starts again on a host."""
    return sim if sim.host(host).docker else members.start_docker(sim, host)


def losing(*hosts: str) -> dict[str, dict[str, Act]]:
    """Docker stops on one of these hosts, and starts again."""
    lost: dict[str, Act] = {f"{host} is lost": partial(members.stop_docker, name=host) for host in hosts}
    return {"losses": lost, "returns": {f"{host} is back": started(host) for host in hosts}}


def cutting(*hosts: str) -> dict[str, dict[str, Act]]:
    """The cable of one of these hosts is pulled: it is unreachable at once, and down for the managers after a while."""
    cut: dict[str, Act] = {f"{host} is cut off": partial(others.cut, name=host) for host in hosts}
    return {"losses": cut, "returns": {f"{host} is back": partial(others.heal, name=host) for host in hosts}}
