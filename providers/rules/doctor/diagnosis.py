"""All checks over the facts that were read, and their common result."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from providers.rules.doctor import capacity, clocks, engines, gossip, kernels, links, members, netfilter, reached
from providers.rules.doctor.wanted import Wanted
from providers.rules.vocabulary.diagnosis import Examination, Finding, FindingId, Room
from providers.rules.vocabulary.reach import Trial

Check = Callable[[Examination, Wanted], Iterable[Finding]]

CHECKS: Mapping[FindingId, Check] = {
    "host-answers": members.answers,
    "swarm-answers": members.swarm_answers,
    "engine-kind": engines.kinds,
    "engine-release": engines.bad_releases,
    "mixed-releases": engines.mixed_releases,
    "live-restore": engines.live_restore,
    "membership": members.memberships,
    "certificates": members.certificates,
    "clock": clocks.clocks,
    "advertised-address": members.addresses,
    "network-addresses": capacity.full_networks,
    "waiting-tasks": capacity.waiting_tasks,
    "gwbridge-addresses": capacity.full_bridges,
    "commands": kernels.commands,
    "daemon-settings": kernels.daemon_settings,
    "kernel-vxlan": kernels.vxlan,
    "kernel-ipvs": kernels.ipvs,
    "kernel-esp": kernels.esp,
    "forwarding": kernels.forwarding,
    "link-mtu": links.mtus,
    "source-address": links.sources,
    "asymmetric-route": links.asymmetric,
    "checksum-offload": links.offloads,
    "two-firewalls": netfilter.two,
    "firewalld-zone": netfilter.zones,
    "docker-chains": netfilter.chains,
    "disk-room": kernels.room,
    "probes": reached.probes,
    "port-taken": reached.taken,
    "reach-managers": reached.on("reach-managers", "managers"),
    "reach-gossip": gossip.gossip,
    "reach-data-path": reached.on("reach-data-path", "data-path"),
    "reach-full-size": reached.on("reach-full-size", "full-size"),
    "reach-data": reached.on("reach-data", "data"),
    "reach-esp": reached.on("reach-esp", "esp"),
}
# These findings tell what was not read, so they belong to any choice.
_LOOKS: frozenset[FindingId] = frozenset({"host-answers", "swarm-answers", "commands"})


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The findings, in the order of the checks. rooms: of each network of the swarm, well or not; trials: of each pair
    of hosts."""

    findings: tuple[Finding, ...]
    rooms: tuple[Room, ...] = ()
    trials: tuple[Trial, ...] = ()

    @property
    def status(self) -> Literal["well", "wrong", "unknown"]:
        """Sum up: warnings and ignored findings count as well, and what failed outweighs what is unknown."""
        statuses = {each.status for each in self.findings}
        return "wrong" if "failed" in statuses else "unknown" if "unknown" in statuses else "well"


def diagnosis(seen: Examination, wanted: Wanted, only: Iterable[str] = (), skip: Iterable[str] = ()) -> Diagnosis:
    """Return what the chosen checks find: `only` these if there are some, none of `skip`."""
    chosen = ({*only, *_LOOKS} if only else set(CHECKS)) - set(skip)
    found = [_judged(each, wanted) for name, check in CHECKS.items() if name in chosen for each in check(seen, wanted)]
    return Diagnosis(
        findings=tuple(_unexplained(found)),
        rooms=tuple(capacity.rooms(seen)) if "network-addresses" in chosen else (),
        trials=tuple(gossip.trials(seen)),
    )


def _unexplained(found: Iterable[Finding]) -> Iterator[Finding]:
    """All but large packets that do not pass to or from a link that is told to be too narrow: the matrix shows them."""
    rows = tuple(found)
    narrow = {each.host for each in rows if each.id == "link-mtu" and each.status == "failed"}
    return (each for each in rows if each.id != "reach-full-size" or narrow.isdisjoint((each.host, each.peer)))


def _judged(found: Finding, wanted: Wanted) -> Finding:
    """Return the finding, ignored if the stack file says so."""
    for each in wanted.ignored:
        if each.id == found.id and each.host in (None, found.host):
            return replace(found, status="ignored", remedy=each.why)
    return found
