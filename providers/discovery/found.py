"""A swarm that somebody else made, as it was read: its own settings, its members, and what each of them said.

sections.py turns it into sections of a stack file.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import count
from typing import Literal

from providers.rules.checks.taken_on_hosts import Occupied, on_host
from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.field_types import ssh_address
from providers.rules.vocabulary.addresses import is_ip
from providers.rules.vocabulary.facts import Member, Network, Node
from providers.rules.vocabulary.network_options import GATEWAY_BRIDGE
from providers.rules.vocabulary.snapshot import HostReport, HostSnapshot, SwarmSnapshot

Kind = Literal["not seen", "unusual", "clash", "not managed"]
ENTRY = "manager"  # the name of the host that is asked first, until it has told its own


@dataclass(frozen=True)
class Remark:
    """One line for the reviewer, beside the top-level key `where` of the stack file: of what can't be declared."""

    kind: Kind
    where: str
    line: str


@dataclass(frozen=True, kw_only=True)
class FoundMember:
    """One member. `host` is its own word, or None if it was not reached: `why` says so in one line.

    access: how it was reached, or would have been, by its name in the stack file. report: what else the host has.
    """

    node: Node
    access: HostAccess
    host: HostSnapshot | None = None
    why: str = ""
    report: HostReport | None = None

    @property
    def name(self) -> str:
        """Return its name in the stack file."""
        return self.access.name

    @property
    def bridge(self) -> Network | None:
        """Return its own docker_gwbridge, or None if it has none or was not reached."""
        own = self.host.networks if self.host else ()
        return next((network for network in own if network.name == GATEWAY_BRIDGE), None)


@dataclass(frozen=True, kw_only=True)
class Found:
    """The swarm as one manager shows it, with all its members; `entry` is how that manager was reached."""

    entry: HostAccess
    swarm: SwarmSnapshot
    members: tuple[FoundMember, ...]

    @property
    def reached(self) -> tuple[FoundMember, ...]:
        """Return the members that told of themselves."""
        return tuple(member for member in self.members if member.host)

    @property
    def taken(self) -> dict[Occupied, list[str]]:
        """Return what hosts have besides the swarm's networks, each with the names of those hosts."""
        found: dict[Occupied, list[str]] = {}
        for member in self.reached:
            for each in on_host(member.report, None) if member.report else ():
                found.setdefault(each, []).append(member.name)
        return found


def unfit(own: Member) -> str | None:
    """Say why a host cannot tell of a whole swarm, or return None if it can."""
    if own.good_manager:
        return None
    if own.state == "inactive":
        return f"{own.host}: it is not in a swarm, so there is nothing to take over: name a manager of the swarm"
    if own.state != "active":
        return f"{own.host}: its membership of a swarm is {own.state}: name a manager that works"
    if not own.control:
        return f"{own.host}: it is a worker, and only a manager knows the swarm: name a manager"
    return f"{own.host}: it can't answer for the swarm ({own.error}): bring a majority of the managers back first"


def names(nodes: Iterable[Node]) -> dict[str, str]:
    """A name for each member by its id: its hostname in the stack file's form, numbered if two would be alike."""
    found: dict[str, str] = {}  # ids by name
    numbers: defaultdict[str, count[int]] = defaultdict(lambda: count(2))
    for node in sorted(nodes, key=lambda node: (node.state != "ready", node.hostname, node.id)):
        plain = re.sub(r"[^a-z0-9]+", "-", node.hostname.lower().partition(".")[0]).strip("-")[:58].rstrip("-")
        name = stem = plain or "host"
        while name in found:
            name = f"{stem}-{next(numbers[stem])}"
        found[name] = node.id
    return {node: name for name, node in found.items()}


def leads_somewhere(place: str) -> bool:
    """Tell whether an address that a manager lists may be tried: as in a stack file, and not this machine."""
    try:
        ssh_address(place)
    except ValueError:
        return False
    return not (is_ip(place) and ip_address(place).is_loopback)


def ways(entry: HostAccess, node: Node, name: str) -> list[HostAccess]:
    """Return the ways to a member with the settings of the entry: by the address that the swarm has, by its hostname.

    A leader may be listed with no address of use (0.0.0.0); known_hosts may have the one or the other. What is neither
    an IP address nor a host name is not tried. A member that is the bastion is reached without it.
    """
    settings = entry.model_dump(exclude={"name", "address", "local", "host_key"})
    places = [each for each in (node.address, node.hostname) if leads_somewhere(each)]
    jump = (entry.bastion or "").rpartition("@")[2].partition(":")[0]
    return [
        HostAccess.model_validate(
            settings | {"name": name, "address": each} | ({"bastion": None} if each == jump else {})
        )
        for each in places or ("0.0.0.0",)
    ]


def order(members: Iterable[FoundMember], entry_id: str) -> tuple[FoundMember, ...]:
    """Managers first, the one that was asked before the others, then by name: the first is where a swarm begins."""

    def place(member: FoundMember) -> tuple[bool, bool, str]:
        return member.node.role != "manager", member.node.id != entry_id, member.name

    return tuple(sorted(members, key=place))
