"""The lab's network: fixed addresses from TEST-NET-2, one bridge, one cable (a veth pair) for each host.

https://www.rfc-editor.org/rfc/rfc5737 reserves the range for examples. Only interfaces of the lab are touched here.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Collection, Iterator
from ipaddress import IPv4Network

from lab.state import LabError

SUBNET = IPv4Network("198.51.100.0/24")
GATEWAY = SUBNET[1]
OUTSIDE = "198.51.102.254"
"""An address of the machine beyond the hosts' subnet: what a container can reach only if its egress works."""
BRIDGE = "swarmnet-lab"
DEFAULT_GROUP = "h"
_FIXED, _FREE = range(11, 31), range(31, 251)


def names(group: str, count: int) -> list[str]:
    """The hosts of a group: `h1`, `h2` and so on."""
    if not re.fullmatch("[a-z]{1,8}", group):
        raise LabError(f"group {group}: not a name: use one to eight letters a to z")
    if count not in range(1, len(_FIXED) + 1):
        raise LabError(f"{count} hosts: a group has 1 to {len(_FIXED)}")
    return [f"{group}{number}" for number in range(1, count + 1)]


def addresses(group: str, count: int, taken: dict[str, str]) -> dict[str, str]:
    """Each host's address by name: fixed for group `h`, free ones for the others; `taken` is what runs, alike."""
    wanted = names(group, count)
    if group == DEFAULT_GROUP:
        return dict(zip(wanted, _numbered(_FIXED), strict=False))
    free = (address for address in _numbered(_FREE) if address not in taken.values())
    return {name: taken.get(name) or next(free) for name in wanted}


def _numbered(numbers: range) -> Iterator[str]:
    return (str(SUBNET[number]) for number in numbers)


def cable(name: str) -> str:
    """The machine's end of a host's cable."""
    return f"swl-{name}"


def ip(*commands: str) -> None:
    """Run `ip` commands in one go."""
    done = subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True, capture_output=True)
    if done.returncode:
        raise LabError(f"ip: {done.stderr.strip()}: see whether another network of this machine uses {SUBNET}")


def interfaces() -> set[str]:
    """The names of the machine's interfaces."""
    shown = subprocess.run(["ip", "-brief", "link"], text=True, capture_output=True, check=True).stdout
    return {line.split()[0].partition("@")[0] for line in shown.splitlines()}


def lay_bridge() -> None:
    """Make the bridge that all hosts share, with the machine as their gateway, unless it is there."""
    if BRIDGE in interfaces():
        return
    ip(
        f"link add {BRIDGE} type bridge forward_delay 0",
        f"addr add {GATEWAY}/{SUBNET.prefixlen} dev {BRIDGE}",
        f"addr add {OUTSIDE}/32 dev {BRIDGE}",
        f"link set {BRIDGE} up",
    )


def plug(cables: Collection[tuple[str, int]]) -> None:
    """Lay a cable from the bridge to each host, given by name and first process."""
    for name, pid in cables:
        ip(
            f"link add {cable(name)} mtu 1500 type veth peer name eth0 mtu 1500 netns {pid}",
            f"link set {cable(name)} master {BRIDGE} up",
        )


def remove_bridge() -> None:
    """Remove the bridge and every cable still in it."""
    ours = {name for name in interfaces() if name == BRIDGE or name.startswith("swl-")}
    ip(*(f"link del {name}" for name in ours))
