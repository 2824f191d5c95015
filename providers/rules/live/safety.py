"""Finds, before the first write, what a change under services would get stuck in or lose: services, tasks, hosts. Each
function answers in words (thing, problem, values, what to type), or with None.

Only services that the change touches count. The answers depend neither on patience nor on what the change itself does,
so they are as true in the middle of it: then they are why the change turns round.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from shlex import quote

from providers.rules.live import journal, placement
from providers.rules.vocabulary.addresses import is_subnet, mask_for, room
from providers.rules.vocabulary.facts import Node, SwarmService, Task
from providers.rules.vocabulary.service_spec import read_spec

# Rollouts that are neither over nor going on by themselves.
HALTED = frozenset({"paused", "rollback_started", "rollback_paused"})
# An update ends within moments after the swarm has watched its last task.
ENDS = 5.0
# How many seconds after their grace tasks have ended at the latest (measurements.md#strip), and after their update have
# started (measurements.md#swap-in-seconds).
TASK_ENDS, TASK_STARTS = 4.0, 6.0
# The network's own part of a swap: dropped by all hosts, made, brought to all hosts (measurements.md#swap-in-seconds).
NETWORK_CHANGES = 20.0


def move_refusal(services: Sequence[SwarmService], tasks: Collection[Task], nodes: Collection[Node]) -> str | None:
    """Say why these services can't or should not be moved, or None if they can."""
    found = [
        *_jobs(services),
        *_halted(services),
        *_stranded(services, tasks, nodes, _paused(nodes)),
        *_ended(services, tasks),
    ]
    return "; ".join(found) or None


def drain_refusal(
    node: Node, services: Sequence[SwarmService], tasks: Collection[Task], nodes: Collection[Node]
) -> str | None:
    """Say why a node with tasks of these services can't be drained and put back as it is (`availability`), or None if
    it can. Who may run again there waits for that; whoever may not has to have another place."""
    running = {task.service_id for task in tasks if task.node_id == node.id and task.alive and task.meant}
    here = [service for service in services if service.id in running]
    found = [
        *_interrupted(here),
        *_stranded(here, tasks, nodes, _paused([node])),
        *_not_restarted(here, node),
    ]
    return "; ".join(found) or None


def _jobs(services: Iterable[SwarmService]) -> Iterable[str]:
    jobs = [service.name for service in services if service.job]
    if jobs:
        yield (
            f"the job {', '.join(jobs)} would run again: remove the job, or detach it from the network (remove its "
            "port if it publishes one), then run again"
        )


def _interrupted(services: Iterable[SwarmService]) -> Iterable[str]:
    jobs = [service.name for service in services if service.job]
    if jobs:
        yield f"the job {', '.join(jobs)} runs on it and would start again: let it end, or remove it, then run again"


def _halted(services: Iterable[SwarmService]) -> Iterable[str]:
    """Yield services with a paused rollout: an update would start it again on all tasks that are left
    (measurements.md#paused-rollouts). With our journal on it, the rollout is ours."""
    for service in services:
        if service.update_state in HALTED and journal.journal_on(service) is None:
            yield (
                f"service {service.name}: its rollout is {service.update_state}, and any update would start it again "
                f"on every task: see `docker service ps {quote(service.name)}`, then finish it, or take it back with "
                f"`docker service rollback {quote(service.name)}`, then run again"
            )


def _stranded(
    services: Iterable[SwarmService], tasks: Collection[Task], nodes: Collection[Node], paused: Collection[Node]
) -> Iterable[str]:
    """Yield services with tasks on these paused nodes that could start again neither there nor elsewhere."""
    named = {node.id: node.hostname for node in paused}
    for service in services:
        stuck = placement.stranded_tasks(service, tasks, nodes, named) if named and not service.job else []
        for host in sorted({named[task.node_id] for task in stuck}):
            active = f"`docker node update --availability active {quote(host)}`"
            yield (
                f"service {service.name}: its task on {host} could not start again: {host} is paused, and no other "
                f"node has a place for it: {active} (or drain), then run again"
            )


