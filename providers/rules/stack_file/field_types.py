"""The forms of single values of the stack file: names, addresses, labels, bounds. No key and no section.

Each form is a type for the model; its check raises ValueError, which becomes the problem that the user reads.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Network, ip_address
from typing import Annotated

from pydantic import AfterValidator, Discriminator, Field, Tag
from pydantic.fields import FieldInfo

from providers.rules.vocabulary import specs
from providers.rules.vocabulary.addresses import (
    canonical_address_ipv6,
    canonical_subnet,
    canonical_subnet_ipv6,
    engine_host,
    is_ip,
    prefix_length,
)

AUTO = "auto"  # in place of a subnet: `swarmnet check` names a free one
# What resolvers may take for an IPv4 address: fewer than four parts, octal or hexadecimal ones.
# https://man7.org/linux/man-pages/man3/inet_aton.3.html
_NUMBERS = r"(?i:(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*\.?)"
# What ssh takes as a host and as a user, since both may become words of a command (`Match exec`, %h, %r):
# https://github.com/openssh/openssh-portable/blob/0ef0f5a839831c213f24e3f2ae434765c607fb50/readconf.c#L3427-L3461
_NO_SSH_HOST = re.compile(r"""^-|['`"$\\;&<>|(){},\s\x00-\x1f\x7f]""")
_NO_SSH_USER = re.compile(r"""^-|['`";&<>|(){}\x00-\x1f\x7f]|\s-|\\\Z""")
# A name with a domain. Of interfaces with a dot, such as eth0.100, the end is a number.
_DNS_NAME = r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\.?"
LONGEST_NAME = 63  # of a network
# Bytes: Linux takes 131,071 in one variable (https://man7.org/linux/man-pages/man2/execve.2.html).
LONGEST_SCRIPT = 100_000
MOST_VXLANS = 2**24 - 1
SMALLEST_IPV6 = 125  # as many addresses
SMALLEST_MASK = 29  # a /30 fits the ingress alone, the next container fails: measurements.md#bridge-options


def _matching(pattern: str, desired: str, *, show: bool = True) -> AfterValidator:
    """Return the check that a text has a form. `show=False` if the text there could be a secret."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"{text!r} should be {desired}" if show else f"should be {desired}")
        return text

    return AfterValidator(check)


def _network_name(*taken: str) -> Callable[[str], str]:
    """Check a name that every Engine takes for a swarm network, and that none of its own networks has.

    One character is refused because Engine 20.10 reads it as the beginning of a network's id
    (measurements.md#ids-and-names).
    """
    refused = ("bridge", "default", "docker_gwbridge", "host", "none", *taken)

    def check(text: str) -> str:
        if text.lower() in refused:
            raise ValueError(f"{text} is the name of a network that the Engine makes itself; choose another")
        if not re.fullmatch(r"[A-Za-z0-9]([_-]*[A-Za-z0-9]){1,62}", text) or len(text) > LONGEST_NAME:
            raise ValueError(f"{text!r} should be 2 to 63 letters, digits, - or _, with letters or digits at its ends")
        return text

    return check


def _bridge_name(text: str) -> str:
    """Check a name that Linux takes, and that is not a device which the bridge driver would take over or refuse."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}", text):
        raise ValueError(f"{text!r} should be 1 to 15 letters, digits, '.', - or _, as Linux names devices")
    if re.fullmatch(r"lo|docker\d+|(eth|veth|vxlan|wlan|bond)\w*|(en|wl|ww)[opsx]\d\w*", text):
        raise ValueError(f"{text} is the name of another device, which an Engine refuses or takes over; choose another")
    return text


def _engine_address(*, anywhere: bool = False, port: bool = True) -> AfterValidator:
    """Check an address as the Engine takes it of its host: an IP address or an interface.

    anywhere: 0.0.0.0 may stand for all of them. port: one may follow.
    """
    desired = f"an IP address or an interface of the host{', without a port' * (not port)}, such as 10.0.0.1 or eth0"

    def check(text: str) -> str:
        host, given = engine_host(text)
        if re.fullmatch(_DNS_NAME, host):
            raise ValueError(f"{text} is a name, which Engines do not look up; write the host's IP address")
        named = re.fullmatch(r"(?![\d.]+$)[A-Za-z0-9._-]{1,15}", host)
        if not (named or is_ip(host)) or (given and not (port and 1 <= int(given) <= 65535)):
            raise ValueError(f"{text!r} should be {desired}")
        return text if named or (anywhere and ip_address(host).is_unspecified) else _of_a_machine(text, host)

    return AfterValidator(check)


def taken_by_ssh(host: str, user: str = "") -> bool:
    """Tell whether ssh itself would take these for a host and a user."""
    return not (_NO_SSH_HOST.search(host) or _NO_SSH_USER.search(user))


def ssh_address(text: str) -> str:
    """Check a name or an IP address that SSH may go to. Raises ValueError if it is none."""
    if is_ip(text) and taken_by_ssh(text):
        return _of_a_machine(text, text)
    if not re.fullmatch(r"\w[\w.-]*", text):
        raise ValueError("should be a name or an IP address alone; user, port and bastion have their own keys")
    if re.fullmatch(_NUMBERS, text):
        raise ValueError(f"{text} may be taken for another address; write four numbers without zeros before them")
    try:
        text.encode("idna")
    except UnicodeError:
        raise ValueError("is not a host name: each part between dots must have 1 to 63 characters") from None
    return text


def _bastion(text: str) -> str:
    if text.lower() == "none" != text:
        raise ValueError(f"{text} would be a host of that name; write `none` for no bastion")
    _, host, port = split_place(text)
    if port is not None and not 1 <= port <= 65535:
        raise ValueError(f"port {port} should be 1 to 65535")
    ssh_address(host)
    return text


def _of_a_machine(text: str, address: str) -> str:
    """Check text with an IP address that one machine can have."""
    found = ip_address(address)
    if found.is_unspecified or found.is_multicast or address == "255.255.255.255":
        raise ValueError(f"{text} is not a valid host address")
    return text


def _host_key(text: str) -> str:
    """Check a public key that can be read. A text that is none could be a private key, and is not shown."""
    # Few stack files have one, and each process would import it.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    try:
        load_ssh_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm, NotImplementedError):
        raise ValueError("should be a public key that can be read, type and base64: ssh-ed25519 AAAA…") from None
    return text


