"""A swarm's facts made comparable: names in place of ids, states, places and ports. No ids, counters or times.

Of the tasks and containers only those that live are shown: how many ended ones are remembered is a setting.
"""

import re
from collections.abc import Mapping
from json import loads
from typing import Any

from providers.rules.vocabulary.errors import EngineError, HostError
from providers.rules.vocabulary.facts import GwbridgeFacts, Member, Network, SwarmFacts, SwarmService, Task
from tests.agreement.two_swarms import HOSTS, Side

Picture = dict[str, Any]

# A container's endpoint on docker_gwbridge is named after its sandbox; the ingress's after its network.
OF_A_CONTAINER = re.compile(r"gateway_(?!.*sbox).*")


def picture(side: Side) -> Picture:
    """Describe what a swarm shows now."""
    facts = side.swarm()
    names = {network.id: network.name for network in facts.networks}
    names |= {service.id: service.name for service in facts.services}
    names |= {node.id: node.hostname for node in facts.nodes}
    alive = (of_task(task, names) for task in side.tasks() if task.alive)
    return {
        "hosts": {host: of_host(side, host, names) for host in HOSTS},
        "members": of_members(facts),
        "networks": sorted(of_network(network) for network in facts.networks),
        "services": {service.name: of_service(service, names) for service in facts.services},
        "tasks": sorted(alive),
    }


def of_host(side: Side, name: str, names: Mapping[str, str]) -> Picture | str:
    """Describe what one host says about itself, or say that it does not answer."""
    try:
        facts = side.gwbridge(name)
    except (HostError, EngineError):
        return "does not answer"
    return {
        "state": (facts.member.state, facts.member.control),
        "managers": of_managers(facts.member, names),
        "docker_gwbridge": of_bridge(facts.bridge),
        "ingress": of_copies(facts),
        "containers": sorted((each.task, each.on_overlay) for each in facts.containers if each.running),
    }


def of_managers(own: Member, names: Mapping[str, str]) -> list[str]:
    """Whom a member takes for the managers, by name."""
    known = [node_id for node_id, _ in own.remote_managers] if own.state == "active" else []
    return sorted(names.get(node_id, "unknown") for node_id in known)


def of_bridge(bridge: Network | None) -> tuple[str, str, list[str]] | None:
    """A bridge's range, gateway, and who hangs on it."""
    if bridge is None:
        return None
    return bridge.subnet, bridge.gateway, sorted(OF_A_CONTAINER.sub("container", end.name) for end in bridge.endpoints)


def of_copies(facts: GwbridgeFacts) -> list[tuple[str, str, bool]]:
    """A host's ingress networks, each with its range, and whether its sandbox hangs on it."""
    copies = facts.local.copies if facts.local else ()
    return sorted((net.name, net.subnet, f"{net.name}-sbox" in {end.key for end in net.endpoints}) for net in copies)


def of_members(facts: SwarmFacts) -> list[tuple[str, ...]]:
    """All entries among the members, those of former memberships too."""
    return sorted((node.hostname, node.role, node.availability, node.state, node.reachability) for node in facts.nodes)


def of_network(network: Network) -> tuple[Any, ...]:
    """A network as the manager lists it."""
    ranges = [(pool.subnet, pool.gateway) for pool in network.pools]
    return network.name, network.driver, ranges, network.ingress


def of_service(service: SwarmService, names: Mapping[str, str]) -> Picture:
    """A service: the ports that it asks for and those that it has, its networks, and how its last update went."""
    return {
        "asks for": [(port.published, port.target, port.mode) for port in service.ports],
        "has": [port.get("PublishedPort") for port in loads(service.endpoint)],
        "networks": named(service.networks, names),
        "update": service.update_state,
    }


def of_task(task: Task, names: Mapping[str, str]) -> tuple[Any, ...]:
    """A task: of which service (none: a container), where, how it is and how it should be, and its networks."""
    service, host = names.get(task.service_id, ""), names.get(task.node_id, "")
    return service, host, task.state, task.desired, named(task.networks, names)


def named(ids: tuple[str, ...], names: Mapping[str, str]) -> list[str]:
    """Networks by name; one that no manager lists any more is gone."""
    return sorted(names.get(each, "gone") for each in ids)
