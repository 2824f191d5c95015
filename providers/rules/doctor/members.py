"""Checks hosts as members of one swarm: who answers, memberships, certificates, addresses."""

from collections.abc import Iterator
from ipaddress import ip_address
from itertools import combinations

from providers.rules.doctor.case import Case, Fault
from providers.rules.live.quorum import describe_quorum
from providers.rules.vocabulary.addresses import engine_host, is_ip
from providers.rules.vocabulary.diagnosis import ObservedHost, Unread

_ENDED = "certificate has expired"  # "or is not yet valid", Go says of both
_DAY = 86_400.0
_SOON = 30 * _DAY
_ANEW = "let it leave, and join with the address by which the others reach it: it is fixed from then on"


def answers(case: Case) -> Iterator[Fault]:
    """Yield hosts that do not answer."""
    for unreachable in case.seen.unreachable:
        why = unreachable.why.removeprefix(f"{unreachable.host}: ")
        yield Fault("unknown", why, "other checks were skipped for this host: see docs/reach.md", unreachable.host)


def swarm_answers(case: Case) -> Iterator[Fault]:
    """Yield a swarm that does not answer."""
    if isinstance(case.seen.swarm, Unread):
        remedy = "other checks of the swarm were skipped: bring back a majority of its managers"
        yield Fault("unknown", case.seen.swarm.why, remedy)


def clones(case: Case) -> Iterator[Fault]:
    """Yield hosts with the node id of another: a copied machine has the original's key, and both answer as one member.

    One machine under two names shows the same address on a link of its own both times.
    """
    first: dict[str, ObservedHost] = {}
    for host in filter(lambda each: each.active, case.seen.hosts):
        other = first.setdefault(host.member.node_id, host)
        if other is host:
            continue
        fact = f"both are one member of the swarm, {host.member.node_id}: "
        if host.own_link and other.own_link and host.known_by == other.known_by:
            fact, remedy = f"{fact}one machine with two names", "remove one of the names from the stack file"
        else:
            fact = f"{fact}one machine is a copy of the other, with its key"
            remedy = (
                "run `docker swarm leave --force` on the copy, restart docker on the other, let the copy join again"
            )
        yield Fault("failed", fact, remedy, host.host, other.host)


def memberships(case: Case) -> Iterator[Fault]:
    """Yield members that are not in the swarm at the moment, by their own word or the managers'."""
    for host in case.seen.hosts:
        own = host.member
        if own.state not in ("active", "inactive"):
            fact = f"its membership of the swarm is {own.state}" + (f": {_line(own.error)}" if own.error else "")
            unlock, read = "run `docker swarm unlock` there", "see the log of docker there"
            yield Fault("failed", fact, unlock if own.state == "locked" else read, own.host)
    names = {host.member.node_id: host.host for host in case.seen.hosts}
    for node in case.swarm.snapshot.nodes if case.swarm else ():
        unreachable = node.role == "manager" and node.reachability == "unreachable"
        if unreachable or not node.counted_on:
            start = "start docker there, and see that TCP 2377 of the managers is reached"
            remedy = f"{start}; docs/operations.md where it is gone for good"
            name = names.get(node.id, node.hostname)
            state = f"its managers say that it is {'unreachable' if node.counted_on else node.state}"
            borne = f"; {describe_quorum(case.swarm.snapshot.nodes)}" if unreachable and case.swarm else ""
            yield Fault("failed", f"{state}{borne}", remedy, name)


def certificates(case: Case) -> Iterator[Fault]:
    """Yield ended certificates of members, as they say themselves, and the one of the swarm's authority."""
    for host in case.seen.hosts:
        if _ENDED in host.member.error:
            remedy = "set its clock right; else let it leave and join again"
            yield Fault("failed", _line(host.member.error), remedy, host.host)
    if case.swarm is None:
        return
    whose, ends, now = "the certificate of the swarm's authority", case.swarm.ca_ends, case.swarm.now
    if ends is None:
        yield Fault("unknown", f"{whose} can't be read", "look at `docker info` on a manager")
    elif ends < now + _SOON:
        days = int((ends - now) // _DAY)
        ending = f"ends in {days} days" if days > 0 else "has ended, or does within a day"
        remedy = "run `docker swarm ca --rotate` on a manager while all members are up"
        yield Fault("failed" if days <= 0 else "warning", f"{whose} {ending}", remedy)


def addresses(case: Case) -> Iterator[Fault]:
    """Yield addresses that members are known by and that are not, or may not be, their own."""
    known = [host for host in case.seen.hosts if host.active and host.member.node_address]
    listed = {node.id: node.address for node in (case.swarm.snapshot.nodes if case.swarm else ())}
    for one, other in combinations(known, 2):
        if _same(one.member.node_address, other.member.node_address):
            fact = f"both are known to the swarm as {one.member.node_address}"
            yield Fault("failed", fact, "let one leave, and join with an address of its own", other.host, one.host)
    for host in case.seen.hosts:
        if host.known_by and host.surroundings.links and not host.own_link:
            fact = f"it advertises {host.known_by}, which none of its links has"
            remedy = "if NAT makes that address reachable, ignore this; else write advertise_address"
            yield Fault("warning", fact, remedy, host.host)
    for host in known:
        own = host.member.node_address
        if ip_address(own).is_loopback and len(listed) > 1:
            yield Fault("failed", f"it advertises {own}, a loopback address", _ANEW, host.host)
            continue
        advertised = engine_host(case.desired.access[host.host].advertise_address or "")[0]
        if is_ip(advertised) and not _same(advertised, own):
            fact = f"it advertises {own}, the stack file has {advertised}"
            yield Fault("warning", fact, f"write advertise_address: {own}, or {_ANEW}", host.host)
        seen_from = listed.get(host.member.node_id, "")
        if _is_somewhere(seen_from) and not _same(seen_from, own):
            fact = f"it advertises {own}, and managers see it at {seen_from}"
            yield Fault("warning", fact, f"if members do not reach {own}, {_ANEW}", host.host)


def _line(words: str) -> str:
    return " ".join(words.split())


def _same(one: str, other: str) -> bool:
    return ip_address(one) == ip_address(other)


def _is_somewhere(address: str) -> bool:
    """Tell whether an address is a place: a leader may be listed with 0.0.0.0, and one that asks itself with
    127.0.0.1."""
    return bool(address) and not (ip_address(address).is_unspecified or ip_address(address).is_loopback)