def _path(text: str) -> str:
    """Check the path of a file. A text that is none could be a private key, and is not shown."""
    if re.search(r"PRIVATE KEY|b3BlbnNzaC1rZXkt|^(ssh|ecdsa|sk)-\S+ AAAA", text):
        raise ValueError(
            "holds a key itself, not the path of its file; write the path, and where it was a private key, use another"
        )
    if re.search(r"\$\{?[A-Za-z_]", text):
        raise ValueError("contains a variable, which is not expanded; write the path itself, with ~ for your home")
    return text


def _free_port(port: int) -> int:
    if use := _SWARMS_PORTS.get(port):
        raise ValueError(f"{port} is where {use}; write another, such as 7789")
    return port


def _script(text: str) -> str:
    """Check a shell script that can be handed on. A text that is none could be a private key, and is not shown."""
    if not text.strip():
        raise ValueError("is empty: write a command, or remove it")
    if "\0" in text:
        raise ValueError("has a NUL in it, which ends a script before its end")
    if "PRIVATE KEY" in text:
        raise ValueError("holds a private key, which would be in the state: let the command read it where it runs")
    if len(text.encode()) > LONGEST_SCRIPT:
        raise ValueError(
            f"has {len(text.encode())} bytes; {LONGEST_SCRIPT} at most can be handed on: run a file instead"
        )
    return text


def _label_key(text: str) -> str:
    if not text:
        raise ValueError("label key is empty: set one, or remove the label")
    if text.startswith("swarmnet."):
        raise ValueError("swarmnet.* labels are Swarmnet's own; choose another prefix")
    # https://docs.docker.com/engine/manage-resources/labels/
    if re.match(r"(com|io)\.docker\.|org\.dockerproject\.", text):
        raise ValueError("com.docker.*, io.docker.* and org.dockerproject.* are Docker's own; choose another prefix")
    return text


def _with_room(subnet: str) -> str:
    if prefix_length(subnet) > SMALLEST_MASK:
        raise ValueError(f"{subnet} leaves no room for containers; use /{SMALLEST_MASK} or larger")
    return subnet


def _with_room_ipv6(text: str) -> str:
    subnet = canonical_subnet_ipv6(text)
    whole = IPv6Network(subnet)
    if whole.is_multicast or whole.is_link_local or whole.is_loopback or whole.is_unspecified:
        raise ValueError(f"{subnet} is not a range for networks; use one of fd00::/8")
    if whole.prefixlen > SMALLEST_IPV6:
        raise ValueError(f"{subnet} leaves no room for containers; use /{SMALLEST_IPV6} or larger")
    return subnet


def _with_room_or_auto(subnet: str) -> str:
    return subnet if subnet == AUTO else _with_room(canonical_subnet(subnet))


# https://docs.docker.com/engine/swarm/swarm-tutorial/#open-protocols-and-ports-between-the-hosts
_SWARMS_PORTS = {2377: "managers listen", 7946: "members look for each other"}


def _shown(pattern: str, *examples: str) -> FieldInfo:
    """Return what editors check and suggest while typing: the JSON Schema's form, looser than the check itself."""
    shown: FieldInfo = Field(json_schema_extra={"pattern": pattern, "examples": list(examples)})
    return shown


def split_place(place: str) -> tuple[str, str, int | None]:
    """Return user, address and port of `[user@]host[:port]`; an IPv6 address stands in brackets, or alone."""
    user, _, rest = place.rpartition("@")
    bare = rest.count(":") > 1 and not rest.startswith("[")
    address, _, port = (rest, "", "") if bare else rest.partition("]:" if rest.startswith("[") else ":")
    return user, address.strip("[]"), int(port) if port.isdecimal() else None


