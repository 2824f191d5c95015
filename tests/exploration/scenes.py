"""The worlds that are explored, and what has to hold in each of their states."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from providers.rules import gwbridge, ingress, journal, node, overlay, simulate, swarm
from providers.rules.facts import Node
from providers.rules.simulate import World, bare, elapse, foreign, members
from providers.rules.simulate.foreign import change_service, create_service, named, service_spec
from providers.rules.simulate.observe import to_service
from providers.rules.simulate.workloads import Service, read
from providers.rules.specs import GwbridgeSpec, IngressSpec, OverlaySpec
from providers.rules.steps import CreateNetwork
from tests.exploration.explore import Act, Scene
from tests.rules.flows import (
    HOSTS,
    gwbridge_spec,
    id_of,
    ingress_spec,
    made,
    node_spec,
    overlay_spec,
    swarm_spec,
)

NEW_INGRESS = ingress_spec(subnet="10.111.0.0/16", gateway="10.111.0.1")
NEW_BRIDGE = gwbridge_spec("w1", subnet="10.112.0.0/16", gateway="10.112.0.1")
NEW_OVERLAY = overlay_spec(subnet="10.113.0.0/24", gateway="10.113.0.1", on_in_use="migrate")

Ports = frozenset[tuple[str, int, int]]
Check = Callable[[World], str | None]


# What must always hold


def ports_of(world: World, service: Service) -> Ports:
    """The ports that a service publishes or will publish again: those of its spec and those in its journal."""
    seen = to_service(world, service)
    present = {(port.protocol, port.target, port.published) for port in seen.ports}
    own = journal.journal_on(seen)
    if own is None and not seen.publishes_ingress:
        own = journal.copies(world.swarm.settings).get(service.id)
    kept = map(json.loads, own.ports) if own else ()
    return frozenset(present | {(port["Protocol"], port["TargetPort"], port["PublishedPort"]) for port in kept})


def availability(entry: Node) -> str:
    """The availability that a node has, or will have again."""
    return entry.label(journal.AVAILABILITY) or entry.availability


def nothing_lost(start: World) -> Check:
    """No port, availability, service, container or network of others is lost on the way."""
    ports = {service.name: ports_of(start, service) for service in start.swarm.services}
    theirs = {net.name for net in start.swarm.networks if net.name == "theirs"}
    containers = {container.id for host in start.hosts for container in host.containers}

    def check(world: World) -> str | None:
        services = {service.name: service for service in world.swarm.services}
        for name, expected in ports.items():
            if name not in services:
                return f"service {name} is gone"
            if not expected <= ports_of(world, services[name]):
                return f"service {name} has lost ports: {sorted(ports_of(world, services[name]))}"
        for entry in world.swarm.nodes:
            if availability(entry) not in ("active", entry.label("set-by-hand")):
                return f"node {entry.hostname} has lost its availability: {availability(entry)}"
        if theirs - {net.name for net in world.swarm.networks}:
            return "a network of others is gone"
        if containers - {container.id for host in world.hosts for container in host.containers}:
            return "a container of others is gone"
        return None

    return check


# What must hold when it is done


def no_trace(world: World) -> str | None:
    """None of our labels is left but the owner's."""
    labels = [*world.swarm.settings.labels]
    labels += [label for entry in world.swarm.nodes for label in entry.labels]
    labels += [label for service in world.swarm.services for label in service.labels]
    left = {key for key, _ in labels if key.startswith("swarmnet.") and key != "swarmnet.owner"}
    return f"labels are left: {', '.join(sorted(left))}" if left else None


def specs_as_before(start: World) -> Check:
    """Each service that nobody else has changed has its spec back, to the letter but for ForceUpdate and pinned ports."""
    before = {service.name: plain_spec(service) for service in start.swarm.services}

    def check(world: World) -> str | None:
        for service in world.swarm.services:
            if service.name in before and not service_changed(service) and plain_spec(service) != before[service.name]:
                return f"service {service.name} has another spec: {plain_spec(service)}"
        return None

    return check


def service_changed(service: Service) -> bool:
    """Whether somebody else changed it on this path; those of these worlds say so."""
    return "changed-by-hand" in dict(service.labels)


def plain_spec(service: Service) -> dict[str, Any]:
    """A spec without what may differ: the ForceUpdate counter."""
    spec = dict(read(service.spec))
    return {**spec, "TaskTemplate": {**spec["TaskTemplate"], "ForceUpdate": 0}}


