"""Takes ports off the services before the ingress goes, and puts them back once it has come; both are journaled.

Each function returns the next decision, or None if its part is done. The network and the hosts are not decided here.
"""

from collections.abc import Iterable

from providers.rules.live import former, ingress_rollout, journal, running_change, safety
from providers.rules.live.journal import Journal
from providers.rules.vocabulary.facts import IngressFacts, Network, SwarmService, Task
from providers.rules.vocabulary.labels import CHANGE, FORMER, JOURNAL, copy_label, journal_copies
from providers.rules.vocabulary.steps import (
    FOREVER,
    Blocked,
    Decision,
    Steps,
    UpdateService,
    UpdateSwarm,
    Wait,
    written_back,
)
from providers.rules.vocabulary.words import some

# A strip or a refill moves tasks within 2 s of the update, or (measurements.md#placement-alone) never.
MOVES = 2.5
# New tasks start within 1 to 3 s (measurements.md#strip); those that cannot start for reasons of their own are not
# waited for.
STARTS = 6.0


def strip_ports(
    facts: IngressFacts, network: Network, change: tuple[str, str], *, noted: bool = True
) -> Decision | None:
    """Take all ingress-mode ports off, journaled twice. None once no task is attached to the network any more.

    change: the swarm's label that it goes on. noted: what the network is like is noted before, though nothing may
    publish through it.
    """
    services = [*publishing_services(facts), *services_left_behind(facts, network)]
    journals = {service.id: journal.journal_to_strip(service, network.id) for service in services}
    due = save_journals(facts, network, change, journals) if noted or journals else None
    return due or strip_services(facts, services, journals) or empty_network(facts, network)


def publishing_services(facts: IngressFacts) -> list[SwarmService]:
    """Return the services with a port through the ingress now."""
    return [service for service in facts.services if service.publishes_ingress]


def services_left_behind(facts: IngressFacts, network: Network) -> list[SwarmService]:
    """Return the services that publish nothing through the ingress any more, but have tasks on it that nothing moves:
    those of another placement (`is_misplaced`)."""
    if facts.unchanged_for < MOVES:
        return []
    actual = {task.service_id for task in hanging_on(network, facts) if task.desired == "running"}
    return [
        service
        for service in facts.services
        if service.id in actual and not is_publishing(service, facts) and is_at_rest(service, facts)
    ]


def is_concerned(service: SwarmService, facts: IngressFacts) -> bool:
    """Tell whether it publishes through the ingress, will again, or has a task there all the same."""
    actual = {each for task in facts.tasks_of(service.id) if task.alive for each in task.networks}
    return is_publishing(service, facts) or (facts.network is not None and facts.network.id in actual)


def is_publishing(service: SwarmService, facts: IngressFacts) -> bool:
    """Tell whether it publishes through the ingress now, or will again."""
    return service.publishes_ingress or journal_due(service, facts) is not None


def save_journals(
    facts: IngressFacts, network: Network, change: tuple[str, str], journals: dict[str, Journal]
) -> Steps | None:
    """Note on the swarm, before the first service is touched: a change goes on, the network's settings, copies of the
    journals."""
    desired = {copy_label(key): value.text() for key, value in journals.items()}
    desired |= dict([change, (FORMER, former.text(network))])
    missing = tuple(sorted((key, value) for key, value in desired.items() if facts.swarm.label(key) != value))
    if not missing:
        return None
    return Steps((UpdateSwarm(version=facts.swarm.version, set_labels=missing),), "save the ports to be restored")


def strip_services(facts: IngressFacts, publishing: list[SwarmService], journals: dict[str, Journal]) -> Steps | None:
    """Take all ports off at once."""
    if not publishing:
        return None
    specs = {service: journal.stripped_spec(service, journals[service.id]) for service in publishing}
    updates = tuple(
        written_back(service, journal.forced_spec(spec) if is_misplaced(service, facts) else spec)
        for service, spec in specs.items()
    )
    return Steps(updates, f"unpublish ports: {'; '.join(map(describe_ports, publishing))}")


def is_misplaced(service: SwarmService, facts: IngressFacts) -> bool:
    """Tell whether a task of it was made for another placement than its service has now. While only that differs, the
    swarm looks at nothing else and no strip moves the task (swarmkit, IsTaskDirtyPlacementConstraintsOnly:
    https://github.com/moby/swarmkit/blob/master/manager/orchestrator/task.go)."""
    tasks = [task for task in facts.tasks_of(service.id) if task.desired == "running" and task.alive]
    return any(task.placement != journal.placement(service) for task in tasks)


