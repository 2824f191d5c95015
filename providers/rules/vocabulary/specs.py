"""Intent: the desired state of each resource type, one frozen type each, in the one canonical form.

These are the inputs of Swarmnet's Pulumi resources. Numbers may arrive as floats and absent values as missing
keys (the wire between Pulumi and its plugins does both); pydantic brings them back to ints and defaults.
No observed values (ids, states) here: they are facts.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, ValidationError
from pydantic_core import to_jsonable_python

from providers.rules.vocabulary.addresses import (
    canonical_address,
    canonical_address_ipv6,
    canonical_subnet,
    canonical_subnet_ipv6,
    shown_network,
)
from providers.rules.vocabulary.field_mappings import FURTHER_POOLS, FieldMapping, in_pool, number
from providers.rules.vocabulary.keys import (
    GwbridgeKeys,
    IngressKeys,
    Keys,
    Labels,
    NodeKeys,
    Options,
    OverlayKeys,
    SwarmKeys,
)
from providers.rules.vocabulary.network_config import NetworkConfig, Pool
from providers.rules.vocabulary.network_options import MTU

Subnet = Annotated[str, AfterValidator(canonical_subnet)]
Address = Annotated[str, AfterValidator(canonical_address)]
Adopt = Literal["refuse", "identical", "converge"]

# Stands for an invalid value while all others are validated.
_SENSIBLE: dict[str, Any] = {"subnet": "0.0.0.0/0", "gateway": "0.0.0.0", "members": ()}
# Keys that say how it is treated, not what it is: nothing on a host has them, and a senseless value says nothing.
TREATMENT = frozenset({"disturb", "dynamic_ports", "lose_auto_removed", "on_in_use", "on_remove", "protect", "retain"})

# Names that version 0.1.0 gave two properties. SDKs such as 3.226 keep names that begin so from a plugin, which then
# gets neither: https://github.com/pulumi/pulumi/blob/v3.226.0/sdk/python/lib/pulumi/runtime/rpc.py#L866
_FORMER = {"owner": "__owner", "row": "__row"}
_PLAIN = {former: ours for ours, former in _FORMER.items()}


def plain(props: Mapping[str, Any]) -> dict[str, Any]:
    """Return inputs or outputs under the names that specs have, whichever version wrote them."""
    return {_PLAIN.get(key, key): value for key, value in props.items()}


class Spec(Keys):
    """The properties that all resource types share.

    owner: `<project>/<stack>`, written as the label `swarmnet.owner` on what we create.
    adopt: what `create` does with what somebody else made.
    timeout: seconds that the resource's own work may take.
    row: the URN of the resource, on whose row progress lines appear.
    protect: a change or removal is refused.
    settled: always true as intent; `read` puts a sentence in its place where work is unfinished, which makes
        unfinished work visible as drift.
    digest: a digest of what the stack file wants (digest.py): the same for all its networks; neither input nor output.
    seen: what a refresh found unfinished, as the state has it in `settled`; neither input nor output.
    replaces: whether the state had it at the beginning of this run, so that `create` makes the second half of a
        replacement; neither input nor output.
    declared: never intent; what was last declared of the properties that `read` found otherwise, as JSON, since the
        state has what was found in their place. Text, for the wire drops absent values and makes floats of numbers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Neither is a property of anything on a host, nor needed once the resource is gone.
    NOT_COMPARED: ClassVar[frozenset[str]] = frozenset(
        {"owner", "adopt", "timeout", "row", "digest", "seen", "replaces", "declared"}
    )
    # What `protect` does not mind: itself, whether it is finished, and how its host is reached.
    UNPROTECTED: ClassVar[frozenset[str]] = frozenset({"protect", "settled", "access"})
    # What Pulumi calls the resource, and its id: both are in users' states.
    RESOURCE_NAME: ClassVar[str]

    owner: str
    adopt: Adopt = Field(
        default="identical", description="what happens to existing networks that this stack did not create"
    )
    timeout: float = Field(default=60, gt=0)
    row: str = ""
    protect: bool = False
    settled: bool | str = True
    digest: str = Field(default="", exclude=True)
    seen: str = Field(default="", exclude=True)
    replaces: bool = Field(default=False, exclude=True)
    declared: str | None = None

    @classmethod
    def published(cls, props: Mapping[str, Any], like: Mapping[str, Any]) -> dict[str, Any]:
        """Return inputs or outputs as Pulumi gets them: no `settled` if all is finished.

        like: what the state has of the resource, empty if nothing. What version 0.1.0 made there keeps the names
        `__owner` and `__row`. A key that no version wrote there is left out while it has its default: a diff would show
        it as changed.
        """
        new = set() if like.get("settled") is True else {"settled"}
        new |= props.keys() - like.keys() if like else set()
        shown = {key: value for key, value in props.items() if key not in new or not cls._is_default(key, value)}
        return {_FORMER.get(key, key): value for key, value in shown.items()} if _FORMER["owner"] in like else shown

    @classmethod
    def _is_default(cls, key: str, value: object) -> bool:
        field = None if key in _FORMER else cls.model_fields.get(key)
        return field is not None and not field.is_required() and to_jsonable_python(field.get_default()) == value

    @property
    def resource_name(self) -> str:
        """Return the resource's name, which is its id too and never changes, such as `docker_gwbridge@m1` or
        `overlay/app`."""
        return self.RESOURCE_NAME.format(spec=self)

    @classmethod
    def recorded(cls, props: Mapping[str, Any], resource_name: str = "") -> Self:
        """Return the spec that a state has: of another version, or as a refresh found it on a host. Never fails.

        An invalid value found on a host is kept as it is, so that it differs from whatever is desired. Any
        other that makes none gets its default, and an unknown key is left out. resource_name: the resource's id, for
        the name of a spec that has nothing else.
        """
        begin, _, rest = cls.RESOURCE_NAME.partition("{spec.")
        named = {rest.removesuffix("}"): resource_name.removeprefix(begin)} if rest else {}
        theirs = plain(props).items()
        given = named | {key: value for key, value in theirs if key in cls.model_fields and value is not None}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            odd = {str(problem["loc"][0]): given.get(str(problem["loc"][0]), "") for problem in error.errors()}
        needed = {key: _SENSIBLE.get(key, "") for key in odd if cls.model_fields[key].is_required()}
        sound = cls.model_validate({key: value for key, value in given.items() if key not in odd} | needed)
        texts = {key: str(value) for key, value in odd.items() if key not in cls.NOT_COMPARED | TREATMENT}
        return sound.model_copy(update={key: text for key, text in texts.items() if cls._is_plain(key)})

    @classmethod
    def _is_plain(cls, key: str) -> bool:
        return not isinstance(cls.model_fields[key].default, dict | tuple)

    def changed(self, other: Self) -> frozenset[str]:
        """Return the names of the properties in which `other` differs in a way that matters."""
        ours, theirs = self.model_dump(warnings=False), other.model_dump(warnings=False)
        return frozenset(key for key in ours if key not in self.NOT_COMPARED and ours[key] != theirs[key])

    def last_declared(self) -> Self:
        """Return the state's spec, with the declared values in place of what drifted."""
        drifted: object = {}
        with suppress(ValueError, TypeError):
            drifted = json.loads(self.declared or "{}")
        props = self.model_dump(warnings=False) | (drifted if isinstance(drifted, dict) else {})
        return self.recorded({**props, "declared": None})

    def read_as(self, live: Self) -> Self:
        """Return `live`, found there of what the state has; of a protected resource, with the values last declared
        otherwise."""
        if not self.protect:
            return live
        last = self.last_declared()
        values = last.model_dump(mode="json", warnings=False)
        drifted = {key: values[key] for key in sorted(last.changed(live) - self.UNPROTECTED)}
        return live.model_copy(update={"declared": json.dumps(drifted) if drifted else None})

    def protected_from(self, desired: Self) -> frozenset[str]:
        """Return the protected properties that `desired` newly declares; bringing back what drifted does not count."""
        if not self.protect:
            return frozenset()
        return (self.last_declared().changed(desired) & self.changed(desired)) - self.UNPROTECTED


