"""Checks a host's links and its routes to the other members: MTU, source address, the way back, checksums."""

from collections.abc import Iterator

from providers.rules.doctor.unread import looks, unread
from providers.rules.doctor.wanted import Wanted
from providers.rules.vocabulary.diagnosis import Examination, Finding


def mtus(seen: Examination, wanted: Wanted) -> Iterator[Finding]:
    """Yield links that carry less than networks are told."""
    for host, look in looks(seen):
        yield from unread("link-mtu", host, "links")
        link, told = look.link_of(host.known_by), wanted.mtu(host.host)
        if link and link.mtu < told:
            fact = f"its link {link.name} has an MTU of {link.mtu}, and packets of {told} are expected to pass"
            remedy = f"write hosts.{host.host}.mtu: {link.mtu} and the mtu of networks after it, or raise the link's"
            yield Finding(id="link-mtu", status="failed", host=host.host, fact=fact, remedy=remedy)


def sources(seen: Examination, wanted: Wanted) -> Iterator[Finding]:
    """Yield packets that leave for a member from another address than it expects: its firewall knows that one alone."""
    for host, look in looks(seen):
        yield from unread("source-address", host, "routes")
        access = wanted.access.get(host.host)
        right = {host.known_by, (access.data_path_address if access else None) or host.known_by}
        for peer in seen.hosts:
            way = look.way_to(peer.known_by) if peer is not host else None
            if way and host.known_by and look.link_of(host.known_by) and way.source and way.source not in right:
                link = look.link_of(host.known_by)
                if link is not None and link.name != way.device:
                    continue  # packets leave by another link, which is a finding of its own
                fact = f"packets to {peer.host} leave from {way.source}; members know it as {host.known_by}"
                remedy = f"correct the route there: `ip route get {peer.known_by}` has src {way.source}"
                yield Finding(
                    id="source-address", status="failed", host=host.host, peer=peer.host, fact=fact, remedy=remedy
                )


def asymmetric(seen: Examination, wanted: Wanted) -> Iterator[Finding]:
    """Yield packets that leave for a member by another link than the one by which its own come in."""
    for host, look in looks(seen):
        yield from unread("asymmetric-route", host, "links", "routes")
        own = look.link_of(host.known_by)
        access = wanted.access.get(host.host)
        if own is None or (access and access.data_path_address):
            continue
        for peer in seen.hosts:
            way = look.way_to(peer.known_by) if peer is not host else None
            if way and way.device not in (own.name, "lo"):
                strict = own.name in look.strict
                drops = f", and drops what comes in by {own.name} (rp_filter is 1)" if strict else ""
                yield Finding(
                    id="asymmetric-route",
                    status="failed" if strict else "warning",
                    host=host.host,
                    peer=peer.host,
                    fact=f"it answers {peer.host} by {way.device} and has its own address on {own.name}{drops}",
                    remedy=f"correct the route there: `ip route get {peer.known_by}`",
                )


def offloads(seen: Examination, _: Wanted) -> Iterator[Finding]:
    """Yield virtual interfaces that are known to compute wrong checksums within VXLAN."""
    for host, look in looks(seen):
        yield from unread("checksum-offload", host, "offload")
        link = look.link_of(host.known_by)
        if link and link.driver == "vmxnet3" and link.offloads:
            fact = f"{link.name} ({link.driver}) computes checksums, and on some hypervisors wrong ones within VXLAN"
            remedy = f"if TCP fails where ping passes: `ethtool -K {link.name} tx-checksum-ip-generic off`"
            yield Finding(id="checksum-offload", status="warning", host=host.host, fact=fact, remedy=remedy)
