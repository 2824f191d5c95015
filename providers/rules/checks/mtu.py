"""Checks that packets of the networks fit between the hosts. Bytes throughout; nothing is measured here.

An Engine never checks: larger packets are lost, while connections are made and small answers come.
"""

from collections.abc import Iterator

from providers.rules.checks.taken_on_hosts import ResourceType
from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.model import Ingress, Overlay
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.addresses import engine_host, is_ip

# https://github.com/moby/moby/blob/master/daemon/libnetwork/drivers/overlay/overlay.go
_ENGINE = 1500  # taken for the underlay's where nothing is given
_VXLAN = 50  # what a packet between hosts carries more than the container's
_ESP = 26  # and more where it is encrypted; then containers get a multiple of 4
_IPV6 = 20  # that an Engine forgets: https://www.rfc-editor.org/rfc/rfc8200#section-3 against RFC 791
_SMALLEST = 68  # of an IPv4 link, https://www.rfc-editor.org/rfc/rfc791


def container_mtu(mtu: int | None, encrypted: bool = False) -> int:
    """Return the MTU that an Engine gives the containers of an overlay or the ingress for the option `mtu`."""
    left = (mtu or _ENGINE) - _VXLAN
    return (left - _ESP) // 4 * 4 if encrypted else left


def problems(resolved: Resolved) -> Iterator[str]:
    """Yield networks of the swarm whose packets do not fit between the hosts, as `path: problem`."""
    if not resolved.file.hosts:
        return
    key, most = min(_underlays(resolved), key=lambda underlay: underlay[1])
    for _, path, network in networks(resolved):
        yield from too_large(path, network, key, most)


def networks(resolved: Resolved) -> Iterator[tuple[ResourceType, str, Ingress | Overlay]]:
    """Yield the networks between the hosts: its resource type, the path of its MTU, its section."""
    if resolved.file.ingress:
        yield ResourceType("ingress"), "ingress.mtu", resolved.file.ingress
    for name, overlay in resolved.file.overlays.items():
        yield ResourceType("overlay", name), f"overlays.{name}.mtu", overlay


def warnings(resolved: Resolved) -> Iterator[str]:
    """Warn of bridges with a larger MTU than their host's, which may have another for the way outside."""
    for name, host in resolved.file.hosts.items():
        bridge = resolved.bridges.get(name)
        if bridge and bridge.mtu and bridge.mtu > host.mtu:
            section = f"hosts.{name}.gwbridge" if host.gwbridge and host.gwbridge.mtu else "gwbridge"
            yield (
                f"{section}.mtu: {bridge.mtu} is more than hosts.{name}.mtu {host.mtu}: "
                "what containers send outside may be too large for the host's own link"
            )


def _underlays(resolved: Resolved) -> Iterator[tuple[str, int]]:
    """Yield, for each host, the words for its underlay's MTU, and the largest option of an Engine that fits it."""
    for name, host in resolved.access.items():
        mtu, six = resolved.file.hosts[name].mtu, _is_ipv6(host)
        yield f"hosts.{name}.mtu{f' less {_IPV6} for IPv6' if six else ''}", mtu - (_IPV6 if six else 0)


def _is_ipv6(host: HostAccess) -> bool:
    address, _ = engine_host(host.data_path_address or host.advertise_address or "")
    return ":" in address and is_ip(address)


def too_large(path: str, network: Ingress | Overlay, key: str, most: int) -> Iterator[str]:
    """Say what is wrong with a network's MTU if no more than `most` fits between the hosts. key: the key that limits
    it."""
    encrypted = isinstance(network, Overlay) and network.encrypted
    given = container_mtu(network.mtu, encrypted)
    if (network.mtu or _ENGINE) > most:
        which = f"{network.mtu}" if network.mtu else f"{_ENGINE}, the Engine's choice,"
        yield (
            f"{path}: {which} is more than {key}, {most}: containers would get {given}, and their large packets be "
            f"lost between hosts; use {most}, which gives them {container_mtu(most, encrypted)}"
        )
    elif given < _SMALLEST:
        enough = _SMALLEST + _VXLAN + (_ESP if encrypted else 0)
        yield f"{path}: {network.mtu} leaves containers {given}, and IPv4 needs {_SMALLEST}; use {enough} or more"
