"""The stack file's model: every key, its type, its default and its meaning, and nothing else.

The table in docs/stack-file.md is made of it. Nothing here spans two keys (clashes, defaults that depend on others,
order). Keys that a section shares with its spec are taken from the spec.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from providers.rules.stack_file import driver_options, field_types, problems
from providers.rules.stack_file.field_types import Address, Labels, Mtu, NetworkSubnet, Seconds, Subnet
from providers.rules.vocabulary.addresses import prefix_length
from providers.rules.vocabulary.diagnosis import FindingId
from providers.rules.vocabulary.errors import StackFileError
from providers.rules.vocabulary.keys import GwbridgeKeys, IngressKeys, Keys, NodeKeys, OverlayKeys, SwarmKeys
from providers.rules.vocabulary.specs import Adopt, GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec, Spec, SwarmSpec


class Section(Keys):
    """A mapping in the stack file: unknown keys and values of another type are problems.

    refused: keys that Engines know and Swarmnet does not, with the reason; most do nothing there without a word.
    """

    refused: ClassVar[Mapping[str, str]] = {}

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def as_in(spec: type[Spec], key: str, *default: object) -> Any:  # noqa: ANN401 # a field of any type
    """Return the default, if none is given, and the words of a spec's key, of which a stack file takes less than hosts
    may show."""
    of_spec = spec.model_fields[key]
    return Field(default=default[0] if default else of_spec.default, description=of_spec.description)


_NO_AUX = "swarms silently drop such addresses; leave them out of ip_range instead"
_NO_IPV6 = "swarm networks are IPv4: with IPv6, an overlay is dropped or never comes up"
_REFUSED = {
    "aux_address": _NO_AUX,
    "aux_addresses": _NO_AUX,
    "enable_ipv4": "swarm networks are always IPv4",
    "enable_ipv6": _NO_IPV6,
    "ipv6": _NO_IPV6,
    "scope": "swarm networks are the whole swarm's, and docker_gwbridge is a host's own",
}


_EXPECT = "expected use: too few addresses for it are a warning"


class Expected(Section):
    """The expected contents of a network, for counting its addresses."""

    tasks: field_types.Count = Field(default=0, description="tasks at the same time, all services together")
    services: field_types.Count = Field(default=0, description="services, each with a virtual address of its own")


class Reach(Section):
    """The way to hosts by SSH: what is left out is as `~/.ssh/config` says for the address."""

    refused: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("password", "passphrase"), "the file holds no secret: use a key, by key_file or the agent's"
    )

    user: field_types.User | None = Field(
        default=None, description="login user; default: that of `~/.ssh/config`, else root"
    )
    port: field_types.Port | None = Field(
        default=None, description="TCP port of sshd; default: that of `~/.ssh/config`, else 22"
    )
    key_file: field_types.FilePath | None = Field(
        default=None,
        description="path of a private key here; default: those of `~/.ssh/config`, then the agent's, "
        "then `~/.ssh/id_*`",
    )
    known_hosts: field_types.FilePath | None = Field(
        default=None, description="path of the file here with the hosts' keys; default: the files that `ssh` reads"
    )
    host_key: field_types.HostKey | None = Field(
        default=None, description="the host's public key, `ssh-ed25519 AAAA…`, instead of a line in `known_hosts`"
    )
    sudo: bool | None = Field(default=None, description="whether docker and the service manager need `sudo -n`")
    bastion: field_types.Bastion | None = Field(
        default=None,
        description="`[user@]host[:port]` to go through, or `none`; default: ProxyJump of `~/.ssh/config`",
    )
    connect_timeout: field_types.ConnectTimeout | None = Field(
        default=None, description="seconds to wait for a host that does not answer"
    )


class Ipv6(Section):
    """Addresses of IPv6."""

    subnet: field_types.Ipv6Subnet = Field(description="IPv6 range; may be the same on every host")
    gateway: field_types.Ipv6Address | None = Field(
        default=None, description="the host's address in it; default: the first of it"
    )


class _BridgeRange(Section):
    """Addresses of docker_gwbridge: keys that stand before the others in the reference."""

    subnet: NetworkSubnet | None = Field(
        default=None, description="IPv4 range of the bridge; may be the same on every host"
    )
    gateway: Address | None = Field(
        default=None, description="the host's address on the bridge; default: the first of `ip_range`, or of `subnet`"
    )
    ip_range: Subnet | None = as_in(GwbridgeSpec, "ip_range")
    ipv6: Ipv6 | None = as_in(GwbridgeSpec, "ipv6")
    mtu: Mtu | None = as_in(GwbridgeSpec, "mtu")


class PartialGwbridge(GwbridgeKeys, _BridgeRange):
    """docker_gwbridge, or the keys of it that differ on one host."""

    refused: ClassVar[Mapping[str, str]] = {key: why for key, why in _REFUSED.items() if key != "ipv6"} | {
        "enable_ipv6": "write a range of it: ipv6: { subnet: fd00:64::/64 }",
        "aux_address": "the Engine keeps them and gives nothing else for them",
        "aux_addresses": "the Engine keeps them and gives nothing else for them",
        "gateway_mode_ipv4": "routed and isolated bridges take the way outside, or published ports, from tasks",
        "internal": "containers on overlays would have no external connectivity",
    }

    bridge_name: field_types.BridgeName = as_in(GwbridgeSpec, "bridge_name")
    options: driver_options.BridgeOptions = as_in(GwbridgeSpec, "options")
    labels: Labels = as_in(GwbridgeSpec, "labels")


class Gwbridge(PartialGwbridge):
    """docker_gwbridge on all hosts."""

    subnet: NetworkSubnet = Field(description="IPv4 range of the bridge; may be the same on every host")


class Preparation(Section):
    """A command on a host before anything of ours."""

    refused: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("env", "environment", "secrets"),
        "the file and the state would hold it: let the command read it where it runs",
    )

    name: field_types.PreparationName = Field(description="its name in previews, unique on its host")
    run: field_types.Script = Field(
        description="shell script, for `sh -e` on the host: once, and again when it changes"
    )
    undo: field_types.Script | None = Field(
        default=None, description="shell script that runs when the command is removed"
    )
    when_changed: str | None = Field(default=None, description="text of your choice: when it changes, `run` runs again")


class _Machine(Reach):
    """The place of a host: keys that stand before the others in the reference."""

    address: field_types.SshAddress | None = Field(
        default=None, description="name, IP address or Host of `~/.ssh/config` where SSH goes"
    )
    local: bool = Field(default=False, description="this machine, by its socket, instead of `address`")


# Sudo is for a machine's own commands as well.
_OF_SSH = Reach.model_fields.keys() - {"sudo", "connect_timeout"}


class Host(NodeKeys, _Machine):
    """One machine with an Engine."""

    labels: Labels = as_in(NodeSpec, "labels")
    advertise_address: field_types.AdvertiseAddress | None = Field(
        default=None,
        description="IP address or interface that members use; default: `address` if that is an IP address",
    )
    listen_address: field_types.ListenAddress | None = Field(
        default=None,
        description="IP address or interface the swarm listens on; default: the Engine's choice, 0.0.0.0:2377",
    )
    data_path_address: field_types.DataPathAddress | None = Field(
        default=None,
        description="IP address or interface for overlay traffic; default: that of `advertise_address`",
    )
    prepare: list[Preparation] = Field(
        default=[], description="commands as in `prepare`, after those, on this host alone"
    )
    gwbridge: PartialGwbridge | None = Field(default=None, description="keys of `gwbridge` that differ on this host")
    mtu: field_types.UnderlayMtu = Field(
        default=1500, description="MTU of the network between the hosts (the underlay), bytes"
    )
    lost: bool = Field(default=False, description="true for one `up`: remove the node without reaching the host")
    unwatched: bool = Field(
        default=False,
        description="true for a member that can't be reached from here (Windows, somebody else's): nothing is changed "
        "there, and what the managers say of it counts",
    )

    @model_validator(mode="after")
    def _one_way_to_it(self) -> Self:
        if self.local == (self.address is not None):
            raise ValueError("needs one of address and local: true" + (", not both" if self.local else ""))
        beside = sorted(self.model_fields_set & _OF_SSH)
        if self.local and beside:
            keys = ", ".join(beside)
            raise ValueError(f"is local, reached without SSH, so {keys} would have no effect: leave it out")
        more = sorted(self.model_fields_set - {"address", "unwatched"})
        if self.unwatched and more:
            raise ValueError(f"is unwatched, so {', '.join(more)} would have no effect: keep only address")
        return self


_ENGINE_POOL = "10.0.0.0/8"


class _SwarmInit(Section):
    """The beginning of the swarm: keys that stand before the others in the reference."""

    first_manager: str | None = Field(
        default=None, description="host on which the swarm is created; default: the first manager"
    )
    data_path_port: field_types.DataPathPort | None = as_in(SwarmSpec, "data_path_port")
    default_addr_pool: list[Subnet] = Field(
        default=[],
        description="IPv4 ranges for networks without a subnet, set at init; default: the Engine's, 10.0.0.0/8",
    )
    default_addr_pool_prefix: field_types.PoolPrefix | None = as_in(SwarmSpec, "default_addr_pool_prefix")


class Swarm(SwarmKeys, _SwarmInit):
    """The swarm itself."""

    task_history_limit: field_types.Count | None = as_in(SwarmSpec, "task_history_limit")
    cert_expiry: field_types.CertExpiry | None = as_in(SwarmSpec, "cert_expiry")
    dispatcher_heartbeat: field_types.Heartbeat | None = as_in(SwarmSpec, "dispatcher_heartbeat")
    snapshot_interval: field_types.SnapshotInterval | None = as_in(SwarmSpec, "snapshot_interval")
    keep_old_snapshots: field_types.Count | None = as_in(SwarmSpec, "keep_old_snapshots")
    labels: Labels = as_in(SwarmSpec, "labels")
    rotate: bool = Field(default=False, description="new join tokens when a member is removed as lost")

    @model_validator(mode="after")
    def _fits_the_engines_pool(self) -> Self:
        prefix = self.default_addr_pool_prefix
        if prefix and not self.default_addr_pool and prefix < prefix_length(_ENGINE_POOL):
            raise ValueError(
                f"the Engine's own pool {_ENGINE_POOL} is smaller than the /{prefix} of default_addr_pool_prefix; "
                "say which pool in default_addr_pool"
            )
        return self


class _IngressRange(Section):
    """Name and addresses of the ingress: keys that stand before the others in the reference."""

    name: field_types.IngressName = as_in(IngressSpec, "name")
    subnet: NetworkSubnet = Field(description="IPv4 range; every node takes one address of it")
    subnets: list[NetworkSubnet] = as_in(IngressSpec, "subnets", [])
    gateway: Address | None = Field(default=None, description="default: the first address of `subnet`")
    mtu: Mtu | None = as_in(IngressSpec, "mtu")
    expect: Expected | None = Field(default=None, description=_EXPECT)


class Ingress(IngressKeys, _IngressRange):
    """The network behind published ports."""

    refused: ClassVar[Mapping[str, str]] = _REFUSED | {
        "attachable": "a swarm refuses an ingress that containers may join",
        "internal": "an ingress exists for what comes from outside",
        "ip_range": "with one, Engines skip their own check for overlaps; every address of subnet serves",
    }

    options: driver_options.OverlayOptions = as_in(IngressSpec, "options")
    labels: Labels = as_in(IngressSpec, "labels")


class _OverlayRange(Section):
    """Addresses of an overlay: keys that stand before the others in the reference."""

    subnet: field_types.OverlaySubnet = Field(
        description="IPv4 range; for `auto`, `swarmnet check` names a free one of `pools.overlays`"
    )
    subnets: list[NetworkSubnet] = as_in(OverlaySpec, "subnets", [])
    gateway: Address | None = Field(
        default=None, description="default: the first address of `ip_range`, or of `subnet`"
    )
    ip_range: Subnet | None = as_in(OverlaySpec, "ip_range")
    mtu: Mtu | None = as_in(OverlaySpec, "mtu")
    expect: Expected | None = Field(default=None, description=_EXPECT)


class Overlay(OverlayKeys, _OverlayRange):
    """One overlay network."""

    refused: ClassVar[Mapping[str, str]] = _REFUSED

    vxlan_id: field_types.VxlanId | None = as_in(OverlaySpec, "vxlan_id")
    options: driver_options.OverlayOptions = as_in(OverlaySpec, "options")
    labels: Labels = as_in(OverlaySpec, "labels")


class Pool(Section):
    """The pool that free ranges are named from."""

    range: Subnet = Field(description="IPv4 range to take from")
    prefix: field_types.PoolPrefix = Field(description="mask length of what is taken, such as 24")

    @model_validator(mode="after")
    def _large_enough(self) -> Self:
        if prefix_length(self.range) > self.prefix:
            raise ValueError(f"{self.range} is smaller than the /{self.prefix} to take of it")
        return self


class Pools(Section):
    """Ranges to take from."""

    overlays: Pool | None = Field(default=None, description="for overlays with `subnet: auto`")


class Timeouts(Section):
    """Seconds that a resource's own work may take."""

    swarm: Seconds = as_in(SwarmSpec, "timeout")
    node: Seconds = as_in(NodeSpec, "timeout")
    gwbridge: Seconds = as_in(GwbridgeSpec, "timeout")
    ingress: Seconds = as_in(IngressSpec, "timeout")
    overlay: Seconds = as_in(OverlaySpec, "timeout")
    migration: Seconds = Field(
        default=900, description="seconds for one overlay that migrates: services move at their own pace, twice"
    )


