"""Readers of facts: what hosts report, one reader for each type of facts.

Nothing is decided here, and nothing is written to any host. A 404 becomes "absent" only if it proves that: on the
network's own host, or from a manager between two answered `GET /nodes` (one without a quorum answers 404 for networks
that exist: measurements.md#no-quorum).
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import partial, wraps
from typing import Concatenate, ParamSpec, TypeVar

from providers.hosts.engine_api import schema
from providers.hosts.engine_api.engine import Engine, at
from providers.hosts.fleet import Fleet
from providers.rules.live.maintenance import stopped_on
from providers.rules.vocabulary.addresses import engine_host
from providers.rules.vocabulary.errors import (
    EngineError,
    HostError,
    NoQuorum,
    NoSwarm,
    NotAManager,
    NotFound,
    Unreachable,
)
from providers.rules.vocabulary.facts import (
    Container,
    GwbridgeFacts,
    HostIngress,
    IngressFacts,
    Member,
    Network,
    Node,
    NodeFacts,
    Stopped,
    Swarm,
    SwarmFacts,
    SwarmService,
    Task,
    UnreachableHost,
    narrowed,
)
from providers.rules.vocabulary.labels import AVAILABILITY, of_ingress
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE

P = ParamSpec("P")
T = TypeVar("T")

# States in which a container holds its endpoints.
RUNNING = frozenset({"running", "paused", "restarting"})

# States that the swarm may want of a task, but `shutdown`
# (https://github.com/moby/swarmkit/blob/master/design/task_model.md).
LASTING = ["ready", "running", "complete", "remove"]

# Errors after which another manager may give an answer.
NOT_THIS_MANAGER = (NotAManager, NoQuorum, Unreachable)


def shared(read: Callable[Concatenate[Engine, P], T]) -> Callable[Concatenate[Engine, P], T]:
    """Return a reader of one Engine whose answer all share who ask for the same."""

    @wraps(read)
    def asked(engine: Engine, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return engine.shared.to((read, args, tuple(kwargs.items())), lambda: read(engine, *args, **kwargs))

    return asked


def from_manager(fleet: Fleet, read: Callable[[Engine], T], *, newest: bool = False) -> T:
    """Read from a good manager: from another if the one remembered is no manager any more.

    `newest`: from the one with the newest API, for services that may be written back.
    """
    choose = fleet.newest_manager if newest else fleet.manager
    try:
        return read(choose())
    except NOT_THIS_MANAGER:
        fleet.forget_manager()
        return read(choose())


@shared
def member(engine: Engine) -> Member:
    """Return a host's own word on its membership."""
    return narrowed(engine.info(), Member, host=engine.name)


@shared
def nodes(engine: Engine) -> tuple[Node, ...]:
    """Return all members; this call fails without a quorum, which makes it the frame of a proof."""
    return tuple(sorted(engine.read("/nodes", list[Node]), key=lambda node: node.id))


@shared
def networks(engine: Engine) -> tuple[Network, ...]:
    """Return all networks that an Engine lists. On a manager the swarm's copies and its own are mixed."""
    return tuple(sorted(engine.read("/networks", list[Network]), key=lambda network: network.id))


@shared
def settings(engine: Engine) -> Swarm:
    """Return the swarm itself."""
    return engine.read("/swarm", Swarm)


@shared
def services(engine: Engine) -> tuple[SwarmService, ...]:
    """Return all services of the swarm."""
    found = (
        replace(each, networks=tuple(sorted({*each.networks, *each.virtual})), read_on=engine.name)
        for each in engine.read("/services", list[SwarmService])
    )
    return tuple(sorted(found, key=lambda service: service.id))


@shared
def tasks(engine: Engine, node_id: str = "", *, stopped: bool = True) -> tuple[Task, ...]:
    """Return the tasks that the swarm remembers, of one member or of all. stopped: with those that are to stop, among
    which are all that have ended. Attached standalone containers are listed only if the filter names their runtime
    (https://github.com/moby/moby/blob/master/daemon/cluster/filters.go).
    """
    asked = {"runtime": ["container", "plugin", "attachment"]}
    if node_id:
        asked["node"] = [node_id]
    if not stopped:
        asked["desired-state"] = LASTING
    return tuple(sorted(engine.read("/tasks", list[Task], filters=asked), key=lambda task: task.id))


@shared
def local_network(engine: Engine, name: str) -> Network | None:
    """Return a network of this host's own by its id or exact name, with its endpoints."""
    try:
        return engine.read(at("networks", name), Network)
    except NotFound:
        return None