class HostSpec(Spec):
    """The intent for one host.

    `access` is how the host is reached (rules/stack_file/access.py, nothing secret): kept in the state, so that a host
    taken out of the stack file can still be reached, and compared, so that the state follows the stack file.
    """

    host: str
    access: dict[str, Any] = Field(default={})


class NetworkSpec(Spec):
    """The properties that all networks share.

    dropped: what the state shows and the stack file does not, as `options.x` and `labels.x`, which goes where the
        network is recreated; all else that nobody declared stays. Neither input nor output.
    before: the network that this run has removed, in whose place this one comes. Neither input nor output.
    """

    NOT_COMPARED: ClassVar[frozenset[str]] = Spec.NOT_COMPARED | {"dropped", "before"}

    subnet: Subnet
    options: Options = Field(default={})
    labels: Labels = Field(default={})
    dropped: frozenset[str] = Field(default=frozenset(), exclude=True)
    before: NetworkConfig | None = Field(default=None, exclude=True)


class Ipv6Range(Keys):
    """A range of IPv6, with the host's address in it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    subnet: Annotated[str, AfterValidator(canonical_subnet_ipv6)]
    gateway: Annotated[str, AfterValidator(canonical_address_ipv6)]


def _read_ipv6(config: NetworkConfig) -> Ipv6Range | None:
    pool = config.pool_ipv6 if config.ipv6 else None
    if pool is None:
        return None
    subnet, gateway = str(shown_network(pool.subnet)), pool.gateway and str(IPv6Address(pool.gateway.partition("/")[0]))
    return Ipv6Range.model_construct(subnet=subnet, gateway=gateway)


def _write_ipv6(config: NetworkConfig, desired: Ipv6Range | None) -> NetworkConfig:
    kept = tuple(pool for pool in config.pools if not pool.is_ipv6)
    more = (Pool(subnet=desired.subnet, gateway=desired.gateway),) if desired else ()
    return replace(config, pools=(*kept, *more), ipv6=bool(desired))


class GwbridgeSpec(GwbridgeKeys, HostSpec, NetworkSpec):
    """docker_gwbridge of one host."""

    RESOURCE_NAME: ClassVar[str] = "docker_gwbridge@{spec.host}"

    subnet: Annotated[Subnet, in_pool("subnet")]
    gateway: Annotated[Address, in_pool("gateway")]
    ip_range: Annotated[Subnet | None, in_pool("ip_range", absent=None)] = Field(
        default=None, description="part of `subnet` that containers get addresses from"
    )
    ipv6: Annotated[Ipv6Range | None, FieldMapping(_read_ipv6, _write_ipv6)] = Field(
        default=None, description="a range of IPv6 beside that of IPv4"
    )
    mtu: Annotated[int | None, number(MTU)] = Field(
        default=None, description="the link's own MTU, bytes; default: the Engine's"
    )
    timeout: float = Field(default=300, gt=0, description="seconds for one host's docker_gwbridge")


class SwarmNetworkSpec(NetworkSpec):
    """The properties that the swarm's networks share.

    too_early: why its range is not free yet, by the name of the resource that has it; neither input nor output.
    """

    NOT_COMPARED: ClassVar[frozenset[str]] = NetworkSpec.NOT_COMPARED | {"too_early"}

    too_early: dict[str, str] = Field(default={}, exclude=True)
    subnets: Annotated[tuple[Subnet, ...], FURTHER_POOLS] = Field(
        default=(), description="further IPv4 ranges beside `subnet`"
    )

    @property
    def ranges(self) -> tuple[str, ...]:
        """Return all its ranges."""
        return (self.subnet, *self.subnets)


class SwarmSpec(SwarmKeys, Spec):
    """The swarm itself: where it begins, what it is told at init, and its settings.

    default_addr_pool, default_addr_pool_prefix and data_path_port can only be given at init.
    `members` are the names of all hosts that the stack declares. gwbridge: the subnet that is declared for
        docker_gwbridge of the first manager, None if none is.
    """

    INIT_ONLY: ClassVar[frozenset[str]] = frozenset({"default_addr_pool", "default_addr_pool_prefix", "data_path_port"})
    NOT_COMPARED: ClassVar[frozenset[str]] = Spec.NOT_COMPARED | {"first_manager", "members", "gwbridge"}
    RESOURCE_NAME: ClassVar[str] = "swarm"

    first_manager: str
    members: tuple[str, ...]
    gwbridge: Subnet | None = None
    data_path_port: int | None = Field(
        default=None, description="UDP port of overlay traffic, set at init; default: the Engine's, 4789"
    )
    default_addr_pool: tuple[Subnet, ...] = ()
    default_addr_pool_prefix: int | None = Field(
        default=None, description="mask length of subnets taken from the pool, set at init; default: the Engine's, 24"
    )
    timeout: float = Field(default=120, gt=0, description="seconds for the swarm's own work")

    def row_of_member(self, host: str) -> str:
        """Return the URN of a host's membership, which stands beside the swarm."""
        return re.sub(r":Swarm::(.*)swarm$", rf":Node::\1node/{host}", self.row)


