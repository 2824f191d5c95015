"""The parts of a stack file with which `doctor` compares hosts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from providers.rules.doctor.ports import VXLAN
from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.model import Ignored
from providers.rules.stack_file.resolved import Resolved, without_lost

ETHERNET = 1500


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """access: how each host is reached, and where members are to find it. encrypted: whether an overlay is to be.
    ignored: findings that are accepted. mtus: of the network between the hosts, bytes, by host. managers:
    hosts that are to be. data_path_port: UDP.
    """

    access: Mapping[str, HostAccess]
    encrypted: bool = False
    ignored: tuple[Ignored, ...] = ()
    managers: frozenset[str] = frozenset()
    mtus: Mapping[str, int] = field(default_factory=dict)
    data_path_port: int = VXLAN

    def mtu(self, host: str) -> int:
        """Return the MTU that packets to and from a host are to fit in, bytes."""
        return self.mtus.get(host, ETHERNET)


def wanted(resolved: Resolved) -> Wanted:
    """Return those parts of a stack file."""
    left = without_lost(resolved)
    return Wanted(
        access=left.access,
        encrypted=any(each.encrypted for each in left.file.overlays.values()),
        ignored=tuple(left.file.doctor.ignore),
        managers=frozenset(left.managers),
        mtus={name: left.file.hosts[name].mtu for name in left.access},
        data_path_port=(left.file.swarm and left.file.swarm.data_path_port) or VXLAN,
    )
