"""The lab's network: addresses from TEST-NET-2, one bridge, one cable (a veth pair) for each host.

https://www.rfc-editor.org/rfc/rfc5737 reserves the range. Only the lab's own interfaces are touched, and, where more
than 22 hosts run, the kernel's limit of neighbours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from lab.shell import LabError, run

SUBNET = IPv4Network("198.51.100.0/24")
GATEWAY = SUBNET[1]
OUTSIDE = "198.51.102.254"
"""An address of the machine beyond the hosts' subnet: what a container can reach only if its egress works."""
BRIDGE = "swarmnet-lab"
DEFAULT_GROUP = "h"
VM_GROUP = "vm"
"""The group of all virtual machines, and of nothing else."""
_FIXED = {DEFAULT_GROUP: range(11, 31), VM_GROUP: range(51, 71)}
_FREE = (*range(31, 51), *range(71, 251))
MOST = 20
"""Hosts in a group."""
NEIGHBOURS = Path("/proc/sys/net/ipv4/neigh/default/gc_thresh3")
"""The most neighbours (addresses of other hosts on a link) that the kernel remembers, of all namespaces together:
https://docs.kernel.org/networking/ip-sysctl.html. Packets to one for whom it has no room are dropped."""


def names(group: str, count: int) -> list[str]:
    """Return the hosts of a group: `h1`, `h2` and so on."""
    if not re.fullmatch("[a-z]{1,8}", group):
        raise LabError(f"group {group}: not a name: use one to eight letters a to z")
    if count not in range(1, MOST + 1):
        raise LabError(f"{count} hosts: a group has 1 to {MOST}")
    return [f"{group}{number}" for number in range(1, count + 1)]


def addresses(group: str, count: int, taken: dict[str, str]) -> dict[str, str]:
    """Each host's address by name: fixed for groups `h` and `vm`, else free; `taken` is the same of all that run."""
    wanted = names(group, count)
    if group in _FIXED:
        return dict(zip(wanted, _numbered(_FIXED[group]), strict=False))
    free = (address for address in _numbered(_FREE) if address not in taken.values())
    return {name: taken.get(name) or next(free) for name in wanted}


def _numbered(numbers: Iterable[int]) -> Iterator[str]:
    return (str(SUBNET[number]) for number in numbers)


def cable(name: str) -> str:
    """Return the machine's end of a host's cable."""
    return f"swl-{name}"


def lay_bridge() -> None:
    """Make the bridge that all hosts share, with the machine as their gateway, unless it is there."""
    if BRIDGE in _interfaces():
        return
    _refuse_clash()
    _ip(
        f"link add {BRIDGE} address {mac(GATEWAY)} type bridge forward_delay 0",
        f"addr add {GATEWAY}/{SUBNET.prefixlen} dev {BRIDGE}",
        f"addr add {OUTSIDE}/32 dev {BRIDGE}",
        f"link set {BRIDGE} up",
    )


def make_room(hosts: int, kept: Path, limit: Path = NEIGHBOURS) -> None:
    """Let so many hosts know each other, twice over; the limit of before goes into the file `kept`."""
    before, wanted = int(limit.read_text()), 2 * hosts * hosts
    if wanted <= before:
        return
    if not kept.exists():
        kept.write_text(str(before))
    limit.write_text(str(wanted))


def give_room_back(kept: Path, limit: Path = NEIGHBOURS) -> None:
    """Bring the limit of before back, if it was raised."""
    if kept.exists():
        limit.write_text(kept.read_text())


def _refuse_clash() -> None:
    taken = clash(route["dst"] for route in json.loads(run("ip", "-json", "-4", "route") or "[]"))
    if taken:
        raise LabError(f"{SUBNET} and {OUTSIDE}: the lab's, but this machine has a route to {taken}: remove it")


def clash(destinations: Iterable[str]) -> str | None:
    """Return the first of a machine's routes that leads where the lab's own addresses are."""
    for destination in destinations:
        if destination != "default":
            network = IPv4Network(destination)
            if network.overlaps(SUBNET) or network.overlaps(IPv4Network(OUTSIDE)):
                return destination
    return None


def mac(address: IPv4Address) -> str:
    """Return the link address that goes with an address, for ever: nobody's ARP cache is wrong after a reset."""
    return ":".join(f"{byte:02x}" for byte in b"\x02\x53" + address.packed)


def plug(name: str, address: str, pid: int) -> None:
    """Lay a cable from the bridge to the host with that first process."""
    link = mac(IPv4Address(address))
    _ip(
        f"link add {cable(name)} mtu 1500 type veth peer name eth0 address {link} mtu 1500 netns {pid}",
        f"link set {cable(name)} master {BRIDGE} up",
    )


def plug_tap(name: str) -> None:
    """Lay a cable from the bridge to where QEMU looks for that of a virtual machine."""
    remove_cable(name)
    _ip(f"tuntap add {cable(name)} mode tap", f"link set {cable(name)} mtu 1500 master {BRIDGE} up")


def cut(name: str) -> None:
    """Pull a host's cable."""
    _ip(f"link set {cable(name)} down")


def heal(name: str) -> None:
    """Put a host's cable back."""
    _ip(f"link set {cable(name)} up")


def is_cut(name: str) -> bool:
    """Tell whether a host's cable is pulled or missing: another call may be starting or ending the host right now."""
    up = json.loads(run("ip", "-json", "link", "show", "up") or "[]")
    return cable(name) not in {link.get("ifname") for link in up}


def remove_cable(name: str) -> None:
    """Remove a host's cable, if it is there."""
    _remove(cable(name))


def remove_bridge() -> None:
    """Remove the bridge, if it is there."""
    _remove(BRIDGE)


def _remove(interface: str) -> None:
    try:
        if interface in _interfaces():
            _ip(f"link del {interface}")
    except LabError:
        if interface in _interfaces():  # else it went at the same moment, with the host at its other end
            raise


def _ip(*commands: str) -> None:
    run("ip", "-batch", "-", stdin="\n".join(commands))


def _interfaces() -> set[str]:
    return {path.name for path in Path("/sys/class/net").iterdir()}
