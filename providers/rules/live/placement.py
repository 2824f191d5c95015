"""Answers the one question before the first write: could the swarm start each of these tasks again where it may run?

Nodes are chosen as swarmkit's scheduler does, by what service and node say of themselves:
https://github.com/moby/swarmkit/blob/master/manager/scheduler/filter.go
https://github.com/moby/swarmkit/blob/master/manager/constraint/constraint.go
What other services reserve or publish on a node, and plugins of volumes and networks, are not counted.
"""

import re
from collections.abc import Callable, Collection, Iterable
from ipaddress import ip_address, ip_network
from math import inf

from providers.rules.vocabulary.facts import Node, SwarmService, Task
from providers.rules.vocabulary.service_spec import read_spec

_CONSTRAINT = re.compile(r"\s*(?P<key>\S+?)\s*(?P<operator>==|!=)\s*(?P<value>.*?)\s*")
_ON_NODE, _ON_ENGINE = "node.labels.", "engine.labels."
# Names that images and nodes have for the same processor.
_ALIKE = {"x86_64": "amd64", "aarch64": "arm64"}


def matches(node: Node, constraints: Iterable[str]) -> bool:
    """Tell whether a node fulfils all constraints; one of another form is never fulfilled."""
    return all(_fulfils(node, constraint) for constraint in constraints)


def _fulfils(node: Node, constraint: str) -> bool:
    found = _CONSTRAINT.fullmatch(constraint)
    equal = _equals(node, found["key"]) if found else None
    if found is None or equal is None:
        return False
    try:
        return equal(found["value"]) == (found["operator"] == "==")
    except ValueError:  # neither an address nor a range
        return False


def _equals(node: Node, key: str) -> Callable[[str], bool] | None:
    """Return the comparison with a node's value, None for an unknown key. Names of keys and values have no case, those
    of labels do."""
    if key.lower() == "node.ip":
        return lambda value: ip_address(node.address) in ip_network(value)
    known = {
        "node.id": node.id,
        "node.hostname": node.hostname,
        "node.role": node.role,
        "node.platform.os": node.os,
        "node.platform.arch": node.arch,
    }
    actual = known.get(key.lower())
    for prefix, labels in ((_ON_NODE, node.labels), (_ON_ENGINE, node.engine_labels)):
        if key.lower().startswith(prefix):
            actual = dict(labels).get(key[len(prefix) :], "")
    return None if actual is None else lambda value: actual.lower() == value.lower()


def stranded_tasks(
    service: SwarmService, tasks: Iterable[Task], nodes: Collection[Node], leaving: Collection[str]
) -> list[Task]:
    """Return its tasks on nodes that are left (ids) for which there is no place on the others: those of a global
    service all, those of a replicated one that the others have no room for."""
    own = _desired(service, tasks)
    off = [task for task in own if task.node_id in leaving]
    if read_spec(service.spec).mode == "global":
        return off
    free = sum(_most(service.spec, node) for node in nodes if node.id not in leaving)
    stay = sum(bool(task.node_id) and task.node_id not in leaving for task in own)
    return off if free < stay else off[int(min(free - stay, len(off))) :]


def is_crowded(service: SwarmService, tasks: Iterable[Task], nodes: Collection[Node]) -> bool:
    """Tell whether no node has a place for one task more, which an update with the order start-first needs
    (measurements.md#start-first)."""
    spec = read_spec(service.spec)
    if spec.update_order != "start-first":
        return False
    if spec.mode == "global":
        return spec.publishes_on_hosts or spec.placement.max_per_node == 1
    own = _desired(service, tasks)
    return bool(own) and sum(_most(service.spec, node) for node in nodes) <= len(own)


def _desired(service: SwarmService, tasks: Iterable[Task]) -> list[Task]:
    return [task for task in tasks if task.service_id == service.id and task.alive and task.desired in Task.DESIRED]


def _most(spec: str, node: Node) -> float:
    """Return how many of a service's tasks a node takes, infinite if nothing limits them."""
    if node.availability != "active" or not node.counted_on or not _suits(spec, node):
        return 0
    asked = read_spec(spec)
    limits = (
        asked.placement.max_per_node or inf,
        1 if asked.publishes_on_hosts else inf,
        node.nano_cpus // asked.nano_cpus if asked.nano_cpus else inf,
        node.memory_bytes // asked.memory_bytes if asked.memory_bytes else inf,
    )
    return min(limits)


def _suits(spec: str, node: Node) -> bool:
    actual = read_spec(spec).placement
    fits = (os in ("", node.os) and _same(arch) in ("", _same(node.arch)) for os, arch in actual.platforms)
    return (not actual.platforms or any(fits)) and matches(node, actual.constraints)


def _same(arch: str) -> str:
    return _ALIKE.get(arch.lower(), arch.lower())