@shared
def swarm_network(engine: Engine, network_id: str) -> Network | None:
    """Return a network as the swarm has it, or None if it has none: never the copy of the manager that is asked.

    `scope=local` does that: a manager's own copies of swarm networks have scope `swarm` and are passed over, and a full
    id then finds the swarm's (moby, network_routes.go, getNetwork; measurements.md#local-copies).
    """
    try:
        return engine.read(at("networks", network_id), Network, scope="local")
    except NotFound:
        return None


def answers(fleet: Fleet, read: Callable[[Engine], T], names: Iterable[str]) -> tuple[list[T], list[UnreachableHost]]:
    """Ask many hosts at once: the answers, and the hosts that gave none."""
    good: list[T] = []
    unreachable: list[UnreachableHost] = []
    for host, answer in fleet.each(read, sorted(names)).items():
        if isinstance(answer, HostError | EngineError):
            unreachable.append(UnreachableHost(host=host, why=str(answer)))
        else:
            good.append(answer)
    return good, unreachable


def first_words(engine: Engine) -> None:
    """Ask a host for what each look at it needs, so that all looks can share the answers."""
    own = member(engine)
    local_network(engine, GATEWAY_BRIDGE)
    if own.state == "active":
        host_ingress(engine, own)
        listed_containers(engine)


# Facts


def gwbridge_facts(fleet: Fleet, host: str) -> GwbridgeFacts:
    """One host's docker_gwbridge: its own 404 proves absence. Of a member, also what a change of it would touch."""
    engine = fleet.engine(host)
    try:
        own, bridge = member(engine), local_network(engine, GATEWAY_BRIDGE)
    except Unreachable as problem:
        unreachable = in_the_middle(fleet, host, problem)
        if unreachable is None:
            raise
        return unreachable
    if own.state == "locked":
        return GwbridgeFacts(member=own, bridge=bridge, swarm=swarm_of_others(fleet))
    if own.state != "active":
        return GwbridgeFacts(member=own, bridge=bridge)
    local = host_ingress(engine, own)
    return from_manager(fleet, lambda manager: gwbridge_facts_from(manager, engine, own, bridge, local))


def in_the_middle(fleet: Fleet, host: str, problem: Unreachable) -> GwbridgeFacts | None:
    """Return an unreachable host that we drained, as the managers show it: its docker may be restarting. None if we did
    not drain it, or no manager answers.
    """
    try:
        swarm, members = from_manager(fleet, lambda manager: (settings(manager), nodes(manager)))
    except (EngineError, HostError):
        return None
    entry = placed(UnreachableHost(host=host, why=str(problem)), fleet, members).node_id
    node = next((each for each in members if each.id == entry and each.label(AVAILABILITY) is not None), None)
    if node is None:
        return None
    own = Member(host=host, state="silent", node_id=node.id, error=str(problem))
    return GwbridgeFacts(member=own, bridge=None, swarm=swarm, node=node, nodes=members)


def swarm_of_others(fleet: Fleet) -> Swarm | None:
    """Return the swarm as another host shows it to one that can't say itself, or None if no manager answers."""
    try:
        return from_manager(fleet, lambda manager: settings(manager))
    except (EngineError, HostError):
        return None


def bridge_ids(fleet: Fleet, names: Iterable[str]) -> frozenset[str]:
    """Return ids of docker_gwbridge on the named hosts that answer: an id tells a machine, whatever it is called."""
    found, _ = answers(fleet, lambda engine: local_network(engine, GATEWAY_BRIDGE), names)
    return frozenset(bridge.id for bridge in found if bridge is not None)


def gwbridge_facts_from(
    manager: Engine, engine: Engine, own: Member, bridge: Network | None, local: HostIngress
) -> GwbridgeFacts:
    """Return the managers' side of a member's bridge, and the containers on the host."""
    members = nodes(manager)
    ingresses = [swarm_network(manager, net.id) for net in networks(manager) if net.ingress]
    node = next((node for node in members if node.id == own.node_id), None)
    return GwbridgeFacts(
        member=own,
        bridge=bridge,
        swarm=settings(manager),
        node=node,
        nodes=members,
        ingress=next((net for net in ingresses if net is not None), None),
        local=local,
        containers=containers(engine, stopped_on(node) if node else ()),
    )


