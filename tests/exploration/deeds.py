"""Acts of others in explored worlds: each is said without the world in which it is done."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial, wraps
from typing import Concatenate, ParamSpec

from providers import simulate
from providers.rules.live import maintenance
from providers.rules.vocabulary.errors import InUse
from providers.rules.vocabulary.steps import RemoveNetwork, UpdateService
from providers.simulate import World, members, others
from providers.simulate.others import change_service, create_service, named, service_spec, set_node
from providers.simulate.workloads import read
from tests.exploration import checks
from tests.exploration.checks import BY_HAND
from tests.exploration.explore import Act
from tests.support.lifecycle import id_of, overlay_spec
from tests.support.simulated import on_host

P = ParamSpec("P")


def deed(act: Callable[Concatenate[World, P], World]) -> Callable[P, Act]:
    """Return an act that waits for its world."""

    @wraps(act)
    def said(*args: P.args, **kwargs: P.kwargs) -> Act:
        return lambda world: act(world, *args, **kwargs)

    return said


# On services


def by_hand(world: World, service: str, **changes: object) -> World:
    """Change top-level keys of a service's spec, and say so in a label."""
    labels = read(named(world, service).spec)["Labels"]
    return change_service(world, service, **changes, Labels={**labels, BY_HAND: ""})


def template(world: World, service: str, **changes: object) -> World:
    """Change keys of a service's task template by hand."""
    return by_hand(world, service, TaskTemplate={**read(named(world, service).spec)["TaskTemplate"], **changes})


@deed
def another_image(world: World, service: str) -> World:
    """Somebody changes what a service's tasks are made of, which replaces them."""
    return template(world, service, ContainerSpec={"Image": "other"})


@deed
def another_placement(world: World, service: str) -> World:
    """Somebody changes where a service's tasks may run, which moves none of them."""
    return template(world, service, Placement={"Constraints": ["node.role != x"]})


@deed
def another_port(world: World, service: str, port: int) -> World:
    """Somebody publishes one more port of a service."""
    more = {"Protocol": "tcp", "TargetPort": port, "PublishedPort": port, "PublishMode": "ingress"}
    ports = checks.raw_ports(read(named(world, service).spec))
    return by_hand(world, service, EndpointSpec={"Ports": [*ports, more]})


@deed
def unpublished(world: World, service: str) -> World:
    """Somebody deploys a service without any port, as `docker stack deploy` does: nothing is kept of what was there."""
    new = {"EndpointSpec": {"Ports": []}, "Labels": {BY_HAND: ""}, "UpdateConfig": {"Parallelism": 1}}
    return change_service(world, service, **new)


@deed
def scaled(world: World, service: str, replicas: int) -> World:
    """Somebody wants another number of tasks, if it is not one on every node."""
    everywhere = "Global" in read(named(world, service).spec)["Mode"]
    return world if everywhere else by_hand(world, service, Mode={"Replicated": {"Replicas": replicas}})


@deed
def rolled_back(world: World, service: str) -> World:
    """Somebody rolls a service back to its former spec."""
    found = named(world, service)
    update = UpdateService(service_id=found.id, version=found.version, spec=found.previous)
    return simulate.perform(world, update) if found.previous else world


@deed
def failing(world: World, service: str) -> World:
    """The tasks of a service's updates die at once from now on, if no update of others is under way."""
    theirs = BY_HAND in dict(named(world, service).labels)
    return world if theirs else others.break_service(world, service)


@deed
def created(world: World, port: int, mode: str = "ingress") -> World:
    """Somebody creates a service that publishes a port, if none has its name."""
    there = any(service.name == "alien" for service in world.swarm.services)
    return world if there else create_service(world, service_spec("alien", ports=((port, 80),), mode=mode))


@deed
def removed(world: World, service: str) -> World:
    """Somebody removes a service."""
    there = any(each.name == service for each in world.swarm.services)
    return others.remove_service(world, service) if there else world


# On networks


@deed
def used(world: World) -> World:
    """Somebody creates a service on our overlay."""
    known = id_of(world, overlay_spec())
    return create_service(world, service_spec("late", networks=(known,))) if known else world


@deed
def contained(world: World, host: str) -> World:
    """Somebody runs a container on our overlay."""
    known = id_of(world, overlay_spec())
    return others.run_container(world, host, known) if known and world.host(host).member else world


@deed
def taken_off(world: World, host: str) -> World:
    """Somebody takes the stopped containers of a host off their networks."""
    return on_host(world, host, containers=tuple(replace(each, networks=()) for each in world.host(host).containers))


@deed
def removed_too_early(world: World) -> World:
    """Somebody removes the ingress while tasks are on it: their hosts keep it."""
    with suppress(InUse):
        return simulate.perform(world, RemoveNetwork(id=world.swarm.ingress.id)) if world.swarm.ingress else world
    return world


# On members


@deed
def paused(world: World, host: str) -> World:
    """Somebody pauses a node, and says so in a label."""
    return set_node(world, host, availability="pause", labels=((BY_HAND, "pause"),))


@deed
def drained(world: World, host: str) -> World:
    """Somebody drains a node, and says so in a label; nobody could tell it from a drain of ours that goes on."""
    node = world.swarm.node(world.host(host).node_id)
    ours = node is not None and maintenance.out(node)
    return world if ours else set_node(world, host, availability="drain", labels=((BY_HAND, "drain"),))


@deed
def given_role(world: World, host: str, role: str) -> World:
    """Somebody promotes or demotes a node, if the swarm lets them."""
    return set_node(world, host, role=role)


@deed
def labelled(world: World, host: str) -> World:
    """Somebody labels a node."""
    return set_node(world, host, labels=(("theirs", "1"),))


@deed
def started(world: World, host: str) -> World:
    """Docker starts again on a host."""
    return world if world.host(host).docker else members.start_docker(world, host)


def losing(*hosts: str) -> dict[str, dict[str, Act]]:
    """Docker stops on one of these hosts, and starts again."""
    lost: dict[str, Act] = {f"{host} is lost": partial(members.stop_docker, name=host) for host in hosts}
    return {"losses": lost, "returns": {f"{host} is back": started(host) for host in hosts}}


def cutting(*hosts: str) -> dict[str, dict[str, Act]]:
    """The cable of one of these hosts is pulled: it is silent at once, and down for the managers after a while."""
    cut: dict[str, Act] = {f"{host} is cut off": partial(members.cut, name=host) for host in hosts}
    return {"losses": cut, "returns": {f"{host} is back": partial(members.heal, name=host) for host in hosts}}