def empty_network(facts: IngressFacts, network: Network) -> Decision | None:
    """Wait for the last task to leave the network, and move those that do not move by themselves.

    A removal is accepted while tasks still run on it, and then their hosts keep the old ingress for good.
    """
    hanging = hanging_on(network, facts)
    if not hanging:
        return None
    meant = {task.service_id for task in hanging if task.desired == "running"}
    held = [service for service in facts.services if service.id in meant and service.update_state != "updating"]
    if held and facts.unchanged_for >= MOVES:
        return Steps(tuple(map(force_update, held)), f"move the tasks of {service_names(held)}")
    return Wait(f"{describe_tasks(hanging, facts)} to leave the old ingress", FOREVER)


def hanging_on(network: Network, facts: IngressFacts) -> list[Task]:
    """Return the tasks that have, or may soon have, an address of the network on some host."""
    return [
        task
        for task in facts.tasks
        if network.id in task.networks and task.alive and not task.unplaced and not is_lost(task, facts)
    ]


def describe_tasks(tasks: list[Task], facts: IngressFacts) -> str:
    """Say how many tasks, of which services on which hosts."""
    named, hosts = ({each.id: each.name for each in facts.services}, {node.id: node.hostname for node in facts.nodes})
    places = sorted({f"{named.get(t.service_id, 'another')} on {hosts.get(t.node_id, 'no host')}" for t in tasks})
    return f"{len(tasks)} tasks ({some(places)})"


def force_update(service: SwarmService) -> UpdateService:
    """Return the update that moves tasks which nothing else moves."""
    return written_back(service, journal.forced_spec(service.spec))


def restore_ports(facts: IngressFacts, network: Network, *, pin: bool) -> Decision | None:
    """Put all ports back and move the tasks. None once each service is as it was.

    A service that is all there is given back before any other is waited for.
    """
    due = {service: journal_due(service, facts) for service in facts.services}
    waiting = {service: found for service, found in due.items() if found}
    whole = {service: found for service, found in waiting.items() if not absent(service, found, facts)}
    return (
        refill_ports(facts, waiting, pin=pin)
        or close_journals(
            facts, {service: found for service, found in whole.items() if is_replaced(service, facts, network)}
        )
        or wait_for_arrival(facts, network)
        or recreate_waiting_tasks(facts, [service for service in whole if is_at_rest(service, facts)])
        or close_journals(facts, {service: found for service, found in whole.items() if is_at_rest(service, facts)})
        or wait_for_rollouts(facts, waiting)
        or refresh_rollback_specs(facts)
    )


def journal_due(service: SwarmService, facts: IngressFacts) -> Journal | None:
    """Return the journal to restore: the service's own, or the swarm's copy if somebody took away the label alone.

    Without ports and without what else a strip writes, it is as its owner wrote it since: a rollback never ends there,
    since it goes to a spec with ports or with the label. If both could be, the port comes back: a port too many shows
    and is taken off again, one too few is an outage that nothing tells of.
    """
    own = journal.journal_on(service)
    if own or service.publishes_ingress:
        return own
    copy = journal.copies(facts.swarm).get(service.id)
    return copy if copy and journal.is_stripped(service) else None


def refill_ports(facts: IngressFacts, waiting: dict[SwarmService, Journal], *, pin: bool) -> Steps | None:
    """Put ports back, all at once, except those that somebody has taken meanwhile. Of services that want the same one
    the first has it: the others then find it taken."""
    claimed: set[tuple[str, int]] = set()
    ready = {}
    for service, found in waiting.items():
        free = [port for port, other in absent(service, found, facts, pin=pin) if other is None]
        ports = [port for port in free if journal.number(port) not in claimed]
        claimed |= {journal.number(port) for port in ports if port.get("PublishedPort")}
        if ports:
            ready[service] = journal.refilled_spec(service, found, ports, pin=pin)
    updates = tuple(written_back(service, spec) for service, spec in ready.items())
    return Steps(updates, f"publish ports again: {service_names(ready)}") if updates else None


def absent(
    service: SwarmService, found: Journal, facts: IngressFacts, *, pin: bool = True
) -> list[tuple[journal.Json, SwarmService | None]]:
    """Return the ports that it has to get back, each with the service that has taken it meanwhile, if one has."""
    others = (other for other in facts.services if other.id != service.id)
    return journal.absent(service, found, list(others), pin=pin)


