"""Acts of others in explored worlds, and checks that tell whether they were undone."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from providers import simulate
from providers.rules.live import maintenance
from providers.rules.vocabulary.steps import UpdateService
from providers.simulate import World, members, others
from providers.simulate.others import change_service, create_service, named, service_spec
from providers.simulate.workloads import Service, read
from tests.exploration import checks
from tests.exploration.checks import BY_HAND
from tests.exploration.explore import Act, Check, Other


def by_hand(name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Other:
    """Somebody changes top-level keys of a service's spec, by that spec, and says so in a label."""

    def act(world: World) -> World:
        spec = read(named(world, name).spec)
        return change_service(world, name, **change(spec), Labels={**spec["Labels"], BY_HAND: ""})

    return Other(act, still_so(name))


def still_so(name: str) -> Check:
    """Return a check that says if a change by hand was written over: the label that marks it is gone."""

    def undone(world: World) -> str | None:
        service = next((service for service in world.swarm.services if service.name == name), None)
        return None if service is None or BY_HAND in dict(service.labels) else f"a change of {name} was written over"

    return undone


def template(service: str, **given: object) -> Other:
    """Somebody changes keys of a service's task template."""
    return by_hand(service, lambda spec: {"TaskTemplate": {**spec["TaskTemplate"], **given}})


def another_image(service: str) -> Other:
    """Somebody changes what a service's tasks are made of, which replaces them."""
    return template(service, ContainerSpec={"Image": "other"})


def another_placement(service: str) -> Other:
    """Somebody changes where a service's tasks may run, which moves none of them."""
    return template(service, Placement={"Constraints": ["node.role != x"]})


def another_port(service: str, port: int) -> Other:
    """Somebody publishes one more port of a service."""
    more = {"Protocol": "tcp", "TargetPort": port, "PublishedPort": port, "PublishMode": "ingress"}
    return by_hand(service, lambda spec: {"EndpointSpec": {"Ports": [*checks.raw_ports(spec), more]}})


def unpublished(service: str) -> Other:
    """Somebody deploys a service without any port, as `docker stack deploy` does: nothing is kept of what was there."""
    new = {"EndpointSpec": {"Ports": []}, "Labels": {BY_HAND: ""}, "UpdateConfig": {"Parallelism": 1}}
    return Other(lambda world: change_service(world, service, **new), still_so(service))


def scaled(service: str, replicas: int) -> Other:
    """Somebody wants another number of tasks, if it is not one on every node."""
    other = by_hand(service, lambda spec: {"Mode": {"Replicated": {"Replicas": replicas}}})
    return replace(
        other,
        act=lambda world: world if "Global" in read(named(world, service).spec)["Mode"] else other.act(world),
    )


def rolled_back(service: str) -> Other:
    """Somebody rolls a service back to its former spec."""

    def act(world: World) -> World:
        found = named(world, service)
        if not found.previous:
            return world
        update = UpdateService(service_id=found.id, version=found.version, spec=found.previous)
        return simulate.perform(world, update)

    return Other(act)


def failing(service: str) -> Other:
    """The tasks of a service's updates die at once from now on, if no update of others is under way."""

    def act(world: World) -> World:
        theirs = BY_HAND in dict(named(world, service).labels)
        return world if theirs else others.break_service(world, service)

    return Other(act)


def created(port: int, mode: str = "ingress") -> Other:
    """Somebody creates a service that publishes a port, if none has its name."""

    def act(world: World) -> World:
        there = any(service.name == "alien" for service in world.swarm.services)
        return world if there else create_service(world, service_spec("alien", ports=((port, 80),), mode=mode))

    return Other(act)


def removed(service: str) -> Other:
    """Somebody removes a service."""

    def act(world: World) -> World:
        there: list[Service] = [each for each in world.swarm.services if each.name == service]
        return others.remove_service(world, service) if there else world

    return Other(act)


def paused(host: str) -> Other:
    """Somebody pauses a node, and says so in a label."""
    return Other(lambda world: others.set_node(world, host, availability="pause", labels=((BY_HAND, "pause"),)))


def drained(host: str) -> Other:
    """Somebody drains a node, and says so in a label; nobody could tell it from a drain of ours that goes on."""

    def act(world: World) -> World:
        node = world.swarm.node(world.host(host).node_id)
        ours = node is not None and maintenance.out(node)
        return world if ours else others.set_node(world, host, availability="drain", labels=((BY_HAND, "drain"),))

    return Other(act)


def given_role(host: str, role: str) -> Other:
    """Somebody promotes or demotes a node, if the swarm lets them."""
    return Other(lambda world: others.set_node(world, host, role=role))


def labelled(host: str) -> Other:
    """Somebody labels a node."""

    def undone(world: World) -> str | None:
        node = world.swarm.node(world.host(host).node_id)
        return None if node is None or node.label("theirs") else f"a label of {host} was written over"

    return Other(lambda world: others.set_node(world, host, labels=(("theirs", "1"),)), undone)


def losing(*hosts: str) -> dict[str, dict[str, Act]]:
    """Docker stops on one of these hosts, and starts again."""

    def start(host: str) -> Act:
        return lambda world: world if world.host(host).docker else members.start_docker(world, host)

    lost: dict[str, Act] = {f"{host} is lost": partial(members.stop_docker, name=host) for host in hosts}
    return {"losses": lost, "returns": {f"{host} is back": start(host) for host in hosts}}


def cutting(*hosts: str) -> dict[str, dict[str, Act]]:
    """The cable of one of these hosts is pulled: it is silent at once, and down for the managers after a while."""
    cut: dict[str, Act] = {f"{host} is cut off": partial(members.cut, name=host) for host in hosts}
    return {"losses": cut, "returns": {f"{host} is back": partial(members.heal, name=host) for host in hosts}}
