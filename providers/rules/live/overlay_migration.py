"""Changes an overlay while services use it: over to a temporary network, its twin, and from there to the new one.

Each function returns the next decision, or None if its part is done. Services move under their own update
settings, twice; in between those on the twin and those not yet there do not reach each other. What has to be journaled
is journaled on the swarm before: a rollback takes a service's own labels away.
"""

import json
from dataclasses import replace
from shlex import quote

from providers.rules.live import former, maintenance, running_change, safety
from providers.rules.vocabulary.facts import Network, OverlayFacts, Swarm, SwarmService
from providers.rules.vocabulary.labels import CHANGE, PREFIX, TWIN, former_label, moved_label, twin_name, with_owner
from providers.rules.vocabulary.service_spec import read_spec
from providers.rules.vocabulary.specs import OverlaySpec
from providers.rules.vocabulary.steps import (
    FOREVER,
    Blocked,
    CreateNetwork,
    Decision,
    RemoveNetwork,
    Steps,
    UpdateSwarm,
    Wait,
    written_back,
)
from providers.rules.vocabulary.words import some

# Services move under their own settings: parallelism, delay and monitor decide; the work's timeout ends it.
MOVING = 3600.0
# Seconds for which nothing moves only where a task waits for a place.
STUCK = 15.0
ALLOCATION = 3.0
ROLLED_BACK = ("paused", "rollback_started", "rollback_paused", "rollback_completed")


def twin_creation(spec: OverlaySpec, network: Network) -> CreateNetwork:
    """Return the step that makes the twin: like the old one, with its undeclared options, on a range that the swarm
    picks so that it meets nothing."""
    others = {key: value for key, value in network.labels if not key.startswith(PREFIX)}
    twin = replace(
        former.request_for(network.config),
        name=twin_name(spec.name),
        pools=(),
        labels=with_owner({**others, TWIN: spec.name}, spec.owner),
    )
    return CreateNetwork(config=twin)


def move_to_twin(spec: OverlaySpec, facts: OverlayFacts, network: Network) -> Decision | None:
    """Move off the old overlay and onto the twin. None once nothing is attached to the old one."""
    swarm, users = facts.swarm, services_on(network, facts)
    if swarm is None:
        return Blocked(f"overlay {spec.name}: no manager answers for its swarm: bring a majority of them back")
    refusal = migration_refusal(spec, facts, network, swarm)
    if refusal:
        return Blocked(f"overlay {spec.name}: it can't be migrated: {refusal}")
    if facts.twin is None and not users:
        return wait_until_left(facts, network)
    if not running_change.is_noted(spec, swarm):
        going = running_change.is_ours(spec.owner, swarm)
        return (None if going else refuse_or_wait(spec, facts, users)) or label_change(spec, swarm)
    if facts.twin is None:
        return Steps((twin_creation(spec, network),), f"create a twin of overlay {spec.name}")
    if not facts.twin.allocated:
        return Wait(f"the twin of overlay {spec.name} to get its addresses", ALLOCATION)
    return (
        move_services(users, network, facts.twin, swarm)
        or wait_until_left(facts, network)
        or wait_for_updates(facts, facts.twin, swarm)
        or refresh_rollback_specs(facts, network)
    )


def refuse_or_wait(spec: OverlaySpec, facts: OverlayFacts, users: list[SwarmService]) -> Blocked | Wait | None:
    """Refuse or delay the change before its first write. None if nothing forbids it and nothing has to end first."""
    why_not = (
        safety.move_refusal(users, facts.tasks, facts.nodes)
        or safety.endless_refusal(users, facts.tasks, facts.nodes)
        or safety.too_small_refusal(spec.ranges, spec.ip_range, users, facts.tasks, facts.nodes)
    )
    if why_not:
        return Blocked(f"overlay {spec.name}: it can't be migrated: {why_not}")
    going = safety.running_rollouts(users, facts.unchanged_for)
    return Wait(f"the rollouts of {some(going)} to end before the first change", FOREVER) if going else None


def label_change(spec: OverlaySpec, swarm: Swarm) -> Steps:
    """Note on the swarm that a change goes on."""
    step = UpdateSwarm(version=swarm.version, set_labels=(running_change.label(spec),))
    return Steps((step,), "label the swarm: change in progress")


