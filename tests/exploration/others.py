"""Acts of others in explored worlds, and checks that tell whether they were undone."""

from functools import partial

from providers import simulate
from providers.rules.live import maintenance
from providers.rules.vocabulary.steps import UpdateService
from providers.simulate import World, members, others
from providers.simulate.others import change_service, create_service, named, service_spec
from providers.simulate.workloads import Service, read
from tests.exploration.checks import BY_HAND
from tests.exploration.explore import Act, Check, Other


def changed(name: str, **changes: object) -> Other:
    """Somebody changes top-level keys of a service's spec, and says so in a label."""

    def act(world: World) -> World:
        labels = {**read(named(world, name).spec)["Labels"], BY_HAND: ""}
        return change_service(world, name, **changes, Labels=labels)

    return Other(act, still_so(name))


def still_so(name: str) -> Check:
    """Return a check that says if a change by hand was written over: the label that marks it is gone."""

    def undone(world: World) -> str | None:
        service = next((service for service in world.swarm.services if service.name == name), None)
        return None if service is None or BY_HAND in dict(service.labels) else f"a change of {name} was written over"

    return undone


def template(service: str, **given: object) -> Act:
    """Somebody changes keys of a service's task template."""

    def act(world: World) -> World:
        spec = read(named(world, service).spec)
        labels = {**spec["Labels"], BY_HAND: ""}
        return change_service(world, service, TaskTemplate={**spec["TaskTemplate"], **given}, Labels=labels)

    return act


def another_image(service: str) -> Other:
    """Somebody changes what a service's tasks are made of, which replaces them."""
    return Other(template(service, ContainerSpec={"Image": "other"}), still_so(service))


def another_placement(service: str) -> Other:
    """Somebody changes where a service's tasks may run, which moves none of them."""
    return Other(template(service, Placement={"Constraints": ["node.role != x"]}), still_so(service))


def another_port(service: str, port: int) -> Other:
    """Somebody publishes one more port of a service."""

    def act(world: World) -> World:
        spec = read(named(world, service).spec)
        more = {"Protocol": "tcp", "TargetPort": port, "PublishedPort": port, "PublishMode": "ingress"}
        ports = [*(spec["EndpointSpec"].get("Ports") or []), more]
        return change_service(world, service, EndpointSpec={"Ports": ports}, Labels={**spec["Labels"], BY_HAND: ""})

    return Other(act, still_so(service))


def scaled(service: str, replicas: int) -> Other:
    """Somebody wants another number of tasks, if it is not one on every node."""

    def act(world: World) -> World:
        spec = read(named(world, service).spec)
        mode = {"Replicated": {"Replicas": replicas}}
        labels = {**spec["Labels"], BY_HAND: ""}
        return world if "Global" in spec["Mode"] else change_service(world, service, Mode=mode, Labels=labels)

    return Other(act, still_so(service))


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


def created(port: int) -> Other:
    """Somebody creates a service that publishes a port, if none has its name."""

    def act(world: World) -> World:
        there = any(service.name == "alien" for service in world.swarm.services)
        return world if there else create_service(world, service_spec("alien", ports=((port, 80),)))

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


def labelled(host: str) -> Other:
    """Somebody labels a node."""

    def undone(world: World) -> str | None:
        node = world.swarm.node(world.host(host).node_id)
        return None if node is None or node.label("theirs") else f"a label of {host} was written over"

    return Other(lambda world: others.set_node(world, host, labels=(("theirs", "1"),)), undone)


def lost(*hosts: str) -> dict[str, Act]:
    """Docker stops on one of these hosts."""
    return {f"{host} is lost": partial(members.stop_docker, name=host) for host in hosts}


def cut(*hosts: str) -> dict[str, Act]:
    """The cable of one of these hosts is pulled: it is silent at once, and down for the managers after a while."""
    return {f"{host} is cut off": partial(members.cut, name=host) for host in hosts}


def healed(*hosts: str) -> dict[str, Act]:
    """The cable is in again."""
    return {f"{host} is back": partial(members.heal, name=host) for host in hosts}


def back(*hosts: str) -> dict[str, Act]:
    """Docker starts again after it had stopped."""

    def start(host: str) -> Act:
        return lambda world: world if world.host(host).docker else members.start_docker(world, host)

    return {f"{host} is back": start(host) for host in hosts}
