"""All checks over what was observed, and their common result."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from providers.rules.doctor import capacity, engines, kernels, members, netfilter, reached
from providers.rules.doctor.case import Case, DesiredHosts, Fault
from providers.rules.vocabulary.diagnosis import Finding, FindingId, Observed, ObservedHost, Result, Room, Subject

Check = Callable[[Case], Iterable[Fault]]


def each(check: Callable[[ObservedHost, Case], Iterable[Fault]], *needs: Subject) -> Check:
    """Return the check of each host by itself; if one of the subjects that it needs was not read there, it is unknown
    with the reason, never well."""

    def of_all(case: Case) -> Iterator[Fault]:
        for host in case.seen.hosts:
            why = next((host.unread[subject] for subject in needs if subject in host.unread), "")
            fact, _, remedy = why.rpartition(": ")
            unread = [Fault("unknown", fact or why, remedy or "look by hand")] if why else []
            yield from (fault._replace(host=host.host) for fault in (*unread, *check(host, case)))

    return of_all


def nothing(_: ObservedHost, __: Case) -> tuple[Fault, ...]:
    """Find nothing: there is only what was not read."""
    return ()


def if_encrypted(check: Check) -> Check:
    """Return the check, made only if something is encrypted."""
    return lambda case: check(case) if case.encrypted else ()


CHECKS: Mapping[FindingId, Check] = {
    "host-answers": members.answers,
    "swarm-answers": members.swarm_answers,
    "engine-kind": each(engines.kind),
    "engine-release": each(engines.release),
    "mixed-releases": engines.mixed_releases,
    "live-restore": each(engines.live_restore),
    "cloned-member": members.clones,
    "membership": members.memberships,
    "certificates": members.certificates,
    "clock": engines.clocks,
    "advertised-address": members.addresses,
    "network-addresses": capacity.full_networks,
    "waiting-tasks": capacity.waiting_tasks,
    "gwbridge-addresses": each(capacity.full_bridge),
    "commands": each(nothing, "commands"),
    "daemon-settings": each(engines.daemon_settings, "daemon"),
    # Without VXLAN there are no overlays; without IPVS no service is reached by its own address or a published port.
    "kernel-vxlan": each(kernels.module("vxlan", "overlays"), "modules"),
    "kernel-ipvs": each(kernels.module("ip_vs", "published ports and services' own addresses"), "modules"),
    "kernel-esp": if_encrypted(each(kernels.module("esp4", "encrypted overlays"), "modules")),
    "forwarding": each(kernels.forwarding, "forwarding"),
    "link-mtu": each(kernels.mtu, "links"),
    "source-address": each(kernels.sources, "routes"),
    "asymmetric-route": each(kernels.asymmetric, "links", "routes"),
    "overlapping-route": each(kernels.overlaps, "links"),
    "checksum-offload": each(kernels.offload, "offload"),
    "two-firewalls": each(netfilter.two, "legacy"),
    "firewalld-zone": each(netfilter.zone, "zone"),
    "docker-chains": each(netfilter.chains, "rules"),
    "nftables-forward": each(netfilter.forward, "nft"),
    "disk-room": each(kernels.room, "room"),
    "probes": reached.probes,
    "port-taken": reached.taken,
    "reach-managers": reached.find_closed("managers"),
    "reach-gossip": reached.gossip,
    "reach-data-path": reached.find_closed("data-path"),
    "reach-full-size": reached.find_closed("full-size"),
    "reach-data": reached.find_closed("data"),
    "reach-esp": reached.find_closed("esp"),
    "reach-egress": reached.egress,
}
# These findings tell what was not read, so they belong to any choice.
_READS: frozenset[FindingId] = frozenset({"host-answers", "swarm-answers", "commands"})
# For these packets are sent.
_SENT = frozenset({"probes", "port-taken"} | {name for name in CHECKS if name.startswith("reach-")})
# What comes of another fault, by the findings that name that one: they say it all, with the remedy that helps.
_CAUSES: Mapping[FindingId, tuple[FindingId, ...]] = {
    "membership": ("cloned-member", "certificates"),
    "advertised-address": ("cloned-member",),
    "docker-chains": ("daemon-settings",),
    "probes": ("cloned-member", "kernel-vxlan"),
    "reach-managers": ("cloned-member",),
    "reach-gossip": ("cloned-member",),
    "reach-data-path": ("cloned-member", "kernel-vxlan"),
    "reach-full-size": ("cloned-member", "kernel-vxlan", "link-mtu"),
    "reach-data": ("cloned-member", "kernel-vxlan"),
    "reach-esp": ("cloned-member", "kernel-vxlan", "kernel-esp", "daemon-settings"),
    "reach-egress": (
        "cloned-member",
        "daemon-settings",
        "forwarding",
        "overlapping-route",
        "firewalld-zone",
        "docker-chains",
        "nftables-forward",
    ),
}
# Of two hosts, if one's bridge has the other's address: no packet passes, and none leaves by its link.
_OF_A_PAIR = ("reach-", "asymmetric-route", "source-address")

# The findings that could make a change fail halfway, so that they are looked for before its first write.
# A bridge or the ingress that changes under running services: the new one has to come to each host.
CHANGING: tuple[FindingId, ...] = ("kernel-vxlan", "disk-room", "reach-managers", "reach-gossip")
# A host that joins: its Engine has to take it, its ports have to be free, managers and members have to be reached.
JOINING: tuple[FindingId, ...] = ("engine-kind", "live-restore", "clock", "port-taken", *CHANGING)


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The findings, in the order of the checks. rooms: of each network of the swarm, well or not; results: of each pair
    of hosts."""

    findings: tuple[Finding, ...]
    rooms: tuple[Room, ...] = ()
    results: tuple[Result, ...] = ()

    @property
    def status(self) -> Literal["well", "wrong", "unknown"]:
        """Sum up: warnings and ignored findings count as well, and what failed outweighs what is unknown."""
        statuses = {each.status for each in self.findings}
        return "wrong" if "failed" in statuses else "unknown" if "unknown" in statuses else "well"


