"""Compares members with the stack file: addresses that they keep, links between them, certificates. No hosts are read
here."""

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address

from providers.rules.checks.mtu import networks, too_large
from providers.rules.checks.taken_on_hosts import swarm_networks, type_of
from providers.rules.stack_file.access import advertises
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.addresses import engine_host, is_ip
from providers.rules.vocabulary.network_options import MTU
from providers.rules.vocabulary.routes import Link
from providers.rules.vocabulary.snapshot import HostReport
from providers.rules.vocabulary.words import some

DAY = 86_400.0
SOON = 14 * DAY
# An Engine renews a certificate when 50 to 80 % of its time is over (https://github.com/moby/swarmkit/blob/master/ca/
# certificates.go, calculateRandomExpiry): one with less than this part left is overdue.
OVERDUE = 1 / 6


def refusals(resolved: Resolved, reports: Sequence[HostReport]) -> Iterator[str]:
    """Yield the problems that forbid the first write: addresses that no change brings about, packets that would be
    lost."""
    for report in reports:
        if report.member and (unlike := advertises(resolved.access[report.host], report.member.node_address)):
            yield unlike
    yield from _lost(resolved, reports, status=False)


def warnings(resolved: Resolved, reports: Sequence[HostReport]) -> Iterator[str]:
    """Yield warnings."""
    yield from _lost(resolved, reports, status=True)
    yield from _links(resolved, reports)
    yield from certificates(reports)


def certificates(reports: Iterable[HostReport]) -> Iterator[str]:
    """Yield members whose certificate ends soon and should have been renewed: without one they are out of the swarm."""
    for report in reports:
        own = report.certificate
        if own and own.left < min(SOON, OVERDUE * own.lasts):
            days = int(own.left // DAY)
            when = "has ended" if own.left <= 0 else f"ends in {days} days" if days > 1 else "ends within two days"
            yield (
                f"{report.host}: its certificate as a member {when}, and should have been renewed by now: see that it "
                "reaches a manager by TCP 2377 and that its clock is right, then restart docker there"
            )


def _link(resolved: Resolved, report: HostReport) -> Link | None:
    """Return the link by which a host sends to other members, or None if none of its links has that address, as behind
    NAT."""
    host = resolved.access[report.host]
    own = report.member.node_address if report.member else ""
    named, _ = engine_host(host.data_path_address or own or host.advertise_address or "")
    links = () if is_ip(named) and ip_address(named).is_loopback else report.surroundings.links
    return next((each for each in links if named in (each.addresses if is_ip(named) else (each.name,))), None)


def _lost(resolved: Resolved, reports: Sequence[HostReport], *, status: bool) -> Iterator[str]:
    """Yield networks whose packets do not fit through a link. `standing`: those that have that MTU already."""
    found = [(link.mtu, report.host, link.name) for report in reports if (link := _link(resolved, report))]
    if not found:
        return
    most, host, name = min(found)
    actual = {type_of(net): net.option(MTU) for net in swarm_networks(reports)}
    for resource, path, network in networks(resolved):
        stands = resource in actual and actual[resource] == (str(network.mtu) if network.mtu else None)
        if stands == status:
            yield from too_large(path, network, f"the MTU of {host}'s link {name}", most)


def _links(resolved: Resolved, reports: Iterable[HostReport]) -> Iterator[str]:
    """Yield links with another MTU than the stack file has for the network between the hosts; alike ones in one
    line."""
    found: dict[tuple[int, int], list[str]] = {}
    for report in reports:
        declared, link = resolved.file.hosts[report.host].mtu, _link(resolved, report)
        if link and link.mtu != declared:
            found.setdefault((declared, link.mtu), []).append(f"hosts.{report.host}.mtu")
    for (declared, actual), paths in found.items():
        yield f"{some(paths)}: {declared}, and the link to the other members has {actual}: write {actual}"