def held_refusal(services: Iterable[SwarmService], tasks: Collection[Task], nodes: Collection[Node]) -> str | None:
    """Say which tasks of global services an update leaves where they are, since their hosts are paused now."""
    everywhere = [service for service in services if read_spec(service.spec).mode == "global"]
    return "; ".join(_stranded(everywhere, tasks, nodes, _paused(nodes))) or None


def _not_restarted(services: Iterable[SwarmService], node: Node) -> Iterable[str]:
    """Yield services of which the swarm may let tasks end that a drained node stops: it counts that as a restart
    (shouldRestart: https://github.com/moby/swarmkit/blob/master/manager/orchestrator/restart/restart.go), but for a
    global service, whose tasks come with the node unless they run once (isTaskCompleted: .../global/global.go)."""
    for service in services:
        spec = read_spec(service.spec)
        once = spec.restart_condition == "none"
        most = spec.most_restarts if spec.mode == "replicated" else 0
        if not service.job and (once or most):
            policy = "restart condition none" if once else f"at most {most} restarts"
            yield (
                f"service {service.name}: its tasks on {node.hostname} might not start again after they were stopped "
                f"({policy}): move them to other nodes before, with `docker service update --constraint-add "
                f"{quote(f'node.hostname!={node.hostname}')} {quote(service.name)}`, then run again"
            )


def held_on(service: SwarmService, tasks: Iterable[Task], nodes: Iterable[Node]) -> list[Node]:
    """Return the paused hosts on which its tasks stay as they are: the orchestrator of global services neither adds nor
    updates tasks there until they are active again (measurements.md#paused-nodes)."""
    if read_spec(service.spec).mode != "global":
        return []
    actual = {task.node_id for task in tasks if task.service_id == service.id and task.alive and task.node_id}
    return [node for node in _paused(nodes) if node.id in actual]


def _paused(nodes: Iterable[Node]) -> list[Node]:
    return [node for node in nodes if node.availability == "pause"]


def _ended(services: Iterable[SwarmService], tasks: Collection[Task]) -> Iterable[str]:
    """Yield services whose tasks have run to their end: an update would start new ones."""
    actual = _living(tasks)
    for service in services:
        spec = read_spec(service.spec)
        condition, most = spec.restart_condition, spec.most_restarts
        gone = max(0, (spec.replicas or 0) - actual[service.id])
        if condition == "on-failure" and not most:  # one that failed is followed by another a moment later
            gone = min(gone, sum(task.service_id == service.id and task.state == "complete" for task in tasks))
        if (condition != "any" or most) and gone:
            limit = f", at most {most} restarts" if most else ""
            yield (
                f"service {service.name}: {gone} of its {spec.replicas} tasks have ended for good (restart condition "
                f"{condition}{limit}) and would run again: remove the service, or detach it from the network "
                "(remove its port if it publishes one), then run again"
            )


def endless_refusal(services: Iterable[SwarmService], tasks: Collection[Task], nodes: Collection[Node]) -> str | None:
    """Say which services an update with their own settings would never move as a whole, or None if there are none."""
    found = []
    for service in services:
        waiting = sum(task.service_id == service.id and task.unplaced for task in tasks)
        name = quote(service.name)
        if placement.is_crowded(service, tasks, nodes):
            found.append(
                f"service {service.name}: an update starts a new task before it stops the old one (start-first), and "
                f"no node has a place for one more: `docker service update --update-order stop-first {name}`"
            )
        elif waiting and read_spec(service.spec).parallelism:
            found.append(
                f"service {service.name}: {waiting} of its tasks wait for a node that takes them, and an update waits "
                f"with them before it moves the next: see `docker service ps {name}`, and give them a place or scale "
                "it down"
            )
    return f"{'; '.join(found)}, then run again" if found else None


def running_rollouts(services: Iterable[SwarmService], unchanged_for: float) -> list[str]:
    """Return the services whose rollout goes on: something moves, or will after the pause between tasks."""
    return sorted(
        service.name
        for service in services
        if service.update_state == "updating" and unchanged_for < _between_tasks(service.spec)
    )


def _between_tasks(spec: str) -> float:
    asked = read_spec(spec)
    return asked.monitor + asked.update_delay + asked.stop_grace + asked.health_seconds + ENDS


