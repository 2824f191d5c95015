"""The stack file's model: every key, its type, its default and what it means, and nothing else.

The table in docs/stack-file.md is made of it. What spans two keys (clashes, defaults that depend on others,
order) must not enter. Network sections have the names and defaults of the specs that they become.
"""

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from providers.rules import problems
from providers.rules.addresses import prefix_length
from providers.rules.errors import StackFileError
from providers.rules.specs import Address, Adopt, Subnet

SMALLEST_MASK = 29  # a /30 gives its one address to the ingress, and the next container fails (lab-measured)


def _matching(pattern: str, wanted: str, *, show: bool = True) -> AfterValidator:
    """Text of a form. `show=False` where what stands there instead could be a secret."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"{text!r} should be {wanted}" if show else f"should be {wanted}")
        return text

    return AfterValidator(check)


def _network_name(*taken: str) -> Callable[[str], str]:
    """A name that every Engine takes for a swarm network, and that is not taken by one of its own.

    One character is refused because Engine 20.10 reads it as the beginning of a network's id (lab-measured).
    """
    refused = ("bridge", "default", "docker_gwbridge", "host", "none", *taken)

    def check(text: str) -> str:
        if text.lower() in refused:
            raise ValueError(f"{text} is the name of a network that the Engine makes itself; choose another")
        if not re.fullmatch(r"[A-Za-z0-9]([_-]*[A-Za-z0-9]){1,62}", text) or len(text) > 63:
            raise ValueError(f"{text!r} should be 2 to 63 letters, digits, - or _, with letters or digits at its ends")
        return text

    return check


def _bridge_name(text: str) -> str:
    """A name that Linux takes, and not that of a device the bridge driver would take over or refuse."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}", text):
        raise ValueError(f"{text!r} should be 1 to 15 letters, digits, '.', - or _, as Linux names devices")
    if re.fullmatch(r"lo|docker\d+|(eth|veth|vxlan|wlan|bond)\w*|(en|wl|ww)[opsx]\d\w*", text):
        raise ValueError(f"{text} is the name of another device, which an Engine refuses or takes over; choose another")
    return text


def _engine_address(text: str) -> str:
    """What the Engine takes as an address of its host: an IP address or an interface, perhaps with a port."""
    host = text.rpartition(":")[0] if text.count(":") == 1 or "]:" in text else text
    if not is_ip(host.strip("[]")) and not re.fullmatch(r"(?![\d.]+$)[A-Za-z0-9._-]{1,15}", host):
        raise ValueError(f"{text!r} should be an IP address or an interface of the host, such as 10.0.0.1 or eth0")
    return text


def _ssh_address(text: str) -> str:
    if not is_ip(text) and not re.fullmatch(r"\w[\w.-]*", text):
        raise ValueError("should be a name or an IP address alone; user, port and bastion have their own keys")
    return text


def _label_key(text: str) -> str:
    if text.startswith("swarmnet."):
        raise ValueError("swarmnet.* labels are Swarmnet's own; choose another prefix")
    if re.match(r"(com|io)\.docker\.|org\.dockerproject\.", text):  # docs.docker.com/engine/manage-resources/labels
        raise ValueError("com.docker.*, io.docker.* and org.dockerproject.* are Docker's own; choose another prefix")
    return text


def _with_room(subnet: str) -> str:
    if prefix_length(subnet) > SMALLEST_MASK:
        raise ValueError(f"{subnet} leaves no room for containers; use /{SMALLEST_MASK} or larger")
    return subnet


