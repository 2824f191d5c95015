"""Reads what hosts have of addresses, all at once, and lets it be compared with a stack file. Nothing is written.

One command and one request a host; what clashes is decided in rules/checks/preflight.py.
"""

import re
from dataclasses import replace

from providers.hosts import observe
from providers.hosts.engine_api.engine import Engine
from providers.hosts.fleet import Fleet
from providers.rules.checks.preflight import Findings, findings
from providers.rules.checks.taken_on_hosts import HostReport
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.errors import CommandFailed
from providers.rules.vocabulary.routes import surroundings

# All tables: some VPNs route by one of their own. Where systemd-resolved answers, its own file names who answers it:
# https://www.freedesktop.org/software/systemd/man/latest/systemd-resolved.service.html#/etc/resolv.conf
COMMAND = (
    "sh",
    "-c",
    'PATH="$PATH:/usr/sbin:/sbin"; ip -4 addr && ip -4 route show table all && '
    "{ cat /etc/resolv.conf /run/systemd/resolve/resolv.conf 2>/dev/null || :; }",
)
_RESOLVER = re.compile(r"^nameserver\s+(?!127\.)(\d+\.\d+\.\d+\.\d+)\s*$", re.MULTILINE)


def preflight(fleet: Fleet, resolved: Resolved, owner: str) -> Findings:
    """What of a stack file clashes with what its hosts have. Hosts that do not answer are only named."""
    reports, silent = observe.answers(fleet, report, fleet.names)
    found = findings(resolved, owner, reports)
    if found != Findings():
        found = findings(resolved, owner, confirmed(fleet, reports))
    return replace(found, warnings=(*found.warnings, *(f"ranges were not compared: {each.why}" for each in silent)))


def report(engine: Engine) -> HostReport:
    """What one host has."""
    networks = observe.networks(engine)
    try:
        text = engine.connection.run(COMMAND, as_root=False)
    except CommandFailed as problem:
        unread = f"{engine.name}: {str(problem).rpartition(': ')[2]}"
        return HostReport(host=engine.name, networks=networks, unread=unread)
    resolvers = tuple(dict.fromkeys(_RESOLVER.findall(text)))
    return HostReport(host=engine.name, networks=networks, surroundings=surroundings(text), resolvers=resolvers)


def confirmed(fleet: Fleet, reports: list[HostReport]) -> list[HostReport]:
    """The same without networks that the swarm has no more: hosts keep copies of those for a while.

    Raises NoQuorum and the like where hosts are in a swarm and no manager can answer for it.
    """
    ids = {net.id for each in reports for net in each.networks if net.scope == "swarm"}
    if not ids:
        return reports
    gone = observe.from_manager(
        fleet, lambda manager: {each for each in ids if observe.swarm_network(manager, each) is None}
    )
    return [replace(each, networks=tuple(net for net in each.networks if net.id not in gone)) for each in reports]