def containers(engine: Engine, stopped: Collection[str] = ()) -> tuple[Container, ...]:
    """Return all containers on a host, running or not, and whether they are attached to the swarm's networks.

    stopped: ids of those that we have stopped.
    """
    listed = networks(engine)
    overlays = {net.id for net in listed if net.scope == "swarm"}
    bridge = {net.id for net in listed if net.name == GATEWAY_BRIDGE}
    found = (
        Container(
            id=each.id,
            name=each.name,
            running=each.state in RUNNING,
            task=each.is_task,
            task_id=dict(each.labels).get("com.docker.swarm.task.id", ""),
            on_overlay=not overlays.isdisjoint(each.networks),
            on_bridge=not bridge.isdisjoint(each.networks),
            paused=each.state == "paused",
            auto_remove=auto_remove,
            started=started,
        )
        for each in listed_containers(engine)
        for auto_remove, started in [inspected(engine, each, stopped)]
    )
    return tuple(sorted(found, key=lambda container: container.id))


@shared
def listed_containers(engine: Engine) -> list[schema.Listed]:
    """Return all containers on a host, running or not, as it lists them."""
    return engine.read("/containers/json", list[schema.Listed], all=True)


def inspected(engine: Engine, listed: schema.Listed, stopped: Collection[str]) -> tuple[bool, str]:
    """Tell whether a container that is no task is gone once it ends, and when it was last started; nothing if it
    neither runs nor was stopped by us."""
    if listed.is_task or not (listed.state in RUNNING or listed.id in stopped):
        return False, ""
    try:
        found = engine.read(at("containers", listed.id, "json"), schema.Inspected)
    except NotFound:  # it went between the two
        return False, ""
    return found.auto_remove, found.started


def stopped_containers(engine: Engine) -> list[Stopped]:
    """Return the containers on a host that do not run, and are no tasks. One that waits to be restarted is among them,
    as it holds no network meanwhile."""
    return [
        Stopped(host=engine.name, name=each.name, networks=each.networks)
        for each in listed_containers(engine)
        if not each.is_task and each.state not in ("running", "paused")
    ]


def swarm_facts(fleet: Fleet, *, ending: bool = False) -> SwarmFacts:
    """Return each declared host's own membership, and the swarm, if one of them can answer for it.

    Raises Unproved if only hosts that are not trusted say that they can.
    """
    members, unreachable = answers(fleet, member, fleet.names)
    self_reports: dict[str, Member | None] = {each.host: each for each in members}
    good = next(iter(fleet.good(self_reports)), None)
    if good is None:
        fleet.refuse_unverified(self_reports)
        outside = [each.host for each in members if each.state == "inactive"]
        return SwarmFacts(members=tuple(members), unreachable=tuple(unreachable), bridges=bridges(fleet, outside))
    return SwarmFacts(
        members=tuple(members),
        unreachable=tuple(unreachable),
        swarm=settings(good),
        nodes=nodes(good),
        services=services(good) if ending else (),
        networks=tuple(net for net in networks(good) if net.scope == "swarm") if ending else (),
        belongings=belongings(good) if ending else (),
    )