def ingress_everywhere(world: World) -> str | None:
    """Every host that is ready has the ingress with its sandbox and its way out, and no other."""
    network = world.swarm.ingress
    assert network is not None
    for host in world.hosts:
        entry = world.swarm.node(host.node_id)
        if not host.up or entry is None or entry.state != "ready":
            continue
        copies = [copy.id for copy in host.networks if copy.ingress]
        bridge = host.network("docker_gwbridge")
        if copies != [network.id] or bridge is None or not any(end.key == "ingress-sbox" for end in bridge.endpoints):
            return f"{host.name} has not got the ingress"
    return None


def tasks_on_it(world: World) -> str | None:
    """What publishes a port and runs somewhere has its tasks on the ingress."""
    network = world.swarm.ingress
    assert network is not None
    for service in world.swarm.services:
        tasks = [task for task in world.swarm.tasks if task.service_id == service.id and task.desired == "running"]
        live = [task for task in tasks if (host := world.host_of(task.node_id)) is None or host.up]
        if service.through_ingress and any(network.id not in task.networks for task in live):
            return f"a task of {service.name} is not on the ingress"
    return None


def all_of(*checks: Check) -> Check:
    """The first thing that is wrong."""
    return lambda world: next(filter(None, (check(world) for check in checks)), None)


# Others


def alien(port: int) -> Act:
    """Somebody creates a service that publishes a port."""
    return lambda world: create_service(world, service_spec("alien", ports=((port, 80),)))


def another_template(name: str) -> Act:
    """Somebody changes what a service's tasks are made of."""

    def act(world: World) -> World:
        spec = read(named(world, name).spec)
        template = {**spec["TaskTemplate"], "ContainerSpec": {"Image": "other"}}
        return change_service(world, name, TaskTemplate=template, Labels={**spec["Labels"], "changed-by-hand": ""})

    return act


def another_placement(name: str) -> Act:
    """Somebody changes where a service's tasks may run, which moves none of them."""

    def act(world: World) -> World:
        spec = read(named(world, name).spec)
        template = {**spec["TaskTemplate"], "Placement": {"Constraints": ["node.role != x"]}}
        return change_service(world, name, TaskTemplate=template, Labels={**spec["Labels"], "changed-by-hand": ""})

    return act


def pause(host: str) -> Act:
    """Somebody pauses a node, and says so."""
    return lambda world: foreign.set_node(world, host, availability="pause", labels=(("set-by-hand", "pause"),))


def label(host: str) -> Act:
    """Somebody labels a node."""
    return lambda world: foreign.set_node(world, host, labels=(("theirs", "1"),))


def loss(*hosts: str) -> dict[str, Act]:
    """Docker stops on a host."""
    return {f"{host} is lost": partial(members.stop_docker, name=host) for host in hosts}


def comeback(*hosts: str) -> dict[str, Act]:
    """Docker starts again where it had stopped."""

    def start(host: str) -> Act:
        return lambda world: world if world.host(host).docker else members.start_docker(world, host)

    return {f"{host} is back": start(host) for host in hosts}


# Worlds


def with_services(*services: str, hosts: tuple[str, ...] = HOSTS) -> World:
    """The whole stack with an overlay of others and these services, at rest."""
    world = made(bare(*hosts), swarm_spec(members=hosts), node_spec("m1", role="manager"))
    world = made(world, *(node_spec(host) for host in hosts[1:]), ingress_spec(), overlay_spec(attachable=True))
    theirs = CreateNetwork(name="theirs", driver="overlay", subnet="10.88.0.0/24", gateway="10.88.0.1")
    world = elapse(simulate.perform(world, theirs), 1)
    for spec in services:
        world = elapse(create_service(world, spec), 20)
    return world


WEB = service_spec("web", ports=((8080, 80),), replicas=2)
EVERYWHERE = service_spec("everywhere", ports=((9090, 80),), replicas=None)
ROLLS_BACK = service_spec("web", ports=((8080, 80),), UpdateConfig={"Parallelism": 0, "FailureAction": "rollback"})