def ending_tasks(tasks: Iterable[Task], nodes: Iterable[Node]) -> list[str]:
    """Return the tasks that were told to end and have not yet, as far as known: `<id> on <host>`."""
    hosts = {node.id: node.hostname for node in nodes if node.state != "down"}
    return sorted(
        f"{task.id[:12]} on {hosts[task.node_id]}"
        for task in tasks
        if task.alive and task.desired not in Task.DESIRED and task.node_id in hosts
    )


def too_long_refusal(services: Sequence[SwarmService], seconds: float, key: str) -> str | None:
    """Say why so many seconds are too few to take ports off these services and put them back. `key`: their place in the
    stack file."""
    if not services:
        return None
    ends = {service.name: read_spec(service.spec).stop_grace for service in services}
    starts = {service.name: max(TASK_STARTS, read_spec(service.spec).health_seconds) for service in services}
    slowest, latest = max(ends.values()), max(starts.values())
    slow, late = (
        ", ".join(name for name in names if names[name] == most) for names, most in ((ends, slowest), (starts, latest))
    )
    need = 2 * (slowest + TASK_ENDS) + NETWORK_CHANGES + latest
    if need <= seconds:
        return None
    return (
        f"tasks of {slow} may take {slowest:.0f} s to stop, twice, and those of {late} {latest:.0f} s to "
        f"start: that is up to {need:.0f} s in all, and {key} is {seconds:.0f}: set it to {_rounded(need)} or more"
    )


def _rounded(seconds: float) -> int:
    """Return the seconds with some to spare, as a round number."""
    return int(-(-seconds * 1.2 // 10) * 10)


def too_small_refusal(
    ranges: Sequence[str],
    ip_range: str | None,
    services: Sequence[SwarmService],
    tasks: Collection[Task],
    nodes: Sequence[Node],
) -> str | None:
    """Say why ranges can't hold what is on the network now (of the first perhaps only a part is used): an address for
    each node, service and task, and for tasks that an update starts before it stops others
    (measurements.md#addresses-in-use). An invalid recorded range is ignored."""
    if not all(map(is_subnet, ranges)):
        return None
    first, *further = ranges
    actual = _living(tasks)
    count = sum(_most_tasks(service, actual[service.id], len(nodes)) for service in services)
    need, found = len(nodes) + len(services) + count, room(first, ip_range) + sum(map(room, further))
    if need <= found:
        return None
    return (
        f"{', '.join((ip_range or first, *further))} has {found} addresses to give, and {len(nodes)} nodes, "
        f"{len(services)} services and {count} tasks need {need}: use {mask_for(need)}"
    )


def _living(tasks: Collection[Task]) -> Counter[str]:
    """Return how many tasks of each service live, by its id."""
    return Counter(task.service_id for task in tasks if task.alive)


def _most_tasks(service: SwarmService, actual: int, nodes: int) -> int:
    """Return how many of its tasks have an address at once, at most, during an update."""
    spec = read_spec(service.spec)
    count = max(actual, nodes if spec.replicas is None else spec.replicas)
    more = spec.parallelism or count
    return count + (min(more, count) if spec.update_order == "start-first" else 0)


# Labels that tell Traefik, in its versions 3 and 2, by which network to reach a service:
# https://doc.traefik.io/traefik/reference/routing-configuration/other-providers/swarm/
TRAEFIK = ("traefik.swarm.network", "traefik.docker.network")


def warnings(name: str, spec: str, replaced: Collection[str]) -> list[str]:
    """Return warnings: what a change may do to this service that nobody else sees coming. The change is allowed.

    name, spec: of the service, whose tasks restart. replaced: overlays that give way to a twin for a while.
    """
    asked = read_spec(spec)
    volumes, labels = asked.local_volumes, asked.labels
    alone = asked.replicas == 1 and not asked.placement.constraints
    lines = []
    if volumes and alone:
        lines.append(
            f"service {name}: its one task may start on another host, and would find volume {', '.join(volumes)} empty "
            "there: bind it to its host with a constraint before"
        )
    lines += [
        f"service {name}: Traefik reaches it by overlay {labels[label]} (label {label}), which a temporary network "
        "replaces for a while: expect errors 502 and 504 until all has moved, or remove the label before"
        for label in TRAEFIK
        if labels.get(label) in replaced
    ]
    return lines
