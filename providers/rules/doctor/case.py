"""What a check is given, and what it tells: hosts as they were observed, and a stack file's word on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from providers.rules.checks.ranges import reserved
from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.model import Ignored
from providers.rules.stack_file.resolved import Resolved, without_lost
from providers.rules.vocabulary.addresses import engine_host
from providers.rules.vocabulary.diagnosis import Observed, ObservedSwarm, Reach, Status
from providers.rules.vocabulary.network_options import ENCRYPTED

ETHERNET = 1500
# https://docs.docker.com/engine/swarm/swarm-tutorial/#open-protocols-and-ports-between-the-hosts
MANAGERS, GOSSIP, VXLAN = 2377, 7946, 4789


class Fault(NamedTuple):
    """What a check tells: a finding without its id, whose words are explained there. The host of a check of each host
    is filled in for it."""

    status: Status
    fact: str
    remedy: str
    host: str = ""
    peer: str = ""


@dataclass(frozen=True, kw_only=True)
class DesiredHosts:
    """The parts of a stack file with which hosts are compared.

    access: how each host is reached, and where members are to find it. encrypted: whether an overlay is to be.
    ignored: findings that are accepted. mtus: of the network between the hosts, bytes, by host. managers:
    hosts that are to be. data_path_port: UDP. reserved: ranges that nothing may meet, behind their path in the file.
    """

    access: Mapping[str, HostAccess]
    encrypted: bool = False
    ignored: tuple[Ignored, ...] = ()
    managers: frozenset[str] = frozenset()
    mtus: Mapping[str, int] = field(default_factory=dict)
    data_path_port: int = VXLAN
    reserved: tuple[tuple[str, str], ...] = ()

    def mtu(self, host: str) -> int:
        """Return the MTU that packets to and from a host are to fit in, bytes."""
        return self.mtus.get(host, ETHERNET)


def desired(resolved: Resolved) -> DesiredHosts:
    """Return those parts of a stack file."""
    left = without_lost(resolved)
    return DesiredHosts(
        access=left.access,
        encrypted=any(each.encrypted for each in left.file.overlays.values()),
        ignored=tuple(left.file.doctor.ignore),
        managers=frozenset(left.managers),
        mtus={name: left.file.hosts[name].mtu for name in left.access},
        data_path_port=(left.file.swarm and left.file.swarm.data_path_port) or VXLAN,
        reserved=tuple((each.path, each.subnet) for each in reserved(left.file)),
    )


def managers_port(host: HostAccess) -> int:
    """Return the TCP port of the swarm on a host that is a manager, or is to be."""
    return int(engine_host(host.listen_address or "")[1] or MANAGERS)


@dataclass(frozen=True)
class Case:
    """All that checks look at."""

    seen: Observed
    desired: DesiredHosts

    @property
    def swarm(self) -> ObservedSwarm | None:
        """Return the swarm, or None if it was not read."""
        return self.seen.read_swarm

    @property
    def reach(self) -> Reach:
        """Return what was sent between hosts, empty if nothing was."""
        return self.seen.reach or Reach()

    @property
    def encrypted(self) -> bool:
        """Tell whether a network is encrypted, or is to be."""
        networks = self.swarm.snapshot.networks if self.swarm else ()
        return self.desired.encrypted or any(each.option(ENCRYPTED) is not None for each in networks)

    @property
    def data_path_port(self) -> int:
        """Return the UDP port of overlays: the swarm's, before there is one that of the stack file."""
        return self.swarm.snapshot.settings.data_path_port if self.swarm else self.desired.data_path_port