def swap(start: World, spec: IngressSpec = NEW_INGRESS, **given: Any) -> Scene:
    """The ingress changed under services that publish through it."""
    return Scene(
        start,
        simulate.ingress_facts,
        partial(ingress.next_step, spec, known=True),
        always=nothing_lost(start),
        when_done=all_of(no_trace, specs_as_before(start), ingress_everywhere, tasks_on_it, has(spec)),
        **given,
    )


def has(spec: IngressSpec) -> Check:
    """The ingress is the wanted one."""
    return lambda world: (
        None if world.swarm.ingress and world.swarm.ingress.subnet == spec.subnet else "it is the old one"
    )


def bridge(start: World, spec: GwbridgeSpec = NEW_BRIDGE, **given: Any) -> Scene:
    """docker_gwbridge changed on a member."""

    def right(world: World) -> str | None:
        found = world.host(spec.host).network("docker_gwbridge")
        return None if found and found.subnet == spec.subnet else "it is the old one"

    return Scene(
        start,
        partial(simulate.gwbridge_facts, host=spec.host),
        partial(gwbridge.next_step, spec, known=True),
        always=nothing_lost(start),
        when_done=all_of(no_trace, specs_as_before(start), right),
        **given,
    )


def migrated(start: World, spec: OverlaySpec = NEW_OVERLAY, **given: Any) -> Scene:
    """An overlay changed while services use it."""
    known = id_of(start, spec)

    def right(world: World) -> str | None:
        found = [net.subnet for net in world.swarm.networks if net.name.startswith(spec.name)]
        return None if found == [spec.subnet] else f"there is {found}"

    def on_it(world: World) -> str | None:
        ids = {net.id for net in world.swarm.networks}
        astray = [service.name for service in world.swarm.services if not set(service.networks) <= ids]
        return f"{', '.join(astray)} names a network that is gone" if astray else None

    return Scene(
        start,
        lambda world: simulate.overlay_facts(world, spec.name, known, thorough=True),
        partial(overlay.next_step, spec, network_id=known),
        always=all_of(nothing_lost(start), on_it),
        when_done=all_of(no_trace, right),
        **given,
    )


def renewed_overlay() -> World:
    """An overlay with services on it."""
    start = with_services()
    on_app = service_spec("web", ports=((8080, 80),), networks=(id_of(start, overlay_spec()),), replicas=2)
    return elapse(create_service(start, on_app), 20)


def join(host: str = "w1", **given: Any) -> Scene:
    """A bare host becomes a member."""
    start = made(bare(*HOSTS), swarm_spec(), node_spec("m1", role="manager"))
    return Scene(
        start,
        partial(simulate.node_facts, host=host),
        partial(node.next_step, node_spec(host, **given), known=False),
        losses=loss(host),
        returns=comeback(host),
        when_done=lambda world: None if world.swarm.node(world.host(host).node_id) else "it is no member",
    )


def departure(role: str = "worker") -> Scene:
    """A member leaves, with a service on it."""
    start = made(with_services(WEB), node_spec("w1", role=role), node_spec("w2", role=role))
    node_id = start.host("w1").node_id
    return Scene(
        start,
        partial(simulate.node_facts, host="w1", leaving=True),
        partial(node.next_step_of_removal, node_spec("w1", role=role), node_id=node_id, adopted=False),
        losses=loss("w1"),
        returns=comeback("w1"),
        when_done=lambda world: "its entry is left" if world.swarm.node(node_id) else None,
    )


def creation() -> Scene:
    """An overlay is made, while somebody makes one of its name or range."""
    rival = CreateNetwork(name="app", driver="overlay", subnet="10.30.0.0/24", gateway="10.30.0.1")
    overlapping = CreateNetwork(name="other", driver="overlay", subnet="10.20.0.0/16", gateway="10.20.0.1")
    return Scene(
        made(bare(*HOSTS), swarm_spec(), node_spec("m1", role="manager")),
        lambda world: simulate.overlay_facts(world, "app"),
        partial(overlay.next_step, overlay_spec()),
        others={
            "a rival of its name": partial(simulate.perform, step=rival),
            "a rival of its range": partial(simulate.perform, step=overlapping),
        },
    )


def beginning() -> Scene:
    """A swarm begins, while a host is away."""
    return Scene(
        bare(*HOSTS),
        simulate.swarm_facts,
        partial(swarm.next_step, swarm_spec()),
        losses=loss("w1"),
        returns=comeback("w1"),
    )