@lru_cache(maxsize=1024)
def ipv4_in(text: str) -> str | None:
    """Return the IPv4 address in a host's address, an Engine's (perhaps with a port) or a bastion; None for a name."""
    found = re.fullmatch(r"(?:.*@)?(\d+\.\d+\.\d+\.\d+)(?::\d+)?", text)
    return found[1] if found and is_ip(found[1]) else None


HostName = Annotated[
    str,
    _matching(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "up to 63 lower-case letters, digits and -, as in m1"),
]
IngressName = Annotated[str, AfterValidator(_network_name())]
OverlayName = Annotated[str, AfterValidator(_network_name("ingress"))]
BridgeName = Annotated[str, AfterValidator(_bridge_name)]
_OCTETS = r"(\d{1,3}\.){3}\d{1,3}"
_MASK = rf"/(\d{{1,2}}|{_OCTETS})"
Address = Annotated[specs.Address, _shown(f"^{_OCTETS}$", "10.64.0.1")]
Subnet = Annotated[specs.Subnet, _shown(f"^{_OCTETS}{_MASK}$", "10.64.0.0/20")]
RangeName = Annotated[
    str, _matching(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?", "up to 63 letters, digits, - and _, as in vpn")
]
LIST, MAPPING = "[list]", "[mapping]"  # parts of pydantic's paths that are no keys
# Alone, or each by a name.
Reserved = Annotated[
    Annotated[list[Subnet], Tag(LIST)] | Annotated[dict[RangeName, Subnet], Tag(MAPPING)],
    Discriminator(lambda value: MAPPING if isinstance(value, dict) else LIST),
]
NetworkSubnet = Annotated[Subnet, AfterValidator(_with_room)]
OverlaySubnet = Annotated[
    str, AfterValidator(_with_room_or_auto), _shown(f"^({AUTO}|{_OCTETS}{_MASK})$", AUTO, "10.64.32.0/24")
]
Ipv6Subnet = Annotated[str, AfterValidator(_with_room_ipv6), _shown("^[0-9A-Fa-f:]+/[0-9]+$", "fd00:64::/64")]
Ipv6Address = Annotated[str, AfterValidator(canonical_address_ipv6), _shown("^[0-9A-Fa-f:]+$", "fd00:64::1")]
# 24 bits (RFC 7348); 0 is no number of one's own. Others are refused by no Engine, and the overlay never comes up
# (measurements.md#options-by-engine).
VxlanId = Annotated[int, Field(ge=1, le=MOST_VXLANS)]
# IPv4's smallest (RFC 791) and the largest a link can have; Engines from 26 refuse others, 20.10 takes them
# (measurements.md#bridge-options).
Mtu = Annotated[int, Field(ge=68, le=65535)]
# What every IPv4 host takes (RFC 791); it has room for VXLAN and IPsec.
UnderlayMtu = Annotated[int, Field(ge=576, le=65535)]
Labels = dict[Annotated[str, AfterValidator(_label_key)], str]
SshAddress = Annotated[str, AfterValidator(ssh_address)]
AdvertiseAddress = Annotated[str, _engine_address()]
ListenAddress = Annotated[str, _engine_address(anywhere=True)]
DataPathAddress = Annotated[str, _engine_address(port=False)]
User = Annotated[str, _matching(r"\w([\w.@\\-]*[\w.@-])?", "a login name", show=False)]
Port = Annotated[int, Field(ge=1, le=65535)]
FilePath = Annotated[str, AfterValidator(_path), _matching(r"[^\n]*\S[^\n]*", "the path of a file", show=False)]
HostKey = Annotated[
    str,
    _matching(r"(ssh|ecdsa)-\S+ \S+( .*)?", "a public key: ssh-ed25519 AAAA…", show=False),
    AfterValidator(_host_key),
]
_BASTION = r"([\w.-]+@)?([\w.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?"
Bastion = Annotated[str, _matching(_BASTION, "[user@]host[:port]", show=False), AfterValidator(_bastion)]
DataPathPort = Annotated[
    int,
    Field(ge=1024, le=49151, json_schema_extra={"not": {"enum": sorted(_SWARMS_PORTS)}}),
    AfterValidator(_free_port),
]
PoolPrefix = Annotated[int, Field(ge=1, le=SMALLEST_MASK)]
Reason = Annotated[str, _matching(r"(?s).*\S.*", "the reason, for those who read the report")]
PreparationName = Annotated[
    str, _matching(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", "up to 63 letters, digits, '.', - and _")
]
Script = Annotated[str, AfterValidator(_script)]
Count = Annotated[int, Field(ge=0, le=100_000)]  # more than any swarm has of anything
# The Engine refuses certificates of less than an hour. It takes a heartbeat of nanoseconds, with which a dockerd
# crashed, and one of hours, after which a lost member is not noticed (measurements.md#settings-of-the-swarm).
CertExpiry = Annotated[int, Field(ge=3600, le=315_360_000)]
Heartbeat = Annotated[int, Field(ge=1, le=300)]
SnapshotInterval = Annotated[int, Field(ge=1, le=1_000_000_000)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
ConnectTimeout = Annotated[float, Field(gt=0, le=3600)]
