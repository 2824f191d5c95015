"""The answers of hosts: frozen values, as each host's own Engine tells them.

Counters that the swarm moves by itself (versions) do not count when facts are compared, so that `unchanged_for` means
what it says. Nothing here is intent, and all of it was read from a host, except `unchanged_for`: the loop sets it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, NotRequired, TypeVar

from pydantic import Field
from typing_extensions import TypedDict

from providers.rules.vocabulary.addresses import ip_only
from providers.rules.vocabulary.answers import (
    At,
    From,
    Id,
    IpOnly,
    IsNull,
    Keyed,
    Labels,
    Line,
    Many,
    Number,
    Pairs,
    PortNumber,
    Range,
    Seconds,
    Time,
    or_else,
    to_the_letter,
)
from providers.rules.vocabulary.network_config import NetworkConfig
from providers.rules.vocabulary.service_spec import Placement, Port, WholeSpec

T = TypeVar("T")


def narrowed(value: T, kind: type[T], **more: object) -> T:
    """Return a value as one of the kind that it extends, with more of that kind's fields."""
    of_kind: Any = kind
    kept = {each.name: getattr(value, each.name) for each in fields(of_kind)}
    return kind(**{**kept, **more})


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One attachment to a network. `key` is a container's id, `ingress-sbox` or `ep-<endpoint id>`; `name` is
    what `disconnect` takes: only the name works (measurements.md#cutting-endpoints)."""

    name: Annotated[str, At("Name")] = ""
    key: str = ""
    address: Annotated[str, At("IPv4Address")] = ""


def _endpoints(found: dict[str, Endpoint]) -> tuple[Endpoint, ...]:
    return tuple(replace(endpoint, key=key) for key, endpoint in sorted(found.items()))


@dataclass(frozen=True, kw_only=True)
class Network(NetworkConfig):
    """One network as one Engine shows it: what it is, and where. `endpoints` are those of the host asked, and empty in
    lists. surely_swarms: in a list of a manager, that it is the swarm's: that one shows null for the containers on it,
    a host's own copy a table, if an empty one (measurements.md#local-copies). If an Engine lists neither, nothing is
    sure."""

    id: Annotated[Id, At("Id")]
    scope: Annotated[str, At("Scope")] = ""
    endpoints: Annotated[tuple[Endpoint, ...], From(Keyed[Endpoint], _endpoints), At("Containers")] = ()
    surely_swarms: Annotated[IsNull, At("Containers")] = field(default=False, compare=False)

    @property
    def config(self) -> NetworkConfig:
        """Return what would be asked for to have another one like it."""
        return narrowed(self, NetworkConfig)

    @property
    def subnets(self) -> tuple[str, ...]:
        """The subnet of each of its ranges."""
        return tuple(pool.subnet for pool in self.pools)

    @property
    def subnet(self) -> str:
        """The first subnet, or the empty string."""
        return self.pool.subnet

    @property
    def gateway(self) -> str:
        """The first subnet's gateway, or the empty string."""
        return self.pool.gateway

    @property
    def allocated(self) -> bool:
        """Tell whether the swarm has given it its subnets; without them no task on it ever starts. The swarm gives none
        to drivers whose networks are each host's own, such as macvlan."""
        return bool(self.driver and self.pools) or self.driver not in ("", "overlay")


def made(config: NetworkConfig, *, id: str, scope: str) -> Network:
    """Return the network that was made as it was asked for."""
    return Network(id=id, scope=scope, **{each.name: getattr(config, each.name) for each in fields(config)})


class _Swarm(TypedDict):
    LocalNodeState: NotRequired[str | None]


_STATE = From(_Swarm, lambda swarm: swarm.get("LocalNodeState") or "inactive")


class _Peer(TypedDict):
    NodeID: NotRequired[str | None]
    Addr: NotRequired[str | None]


def _managers(found: list[_Peer]) -> Pairs:
    return tuple(sorted((peer.get("NodeID") or "", ip_only(peer.get("Addr"))) for peer in found))


@dataclass(frozen=True, kw_only=True)
class Member:
    """A host's own word on its membership (`/info`, Swarm).

    state: inactive, pending, active, locked or error, and `unreachable` where its Engine does not answer in the middle
    of a change of ours, as a manager tells. `control`: this node may answer for the swarm. `error`: the Engine's own
    words, such as that the swarm has no leader. `swarm_id` is known on managers only.
    remote_managers: whom it takes for the swarm's managers, by node id, each with an IP address (empty where it has
    none). release: its Engine's version, empty where it says none. A host's own report is not sufficient proof:
    rules/live/trust.py.
    """

    host: str = ""
    state: Annotated[str, _STATE, At("Swarm")] = "inactive"
    node_id: Annotated[str, At("Swarm.NodeID")] = ""
    control: Annotated[bool, At("Swarm.ControlAvailable")] = False
    error: Annotated[Line, At("Swarm.Error")] = ""
    swarm_id: Annotated[str, At("Swarm.Cluster.ID")] = ""
    node_address: Annotated[IpOnly, At("Swarm.NodeAddr")] = ""
    remote_managers: Annotated[Pairs, From(Many[_Peer], _managers), At("Swarm.RemoteManagers")] = ()
    release: Annotated[Line, At("ServerVersion")] = ""

    @property
    def good_manager(self) -> bool:
        """Tell whether it can answer for the swarm now, as it says itself."""
        return self.state == "active" and self.control and not self.error


@dataclass(frozen=True, kw_only=True)
class UnreachableHost:
    """A declared host that could not be asked, and why, in one line. `node_id`: the member at its address, if a manager
    knows one."""

    host: str
    why: str = field(compare=False)
    node_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Node:
    """A member as the managers see it (`GET /nodes`).

    state: ready, down, unknown or disconnected. `reachability` is empty for workers. nano_cpus (billionths),
    memory_bytes: all that it has, whatever is reserved of it. engine_labels: those of its daemon.json.
    """

    id: Annotated[Id, At("ID")]
    hostname: Annotated[Line, At("Description.Hostname")] = ""
    role: Annotated[str, At("Spec.Role")]
    availability: Annotated[str, At("Spec.Availability")]
    state: Annotated[str, At("Status.State")]
    labels: Annotated[Labels, At("Spec.Labels")] = ()
    reachability: Annotated[str, At("ManagerStatus.Reachability")] = ""
    leader: Annotated[bool, At("ManagerStatus.Leader")] = False
    address: Annotated[IpOnly, At("Status.Addr")] = ""
    nano_cpus: Annotated[Number, At("Description.Resources.NanoCPUs")] = 0
    memory_bytes: Annotated[Number, At("Description.Resources.MemoryBytes")] = 0
    os: Annotated[Line, or_else("linux"), At("Description.Platform.OS")] = "linux"
    arch: Annotated[Line, At("Description.Platform.Architecture")] = ""
    engine_labels: Annotated[Labels, At("Description.Engine.Labels")] = ()
    version: Annotated[Number, At("Version.Index")] = field(default=0, compare=False)

    @property
    def counted_on(self) -> bool:
        """Tell whether the swarm counts on it. After an election all are unknown for some seconds; that is not down."""
        return self.state in ("ready", "unknown")

    def label(self, key: str) -> str | None:
        """Return a label's value, or None."""
        return dict(self.labels).get(key)


@dataclass(frozen=True, kw_only=True)
class Swarm:
    """The swarm as a manager shows it (`GET /swarm`, without its join tokens).

    cert_expiry, dispatcher_heartbeat: seconds. snapshot_interval: entries of the managers' log.
    """

    id: Annotated[Id, At("ID")]
    data_path_port: Annotated[PortNumber, or_else(4789), At("DataPathPort")] = 4789
    default_addr_pool: Annotated[tuple[str, ...], From(Many[Range], tuple), At("DefaultAddrPool")] = ()
    default_addr_pool_prefix: Annotated[int, Field(ge=0, le=32), At("SubnetSize")] = 0
    autolock: Annotated[bool, At("Spec.EncryptionConfig.AutoLockManagers")] = False
    task_history_limit: Annotated[int, At("Spec.Orchestration.TaskHistoryRetentionLimit")] = 0
    cert_expiry: Annotated[Seconds, At("Spec.CAConfig.NodeCertExpiry")] = 0
    dispatcher_heartbeat: Annotated[Seconds, At("Spec.Dispatcher.HeartbeatPeriod")] = 0
    snapshot_interval: Annotated[Number, At("Spec.Raft.SnapshotInterval")] = 0
    keep_old_snapshots: Annotated[Number, At("Spec.Raft.KeepOldSnapshots")] = 0
    labels: Annotated[Labels, At("Spec.Labels")] = ()
    version: Annotated[Number, At("Version.Index")] = field(default=0, compare=False)

    def label(self, key: str) -> str | None:
        """Return a label's value, or None."""
        return dict(self.labels).get(key)


class _Attachment(TypedDict):
    Target: str


class _VirtualIp(TypedDict):
    NetworkID: str


# Of a service's networks: they may stand in its tasks' spec or, of old, in its own.
_NAMED = From(Many[_Attachment], lambda found: tuple(sorted({each["Target"] for each in found})))
_GIVEN = From(Many[_VirtualIp], lambda found: tuple(sorted({each["NetworkID"] for each in found})))
_JOB = From(Keyed[object], lambda mode: not {"ReplicatedJob", "GlobalJob"}.isdisjoint(mode))


@dataclass(frozen=True, kw_only=True)
class SwarmService:
    """A service. `spec` is the raw JSON as read, `endpoint` the raw Endpoint.Ports, with the numbers that the swarm
    chose for dynamic ports; `networks` the ids it is attached to.

    update_state: `updating`, `paused`, `completed`, `rollback_...` or empty.
    virtual: those of `networks` on which it has an address. `rollback_labels`, `rollback_networks`: those of the spec
    to which a rollback would return. `force_update`: the counter that moves tasks. read_on: the host that told it. What
    else the spec asks for is read by service_spec.py.
    """

    id: Annotated[Id, At("ID")]
    name: Annotated[Line, At("Spec.Name")]
    ports: Annotated[tuple[Port, ...], From(Many[Port], tuple), At("Spec.EndpointSpec.Ports")] = ()
    networks: Annotated[tuple[str, ...], _NAMED, At("Spec.TaskTemplate.Networks", "Spec.Networks")] = ()
    virtual: Annotated[tuple[str, ...], _GIVEN, At("Endpoint.VirtualIPs")] = field(default=(), compare=False)
    job: Annotated[bool, _JOB, At("Spec.Mode")] = False
    labels: Annotated[Labels, At("Spec.Labels")] = ()
    update_state: Annotated[str, At("UpdateStatus.State")] = ""
    rollback_labels: Annotated[Labels, At("PreviousSpec.Labels")] = ()
    rollback_networks: Annotated[
        tuple[str, ...], _NAMED, At("PreviousSpec.TaskTemplate.Networks", "PreviousSpec.Networks")
    ] = ()
    force_update: Annotated[Number, At("Spec.TaskTemplate.ForceUpdate")] = 0
    endpoint: Annotated[str, to_the_letter(Many[Port], "[]"), At("Endpoint.Ports")] = "[]"
    spec: Annotated[str, to_the_letter(WholeSpec), At("Spec")] = field(default="", compare=False)
    version: Annotated[Number, At("Version.Index")] = field(default=0, compare=False)
    read_on: str = field(default="", compare=False)

    @property
    def publishes_ingress(self) -> bool:
        """Tell whether a port of its spec goes through the ingress network."""
        return any(port.mode == "ingress" for port in self.ports)


class _Id(TypedDict):
    ID: str


class _OnNetwork(TypedDict):
    Network: _Id


_PLACEMENT = to_the_letter(Placement, "null")
_ATTACHED = From(Many[_OnNetwork], lambda found: tuple(sorted(each["Network"]["ID"] for each in found)))


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task, or a standalone container attached to an overlay (then `service_id` is empty).

    state: as observed; `desired`: what the swarm wants. slot: which of the replicas it is, 0 where there are none.
    message, error: the Engine's words on its state; `error` says why it waits or has failed. placement: the raw JSON
    of where it may run, as its service said when it was made. since: when its state last changed, RFC 3339, by the
    Engine's clock.
    """

    id: Annotated[Id, At("ID")]
    service_id: Annotated[str, At("ServiceID")] = ""
    node_id: Annotated[str, At("NodeID")] = ""
    state: Annotated[str, At("Status.State")]
    desired: Annotated[str, At("DesiredState")]
    networks: Annotated[tuple[str, ...], _ATTACHED, At("NetworksAttachments")] = ()
    container_id: Annotated[str, At("Spec.NetworkAttachmentSpec.ContainerID", "Status.ContainerStatus.ContainerID")] = (
        ""
    )
    slot: Annotated[Number, At("Slot")] = 0
    message: Annotated[Line, At("Status.Message")] = field(default="", compare=False)
    error: Annotated[Line, At("Status.Err")] = field(default="", compare=False)
    placement: Annotated[str, _PLACEMENT, At("Spec.Placement")] = field(default="null", compare=False)
    since: Annotated[Time, At("Status.Timestamp")] = field(default="", compare=False)

    BY_THEMSELVES = frozenset({"complete", "failed", "rejected"})
    ENDED = BY_THEMSELVES | {"shutdown", "remove", "orphaned"}
    # No host was ever told of it. One that is no longer desired stays so in the history, for ever:
    # https://github.com/moby/moby/issues/36699
    NOWHERE = frozenset({"new", "allocated", "pending"})
    DESIRED = frozenset({"running", "ready"})  # `ready`: it is to run a moment later

    @property
    def seconds(self) -> float:
        """Return `since` as seconds since the epoch. The Engine gives nanoseconds, which Python's parser does not
        take."""
        whole, _, fraction = self.since.rstrip("Z").partition(".")
        return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{fraction or 0}")

    @property
    def alive(self) -> bool:
        """Tell whether it may still hold its addresses, whatever is desired of it."""
        return self.state not in self.ENDED and (self.desired in self.DESIRED or self.state not in self.NOWHERE)

    @property
    def meant(self) -> bool:
        """Tell whether it is to run; that of a job, until it has completed."""
        return self.desired in self.DESIRED or self.desired == "complete"

    @property
    def unplaced(self) -> bool:
        """Tell whether it is to run and no host has it: no host fits, or addresses are missing."""
        return self.state in self.NOWHERE and self.desired in self.DESIRED


def _of_sandbox(endpoint: Endpoint) -> bool:
    """Tell whether it is the ingress's own endpoint, or its gateway."""
    return "sbox" in endpoint.key or "sbox" in endpoint.name


@dataclass(frozen=True, kw_only=True)
class HostIngress:
    """One host's own copies of ingress networks (more than one: an old one got stuck), and its docker_gwbridge.

    bridge_subnet: empty where it has none. restart_took: seconds that its Engine took to restart in this run; 0 where
    this run saw none.
    """

    host: str
    node_id: str
    copies: tuple[Network, ...] = ()
    bridge_endpoints: tuple[str, ...] = ()
    bridge_subnet: str = ""
    restart_took: float = field(default=0, compare=False)

    @property
    def calm(self) -> "HostIngress":
        """Return it without the endpoints of tasks and containers, which come and go."""
        copies = tuple(replace(copy, endpoints=tuple(filter(_of_sandbox, copy.endpoints))) for copy in self.copies)
        ways_out = tuple(name for name in self.bridge_endpoints if "sbox" in name)
        return replace(self, copies=copies, bridge_endpoints=ways_out)


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container on one host. `task`: the swarm's own, of the task `task_id`, `left_behind` if that is gone:
    its service was removed. `on_overlay`: its way outside is docker_gwbridge. `on_bridge`: it was
    put on docker_gwbridge by name. Of containers that are no tasks and run, or that we have stopped, also:
    `auto_remove`: it is gone once it ends (`--rm`); `started`: when it last was, as the Engine says."""

    id: str
    name: str
    running: bool
    task: bool
    on_overlay: bool
    on_bridge: bool = False
    paused: bool = False
    auto_remove: bool = False
    started: str = ""
    task_id: str = ""
    left_behind: bool = False


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """A container on a declared host that does not run, is no task, and remembers `networks` of the swarm by id: it
    can't start with another of the same name (measurements.md#containers-without-a-service)."""

    host: str
    name: str
    networks: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class GwbridgeFacts:
    """One host's docker_gwbridge (None: proven absent) and membership.

    Of a member also: its entry (`node`) among all `nodes`, the swarm and its ingress as a good manager shows them
    (None if none answers), and the host's own copy of the ingress and containers. Before its change begins, also the
    swarm's services and tasks.
    """

    member: Member
    bridge: Network | None
    swarm: Swarm | None = None
    node: Node | None = None
    nodes: tuple[Node, ...] = ()
    ingress: Network | None = None
    local: HostIngress | None = None
    containers: tuple[Container, ...] = ()
    services: tuple[SwarmService, ...] = ()
    tasks: tuple[Task, ...] = ()
    unchanged_for: float = field(default=0, compare=False)

    @property
    def calm(self) -> object:
        """Return what has to stay the same for patience to grow: nothing that other people's containers do."""
        bridge = self.bridge and replace(self.bridge, endpoints=tuple(filter(_of_sandbox, self.bridge.endpoints)))
        running = tuple(each for each in self.containers if each.running and each.task)
        local = self.local and self.local.calm
        return replace(self, bridge=bridge, local=local, containers=running, services=(), tasks=())


@dataclass(frozen=True, kw_only=True)
class ManagerLog:
    """What a manager has of what the managers agreed on, also without a leader (measurements.md#last-entry).

    last: term and index of the last entry of its raft log, None if its Engine's log does not say; of two managers the
    one with the greater pair has the newer log. autolock: whether its keys on disk are locked, None if unknown. why:
    why something is not known, behind a colon what to do.
    """

    host: str
    last: tuple[int, int] | None = None
    autolock: bool | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class SwarmFacts:
    """Every declared host's word on its membership, and the swarm as a good manager shows it, if any.

    `services`, `networks` and `belongings` (such as "secret db") are read only where the swarm may have to end, and
    `bridges` only where it is still to begin: the subnet of docker_gwbridge by host, for those that have one.
    """

    members: tuple[Member, ...]
    unreachable: tuple[UnreachableHost, ...] = ()
    swarm: Swarm | None = None
    nodes: tuple[Node, ...] = ()
    services: tuple[SwarmService, ...] = ()
    networks: tuple[Network, ...] = ()
    belongings: tuple[str, ...] = ()
    bridges: Pairs = ()
    unchanged_for: float = field(default=0, compare=False)


@dataclass(frozen=True, kw_only=True)
class NodeFacts:
    """One host's own word, and the members as a good manager of the stack's swarm shows them.

    `ingress`: the swarm's (None: it has none), `local`: what of it has come to this host. `others`: what the other
    declared hosts say of themselves, and `tasks`: read only where the host is to leave.
    """

    member: Member | UnreachableHost
    swarm: Swarm | None
    nodes: tuple[Node, ...] = ()
    others: tuple[Member, ...] = ()
    tasks: tuple[Task, ...] = ()
    ingress: Network | None = None
    local: HostIngress | None = None
    unchanged_for: float = field(default=0, compare=False)


@dataclass(frozen=True, kw_only=True)
class IngressFacts:
    """The swarm's ingress as the swarm has it (None: it has not), and what each host reports of its own.

    `nodes` are all members, declared or not; `hosts` the declared ones that were asked. `listed` are the swarm's
    other networks. `services` are those that publish through an ingress or carry a journal, `tasks` theirs and all
    that hang on an ingress. `unwatched`: ids of members that the stack file has as such: nobody asks them.
    """

    @property
    def calm(self) -> object:
        """Return what has to stay the same for patience to grow: nothing that other people do. Of a service whose tasks
        end by themselves only how many live where counts: they are replaced over and over, and would keep patience with
        all else from ever coming to an end. The same goes for tasks on a host that keeps a removed ingress."""
        tasks = [task for task in self.tasks if self.network is None or task.node_id not in self.keeping]
        ending = {task.service_id for task in tasks if task.state in Task.BY_THEMSELVES}
        rest = tuple(task for task in tasks if task.service_id not in ending)
        live = Counter(
            (task.service_id, task.node_id, task.networks) for task in tasks if task.service_id in ending and task.alive
        )
        hosts = tuple(host if isinstance(host, UnreachableHost) else host.calm for host in self.hosts)
        return replace(self, tasks=rest, hosts=hosts, listed=()), frozenset(live.items())

    def left_on(self, host: HostIngress) -> bool:
        """Tell whether the host keeps an ingress that the swarm no longer has: no other comes to it there."""
        return any(self.network is None or copy.id != self.network.id for copy in host.copies)

    network: Network | None
    swarm: Swarm
    hosts: tuple[HostIngress | UnreachableHost, ...]
    nodes: tuple[Node, ...]
    listed: tuple[Network, ...] = ()
    services: tuple[SwarmService, ...] = ()
    tasks: tuple[Task, ...] = ()
    unwatched: frozenset[str] = frozenset()
    unchanged_for: float = field(default=0, compare=False)

    def tasks_of(self, service_id: str) -> Sequence[Task]:
        """Return the tasks of one service. All tasks are gone through once, and not once for each of 300 services."""
        return self._by_service.get(service_id, ())

    @cached_property
    def keeping(self) -> frozenset[str]:
        """Return the ids of the members that keep a removed ingress: no task with ports comes to run there."""
        return frozenset(host.node_id for host in self.hosts if isinstance(host, HostIngress) and self.left_on(host))

    @cached_property
    def down(self) -> frozenset[str]:
        """Return the ids of the members that are down."""
        return frozenset(node.id for node in self.nodes if node.state == "down")

    @cached_property
    def _by_service(self) -> Mapping[str, Sequence[Task]]:
        found: dict[str, list[Task]] = {}
        for task in self.tasks:
            found.setdefault(task.service_id, []).append(task)
        return found


@dataclass(frozen=True, kw_only=True)
class OverlayFacts:
    """One overlay as the swarm has it (None: it has not), and what else a manager lists.

    `name_held_by`: the hosts that still keep the name for a network that the swarm no longer has, the manager that was
    asked among them. `twin`: the network that stands in for it while it changes.
    Who holds the one or the other (`services`, `tasks`, `nodes` to name their hosts) and the `swarm` are read only
    where it may have to go, has a twin, or the swarm has a note of what it was like. `stopped` is read in the same
    cases, but not while services are on their way off it: each host has to be asked.
    """

    network: Network | None
    listed: tuple[Network, ...] = ()
    name_held_by: str = ""
    twin: Network | None = None
    swarm: Swarm | None = None
    services: tuple[SwarmService, ...] = ()
    tasks: tuple[Task, ...] = ()
    nodes: tuple[Node, ...] = ()
    stopped: tuple[Stopped, ...] = field(default=(), compare=False)  # people come and go
    unchanged_for: float = field(default=0, compare=False)

    @property
    def on_its_way(self) -> bool:
        """Tell whether a twin stands in for it, and tasks are on the network itself."""
        network = self.network
        return bool(self.twin and network and any(network.id in task.networks for task in self.tasks))

    def stopped_on(self, network: Network) -> list[str]:
        """Return the stopped containers that remember a network, in words."""
        return sorted(f"{each.name} on {each.host} (stopped)" for each in self.stopped if network.id in each.networks)
