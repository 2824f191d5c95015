"""A simulated swarm that begins where real hosts are: what was read of them, as a simulation.

What nobody can read is left at its likeliest: tasks were started from their service's present spec, but for their
placement; all tasks take as long to stop and start, and none ends by itself; and the ingress is well on members that
are not declared.
"""

from dataclasses import replace
from json import loads

from providers.rules.vocabulary.answers import form
from providers.rules.vocabulary.facts import Member, Node, SwarmService, Task, UnreachableHost
from providers.rules.vocabulary.service_spec import Port
from providers.rules.vocabulary.snapshot import HostSnapshot, Snapshot, SwarmSnapshot
from providers.simulate.state import Cluster, Due, Happening, Host, SimulatorState, Timings
from providers.simulate.tasks import Tasks
from providers.simulate.workloads import Container, Placed, Service, read, text

# Ids of what is made in the copy begin here, so that they are new also if the hosts are a simulated swarm.
COUNTED_FROM = 1_000_000


def copied(snapshot: Snapshot) -> SimulatorState:
    """The simulation as the snapshot shows it. Nothing is under way in it but tasks that start or end."""
    swarm, timings = snapshot.swarm, Timings()
    hosts = [_host(each, swarm) for each in snapshot.hosts]
    if swarm is None:
        return SimulatorState(hosts=tuple(hosts), timings=timings)
    known = {host.node_id for host in hosts}
    hosts += [_undeclared(node, swarm) for node in swarm.nodes if node.id not in known and node.state == "ready"]
    cluster = _cluster(swarm, hosts)
    pending = (_under_way(task, timings) for task in cluster.tasks)
    return SimulatorState(
        hosts=tuple(hosts),
        cluster=cluster,
        pending=tuple(sorted(due for due in pending if due)),
        timings=timings,
        made=COUNTED_FROM,
    )


def _host(read: HostSnapshot | UnreachableHost, swarm: SwarmSnapshot | None) -> Host:
    """A declared host. One that is unreachable is what the managers last knew of it."""
    nodes = {node.id: node for node in swarm.nodes} if swarm else {}
    if isinstance(read, UnreachableHost):
        node = nodes.get(read.node_id)
        return Host(
            name=read.host,
            address=node.address if node else "its address",
            connected=False,
            state="active" if node else "inactive",
            node_id=read.node_id,
            control=bool(node and node.role == "manager"),
        )
    own = read.member
    containers = (Container(**vars(each)) for each in read.containers)
    return Host(
        name=own.host,
        address=own.node_address,
        state=own.state,
        node_id=own.node_id,
        control=_answers(own) and own.node_id in nodes,  # a manager of another swarm answers for none of ours
        networks=read.networks,
        containers=tuple(containers),
    )


def _answers(own: Member) -> bool:
    """Tell whether it is a manager, also while it is locked."""
    return own.control or own.state == "locked"


def _undeclared(node: Node, swarm: SwarmSnapshot) -> Host:
    """A member that the stack file does not name, under a name that no declared host has."""
    return Host(
        name=f"{node.hostname} ({node.id})",
        address=node.address,
        declared=False,
        state="active",
        node_id=node.id,
        control=node.role == "manager" and node.reachability == "reachable",
        networks=tuple(net for net in swarm.networks if net.ingress),
    )


def _cluster(swarm: SwarmSnapshot, hosts: list[Host]) -> Cluster:
    services = tuple(map(_service, swarm.services))
    specs = {service.id: service for service in services}
    ingress = next((net for net in swarm.networks if net.ingress), None)
    numbers = (port.published for service in services for port in service.numbers)
    return Cluster(
        settings=swarm.settings,
        nodes=swarm.nodes,
        attached=frozenset((host.node_id, ingress.id) for host in hosts if host.network(ingress.id))
        if ingress
        else frozenset(),
        networks=swarm.networks,
        services=services,
        tasks=Tasks(_task(task, specs.get(task.service_id)) for task in swarm.tasks if task.alive),
        next_port=max((*numbers, 29999)) + 1,
    )


def _service(seen: SwarmService) -> Service:
    """A service. Of the spec to which a rollback would return only the labels and networks are known."""
    spec = loads(seen.spec)
    former = {
        **spec,
        "Labels": dict(seen.rollback_labels),
        "TaskTemplate": {**spec["TaskTemplate"], "Networks": [{"Target": each} for each in seen.rollback_networks]},
    }
    return Service(
        id=seen.id,
        spec=text(spec),
        previous=text(former) if seen.rollback_labels or seen.rollback_networks else "",
        numbers=form(tuple[Port, ...]).validate_json(seen.endpoint, strict=True),
        version=seen.version,
        status=seen.update_state,
    )


def _task(seen: Task, service: Service | None) -> Placed:
    """A task, which is to run, or is to end, or has not begun to run."""
    placed = Placed(
        id=seen.id,
        service_id=seen.service_id,
        node_id=seen.node_id,
        state=seen.state if seen.state in ("running", "pending") else "preparing" if seen.node_id else "new",
        desired="running" if seen.desired in ("running", "ready", "complete") else "shutdown",
        networks=seen.networks,
        container_id=seen.container_id,
        slot=seen.slot,
        message=seen.message,
        error=seen.error,
    )
    if service is None:
        return placed
    template = {key: value for key, value in read(service.template).items() if key != "Placement"}
    placement = loads(seen.placement)
    template = template if placement is None else {**template, "Placement": placement}
    return replace(placed, template=text(template), endpoint=service.endpoint)


def _under_way(task: Placed, timings: Timings) -> Due | None:
    """Return what already goes on with a task."""
    if task.state == "running" and task.desired == "shutdown":
        return Due(round(timings.task_stop * 1000), Happening("task ends", task.id))
    if task.state == "preparing" and task.desired == "running":
        return Due(round(timings.task_start * 1000), Happening("task starts", task.id))
    return None
