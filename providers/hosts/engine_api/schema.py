"""The answers that an Engine may give, as far as they are read. A host's answer is input, and is checked here first.

Names and meanings: https://docs.docker.com/reference/api/engine/. Go writes null for what is empty. Fields that are not
named here are not read; a service's spec is written back to the letter. Numbers have to be finite.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache, lru_cache
from ipaddress import ip_interface
from typing import Annotated, Any, Literal, NotRequired, TypeVar, get_origin

from pydantic import AfterValidator, BeforeValidator, FailFast, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from providers.rules.stack_file.problems import path
from providers.rules.vocabulary.addresses import MANY, shown_network

Id = Annotated[str, Field(min_length=1)]
# swarmkit's counters and Go's durations and sizes are of 64 bits; so many replicas, or ports, no swarm has.
Number = Annotated[int, Field(ge=0, lt=2**64)]
Few = Annotated[int, Field(ge=0, le=100_000)]
PortNumber = Annotated[int, Field(ge=0, lt=2**16)]
# Nobody has so many labels, or addresses on a network; and each problem that is found takes a kilobyte.
MOST_ITEMS = 100_000
MOST_PROBLEMS = 1_000
T = TypeVar("T")


def _countable(given: object) -> object:
    if isinstance(given, dict | list) and len(given) > MOST_ITEMS:
        raise ValueError(f"has more than {MOST_ITEMS:,} items")
    return given


Many = Annotated[list[T], BeforeValidator(_countable)]
Keyed = Annotated[dict[str, T], BeforeValidator(_countable)]
Labels = Keyed[str] | None


def _of(kind: Callable[[str], object]) -> AfterValidator:
    def is_one(text: str) -> str:
        if text:
            kind(text)
        return text

    return AfterValidator(is_one)


def _time(text: str) -> None:
    """Raise ValueError if it is no time in UTC as Go writes it: to the second, and perhaps a fraction."""
    if not re.fullmatch(r"[0-9T:-]{19}(?:\.[0-9]{1,9})?Z", text):
        raise ValueError("should be a time such as 2026-11-24T04:00:00.5Z")
    datetime.fromisoformat(text[:19])


Time = Annotated[str, _of(_time)]
Range = Annotated[str, _of(shown_network)]
Address = Annotated[str, _of(lru_cache(maxsize=MANY)(ip_interface))]


class Config(TypedDict, total=False):
    Subnet: Range | None
    Gateway: Address | None
    IPRange: Range | None
    AuxiliaryAddresses: Labels


class Ipam(TypedDict, total=False):
    Driver: str | None
    Config: Many[Config] | None
    Options: Labels


class ConfigFrom(TypedDict, total=False):
    Network: str | None


class SubnetStatus(TypedDict, total=False):
    IPsInUse: Number | None
    DynamicIPsAvailable: Number | None


class IpamStatus(TypedDict, total=False):
    Subnets: Keyed[SubnetStatus] | None


class NetworkStatus(TypedDict, total=False):
    IPAM: IpamStatus | None


class Endpoint(TypedDict, total=False):
    Name: str | None
    IPv4Address: str | None


class Network(TypedDict):
    Id: Id
    Name: str
    Scope: NotRequired[str | None]
    Driver: NotRequired[str | None]
    IPAM: NotRequired[Ipam | None]
    Options: NotRequired[Labels]
    Labels: NotRequired[Labels]
    Attachable: NotRequired[bool | None]
    Internal: NotRequired[bool | None]
    Ingress: NotRequired[bool | None]
    EnableIPv4: NotRequired[bool | None]
    EnableIPv6: NotRequired[bool | None]
    ConfigOnly: NotRequired[bool | None]
    ConfigFrom: NotRequired[ConfigFrom | None]
    Containers: NotRequired[Keyed[Endpoint] | None]
    Status: NotRequired[NetworkStatus | None]


class Peer(TypedDict, total=False):
    NodeID: str | None
    Addr: str | None


class Cluster(TypedDict, total=False):
    ID: str | None


class Membership(TypedDict, total=False):
    LocalNodeState: str | None
    NodeID: str | None
    NodeAddr: str | None
    ControlAvailable: bool | None
    Error: str | None
    Cluster: Cluster | None
    RemoteManagers: Many[Peer] | None


class FirewallBackend(TypedDict, total=False):
    Driver: str | None


class Info(TypedDict, total=False):
    DockerRootDir: str | None
    FirewallBackend: FirewallBackend | None
    Swarm: Membership | None
    ServerVersion: str | None
    SystemTime: str | None
    LiveRestoreEnabled: bool | None
    KernelVersion: str | None
    OperatingSystem: str | None
    OSType: str | None
    SecurityOptions: Many[str] | None


class Version(TypedDict):
    Index: Number


class NodeSpec(TypedDict):
    Role: str
    Availability: str
    Labels: NotRequired[Labels]


class NodeStatus(TypedDict):
    State: str
    Addr: NotRequired[str | None]


class ManagerStatus(TypedDict, total=False):
    Reachability: str | None
    Leader: bool | None


class Resources(TypedDict, total=False):
    NanoCPUs: Number | None
    MemoryBytes: Number | None


class Platform(TypedDict, total=False):
    OS: str | None
    Architecture: str | None


class EngineDescription(TypedDict, total=False):
    Labels: Labels


class Description(TypedDict, total=False):
    Hostname: str | None
    Platform: Platform | None
    Engine: EngineDescription | None
    Resources: Resources | None


class Node(TypedDict):
    ID: Id
    Version: Version
    Spec: NodeSpec
    Status: NodeStatus
    Description: NotRequired[Description | None]
    ManagerStatus: NotRequired[ManagerStatus | None]


class Encryption(TypedDict, total=False):
    AutoLockManagers: bool | None


class Orchestration(TypedDict, total=False):
    TaskHistoryRetentionLimit: int | None


class Authority(TypedDict, total=False):
    NodeCertExpiry: Number | None


class Dispatcher(TypedDict, total=False):
    HeartbeatPeriod: Number | None


class Raft(TypedDict, total=False):
    SnapshotInterval: Number | None
    KeepOldSnapshots: Number | None


class SwarmSpec(TypedDict, total=False):
    Labels: Labels
    EncryptionConfig: Encryption | None
    Orchestration: Orchestration | None
    CAConfig: Authority | None
    Dispatcher: Dispatcher | None
    Raft: Raft | None


class JoinTokens(TypedDict):
    Manager: str
    Worker: str


class TlsInfo(TypedDict, total=False):
    TrustRoot: str | None


class Swarm(TypedDict):
    ID: Id
    Version: Version
    Spec: SwarmSpec
    TLSInfo: NotRequired[TlsInfo | None]
    DataPathPort: NotRequired[PortNumber | None]
    DefaultAddrPool: NotRequired[Many[Range] | None]
    SubnetSize: NotRequired[Annotated[int, Field(ge=0, le=32)] | None]


class Joining(TypedDict):
    JoinTokens: JoinTokens


class Port(TypedDict, total=False):
    Protocol: Literal["", "tcp", "udp", "sctp"] | None
    TargetPort: PortNumber | None
    PublishedPort: PortNumber | None
    PublishMode: Literal["", "ingress", "host"] | None


class Ports(TypedDict, total=False):
    Ports: Many[Port] | None


class Attachment(TypedDict):
    Target: str


class Reserved(TypedDict, total=False):
    Reservations: Resources | None


class Placement(TypedDict, total=False):
    Constraints: Many[str] | None
    MaxReplicas: Number | None


class Restarts(TypedDict, total=False):
    Condition: str | None
    Delay: Number | None
    MaxAttempts: Number | None


class HealthCheck(TypedDict, total=False):
    Test: Many[str] | None
    Interval: Number | None
    Timeout: Number | None
    StartPeriod: Number | None
    Retries: Few | None


class ContainerSpec(TypedDict, total=False):
    StopGracePeriod: Number | None
    Healthcheck: HealthCheck | None


class Template(TypedDict, total=False):
    Networks: Many[Attachment] | None
    ForceUpdate: Number | None
    Placement: Placement | None
    Resources: Reserved | None
    RestartPolicy: Restarts | None
    ContainerSpec: ContainerSpec | None


class Updating(TypedDict, total=False):
    Parallelism: Number | None
    Delay: Number | None
    Monitor: Number | None
    FailureAction: str | None
    Order: str | None


class Replicated(TypedDict, total=False):
    Replicas: Few | None


class Mode(TypedDict, total=False):
    Replicated: Replicated | None


class AnySpec(TypedDict, total=False):
    Labels: Labels
    Networks: Many[Attachment] | None
    Mode: Mode | None
    EndpointSpec: Ports | None
    UpdateConfig: Updating | None


class FormerSpec(AnySpec, total=False):
    TaskTemplate: Template


class ServiceSpec(AnySpec):
    Name: str
    TaskTemplate: Template


class VirtualIp(TypedDict):
    NetworkID: str


class ServiceEndpoint(TypedDict, total=False):
    Ports: Many[Port] | None
    VirtualIPs: Many[VirtualIp] | None


class UpdateStatus(TypedDict, total=False):
    State: str | None


class Service(TypedDict):
    ID: Id
    Version: Version
    Spec: ServiceSpec
    PreviousSpec: NotRequired[FormerSpec | None]
    Endpoint: NotRequired[ServiceEndpoint | None]
    UpdateStatus: NotRequired[UpdateStatus | None]


class ContainerStatus(TypedDict, total=False):
    ContainerID: str | None


class TaskStatus(TypedDict, total=False):
    State: str | None
    Message: str | None
    Err: str | None
    Timestamp: Time | None
    ContainerStatus: ContainerStatus | None


class Attached(TypedDict, total=False):
    ContainerID: str | None


class TaskSpec(TypedDict, total=False):
    NetworkAttachmentSpec: Attached | None
    Placement: Placement | None


class NetworkId(TypedDict):
    ID: str


class NetworkPart(TypedDict):
    Network: NetworkId


class Task(TypedDict):
    ID: Id
    ServiceID: NotRequired[str | None]
    NodeID: NotRequired[str | None]
    Status: NotRequired[TaskStatus | None]
    DesiredState: NotRequired[str | None]
    NetworksAttachments: NotRequired[Many[NetworkPart] | None]
    Slot: NotRequired[Number | None]
    Spec: NotRequired[TaskSpec | None]


class OnNetwork(TypedDict, total=False):
    NetworkID: str | None


class NetworkSettings(TypedDict, total=False):
    Networks: Keyed[OnNetwork | None] | None


class Container(TypedDict):
    Id: Id
    Names: NotRequired[Many[str] | None]
    State: NotRequired[str | None]
    Labels: NotRequired[Labels]
    NetworkSettings: NotRequired[NetworkSettings | None]


class ContainerState(TypedDict):
    StartedAt: str


class HostConfig(TypedDict, total=False):
    AutoRemove: bool | None


class Inspected(TypedDict):
    State: ContainerState
    HostConfig: NotRequired[HostConfig | None]


class Named(TypedDict):
    Name: str


class Belonging(TypedDict):
    Spec: Named


class Made(TypedDict):
    Id: Id


class UnlockKey(TypedDict):
    UnlockKey: str


class NodeToUpdate(TypedDict):
    Version: Version
    Spec: NodeSpec


class SwarmToUpdate(TypedDict):
    Version: Version
    Spec: SwarmSpec


ToUpdate = NodeToUpdate | SwarmToUpdate


# Validators of answers. Each is made when it is first needed, which takes a few milliseconds.
@cache
def form(kind: object) -> TypeAdapter[object]:
    """Return the validator of a kind of answer; the first problem of a list ends it."""
    whole: Any = Annotated[kind, FailFast()] if get_origin(kind) is list else kind
    return TypeAdapter(whole)


def why_not(kind: object, answer: object) -> str:
    """Say what is wrong with an answer, and where, for the first problem; empty if there is none."""
    try:
        form(kind).validate_python(answer, strict=True)
    except ValidationError as error:
        if error.error_count() > MOST_PROBLEMS:
            return f"{error.error_count():,} of its values are of another kind"
        first = error.errors(include_url=False, include_input=False)[0]
        where = path(first["loc"])[:80]
        wrong = first["msg"].lower()[:200]
        return f"{where}: {wrong}" if where else wrong
    return ""
