"""Conditions that explored simulations must meet: always, at the end of a run, and for each step."""

import json
from typing import Any

from providers.rules.live import journal, maintenance, safety
from providers.rules.vocabulary.facts import SwarmService
from providers.rules.vocabulary.steps import RestartEngine, Step
from providers.simulate import Host, SimulatorState, members
from providers.simulate.answering import quorum, voters
from providers.simulate.reads import shown_service
from providers.simulate.workloads import Service, read
from tests.exploration.explore import Check

BY_HAND = "changed-by-hand"  # the label with which others say what they changed
Ports = frozenset[tuple[str, int, int]]


def all_of(*checks: Check) -> Check:
    """The first thing that is wrong."""
    return lambda sim: next(filter(None, (check(sim) for check in checks)), None)


def shown(sim: SimulatorState, service: Service) -> SwarmService:
    """A service as a manager shows it."""
    ingress = sim.swarm.ingress
    return shown_service(service, ingress.id if ingress else "")


# Always


def nothing_lost(start: SimulatorState, *, may_go: tuple[str, ...] = ()) -> Check:
    """No port, service, container or network of others is lost on the way, and no node's availability."""
    ports = {service.name: ports_of(start, service) for service in start.swarm.services}
    networks = {net.name for net in start.swarm.networks if net.name == "theirs"}
    containers = {container.id for host in start.hosts for container in host.containers}
    by_node = {node.id: node.availability for node in start.swarm.nodes}

    def check(sim: SimulatorState) -> str | None:
        services = {service.name: service for service in sim.swarm.services}
        gone = [name for name in ports if name not in services and name not in may_go]
        lost = [
            name
            for name, expected in ports.items()
            if name in services and not expected <= unpinned(ports_of(sim, services[name]))
        ]
        if gone or lost:
            return f"services are gone: {gone}; ports are lost: {lost}"
        for node in sim.swarm.nodes:
            if maintenance.availability(node) != (node.label(BY_HAND) or by_node.get(node.id, "active")):
                return f"{node.hostname} has lost its availability: {maintenance.availability(node)}"
        if networks - {net.name for net in sim.swarm.networks}:
            return "a network of others is gone"
        if containers - {container.id for host in sim.hosts for container in host.containers}:
            return "a container of others is gone"
        return None

    return check


def ports_of(sim: SimulatorState, service: Service, *, copies: bool = True) -> Ports:
    """The ports that a service publishes or will publish again: those of its spec, of its journal, and those added.
    copies: also those of the copy of its journal on the swarm."""
    seen = shown(sim, service)
    present = {(port.protocol, port.target, port.published) for port in seen.ports}
    own = journal.journal_on(seen)
    if copies and own is None and not seen.publishes_ingress:
        own = journal.copies(sim.swarm.settings).get(service.id)
    kept = map(json.loads, own.ports) if own else ()
    return frozenset(
        present | {(port.get("Protocol", "tcp"), port["TargetPort"], port.get("PublishedPort", 0)) for port in kept}
    )