def bridges(fleet: Fleet, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the subnets of docker_gwbridge on the named hosts that answer and have one."""
    found, _ = answers(fleet, lambda engine: (engine.name, local_network(engine, GATEWAY_BRIDGE)), names)
    return tuple((host, bridge.subnet) for host, bridge in found if bridge is not None)


def belongings(engine: Engine) -> tuple[str, ...]:
    """Return names of the secrets and configs that would end with the swarm; never their content."""
    listed = {kind: engine.read(f"/{kind}s", list[schema.Belonging]) for kind in ("secret", "config")}
    return tuple(sorted(f"{kind} {each.name}" for kind, found in listed.items() for each in found))


def node_facts(fleet: Fleet, host: str, *, leaving: bool = False) -> NodeFacts:
    """Return one host's membership. Where no declared host answers for a swarm, `swarm` is None.

    Raises what reaching the host raises, unless it is leaving: then silence is a fact.
    """
    own = self_report(fleet, host, leaving)
    local = None if isinstance(own, UnreachableHost) or leaving else host_ingress(fleet.engine(host), own)
    others = answers(fleet, member, set(fleet.names) - {host})[0] if leaving else []
    try:
        return from_manager(fleet, lambda engine: node_facts_from(engine, own, local, tuple(others), leaving))
    except (NotAManager, NoSwarm):
        return NodeFacts(member=own, swarm=None, others=tuple(others))


def self_report(fleet: Fleet, host: str, leaving: bool) -> Member | UnreachableHost:
    """Return the host's own membership; silence counts as an answer only from a host that is leaving, and one that is
    lost is not asked."""
    if leaving and host not in fleet.names:
        return UnreachableHost(host=host, why=f"{host}: not asked, since it is lost")
    try:
        return member(fleet.engine(host))
    except HostError as problem:
        if not leaving:
            raise
        return UnreachableHost(host=host, why=str(problem))


def node_facts_from(
    engine: Engine, own: Member | UnreachableHost, local: HostIngress | None, others: tuple[Member, ...], leaving: bool
) -> NodeFacts:
    """Return the managers' side of a membership."""
    listed = () if leaving else networks(engine)
    ingress = next((net for net in listed if net.ingress), None)
    return NodeFacts(
        member=own,
        swarm=settings(engine),
        nodes=nodes(engine),
        others=others,
        tasks=tasks(engine, own.node_id) if leaving else (),
        ingress=ingress,
        local=local,
    )


@shared
def host_ingress(engine: Engine, own: Member) -> HostIngress:
    """A host's own copies of ingress networks with their sandboxes, and the containers on its docker_gwbridge."""
    copies = (local_network(engine, net.id) for net in networks(engine) if net.ingress)
    bridge = local_network(engine, GATEWAY_BRIDGE)
    return HostIngress(
        host=engine.name,
        node_id=own.node_id,
        copies=tuple(copy for copy in copies if copy is not None),
        bridge_endpoints=tuple(end.name for end in bridge.endpoints) if bridge else (),
        bridge_subnet=bridge.subnet if bridge else "",
        restart_took=engine.restart_took,
    )


def ingress_facts(fleet: Fleet) -> IngressFacts:
    """The swarm's ingress, and what each declared host has of it. Tasks are read only if a change may move them."""
    found, unreachable = answers(fleet, member_with_ingress, fleet.names)
    fleet.prefer_newest(fleet.good({own.host: own for own, _ in found}))
    hosts = [ingress for _, ingress in found]
    fleet.node_ids.update({host.host: host.node_id for host in hosts if host.node_id})
    return from_manager(fleet, lambda engine: ingress_facts_from(engine, fleet, hosts, unreachable), newest=True)


def member_with_ingress(engine: Engine) -> tuple[Member, HostIngress]:
    """Return a host's own word on its membership, and what it has of the ingress."""
    own = member(engine)
    return own, host_ingress(engine, own)


def ingress_facts_from(
    engine: Engine, fleet: Fleet, hosts: list[HostIngress], unreachable: list[UnreachableHost]
) -> IngressFacts:
    """Return the managers' side: absence counts only between two answered `GET /nodes`."""
    before = nodes(engine)
    listed = networks(engine)
    found = [swarm_network(engine, net.id) for net in listed if net.ingress]
    network = next((net for net in found if net is not None), None)
    swarm = settings(engine)
    everything, running = services(engine), () if fleet.at_rest else tasks(engine)
    if network is None:
        nodes(engine)
    ingresses = {net.id for net in listed if net.ingress}
    concerned, their_tasks = of_ingress(everything, running, before, swarm, ingresses)
    return IngressFacts(
        network=network,
        swarm=swarm,
        hosts=(*hosts, *(placed(each, fleet, before) for each in unreachable)),
        nodes=before,
        listed=tuple(net for net in listed if net.scope == "swarm" and not net.ingress),
        services=concerned,
        tasks=their_tasks,
    )


def placed(unreachable: UnreachableHost, fleet: Fleet, members: tuple[Node, ...]) -> UnreachableHost:
    """Add to an unreachable host the member that it was or that has its address, to know whether the swarm counts on
    it."""
    access = fleet.engine(unreachable.host).connection.access
    addresses = {access.address, engine_host(access.advertise_address or "")[0]}
    known = fleet.node_ids.get(unreachable.host)
    alike = (node.id for node in members if node.address in addresses or node.hostname == unreachable.host)
    node_id = known if known in {node.id for node in members} else next(alike, "")
    return UnreachableHost(host=unreachable.host, why=unreachable.why, node_id=node_id or "")


def forbidden(fleet: Fleet, names: Iterable[str], *, packed: bool = False) -> list[str]:
    """Name the hosts where sudo forbids a restart of docker, and those that can't be asked: a line for each host.
    packed: in its middle the Engine's folder is packed."""
    found, unreachable = answers(fleet, partial(_forbidden_on, packed=packed), names)
    return [
        *(line for line in found if line),
        *(f"sudo's rules were not checked: {host.why}" for host in unreachable),
    ]


def _forbidden_on(engine: Engine, *, packed: bool) -> str:
    commands = engine.forbidden(packed=packed)
    if not commands:
        return ""
    return (
        f"{engine.name}: sudo does not let {engine.connection.user} run `{'`, `'.join(commands)}`: a restart of docker "
        "there may need it: add it to the sudoers line (docs/reach.md)"
    )