def wait_for_arrival(facts: IngressFacts, network: Network) -> Decision | None:
    """Wait until the tasks of publishing services are on the new ingress, and move those that do not move.

    Without this, a task of a service that was rolled back while there was no ingress stays `new` for ever.
    """
    behind = [
        service for service in facts.services if service.publishes_ingress and has_strays(service, facts, network)
    ]
    stuck = [service for service in behind if service.update_state != "updating"]
    if stuck and facts.unchanged_for >= MOVES:
        return Steps(tuple(map(force_update, stuck)), f"move the tasks of {service_names(stuck)}")
    coming = [service for service in behind if service in stuck or not is_at_rest(service, facts)]
    if coming:
        return Wait(f"the tasks of {service_names(coming)} to attach to the new ingress", FOREVER)
    starting = [service for service in facts.services if journal.journal_on(service) and not is_running(service, facts)]
    if starting and facts.unchanged_for < STARTS:
        return Wait(f"the tasks of {service_names(starting)} to start", FOREVER)
    return None


def has_strays(service: SwarmService, facts: IngressFacts, network: Network) -> bool:
    """Tell whether a task of it that is meant to run has no address on this ingress. A task held on a paused host does
    not count."""
    held = {node.id for node in safety.held_on(service, facts.tasks_of(service.id), facts.nodes)}
    meant = (task for task in tasks_of(service, facts) if task.desired == "running" and task.node_id not in held)
    return any(network.id not in task.networks for task in meant)


def tasks_of(service: SwarmService, facts: IngressFacts) -> list[Task]:
    """Return its remaining tasks, without those on hosts that are down."""
    return [task for task in facts.tasks_of(service.id) if task.alive and not is_lost(task, facts)]


def is_at_rest(service: SwarmService, facts: IngressFacts) -> bool:
    """Tell whether its update has ended, or moves nothing more because no host takes the remaining tasks, or only one
    that keeps a removed ingress (measurements.md#old-ingress-stays). Such an update is called `updating` for ever
    (measurements.md#states-of-an-update). One that makes waiting tasks anew says so only a moment later.
    """
    begins = has_overtaken_tasks(service, facts) and journal.is_marked(service)
    if service.update_state != "updating" and not begins:
        return True
    left = [task for task in tasks_of(service, facts) if not task.desired == task.state == "running"]
    return facts.unchanged_for >= STARTS and all(task.unplaced or task.node_id in facts.keeping for task in left)


def is_running(service: SwarmService, facts: IngressFacts) -> bool:
    """Tell whether a task of it runs, or none is meant to."""
    meant = [task for task in facts.tasks_of(service.id) if task.desired == "running"]
    return not meant or any(task.state == "running" for task in meant)


def is_replaced(service: SwarmService, facts: IngressFacts, network: Network) -> bool:
    """Tell whether all its remaining tasks that are meant to run do run, on this ingress."""
    left = tasks_of(service, facts)
    new = [task for task in left if task.desired == task.state == "running" and network.id in task.networks]
    return bool(left) and new == left


def is_lost(task: Task, facts: IngressFacts) -> bool:
    """Tell whether it was on a host that is down: it is no longer there, whatever the swarm remembers of it."""
    return task.node_id in facts.down


def recreate_waiting_tasks(facts: IngressFacts, services: list[SwarmService]) -> Steps | None:
    """Have the tasks that wait for a host made anew, so that the last update of their service may do so once more.

    A task that waits is forgotten if its service is written again, though nothing that concerns it
    (measurements.md#forgotten-tasks).
    """
    old = [service for service in services if has_overtaken_tasks(service, facts) and not journal.is_marked(service)]
    updates = tuple(written_back(service, journal.marked_spec(service.spec)) for service in old)
    return Steps(updates, f"recreate waiting tasks of {service_names(old)}") if old else None


def has_overtaken_tasks(service: SwarmService, facts: IngressFacts) -> bool:
    """Tell whether a task of it that waits for a host would be forgotten. Those of global services have a node from the
    start, and never are."""
    waiting = [task for task in tasks_of(service, facts) if task.unplaced and not task.node_id]
    return not all(map(journal.has_mark, waiting))


def close_journals(facts: IngressFacts, ended: dict[SwarmService, Journal]) -> Steps | None:
    """Remove journals and restore each service's own update settings, once its update has ended or only watches its new
    tasks. This moves no task."""
    updates = tuple(written_back(service, journal.restored_spec(service, found)) for service, found in ended.items())
    return Steps(updates, f"remove the saved ports of {service_names(ended)}") if updates else None


def wait_for_rollouts(facts: IngressFacts, waiting: dict[SwarmService, Journal]) -> Wait | None:
    """Wait for updates that still go on, with all ports that nobody else has."""
    left = [service for service in waiting if not is_at_rest(service, facts)]
    return Wait(f"the updates of {service_names(left)} to end", FOREVER) if left else None