def raw_ports(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The ports in a spec, as they stand there."""
    return (spec.get("EndpointSpec") or {}).get("Ports") or []


def unpinned(ports: Ports) -> Ports:
    """These ports, each also as the dynamic one that it may have been."""
    return ports | {(protocol, target, 0) for protocol, target, _ in ports}


def one_ingress(sim: SimulatorState) -> str | None:
    """No host that is well has two ingresses in sight: a new one is made only when all have dropped the old one. Where
    somebody removed it too early a host may keep it."""
    network = sim.swarm.ingress
    for host in sim.hosts:
        copies = [copy.id for copy in host.networks if copy.ingress]
        node = sim.swarm.node(host.node_id)
        if network and node and node.state == "ready" and host.up and set(copies) - {network.id}:
            return f"there is a new ingress while {host.name} has the old one"
    return None


def networks_exist(sim: SimulatorState) -> str | None:
    """No service names a network that is gone, and no container."""
    ids = {net.id for net in sim.swarm.networks} | {net.id for host in sim.hosts for net in host.networks}
    users = [(service.name, service.networks) for service in sim.swarm.services]
    users += [(container.id, container.networks) for host in sim.hosts for container in host.containers]
    astray = [name for name, networks in users if not set(networks) <= ids]
    return f"{', '.join(astray)} names a network that is gone" if astray else None


def one_out(sim: SimulatorState) -> str | None:
    """Never is more than one host out of service by our doing."""
    out = [node.hostname for node in sim.swarm.nodes if maintenance.is_drained(node)]
    return f"{', '.join(out)} are out of service at once" if len(out) > 1 else None


# When it is done


def no_trace(sim: SimulatorState) -> str | None:
    """None of our labels is left but the owner's."""
    labels = [*sim.swarm.settings.labels]
    labels += [label for node in sim.swarm.nodes for label in node.labels]
    labels += [label for service in sim.swarm.services for label in service.labels]
    left = {key for key, _ in labels if key.startswith("swarmnet.") and key != "swarmnet.owner"}
    return f"labels are left: {', '.join(sorted(left))}" if left else None


def specs_as_before(start: SimulatorState, *, by_hand: bool = False) -> Check:
    """Each service that nobody else changed has its spec to the letter, but for the ForceUpdate counter and dynamic
    ports that are pinned. `by_hand`: so have those that others changed, `start` having the same changes."""
    before = {service.name: (without_counter(service), pinned(service)) for service in start.swarm.services}

    def check(sim: SimulatorState) -> str | None:
        for service in sim.swarm.services:
            counts = service.name in before and (by_hand or BY_HAND not in dict(service.labels))
            if counts and without_counter(service) not in before[service.name]:
                return f"service {service.name} has another spec: {without_counter(service)}"
        return None

    return check


def without_counter(service: Service) -> dict[str, Any]:
    """A spec without its ForceUpdate counter."""
    spec = read(service.spec)
    return {**spec, "TaskTemplate": {**spec["TaskTemplate"], "ForceUpdate": 0}}


def pinned(service: Service) -> dict[str, Any]:
    """Its spec with the numbers that the swarm chose for its dynamic ports."""
    spec = without_counter(service)
    if not raw_ports(spec):
        return spec
    numbered = zip(raw_ports(spec), service.numbers, strict=True)
    ports = [{**raw, "PublishedPort": port.published} if port.published else raw for raw, port in numbered]
    return {**spec, "EndpointSpec": {**spec["EndpointSpec"], "Ports": ports}}


def ingress_everywhere(sim: SimulatorState) -> str | None:
    """Every host that is ready has the ingress with its sandbox and its way out, and no other."""
    for host in sim.hosts:
        node = sim.swarm.node(host.node_id)
        if host.up and node and node.state == "ready" and not has_ingress(sim, host):
            return f"{host.name} is not attached to the ingress"
    return None


def has_ingress(sim: SimulatorState, host: Host) -> bool:
    """Tell whether a host has the ingress with its sandbox and its way out, and no other."""
    copies = [copy.id for copy in host.networks if copy.ingress]
    bridge = host.network("docker_gwbridge")
    attached = bridge is not None and any(end.key == "ingress-sbox" for end in bridge.endpoints)
    return attached and sim.swarm.ingress is not None and copies == [sim.swarm.ingress.id]


def tasks_on_ingress(sim: SimulatorState) -> str | None:
    """Say which task that publishes a port and can be attached to the ingress is not attached."""
    network = sim.swarm.ingress
    for service in sim.swarm.services:
        tasks = [task for task in sim.swarm.tasks if task.service_id == service.id and task.desired == "running"]
        held = {node.id for node in safety.held_on(shown(sim, service), tasks, sim.swarm.nodes)}
        live = [task for task in tasks if (host := sim.host_of(task.node_id)) is None or host.up]
        live = [task for task in live if task.node_id not in held]
        if service.through_ingress and any(network is None or network.id not in task.networks for task in live):
            return f"a task of {service.name} is not on the ingress"
    return None


def containers_run(start: SimulatorState) -> Check:
    """Each standalone container runs, with its way out, or stands still as it did at the start."""
    paused = {each.id for host in start.hosts for each in host.containers if each.paused}

    def check(sim: SimulatorState) -> str | None:
        for host in sim.hosts if sim.cluster else ():
            bridge = host.network("docker_gwbridge")
            attached = {end.key for end in bridge.endpoints} if bridge else set()
            cut_off = [each.id for each in host.containers if not each.running or each.id not in attached]
            awake = [each.id for each in host.containers if each.paused != (each.id in paused)]
            if host.up and (cut_off or awake):
                return f"on {host.name} without a way out: {cut_off}, no longer paused as before: {awake}"
        return None

    return check


# However it ended


def promised(start: SimulatorState) -> Check:
    """Say which port that nobody else has is no longer published, which host is still drained, or which journal is
    left."""
    ports = {service.name: ports_in_spec(start, service) for service in start.swarm.services}

    def check(sim: SimulatorState) -> str | None:
        taken = {port.published for service in sim.swarm.services for port in shown(sim, service).ports}
        for service in sim.swarm.services:
            actual = unpinned(ports_in_spec(sim, service))
            numbers = actual | {port for port in ports.get(service.name, ()) if port[2] in taken - {0}}
            if not ports.get(service.name, frozenset()) <= numbers and BY_HAND not in dict(service.labels):
                return f"ports of {service.name} are off"
        for node in sim.swarm.nodes:
            host = sim.host_of(node.id)
            if maintenance.is_drained(node) and host and host.up and has_ingress(sim, host):
                return f"{node.hostname} is left drained"
        return None

    return check


def ports_in_spec(sim: SimulatorState, service: Service) -> Ports:
    """The ports that a service publishes now."""
    return frozenset((port.protocol, port.target, port.published) for port in shown(sim, service).ports)


# Of a step


def breaks_quorum(sim: SimulatorState, step: Step) -> str | None:
    """A restart may not leave three or more managers without the majority that they had."""
    if not isinstance(step, RestartEngine) or len(voters(sim)) < 3 or not quorum(sim):
        return None
    without = members.stop_docker(sim, step.host)
    return None if quorum(without) else f"the restart of {step.host} takes the quorum away"


def restarts(_: SimulatorState, step: Step) -> str | None:
    """Say if an Engine is restarted: nothing is stuck here, so that none needs it."""
    return f"{step.host} is restarted without need" if isinstance(step, RestartEngine) else None
