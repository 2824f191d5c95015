"""The stack file's model: every key, its type, its default and what it means, and nothing else.

The table in docs/stack-file.md is made of it. What spans two keys (clashes, defaults that depend on others,
order) must not enter. Network sections have the names and defaults of the specs that they become.
"""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from providers.rules import forms, problems
from providers.rules.errors import StackFileError
from providers.rules.forms import Labels, Mtu, NetworkSubnet, OnRemove, Seconds
from providers.rules.specs import Address, Adopt, Subnet


class Section(BaseModel):
    """A mapping in the stack file: unknown keys and values of another type are problems."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Reach(Section):
    """How hosts are reached by SSH."""

    user: forms.User | None = Field(default=None, description="login user")
    port: forms.Port | None = Field(default=None, description="TCP port of sshd")
    key_file: forms.FilePath | None = Field(
        default=None, description="path of a private key here; else the agent's keys, then ~/.ssh/id_*"
    )
    known_hosts: forms.FilePath | None = Field(
        default=None, description="path of the file here with the hosts' keys; else the files that `ssh` reads"
    )
    host_key: forms.HostKey | None = Field(
        default=None, description="the host's public key, `ssh-ed25519 AAAA…`, instead of a line in `known_hosts`"
    )
    sudo: bool | None = Field(default=None, description="whether docker and the service manager need `sudo -n`")
    bastion: forms.Bastion | None = Field(default=None, description="`[user@]host[:port]` to go through")
    connect_timeout: Seconds | None = Field(
        default=None, description="seconds until a host that does not answer is given up"
    )


class PartialGwbridge(Section):
    """docker_gwbridge, or what of it is different on one host."""

    subnet: NetworkSubnet | None = Field(
        default=None, description="IPv4 range of the bridge; may be the same on every host"
    )
    gateway: Address | None = Field(
        default=None, description="the host's address on the bridge; else the first of `subnet`"
    )
    mtu: Mtu | None = Field(default=None, description="the link's own MTU, bytes; else the Engine's")
    icc: bool = Field(default=False, description="whether containers reach each other through the bridge")
    masquerade: bool = Field(default=True, description="whether containers reach the outside with the host's address")
    bridge_name: forms.BridgeName = Field(default="docker_gwbridge", description="name of the Linux bridge")
    labels: Labels = Field(default={}, description="labels of the network; text")
    disturb: bool = Field(default=False, description="whether a change may interrupt what cannot be moved away")
    on_remove: OnRemove = Field(default="keep", description="what happens to it when this section goes")
    protect: bool = Field(default=False, description="refuse changes and removal")


class Gwbridge(PartialGwbridge):
    """docker_gwbridge on all hosts."""

    subnet: NetworkSubnet = Field(description="IPv4 range of the bridge; may be the same on every host")


class Host(Reach):
    """One machine with an Engine."""

    address: forms.SshAddress | None = Field(default=None, description="name or IP address where SSH goes")
    local: bool = Field(default=False, description="this machine, by its socket, instead of `address`")
    role: Literal["manager", "worker"] = Field(default="worker", description="role in the swarm")
    availability: Literal["active", "pause", "drain"] = Field(
        default="active", description="whether tasks may run on it"
    )
    labels: Labels = Field(default={}, description="labels of the node; text")
    advertise_address: forms.EngineAddress | None = Field(
        default=None,
        description="IP address or interface that members use; else `address` where that is an IP address",
    )
    listen_address: forms.EngineAddress | None = Field(
        default=None,
        description="IP address or interface the swarm listens on; else the Engine's choice, 0.0.0.0:2377",
    )
    data_path_address: forms.EngineAddress | None = Field(
        default=None,
        description="IP address or interface for overlay traffic; else that of `advertise_address`",
    )
    gwbridge: PartialGwbridge | None = Field(default=None, description="what of `gwbridge` is different on this host")
    mtu: Mtu = Field(default=1500, description="MTU of the network between the hosts (the underlay), bytes")
    lost: bool = Field(default=False, description="true for one `up`: remove the node without reaching the host")

    @model_validator(mode="after")
    def _one_way_to_it(self) -> Self:
        if self.local == (self.address is not None):
            raise ValueError("needs one of address and local: true" + (", not both" if self.local else ""))
        return self


class Swarm(Section):
    """The swarm itself."""

    first_manager: str | None = Field(default=None, description="host where the swarm begins; else the first manager")
    data_path_port: forms.DataPathPort | None = Field(
        default=None, description="UDP port of overlay traffic, set at init; else the Engine's, 4789"
    )
    default_addr_pool: list[Subnet] = Field(
        default=[],
        description="IPv4 ranges for networks without a subnet, set at init; else the Engine's, 10.0.0.0/8",
    )
    default_addr_pool_prefix: forms.PoolPrefix | None = Field(
        default=None,
        description="mask length of subnets taken from the pool, set at init; else the Engine's, 24",
    )
    autolock: bool | None = Field(default=None, description="whether managers need an unlock key after a restart")
    task_history_limit: forms.Count | None = Field(default=None, description="ended tasks kept for each slot")
    labels: Labels = Field(default={}, description="labels of the swarm; text")


class Ingress(Section):
    """The network behind published ports."""

    name: forms.IngressName = Field(default="ingress", description="name of the network")
    subnet: NetworkSubnet = Field(description="IPv4 range; every node takes one address of it")
    gateway: Address | None = Field(default=None, description="else the first address of `subnet`")
    mtu: Mtu | None = Field(
        default=None, description="the underlay's MTU, bytes: containers get 50 less; else the Engine's"
    )
    labels: Labels = Field(default={}, description="labels of the network; text")
    dynamic_ports: Literal["pin", "renumber"] = Field(
        default="pin",
        description="whether ports that the swarm chose keep their numbers when the ingress is changed",
    )
    on_remove: OnRemove = Field(default="keep", description="what happens to it when this section goes")
    protect: bool = Field(default=False, description="refuse changes and removal")


class Overlay(Section):
    """One overlay network."""

    subnet: NetworkSubnet = Field(description="IPv4 range")
    gateway: Address | None = Field(default=None, description="else the first address of `ip_range`, or of `subnet`")
    ip_range: Subnet | None = Field(default=None, description="part of `subnet` that containers get addresses from")
    mtu: Mtu | None = Field(
        default=None,
        description="the underlay's MTU, bytes: containers get 50 less, encrypted 76 less; else the Engine's",
    )
    attachable: bool = Field(default=False, description="whether containers that are no services may join")
    internal: bool = Field(default=False, description="without a way to the outside")
    encrypted: bool = Field(default=False, description="IPsec between the hosts")
    labels: Labels = Field(default={}, description="labels of the network; text")
    on_in_use: Literal["refuse", "migrate"] = Field(
        default="refuse", description="what a change does while services use it"
    )
    protect: bool = Field(default=False, description="refuse changes and removal")
    retain: bool = Field(default=False, description="when its key goes, forget the network instead of removing it")


class Timeouts(Section):
    """Seconds that a resource's own work may take."""

    swarm: Seconds = Field(default=120, description="seconds for the swarm's own work")
    node: Seconds = Field(default=120, description="seconds for one host's membership")
    gwbridge: Seconds = Field(default=300, description="seconds for one host's docker_gwbridge")
    ingress: Seconds = Field(default=300, description="seconds for the ingress")
    overlay: Seconds = Field(default=60, description="seconds for one overlay")