class NodeSpec(NodeKeys, HostSpec):
    """One host's membership.

    ingress: the subnet of the ingress that the stack declares. Another one, such as the Engine's own after init, is
        about to go and is not waited for.
    gwbridge: the subnet that is declared for the host's docker_gwbridge, None if none is.
    rotate: whether the swarm gets new join tokens when the host is removed as lost; neither input nor output.
    """

    NOT_COMPARED: ClassVar[frozenset[str]] = HostSpec.NOT_COMPARED | {"ingress", "gwbridge", "rotate"}
    RESOURCE_NAME: ClassVar[str] = "node/{spec.host}"

    ingress: Subnet | None = None
    gwbridge: Subnet | None = None
    rotate: bool = Field(default=False, exclude=True)
    timeout: float = Field(default=120, gt=0, description="seconds for one host's membership")


class IngressSpec(IngressKeys, SwarmNetworkSpec):
    """The swarm's ingress network.

    unwatched: hostnames and addresses of members that are not reached, which forbid no change: what they have is the
        managers' word.
    """

    NOT_COMPARED: ClassVar[frozenset[str]] = SwarmNetworkSpec.NOT_COMPARED | {"unwatched"}
    RESOURCE_NAME: ClassVar[str] = "ingress"

    unwatched: tuple[str, ...] | None = None

    name: str = Field(default="ingress", description="name of the network")
    subnet: Annotated[Subnet, in_pool("subnet")]
    gateway: Annotated[Address, in_pool("gateway")]
    mtu: Annotated[int | None, number(MTU)] = Field(
        default=None, description="the underlay's MTU, bytes: containers get 50 less; default: the Engine's"
    )
    timeout: float = Field(default=300, gt=0, description="seconds for the ingress")


class OverlaySpec(OverlayKeys, SwarmNetworkSpec):
    """One overlay network."""

    NOT_COMPARED: ClassVar[frozenset[str]] = SwarmNetworkSpec.NOT_COMPARED | {"retain"}
    RESOURCE_NAME: ClassVar[str] = "overlay/{spec.name}"

    name: str
    subnet: Annotated[Subnet, in_pool("subnet")]
    gateway: Annotated[Address, in_pool("gateway")]
    ip_range: Annotated[Subnet | None, in_pool("ip_range", absent=None)] = Field(
        default=None, description="part of `subnet` that containers get addresses from"
    )
    mtu: Annotated[int | None, number(MTU)] = Field(
        default=None,
        description="the underlay's MTU, bytes: containers get 50 less, encrypted 76 less; default: the Engine's",
    )
    timeout: float = Field(default=60, gt=0, description="seconds for one overlay")


S = TypeVar("S", bound=Spec)


def in_run(spec: S, digest: str, rotate: bool) -> S:
    """Return the spec with what a run knows of the whole stack file, and no input has."""
    return spec.model_copy(update={"digest": digest, **({"rotate": rotate} if isinstance(spec, NodeSpec) else {})})