def move_from_twin(spec: OverlaySpec, facts: OverlayFacts, network: Network) -> Decision | None:
    """Move from the twin to the new overlay, then remove the twin. None once no trace is left."""
    twin, swarm = facts.twin, facts.swarm
    if swarm is None:
        return None
    if twin is None:
        return remove_labels(spec, facts, swarm)
    return (
        running_change.take_over_change(spec, swarm)
        or move_services(services_on(twin, facts), twin, network, swarm)
        or wait_until_left(facts, twin)
        or wait_for_updates(facts, network, swarm)
        or refresh_rollback_specs(facts, twin)
        or Steps((RemoveNetwork(id=twin.id),), f"remove the twin of overlay {spec.name}")
    )


def migration_refusal(spec: OverlaySpec, facts: OverlayFacts, network: Network, swarm: Swarm) -> str | None:
    """Say why it can't be carried out, or None if it can."""
    changing = running_change.other_stack_refusal(spec, swarm)
    if changing:
        return changing
    jobs = [service.name for service in services_on(network, facts) if service.job]
    if jobs:
        return f"the job {', '.join(jobs)} uses it and would run again: remove the job, then run again"
    hosts = {node.id: node.hostname for node in facts.nodes}
    alone = [
        f"{task.container_id[:12] or task.id} on {hosts.get(task.node_id, 'an unknown host')}"
        for task in facts.tasks
        if network.id in task.networks and not task.service_id and task.alive
    ]
    alone += facts.stopped_on(network)
    if alone:
        return f"containers without a service use it: {', '.join(alone)}: disconnect them, then run again"
    return None


def services_on(network: Network, facts: OverlayFacts) -> list[SwarmService]:
    """Return the services whose spec names the network."""
    return [service for service in facts.services if has_target(service, network)]


def has_target(service: SwarmService, network: Network) -> bool:
    """Tell whether the service's spec names the network; its address there may outlive that for a moment."""
    return any(each.get("Target") == network.id for each in networks_in(json.loads(service.spec)))


def move_services(users: list[SwarmService], source: Network, target: Network, swarm: Swarm) -> Decision | None:
    """Move all users from one network to another, each by one update. None once none is left on the source."""
    if not users:
        return None
    back = [service.name for service in users if has_come_back(service, target, swarm)]
    if back:
        return Blocked(
            f"service {', '.join(back)} was moved to {target.name} and came back ({users[0].update_state}): see "
            f"`docker service ps {quote(back[0])}` why its tasks fail there, fix that, then run again"
        )
    unnoted = tuple(
        (moved_label(service.id), moved_note(service, target))
        for service in users
        if parse_moved_note(service, swarm)[0] != target.id
    )
    if unnoted:
        step = UpdateSwarm(version=swarm.version, set_labels=tuple(sorted(unnoted)))
        return Steps((step,), f"note which services move to {target.name}")
    updates = tuple(written_back(service, retargeted_spec(service, source, target)) for service in users)
    return Steps(updates, f"move {some(sorted(service.name for service in users))} to {target.name}")


def moved_note(service: SwarmService, target: Network) -> str:
    """Return the value of a service's label MOVED: its target, and the version at which an earlier update had
    failed."""
    return f"{target.id}.{service.version}" if service.update_state in ROLLED_BACK else target.id


def parse_moved_note(service: SwarmService, swarm: Swarm) -> tuple[str, str]:
    """Return a service's noted target, and the version whose failed update says nothing of it; or empty."""
    target, _, version = (swarm.label(moved_label(service.id)) or "").partition(".")
    return target, version


def has_come_back(service: SwarmService, target: Network, swarm: Swarm) -> bool:
    """Tell whether it was moved there, and its tasks failed."""
    where, version = parse_moved_note(service, swarm)
    return where == target.id and service.update_state in ROLLED_BACK and version != str(service.version)