class Ignored(Section):
    """A finding that is known and accepted."""

    id: FindingId = Field(description="the finding's id, as docs/doctor.md has it")
    host: str | None = Field(default=None, description="where it is accepted; default: on all hosts")
    why: field_types.Reason = Field(description="the reason, for those who read the report")


class Doctor(Section):
    """The settings of `swarmnet doctor`."""

    ignore: list[Ignored] = Field(default=[], description="findings that are known and accepted")


class StackFile(Section):
    """The whole file."""

    hosts: dict[field_types.HostName, Host] = Field(description="the machines, by a name of your choice")
    ssh: Reach = Field(default=Reach(), description="how all hosts are reached")
    prepare: list[Preparation] = Field(
        default=[], description="commands on every host before anything else there, in this order"
    )
    swarm: Swarm | None = Field(
        default=None, description="without it the swarm must exist already, and memberships stay as they are"
    )
    gwbridge: Gwbridge | None = Field(default=None, description="docker_gwbridge of every host")
    ingress: Ingress | None = Field(default=None, description="the network behind published ports")
    overlays: dict[field_types.OverlayName, Overlay] = Field(default={}, description="overlay networks, by name")
    order: list[list[str]] | None = Field(
        default=None,
        description="waves of host names for docker_gwbridge; default: workers, other managers, the first",
    )
    reserved: field_types.Reserved = Field(
        default=[],
        description="IPv4 ranges of the LAN, the VPN, other sites, a list or by name (`{vpn: 172.16.0.0/12}`): nothing "
        "may overlap them",
    )
    pools: Pools = Field(default=Pools(), description="where free ranges are named from")
    connected_to: list[str] = Field(
        default=[],
        description="stacks whose networks are reached from this one: `swarmnet check` refuses ranges that both have",
    )
    adopt: Adopt = as_in(Spec, "adopt")
    timeouts: Timeouts = Field(default=Timeouts(), description="seconds that a resource's own work may take")
    preflight: Literal["on", "off"] = Field(
        default="on",
        description="whether `up` and `plan` look first for what would make a join or a change of what runs fail",
    )
    audit: bool = Field(
        default=True,
        description="whether each write on a host is recorded first in that host's own log (`logger -t swarmnet`)",
    )
    doctor: Doctor = Field(default=Doctor(), description="settings of `swarmnet doctor`")


def parse(raw: problems.Raw) -> StackFile:
    """Return the model of a stack file whose top-level keys have lost their namespace (`hosts`, `ssh`, …).

    Raises StackFileError with every problem that one key has by itself.
    """
    read = problems.readable(StackFile, raw)
    if read.problems:
        raise StackFileError(list(read.problems))
    return read.model