def sends(only: Iterable[str], skip: Iterable[str]) -> bool:
    """Tell whether packets are to be sent for a choice of checks."""
    return not _SENT.isdisjoint((set(only) or _SENT) - set(skip))


def diagnosis(seen: Observed, desired: DesiredHosts, only: Iterable[str] = (), skip: Iterable[str] = ()) -> Diagnosis:
    """Return what the chosen checks find: `only` these if there are some, none of `skip`."""
    case = Case(seen, desired)
    chosen = ({*only, *_READS} if only else set(CHECKS)) - set(skip)
    found = [
        _with_ignored(Finding(id=name, **fault._asdict()), desired)
        for name, check in CHECKS.items()
        if name in chosen
        for fault in check(case)
    ]
    return Diagnosis(
        findings=tuple(_unexplained(found)),
        rooms=tuple(capacity.rooms(case)) if "network-addresses" in chosen else (),
        results=tuple(reached.results(case)),
    )


def halting(seen: Observed, desired: DesiredHosts, ids: Iterable[FindingId]) -> list[str]:
    """Say why such a change would not finish; only certain findings that are not ignored count."""
    chosen = tuple(ids)
    return [
        f"{', '.join(filter(None, (each.host, each.peer)))}: {each.fact}: {each.remedy} ({each.id}, docs/doctor.md)"
        for each in diagnosis(seen, desired, only=chosen).findings
        if each.status == "failed" and each.id in chosen
    ]


def _unexplained(found: list[Finding]) -> Iterator[Finding]:
    """Yield all but what another finding on one of its hosts explains; the matrix still shows what does not pass."""
    failed = [each for each in found if each.status == "failed"]
    hosts = {(cause.id, host) for cause in failed for host in (cause.host, cause.peer) if host}
    unreached = {frozenset((each.host, each.peer)) for each in failed if each.id == "overlapping-route" and each.peer}
    for each in found:
        causes = _CAUSES.get(each.id, ())
        between = each.id.startswith(_OF_A_PAIR) and {each.host, each.peer} in unreached
        if not between and hosts.isdisjoint((cause, host) for cause in causes for host in (each.host, each.peer)):
            yield each


def _with_ignored(found: Finding, desired: DesiredHosts) -> Finding:
    """Return the finding, ignored if the stack file says so."""
    for each in desired.ignored:
        if each.id == found.id and each.host in (None, found.host):
            return replace(found, status="ignored", remedy=each.why)
    return found
