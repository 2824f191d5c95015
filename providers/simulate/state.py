"""The contents of a simulated swarm: hosts, the cluster, and what is still to happen, all frozen and hashable.

Timings are times in seconds, as measured; behaviour is in the other modules. Nothing here decides anything.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import is_
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from providers.rules.vocabulary.answers import Pairs
from providers.rules.vocabulary.facts import Network, Node, Swarm
from providers.rules.vocabulary.network_config import NetworkConfig
from providers.simulate.tasks import Tasks
from providers.simulate.workloads import Container, Placed, Service

T = TypeVar("T")

Kind = Literal[
    "addresses given",
    "ingress arrives",
    "network dropped",
    "join given up",
    "node ready",
    "node down",
    "role taken",
    "demotion forgotten",
    "task due",
    "task starts",
    "task dies",
    "task ends",
    "rolled back",
    "update completed",
    "version bumped",
    "container ends",
    "starts forgotten",
]


class Happening(NamedTuple):
    """An event that will come by itself: what, to whom (a host's name, or an id) and with which other party.

    Tuples, so that they have an order. What each one does is in elapse.py.
    """

    kind: Kind
    subject: str = ""
    other: str = ""


@dataclass(frozen=True, kw_only=True)
class Timings:
    """Durations in seconds, each with the measurement it follows, and what differs between Engines.

    held: a task waits on a host that keeps a removed ingress (20.10) instead of being rejected there. unknown: no
    member is known to be ready for so long after a leader was elected. ingress_back: the ingress is on its host
    again so long after the Engine answers. life: so long runs what ends by itself.
    """

    allocation: float = 0.01  # measurements.md#allocation
    ingress_arrives: float = 0.5  # measurements.md#kicks
    drop: float = 0.6  # measurements.md#removal
    ready: float = 0.3  # measurements.md#init-and-join
    join_given_up: float = 20.0  # measurements.md#joins-that-fail-later
    back: float = 1.6  # measurements.md#down-and-back
    down: float = 12.0  # measurements.md#down-and-back
    promotion: float = 1.2  # measurements.md#roles
    promotion_again: float = 31.0  # measurements.md#roles
    demotion: float = 0.1  # measurements.md#roles
    task_start: float = 1.0  # measurements.md#bridge-of-a-member
    task_stop: float = 4.0  # measurements.md#strip
    rollback: float = 5.0  # measurements.md#rollback
    monitor: float = 5.0  # measurements.md#states-of-an-update
    restart: float = 3.0  # measurements.md#bridge-of-a-member
    ingress_back: float = 0.5  # measurements.md#gateway-lost
    unknown: float = 4.0  # measurements.md#unknown-nodes
    found_again: float = 15.0  # measurements.md#force-a-new-cluster
    life: float = 2.0
    bump: float = 0.2  # measurements.md#versions
    held: bool = False  # measurements.md#old-ingress-stays


@dataclass(frozen=True, kw_only=True)
class Host:
    """One host and its own Engine.

    joined_at: the address by which members know it, if it has another one since. last_entry: of its raft log, term and
    index. declared: the stack file names it.
    connected: it is reached, by us and by the other hosts. docker: its Engine runs. state, node_id, control: its own
    word on its membership. failing_joins: so many joins from now on are given up
    (measurements.md#joins-that-fail-later). failing_kicks: so many ingresses that come to it next fail to be set up
    (measurements.md#kicks). slow: it takes four times as long to drop a network.
    start_limit: its docker does not start more often within a minute, 0 for any number; starts: so often it has
    (measurements.md#start-limit). bridge_defaults: options that its daemon.json has for bridges
    (measurements.md#defaults-of-daemonjson).
    """

    name: str
    address: str
    joined_at: str = ""
    last_entry: tuple[int, int] | None = (2, 10)
    declared: bool = True
    connected: bool = True
    docker: bool = True
    state: str = "inactive"
    node_id: str = ""
    control: bool = False
    networks: tuple[Network, ...] = ()
    containers: tuple[Container, ...] = ()
    failing_joins: int = 0
    failing_kicks: int = 0
    slow: bool = False
    start_limit: int = 0
    starts: int = 0
    bridge_defaults: Pairs = ()
    nano_cpus: int = 2_000_000_000
    memory_bytes: int = 8 << 30

    @property
    def up(self) -> bool:
        """Tell whether the other members can talk to it."""
        return self.connected and self.docker

    @property
    def told_nothing(self) -> bool:
        """Tell whether it learns neither of its role nor of its tasks: a manager with another address than it joined
        with, which the others dial, does not (measurements.md#roles)."""
        return not self.up or (self.control and self.joined_at not in ("", self.address))

    @property
    def member(self) -> bool:
        """Tell whether it takes part in a swarm."""
        return self.state == "active"

    def network(self, id_or_name: str) -> Network | None:
        """A network of its own, by id or exact name."""
        return next((net for net in self.networks if id_or_name in (net.id, net.name)), None)

    def with_network(self, network: Network) -> "Host":
        """Return the simulation with this network, in place of one with the same id."""
        return replace(self, networks=(*(net for net in self.networks if net.id != network.id), network))

    def without_network(self, network_id: str) -> "Host":
        """Without one network."""
        return replace(self, networks=tuple(net for net in self.networks if net.id != network_id))


class Lately(Generic[T]):
    """A function that keeps what it made last, as long as it would be made of the very same values: of a simulation
    that one thing happens to all else stays as it is, and thousands of questions are about that.
    """

    def __init__(self, make: Callable[..., T]) -> None:
        self._make = make
        self._last: tuple[tuple[object, ...], T] | None = None

    def __call__(self, *values: object) -> T:
        last = self._last
        if last is None or not all(map(is_, last[0], values)):
            last = self._last = (values, self._make(*values))
        return last[1]


# By what they are asked for; of several with the same the first counts.
NODES = Lately[dict[str, Node]](lambda nodes: {each.id: each for each in reversed(nodes)})
NETWORKS = Lately[dict[str, Network]](lambda networks: {each.id: each for each in reversed(networks)})
INGRESS = Lately[Network | None](lambda networks: next((each for each in networks if each.ingress), None))
SERVICES = Lately[dict[str, Service]](lambda services: {each.id: each for each in reversed(services)})
HOSTS = Lately[dict[str, Host]](lambda hosts: {each.name: each for each in reversed(hosts)})
MEMBERS = Lately[dict[str, Host]](lambda hosts: {each.node_id: each for each in reversed(hosts) if each.member})
NO_TASKS = Tasks()


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The state that the managers agree on.

    settings: the swarm itself. attached: pairs of a node's id and the ingress that the managers gave it an address for.
    desired: networks that have no addresses yet, as they were asked for. next_port: the number for the next dynamic
    port. left_behind: ids of managers that a forced new swarm does without, and which still count on each other
    (measurements.md#force-a-new-cluster).
    """

    settings: Swarm
    nodes: tuple[Node, ...] = ()
    attached: frozenset[tuple[str, str]] = frozenset()
    networks: tuple[Network, ...] = ()
    desired: tuple[tuple[str, NetworkConfig], ...] = ()
    services: tuple[Service, ...] = ()
    tasks: Tasks = NO_TASKS
    next_port: int = 30000
    belongings: tuple[str, ...] = ()
    left_behind: frozenset[str] = frozenset()

    def node(self, node_id: str) -> Node | None:
        """A member's entry by its id."""
        return NODES(self.nodes).get(node_id)

    def network(self, network_id: str) -> Network | None:
        """A network of the cluster by its id."""
        return NETWORKS(self.networks).get(network_id)

    def service(self, service_id: str) -> Service | None:
        """A service by its id."""
        return SERVICES(self.services).get(service_id)

    def task(self, task_id: str) -> Placed | None:
        """A task by its id."""
        return self.tasks.get(task_id)

    @property
    def ingress(self) -> Network | None:
        """The ingress, with addresses or not."""
        return INGRESS(self.networks)


class Due(NamedTuple):
    """Something that happens by itself in so many milliseconds (whole, so that equal states are equal)."""

    milliseconds: int
    what: Happening


@dataclass(frozen=True, kw_only=True)
class SimulatorState:
    """Everything. `asked`: the manager that answers, if it can; else the first that can. `made`: how many things
    were given an id so far."""

    hosts: tuple[Host, ...]
    cluster: Cluster | None = None
    pending: tuple[Due, ...] = ()
    timings: Timings = Timings()
    asked: str = ""
    made: int = 0

    def host(self, name: str) -> Host:
        """A host by its name. Raises KeyError for a name there is not."""
        return HOSTS(self.hosts)[name]

    def host_of(self, node_id: str) -> Host | None:
        """The host that takes part as this node, if it still does."""
        return MEMBERS(self.hosts).get(node_id)

    def with_host(self, changed: Host) -> "SimulatorState":
        """Return the simulation with this host in place of the one of its name."""
        return replace(self, hosts=tuple([changed if host.name == changed.name else host for host in self.hosts]))

    @property
    def swarm(self) -> Cluster:
        """The cluster, where there must be one."""
        assert self.cluster is not None
        return self.cluster

    def agreed(self, **changes: Any) -> "SimulatorState":  # noqa: ANN401 # any of the cluster's fields
        """Return the simulation with changes of the cluster."""
        return replace(self, cluster=replace(self.swarm, **changes))

    def with_node(self, changed: Node) -> "SimulatorState":
        """Return the simulation with this entry in place of the one with its id."""
        return self.agreed(nodes=tuple([changed if node.id == changed.id else node for node in self.swarm.nodes]))

    def with_service(self, changed: Service) -> "SimulatorState":
        """Return the simulation with this service in place of the one with its id."""
        services = [changed if service.id == changed.id else service for service in self.swarm.services]
        return self.agreed(services=tuple(services))

    def with_task(self, changed: Placed) -> "SimulatorState":
        """Return the simulation with this task, in place of the one with its id if there is one."""
        return self.agreed(tasks=self.swarm.tasks.with_one(changed))

    def later(self, seconds: float, what: Happening) -> "SimulatorState":
        """Return the simulation with something to happen by itself after so many seconds."""
        due = Due(round(seconds * 1000), what)
        at = bisect_left(self.pending, due)
        if self.pending[at : at + 1] == (due,):
            return self
        return replace(self, pending=(*self.pending[:at], due, *self.pending[at:]))

    def another_id(self, kind: str) -> tuple["SimulatorState", str]:
        """An id that nothing has had before: its first twelve characters differ from all others'."""
        made = self.made + 1
        return replace(self, made=made), f"{kind}{made:0{12 - len(kind)}d}"
