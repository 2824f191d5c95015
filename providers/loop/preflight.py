"""A look at all hosts before the first write: what a stack file wants, compared with the addresses that they have and
with what they are as members."""

from dataclasses import replace

from providers.rules.checks import members
from providers.rules.checks.preflight import Findings, findings
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.door import Door


def preflight(door: Door, resolved: Resolved, owner: str) -> Findings:
    """Find clashes of a stack file with what its hosts have or are. Hosts that do not answer are only named.

    Raises NoQuorum and the like if a clash may be with a network of a swarm that no manager answers for.
    """
    reports, silent = door.reports()
    found = findings(resolved, owner, reports)
    if found != Findings():
        there = door.swarm_has({net.id for each in reports for net in each.networks if net.scope == "swarm"})
        confirmed = [
            replace(each, networks=tuple(net for net in each.networks if net.scope != "swarm" or net.id in there))
            for each in reports
        ]
        found = findings(resolved, owner, confirmed)
    unread = (f"ranges were not compared: {each.why}" for each in silent)
    return Findings(
        refused=(*members.refusals(resolved, reports), *found.refused),
        warnings=(*found.warnings, *members.warnings(resolved, reports), *unread),
    )
