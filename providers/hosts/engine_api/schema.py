"""Answers of an Engine that are no facts yet, as far as they are read, and what is wrong with an answer.

The kinds of the others are facts themselves: vocabulary/answers.py.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from pydantic import ValidationError
from typing_extensions import TypedDict

from providers.rules.stack_file.problems import path
from providers.rules.vocabulary.answers import At, From, Id, Keyed, Labels, Many, Number, form, to_the_letter
from providers.rules.vocabulary.facts import Member
from providers.rules.vocabulary.words import reason

T = TypeVar("T")
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Info(Member):
    """`GET /info`: the host's membership, and what its Engine is. time: by its clock, RFC 3339."""

    root: Annotated[str, At("DockerRootDir")] = ""
    firewall: Annotated[str, At("FirewallBackend.Driver")] = ""
    time: Annotated[str, At("SystemTime")] = ""
    live_restore: Annotated[bool, At("LiveRestoreEnabled")] = False
    kernel: Annotated[str, At("KernelVersion")] = ""
    platform: Annotated[str, At("OperatingSystem")] = ""
    os_type: Annotated[str, At("OSType")] = "linux"
    security: Annotated[tuple[str, ...], From(Many[str], tuple), At("SecurityOptions")] = ()


class _Peer(TypedDict, total=False):
    Addr: str | None


def _addresses(found: list[_Peer]) -> tuple[str, ...]:
    return tuple(peer.get("Addr") or "" for peer in found)


@dataclass(frozen=True)
class Managers:
    """`GET /info`: whom the host takes for managers, each with its port."""

    addresses: Annotated[tuple[str, ...], From(Many[_Peer], _addresses), At("Swarm.RemoteManagers")] = ()


class _OnNetwork(TypedDict, total=False):
    NetworkID: str | None


def _ids(found: dict[str, _OnNetwork | None]) -> frozenset[str]:
    return frozenset((each or {}).get("NetworkID") or "" for each in found.values())


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A container as a host lists it. networks: ids of those that it is attached to."""

    id: Annotated[Id, At("Id")]
    names: Annotated[tuple[str, ...], From(Many[str], tuple), At("Names")] = ()
    state: Annotated[str, At("State")] = ""
    labels: Annotated[Labels, At("Labels")] = ()
    networks: Annotated[frozenset[str], From(Keyed[_OnNetwork | None], _ids), At("NetworkSettings.Networks")] = (
        frozenset()
    )

    @property
    def name(self) -> str:
        """Return its name, or the beginning of its id."""
        return (self.names or (self.id[:12],))[0].lstrip("/")

    @property
    def is_task(self) -> bool:
        """Tell whether it is the swarm's own."""
        return "com.docker.swarm.task" in dict(self.labels)


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """`GET /containers/<id>/json`."""

    started: Annotated[str, At("State.StartedAt")] = ""
    auto_remove: Annotated[bool, At("HostConfig.AutoRemove")] = False


@dataclass(frozen=True)
class Belonging:
    """A secret or a config."""

    name: Annotated[str, At("Spec.Name")]


@dataclass(frozen=True)
class Made:
    """The answer to a creation."""

    id: Annotated[Id, At("Id")]


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """The join tokens in `GET /swarm`."""

    manager: Annotated[str, At("JoinTokens.Manager")] = field(repr=False)
    worker: Annotated[str, At("JoinTokens.Worker")] = field(repr=False)


@dataclass(frozen=True)
class UnlockKey:
    """`GET /swarm/unlockkey`."""

    key: Annotated[str, At("UnlockKey")] = field(repr=False)


@dataclass(frozen=True)
class TrustRoot:
    """The certificates of a swarm's authority in `GET /swarm`, PEM."""

    text: Annotated[str, At("TLSInfo.TrustRoot")] = ""


class InUse(TypedDict, total=False):
    """A manager's count of the addresses of a range."""

    IPsInUse: Number | None
    DynamicIPsAvailable: Number | None


@dataclass(frozen=True)
class Counted:
    """A swarm network with a manager's count of its addresses, by range."""

    id: Annotated[Id, At("Id")]
    subnets: Annotated[dict[str, InUse], From(Keyed[InUse], dict), At("Status.IPAM.Subnets")] = field(
        default_factory=dict
    )


class NodeSpec(TypedDict):
    """What a member's spec needs to be written back."""

    Role: str
    Availability: str


class SwarmSpec(TypedDict, total=False):
    """What a swarm's spec needs to be written back, in the parts that have settings of ours."""

    EncryptionConfig: Json | None
    Orchestration: Json | None
    CAConfig: Json | None
    Dispatcher: Json | None
    Raft: Json | None


@dataclass(frozen=True, kw_only=True)
class NodeToUpdate:
    """`GET /nodes/<id>`, the spec as JSON."""

    version: Annotated[Number, At("Version.Index")]
    labels: Annotated[Labels, At("Spec.Labels")] = ()
    spec: Annotated[str, to_the_letter(NodeSpec), At("Spec")]


@dataclass(frozen=True, kw_only=True)
class SwarmToUpdate:
    """`GET /swarm`, the spec as JSON."""

    version: Annotated[Number, At("Version.Index")]
    labels: Annotated[Labels, At("Spec.Labels")] = ()
    spec: Annotated[str, to_the_letter(SwarmSpec), At("Spec")]


def read_answer(kind: type[T], answer: str | bytes | bytearray) -> T:
    """Return what a JSON text says. Raises ValueError, which says what is wrong with it, and where, for the first
    problem."""
    of_kind: Any = kind
    try:
        found: T = form(of_kind).validate_json(answer, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise ValueError("it is not JSON: not a Docker Engine's answer") from error
        where = path(first["loc"])[:80]
        wrong = reason(first["msg"]).lower()[:200]
        raise ValueError(f"{where}: {wrong}" if where else wrong) from error
    return found