def retargeted_spec(service: SwarmService, source: Network, target: Network) -> str:
    """Return the spec with one network in place of another; aliases and driver options stay."""
    spec = json.loads(service.spec)
    for attachments in ((spec.get("TaskTemplate") or {}).get("Networks"), spec.get("Networks")):
        for each in attachments or []:
            each["Target"] = target.id if each.get("Target") == source.id else each.get("Target")
    return json.dumps(spec)


def networks_in(spec: dict[str, object]) -> list[dict[str, object]]:
    """Return the networks in a service's spec: in the task's template or, in old specs, in the service's own."""
    template = spec.get("TaskTemplate")
    found = (template.get("Networks") if isinstance(template, dict) else None) or spec.get("Networks")
    return list(found) if isinstance(found, list) else []


def wait_until_left(facts: OverlayFacts, network: Network) -> Wait | Blocked | None:
    """Wait until no task has an address on it, so that no host keeps a copy that blocks the name."""
    down = {node.id for node in facts.nodes if node.state == "down"}
    hanging = [task for task in facts.tasks if network.id in task.networks and task.alive and task.node_id not in down]
    users = {task.service_id for task in hanging}
    behind = [service for service in facts.services if service.id in users]
    held = safety.held_refusal(behind, hanging, facts.nodes)
    if facts.unchanged_for >= STUCK:
        held = held or safety.endless_refusal(behind, facts.tasks, facts.nodes)
    if held:
        return Blocked(f"overlay {network.name}: its services are on the way to another: {held}")
    paused = [service.name for service in facts.services if service.id in users and service.update_state == "paused"]
    if paused:
        return Blocked(
            f"service {', '.join(sorted(paused))} stopped on the way off overlay {network.name} (its update paused): "
            f"see `docker service ps {quote(paused[0])}` why its tasks fail, fix that, then run again"
        )
    return Wait(f"{len(hanging)} tasks to leave overlay {network.name}", MOVING) if hanging else None


def wait_for_updates(facts: OverlayFacts, target: Network, swarm: Swarm) -> Wait | None:
    """Wait until the swarm no longer watches the moved tasks: until then, one that fails takes its service back to the
    network that is about to be removed. An update whose tasks can't even start is not waited for."""
    going = [
        service.name
        for service in services_on(target, facts)
        if parse_moved_note(service, swarm)[0] == target.id
        and service.update_state == "updating"
        and facts.unchanged_for < watch_seconds(service)
    ]
    return Wait(f"the updates of {some(sorted(going))} to end", MOVING) if going else None


def watch_seconds(service: SwarmService) -> float:
    """Return the seconds for which the swarm watches a new task of the service, and a few more."""
    spec = read_spec(service.spec)
    return spec.monitor + spec.update_delay + safety.ENDS


def refresh_rollback_specs(facts: OverlayFacts, leaving: Network) -> Steps | None:
    """Make one unchanged update, so that a rollback keeps the present network and not the one that will be gone."""
    behind = [service for service in facts.services if leaving.id in service.rollback_networks]
    updates = tuple(written_back(s, s.spec) for s in behind)
    names = some(sorted(service.name for service in behind))
    return Steps(updates, f"make a rollback of {names} keep its network") if behind else None


def remove_labels(spec: OverlaySpec, facts: OverlayFacts, swarm: Swarm) -> Steps | None:
    """Remove the swarm's labels of this change. The one that says a change goes on stays while another resource type
    needs it, and the note of what it was like until the new one is there.

    While another overlay has a twin the other labels are that one's.
    """
    labels = [former_label(spec.name)] if facts.network is not None or not spec.replaces else []
    labels = [key for key in labels if swarm.label(key) is not None]
    others = [key for key, _ in swarm.labels if key.startswith(moved_label(""))]
    ours = running_change.is_ours(spec.owner, swarm) and not running_change.other_state_refusal(spec, swarm, known=True)
    if ours and not maintenance.has_something_due(swarm, facts.nodes):
        others.append(CHANGE)
    if others and all(network.label(TWIN) in (None, spec.name) for network in facts.listed):
        labels += others
    if not labels:
        return None
    step = UpdateSwarm(version=swarm.version, drop_labels=tuple(sorted(labels)))
    has = f": overlay {spec.name} has {facts.network.subnet}" if facts.network else ""
    return Steps((step,), f"change finished{has}")