class StackFile(Section):
    """The whole file."""

    hosts: dict[forms.HostName, Host] = Field(description="the machines, by a name of your choice")
    ssh: Reach = Field(default=Reach(), description="how all hosts are reached")
    swarm: Swarm | None = Field(
        default=None, description="without it the swarm exists already, and memberships stay as they are"
    )
    gwbridge: Gwbridge | None = Field(default=None, description="docker_gwbridge of every host")
    ingress: Ingress | None = Field(default=None, description="the network behind published ports")
    overlays: dict[forms.OverlayName, Overlay] = Field(default={}, description="overlay networks, by name")
    order: list[list[str]] | None = Field(
        default=None,
        description="waves of host names for docker_gwbridge; else workers, other managers, the first",
    )
    reserved: list[Subnet] = Field(
        default=[], description="IPv4 ranges of the LAN, the VPN, other sites: nothing may overlap them"
    )
    adopt: Adopt = Field(default="identical", description="what happens to networks that somebody else made")
    timeouts: Timeouts = Field(default=Timeouts(), description="seconds that a resource's own work may take")


def parse(raw: problems.Raw) -> StackFile:
    """The model of a stack file whose top-level keys have lost their namespace (`hosts`, `ssh`, …).

    Raises StackFileError with every problem that one key has by itself.
    """
    stackfile, found = problems.readable(StackFile, raw)
    if found:
        raise StackFileError(found)
    return stackfile