def refresh_rollback_specs(facts: IngressFacts) -> Steps | None:
    """Make one more update, so that a rollback goes to a spec with its ports and not to one in the middle. It changes
    nothing, or takes the mark off, which makes tasks that wait for a host anew once more, for good."""
    behind = [each for each in facts.services if JOURNAL in dict(each.rollback_labels) or journal.is_marked(each)]
    own = [service for service in behind if journal.journal_on(service) is None]
    updates = tuple(written_back(service, lasting_spec(service, facts)) for service in own)
    return Steps(updates, f"make a rollback of {service_names(own)} keep its ports") if own else None


def lasting_spec(service: SwarmService, facts: IngressFacts) -> str:
    """Return its spec as it is to stay. A task that found a host while its service had the mark is moved by force:
    others' updates of a port would not move it (measurements.md#placement-alone)."""
    settled = any(task.node_id and journal.has_mark(task) for task in tasks_of(service, facts))
    spec = journal.unmarked_spec(service.spec)
    return journal.forced_spec(spec) if settled else spec


def finish_change(facts: IngressFacts, network: Network, owner: str) -> Decision | None:
    """Remove the swarm's own labels once nothing needs them any more."""
    due = {service: found for service in facts.services if (found := journal_due(service, facts))}
    taken = [
        f"service {service.name}: its port {port['PublishedPort']} can't be published again: service {other.name} now "
        f"publishes it: remove it from {other.name} or give {service.name} another, then run again"
        for service, found in due.items()
        for port, other in absent(service, found, facts)
        if other
    ]
    if taken:
        return Blocked("; ".join(taken))
    labels = set(map(copy_label, journal_copies(facts.swarm.labels)))
    if running_change.is_ours(owner, facts.swarm):
        labels.add(CHANGE)
    if facts.swarm.label(FORMER) is not None:
        labels.add(FORMER)
    if not labels:
        return None
    update = UpdateSwarm(version=facts.swarm.version, drop_labels=tuple(sorted(labels)))
    return Steps(
        (update,), f"change finished: {ingress_rollout.result_message(facts, network)}{describe_outages(facts)}"
    )


def describe_outages(facts: IngressFacts) -> str:
    """Say how long ports were away, empty if none was."""
    spans = [(service.name, outage_seconds(service, facts)) for service in facts.services if service.publishes_ingress]
    known = [f"{name} {span:.1f} s" for name, span in spans if span is not None]
    return f"; ports unavailable: {', '.join(known)}" if known else ""


def outage_seconds(service: SwarmService, facts: IngressFacts) -> float | None:
    """Return the seconds between the end of its last task on the old ingress and the start of its first on the new one,
    by the Engines' own clocks. None if the swarm no longer remembers both, or if an old task ended later than that: its
    host kept the old ingress."""
    copy = journal.copies(facts.swarm).get(service.id)
    if copy is None or facts.network is None:
        return None
    tasks = [task for task in facts.tasks_of(service.id) if task.since]
    ended = [task.seconds for task in tasks if copy.network in task.networks and not task.alive]
    started = [task.seconds for task in tasks if facts.network.id in task.networks and task.state == "running"]
    if not ended or not started or copy.network == facts.network.id or min(started) < max(ended):
        return None
    return min(started) - max(ended)


def unfinished_work(facts: IngressFacts) -> list[str]:
    """Return what of a swap is left to do, in words."""
    stripped_now = [service for service in facts.services if journal_due(service, facts)]
    off = ", ".join(sorted(service.name for service in stripped_now))
    words = [f"ports of {off} are unpublished and must be restored"] if off else []
    marked = ", ".join(sorted(service.name for service in facts.services if journal.is_marked(service)))
    if marked:
        words.append(f"{marked} has a constraint of ours, so that waiting tasks are recreated")
    if going := running_change.describe_change(facts.swarm):
        words.append(going)
    elif not words and any(key == FORMER or key.startswith(JOURNAL) for key, _ in facts.swarm.labels):
        words.append("the swarm still has the labels of a change")
    return words


def describe_ports(service: SwarmService) -> str:
    """Return a service and its ports through the ingress, in words."""
    ports = (
        f"{port.published or 'dynamic'}->{port.target}/{port.protocol}"
        for port in service.ports
        if port.mode == "ingress"
    )
    return f"{service.name} ({', '.join(ports)})"


def service_names(services: Iterable[SwarmService]) -> str:
    """Return services by name, in words; of many the first."""
    return some(sorted(service.name for service in services))
