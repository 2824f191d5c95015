"""Reads what hosts have of addresses, all at once: one command and two requests a host. Nothing is written.

What clashes with a stack file is decided in rules/checks/preflight.py.
"""

import re
import time
from collections.abc import Set

from cryptography import x509

from providers.hosts import observe
from providers.hosts.engine_api.engine import Engine
from providers.hosts.fleet import Fleet
from providers.rules.vocabulary.errors import CommandFailed
from providers.rules.vocabulary.facts import UnreachableHost
from providers.rules.vocabulary.network_options import release
from providers.rules.vocabulary.routes import canonical, surroundings
from providers.rules.vocabulary.snapshot import Certificate, HostReport

# All tables: some VPNs route by one of their own. Where systemd-resolved answers, its own file names who answers it:
# https://www.freedesktop.org/software/systemd/man/latest/systemd-resolved.service.html#/etc/resolv.conf
COMMAND = (
    "sh",
    "-c",
    'PATH="$PATH:/usr/sbin:/sbin"; ip -4 addr && ip -4 route show table all && '
    "{ cat /etc/resolv.conf /run/systemd/resolve/resolv.conf /var/lib/docker/swarm/certificates/swarm-node.crt "
    "2>/dev/null || :; }",
)
_RESOLVER = re.compile(r"^nameserver\s+(?!127\.)(\d+\.\d+\.\d+\.\d+)\s*$", re.MULTILINE)


def reports(fleet: Fleet) -> tuple[list[HostReport], list[UnreachableHost]]:
    """Return each host's report, and the hosts that are unreachable."""
    return observe.answers(fleet, report, fleet.names)


def report(engine: Engine) -> HostReport:
    """Read one host's report."""
    own, networks = observe.member(engine), observe.networks(engine)
    speaks = release(engine.api_version)
    try:
        text = engine.connection.run(COMMAND, as_root=False)
    except CommandFailed as problem:
        unread = f"{engine.name}: {str(problem).rpartition(': ')[2]}"
        return HostReport(host=engine.name, member=own, networks=networks, unread=unread, engine=speaks)
    resolvers = tuple(dict.fromkeys(filter(canonical, _RESOLVER.findall(text))))
    return HostReport(
        host=engine.name,
        member=own,
        certificate=certificate(text) if own.state == "active" else None,
        networks=networks,
        surroundings=surroundings(text),
        resolvers=resolvers,
        engine=speaks,
    )


def certificates(text: str) -> list[x509.Certificate]:
    """Return the certificates (PEM) in a text; none if one of them can't be read. They are no secret."""
    try:
        return x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        return []


def certificate(text: str) -> Certificate | None:
    """Return the first of the certificates (PEM) in a text, which is the member's own, or None if there is none."""
    found = certificates(text)
    if not found:
        return None
    own, end = found[0], found[0].not_valid_after_utc.timestamp()
    return Certificate(left=end - time.time(), lasts=end - own.not_valid_before_utc.timestamp())


def swarm_has(fleet: Fleet, ids: Set[str]) -> frozenset[str]:
    """Return those of the networks that the swarm has.

    Raises NoQuorum and the like if hosts are in a swarm and no manager can answer for it.
    """
    if not ids:
        return frozenset()
    return observe.from_manager(
        fleet, lambda manager: frozenset(each for each in ids if observe.swarm_network(manager, each) is not None)
    )
