"""Checks hosts as members of one swarm: who answers, memberships, certificates, addresses."""

from collections.abc import Iterator
from ipaddress import ip_address
from itertools import combinations

from providers.rules.doctor.wanted import Wanted
from providers.rules.vocabulary.addresses import engine_host, is_ip
from providers.rules.vocabulary.diagnosis import Examination, Finding, Status, Unread

_ENDED = "certificate has expired"  # "or is not yet valid", Go says of both
_SOON = 30 * 86_400.0


def answers(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield hosts that do not answer."""
    for silent in seen.silent:
        yield Finding(
            id="host-answers",
            status="unknown",
            host=silent.host,
            fact=silent.why.removeprefix(f"{silent.host}: "),
            remedy="nothing else was looked at there: see docs/reach.md",
        )


def swarm_answers(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield a swarm that does not answer."""
    if isinstance(seen.swarm, Unread):
        yield Finding(
            id="swarm-answers",
            status="unknown",
            fact=seen.swarm.why,
            remedy="nothing else of the swarm was looked at: bring back a majority of its managers",
        )


def memberships(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield members that are not in the swarm at the moment, by their own word or the managers'."""
    for host in seen.hosts:
        own = host.member
        if own.state not in ("active", "inactive"):
            locked = own.state == "locked"
            yield Finding(
                id="membership",
                status="failed",
                host=own.host,
                fact=f"its membership of the swarm is {own.state}" + (f": {_line(own.error)}" if own.error else ""),
                remedy="run `docker swarm unlock` there" if locked else "see the log of docker there",
            )
    names = {host.member.node_id: host.host for host in seen.hosts}
    for node in seen.read_swarm.survey.nodes if seen.read_swarm else ():
        if not node.counted_on:
            yield Finding(
                id="membership",
                status="failed",
                host=names.get(node.id, node.hostname),
                fact=f"its managers say that it is {node.state}",
                remedy="start docker there, and see that TCP 2377 of the managers is reached; docs/operations.md where "
                "it is gone for good",
            )


def certificates(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield ended certificates of members, as they say themselves, and the one of the swarm's authority."""
    for host in seen.hosts:
        if _ENDED in host.member.error:
            yield _certificate(
                "failed", host.host, _line(host.member.error), "set its clock right; else let it leave and join again"
            )
    swarm = seen.read_swarm
    if swarm is None:
        return
    if swarm.ca_ends is None:
        told = "the certificate of the swarm's authority can't be read"
        yield _certificate("unknown", "", told, "look at `docker info` on a manager")
    elif swarm.ca_ends < swarm.now + _SOON:
        days = int((swarm.ca_ends - swarm.now) // 86_400)
        told = f"ends in {days} days" if days > 0 else "has ended, or does within a day"
        yield _certificate(
            "failed" if days <= 0 else "warning",
            "",
            f"the certificate of the swarm's authority {told}",
            "run `docker swarm ca --rotate` on a manager while all members are up",
        )


def addresses(seen: Examination, wanted: Wanted) -> Iterator[Finding]:
    """Yield addresses that members are known by and that are not, or may not be, their own."""
    known = [host for host in seen.hosts if host.member.state == "active" and host.member.node_address]
    listed = {node.id: node.address for node in (seen.read_swarm.survey.nodes if seen.read_swarm else ())}
    for one, other in combinations(known, 2):
        if _same(one.member.node_address, other.member.node_address):
            fact = f"both are known to the swarm as {one.member.node_address}"
            yield _address("failed", other.host, fact, "let one leave, and join with an address of its own", one.host)
    for host in seen.hosts:
        if host.known_by and host.looked.links and not host.looked.link_of(host.known_by):
            fact = f"members are to find it by {host.known_by}, which none of its links has"
            remedy = "where a translation of addresses lets the others in, ignore this; else write advertise_address"
            yield _address("warning", host.host, fact, remedy)
    for host in known:
        own = host.member.node_address
        if ip_address(own).is_loopback and len(listed) > 1:
            yield _address("failed", host.host, f"members are told {own}, which is each of them itself", _ANEW)
            continue
        said = engine_host(wanted.access[host.host].advertise_address or "")[0]
        if is_ip(said) and not _same(said, own):
            fact = f"members know it as {own}, the stack file says {said}"
            remedy = f"write advertise_address: {own}, or {_ANEW}"
            yield _address("warning", host.host, fact, remedy)
        seen_from = listed.get(host.member.node_id, "")
        if _is_somewhere(seen_from) and not _same(seen_from, own):
            fact = f"it tells members {own}, and comes to the managers from {seen_from}"
            yield _address("warning", host.host, fact, f"if members do not reach {own}, {_ANEW}")


_ANEW = "let it leave, and join with the address by which the others reach it: it is fixed from then on"


def _address(status: Status, host: str, fact: str, remedy: str, peer: str = "") -> Finding:
    return Finding(id="advertised-address", status=status, host=host, peer=peer, fact=fact, remedy=remedy)


def _certificate(status: Status, host: str, fact: str, remedy: str) -> Finding:
    return Finding(id="certificates", status=status, host=host, fact=fact, remedy=remedy)


def _line(words: str) -> str:
    return " ".join(words.split())


def _same(one: str, other: str) -> bool:
    return ip_address(one) == ip_address(other)


def _is_somewhere(address: str) -> bool:
    """Tell whether an address is a place: a leader may be listed with 0.0.0.0, and one that asks itself with
    127.0.0.1."""
    return bool(address) and not (ip_address(address).is_unspecified or ip_address(address).is_loopback)