def is_ip(text: str) -> bool:
    """Whether this is an IP address of either version."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


HostName = Annotated[
    str,
    _matching(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "up to 63 lower-case letters, digits and -, as in m1"),
]
NetworkSubnet = Annotated[Subnet, AfterValidator(_with_room)]
Labels = dict[Annotated[str, AfterValidator(_label_key)], str]
# IPv4's smallest (RFC 791) and the largest a link can have; Engines from 26 refuse others, 20.10 takes them.
Mtu = Annotated[int, Field(ge=68, le=65535)]
EngineAddress = Annotated[str, AfterValidator(_engine_address)]
Path = Annotated[str, _matching(r"[^\n]*\S[^\n]*", "the path of a file", show=False)]
Seconds = Annotated[float, Field(gt=0)]
OnRemove = Literal["keep", "restore_default"]


class Section(BaseModel):
    """A mapping in the stack file: unknown keys and values of another type are problems."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Reach(Section):
    """How hosts are reached by SSH."""

    user: Annotated[str, _matching(r"\w[\w.@\\-]*", "a login name", show=False)] | None = Field(
        default=None, description="login user"
    )
    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(default=None, description="TCP port of sshd")
    key_file: Path | None = Field(default=None, description="path of a private key here; else what `ssh` uses: the agent, then ~/.ssh/id_*")
    known_hosts: Path | None = Field(
        default=None,
        description="path of the file here with the hosts' keys; else the files that `ssh` reads",
    )
    host_key: (
        Annotated[str, _matching(r"(ssh|ecdsa)-\S+ \S+( .*)?", "a public key: ssh-ed25519 AAAA…", show=False)] | None
    ) = Field(
        default=None,
        description="the host's public key, `ssh-ed25519 AAAA…`, instead of a line in `known_hosts`",
    )
    sudo: bool | None = Field(default=None, description="whether docker and the service manager need `sudo -n`")
    bastion: (
        Annotated[
            str,
            _matching(r"([\w.-]+@)?([\w.-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?", "[user@]host[:port]", show=False),
        ]
        | None
    ) = Field(default=None, description="`[user@]host[:port]` to go through")
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
    bridge_name: Annotated[str, AfterValidator(_bridge_name)] = Field(
        default="docker_gwbridge", description="name of the Linux bridge"
    )
    labels: Labels = Field(default={}, description="labels of the network; text")
    disturb: bool = Field(default=False, description="whether a change may interrupt what cannot be moved away")
    on_remove: OnRemove = Field(default="keep", description="what happens to it when this section goes")
    protect: bool = Field(default=False, description="refuse changes and removal")


class Gwbridge(PartialGwbridge):
    """docker_gwbridge on all hosts."""

    subnet: NetworkSubnet = Field(description="IPv4 range of the bridge; may be the same on every host")


class Host(Reach):
    """One machine with an Engine."""

    address: Annotated[str, AfterValidator(_ssh_address)] | None = Field(
        default=None, description="name or IP address where SSH goes"
    )
    local: bool = Field(default=False, description="this machine, by its socket, instead of `address`")
    role: Literal["manager", "worker"] = Field(default="worker", description="role in the swarm")
    availability: Literal["active", "pause", "drain"] = Field(
        default="active", description="whether tasks may run on it"
    )
    labels: Labels = Field(default={}, description="labels of the node; text")
    advertise_address: EngineAddress | None = Field(
        default=None,
        description="IP address or interface that members use; else `address` where that is an IP address",
    )
    listen_address: EngineAddress | None = Field(
        default=None,
        description="IP address or interface the swarm listens on; else the Engine's choice, 0.0.0.0:2377",
    )
    data_path_address: EngineAddress | None = Field(
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
    data_path_port: Annotated[int, Field(ge=1024, le=49151)] | None = Field(
        default=None, description="UDP port of overlay traffic, set at init; else the Engine's, 4789"
    )
    default_addr_pool: list[Subnet] = Field(
        default=[],
        description="IPv4 ranges for networks without a subnet, set at init; else the Engine's, 10.0.0.0/8",
    )
    default_addr_pool_prefix: Annotated[int, Field(ge=1, le=SMALLEST_MASK)] | None = Field(
        default=None,
        description="mask length of subnets taken from the pool, set at init; else the Engine's, 24",
    )
    autolock: bool | None = Field(default=None, description="whether managers need an unlock key after a restart")
    task_history_limit: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="ended tasks kept for each slot"
    )
    labels: Labels = Field(default={}, description="labels of the swarm; text")


class Ingress(Section):
    """The network behind published ports."""

    name: Annotated[str, AfterValidator(_network_name())] = Field(default="ingress", description="name of the network")
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

    hosts: dict[HostName, Host] = Field(description="the machines, by a name of your choice")
    ssh: Reach = Field(default=Reach(), description="how all hosts are reached")
    swarm: Swarm | None = Field(
        default=None, description="without it the swarm exists already, and memberships stay as they are"
    )
    gwbridge: Gwbridge | None = Field(default=None, description="docker_gwbridge of every host")
    ingress: Ingress | None = Field(default=None, description="the network behind published ports")
    overlays: dict[Annotated[str, AfterValidator(_network_name("ingress"))], Overlay] = Field(
        default={}, description="overlay networks, by name"
    )
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
