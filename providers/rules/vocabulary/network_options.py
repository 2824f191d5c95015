"""The Engine's names for networks and their driver options, and how it reads their values.

https://docs.docker.com/reference/cli/docker/network/create/#bridge-driver-options
Which Engine knows which option, and what it makes of values: measurements.md#options-by-engine.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from types import MappingProxyType

GATEWAY_BRIDGE = "docker_gwbridge"

MTU = "com.docker.network.driver.mtu"

# Of bridges.
BRIDGE_NAME = "com.docker.network.bridge.name"
ICC = "com.docker.network.bridge.enable_icc"
MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade"
HOST_BINDING = "com.docker.network.bridge.host_binding_ipv4"
GATEWAY_MODE = "com.docker.network.bridge.gateway_mode_ipv4"
GATEWAY_MODE_IPV6 = "com.docker.network.bridge.gateway_mode_ipv6"
INHIBIT = "com.docker.network.bridge.inhibit_ipv4"
TRUSTED = "com.docker.network.bridge.trusted_host_interfaces"
HOST_IPV4 = "com.docker.network.host_ipv4"
HOST_IPV6 = "com.docker.network.host_ipv6"
INTERFACE_PREFIX = "com.docker.network.container_iface_prefix"

# Of overlays.
ENCRYPTED = "encrypted"
VNI = "com.docker.network.driver.overlay.vxlanid_list"  # given by the swarm

FIRST_VNI = 4096  # what the swarm gives first, to the ingress that it makes itself

# Written by the swarm among the options of a network's IPAM driver, if it has any.
IPAM_SERIAL = "com.docker.network.ipam.serial"

# What Go's strconv.ParseBool takes for false; anything else that the Engine let in is true.
FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})

# The defaults of a bridge, written out. All of them are asked for, so that `default-network-opts` of daemon.json
# puts nothing else in its place; an Engine that does not know one keeps it and does nothing
# (measurements.md#defaults-of-daemonjson).
NEUTRAL: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "bridge": MappingProxyType(
            {HOST_BINDING: "0.0.0.0", GATEWAY_MODE: "nat", GATEWAY_MODE_IPV6: "nat", INHIBIT: "false"}
        ),
        "overlay": MappingProxyType({}),
    }
)


def is_neutral(driver: str, option: str, value: str) -> bool:
    """Tell whether a driver's option has the value that counts without it."""
    neutral = NEUTRAL.get(driver, {}).get(option)
    return value == neutral or (neutral == "false" and value in FALSE)


@dataclass(frozen=True)
class KnownOption:
    """An option that a driver reads. words: the values that it takes. since: the first Engine, of those measured, that
    does something with it; others keep it and do nothing."""

    driver: str
    words: str
    takes: Callable[[str], bool]
    since: int = 20


def _is(kind: Callable[[str], object]) -> Callable[[str], bool]:
    def takes(text: str) -> bool:
        try:
            kind(text)
        except ValueError:
            return False
        return True

    return takes


# What strconv.ParseBool takes for true, beside FALSE.
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
# `isolated` is for internal networks alone, and docker_gwbridge must not be one.
_MODES = ("nat", "nat-unprotected", "routed")
_TRUTH = KnownOption("bridge", "true or false", lambda text: text in _TRUE | FALSE)
_MODE = KnownOption("bridge", " or ".join(_MODES), lambda text: text in _MODES, since=28)

KNOWN: Mapping[str, KnownOption] = MappingProxyType(
    {
        HOST_BINDING: KnownOption("bridge", "an IPv4 address, such as 127.0.0.1", _is(IPv4Address)),
        GATEWAY_MODE: _MODE,
        GATEWAY_MODE_IPV6: _MODE,
        INHIBIT: _TRUTH,
        TRUSTED: KnownOption("bridge", "names of links, with colons between", lambda text: bool(text), since=28),
        HOST_IPV4: KnownOption("bridge", "an IPv4 address of the host", _is(IPv4Address)),
        HOST_IPV6: KnownOption("bridge", "an IPv6 address of the host", _is(IPv6Address), since=26),
        INTERFACE_PREFIX: KnownOption("bridge", "the beginning of a link's name, such as eth", lambda text: bool(text)),
    }
)


def refuses(engine: str, option: str, value: str) -> bool:
    """Tell whether an Engine of that version would refuse a network with an option that an older one may have kept
    (measurements.md#options-by-engine). A version that is not written as releases are counts as a new one."""
    known, first = KNOWN.get(option), engine.partition(".")[0]
    number = int(first) if first.isdecimal() and int(first) >= _RELEASES[40] else max(_RELEASES.values())
    return known is not None and number >= known.since and not known.takes(value)


# The first release with each minor version of API 1: https://docs.docker.com/reference/api/engine/#api-version-matrix
_RELEASES = {40: 19, 41: 20, 42: 23, 43: 24, 44: 25, 45: 26, 46: 27, 48: 28, 52: 29}


def release(api: str) -> int:
    """Return the release of an Engine by the newest API that it speaks: 28 for 1.51. 0 if unknown."""
    minor = api.partition(".")[2]
    return max((number for first, number in _RELEASES.items() if minor.isdecimal() and first <= int(minor)), default=0)
