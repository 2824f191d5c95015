"""The steps that can be taken, and the answers of `next_step`.

A step is one Engine call or one host command, as a frozen value: it knows no resource type, does nothing by itself, and
holds no secret (whoever performs it fetches join tokens and unlock keys). `host` names the host whose Engine is asked;
the empty string means any good manager. Nothing is decided or performed here.
"""

from dataclasses import dataclass, field, fields

from providers.rules.vocabulary.answers import Pairs
from providers.rules.vocabulary.facts import SwarmService
from providers.rules.vocabulary.network_config import NetworkConfig

MANAGER = ""
FOREVER = float("inf")  # of a wait: the work's own seconds end it


@dataclass(frozen=True, kw_only=True)
class CreateNetwork:
    """`POST /networks/create`."""

    host: str = MANAGER
    config: NetworkConfig


@dataclass(frozen=True, kw_only=True)
class RemoveNetwork:
    """`DELETE /networks/<full id>`. Not found counts as done."""

    host: str = MANAGER
    id: str


@dataclass(frozen=True, kw_only=True)
class DisconnectEndpoint:
    """Force an endpoint off a network by the endpoint's inspected name. Not found counts as done."""

    host: str
    network: str
    endpoint: str


@dataclass(frozen=True, kw_only=True)
class Archive:
    """An archive of a manager's folder `swarm`, encrypted. file: its path on this machine. recipients: words of `age`
    that name the public keys."""

    file: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RestartEngine:
    """Restart dockerd through the host's service manager and wait until it answers.

    `unlock`: fetch the unlock key from another manager before, and use it after. `noted`: the update of its member that
    counts the restart, made before. archive: written while it is stopped.
    """

    host: str
    unlock: bool = False
    noted: "UpdateNode | None" = None
    archive: Archive | None = None


@dataclass(frozen=True, kw_only=True)
class StartEngine:
    """Start a dockerd that is stopped, even one that the service manager has given up, and wait until it answers."""

    host: str


@dataclass(frozen=True, kw_only=True)
class UnlockSwarm:
    """`POST /swarm/unlock` on a locked manager, with the key that another manager gives."""

    host: str


@dataclass(frozen=True, kw_only=True)
class StopContainer:
    """Stop one container that is no task."""

    host: str
    id: str


@dataclass(frozen=True, kw_only=True)
class StartContainer:
    """Start one container that was stopped."""

    host: str
    id: str


@dataclass(frozen=True, kw_only=True)
class PauseContainer:
    """`POST /containers/<id>/pause` on one host."""

    host: str
    id: str


@dataclass(frozen=True, kw_only=True)
class SwarmSettings:
    """The settings of a swarm that init and later updates can set. None leaves the value to the Engine, or as it is.
    cert_expiry, dispatcher_heartbeat: seconds."""

    autolock: bool | None = None
    task_history_limit: int | None = None
    cert_expiry: float | None = None
    dispatcher_heartbeat: float | None = None
    snapshot_interval: int | None = None
    keep_old_snapshots: int | None = None


SETTINGS = tuple(field.name for field in fields(SwarmSettings))


@dataclass(frozen=True, kw_only=True)
class InitSwarm(SwarmSettings):
    """`POST /swarm/init`. None and () leave the value to the Engine. Addresses come from the stack file.

    force_new: a manager that has lost the others goes on as the swarm's only one; what it leaves out of the settings
    stays as it was, but for the data path's port (measurements.md#force-a-new-cluster). address: by which
    members know it, if the stack file does not say.
    """

    host: str
    force_new: bool = False
    address: str = ""
    data_path_port: int | None = None
    default_addr_pool: tuple[str, ...] = ()
    default_addr_pool_prefix: int | None = None
    labels: Pairs = ()


# What an Engine takes for what init leaves out: https://docs.docker.com/reference/cli/docker/swarm/init/
ENGINES_OWN = InitSwarm(
    host="",
    data_path_port=4789,
    default_addr_pool=("10.0.0.0/8",),
    default_addr_pool_prefix=24,
    autolock=False,
    task_history_limit=5,
    cert_expiry=7_776_000,
    dispatcher_heartbeat=5,
    snapshot_interval=10_000,
    keep_old_snapshots=0,
)


@dataclass(frozen=True, kw_only=True)
class JoinSwarm:
    """`POST /swarm/join` with the role's token, which is fetched from a good manager at that moment. availability:
    what the host's entry begins with."""

    host: str
    role: str
    availability: str = "active"


@dataclass(frozen=True, kw_only=True)
class LeaveSwarm:
    """`POST /swarm/leave` on the host itself."""

    host: str
    force: bool = False


@dataclass(frozen=True, kw_only=True)
class UpdateSwarm(SwarmSettings):
    """Settings changed in the spec as it was read at `version`; None leaves a value as it is. rotate: the join tokens
    of workers and of managers are replaced by new ones."""

    version: int
    set_labels: Pairs = ()
    drop_labels: tuple[str, ...] = ()
    rotate: bool = False


@dataclass(frozen=True, kw_only=True)
class UpdateNode:
    """Role, availability and labels changed in the spec as it was read at `version`; None leaves it."""

    node_id: str
    version: int
    role: str | None = None
    availability: str | None = None
    set_labels: Pairs = ()
    drop_labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RemoveNode:
    """`DELETE /nodes/<id>`. Not found counts as done."""

    node_id: str
    force: bool = False


@dataclass(frozen=True, kw_only=True)
class UpdateService:
    """A whole service spec written back raw, at the version just read, to the host that it was read from and to no
    other: what one Engine says is never written to another."""

    service_id: str
    version: int
    spec: str  # JSON, so that the step is a value
    read_on: str = field(default="", compare=False)


def written_back(service: SwarmService, spec: str) -> UpdateService:
    """Return the update that writes this spec (JSON) back to the service, where and as it was read."""
    return UpdateService(service_id=service.id, version=service.version, spec=spec, read_on=service.read_on)


Step = (
    CreateNetwork
    | RemoveNetwork
    | DisconnectEndpoint
    | RestartEngine
    | StartEngine
    | UnlockSwarm
    | StopContainer
    | StartContainer
    | PauseContainer
    | InitSwarm
    | JoinSwarm
    | LeaveSwarm
    | UpdateSwarm
    | UpdateNode
    | RemoveNode
    | UpdateService
)


@dataclass(frozen=True)
class Steps:
    """Do these now; they may run at once."""

    steps: tuple[Step, ...]
    doing: str  # "remove the old ingress", for progress and errors


@dataclass(frozen=True)
class Wait:
    """Nothing to do but look again; gives up after `at_most` seconds of waiting for the same."""

    for_what: str
    at_most: float


@dataclass(frozen=True)
class Done:
    """The actual state matches the desired state on all hosts that count. `result` says so, for the end of the row."""

    result: str = field(default="", compare=False)


@dataclass(frozen=True)
class Blocked:
    """A refusal: why, and what to do. `undo` takes back only what this run made."""

    reason: str
    undo: tuple[Step, ...] = ()


Decision = Steps | Wait | Done | Blocked
