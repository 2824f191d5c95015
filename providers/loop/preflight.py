"""Looks at all hosts before the first write: what a stack file wants, compared with the addresses that they have, with
what they are as members, and with what `doctor` finds."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from providers.rules.checks import members
from providers.rules.checks.preflight import Findings, findings
from providers.rules.doctor.case import desired
from providers.rules.doctor.diagnosis import halting
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.diagnosis import FindingId, Observed
from providers.rules.vocabulary.hosts_api import HostsApi


def preflight(api: HostsApi, resolved: Resolved, owner: str) -> Findings:
    """Find clashes of a stack file with what its hosts have or are. Unreachable hosts are warnings.

    Raises NoQuorum and the like if a clash may be with a network of a swarm that no manager answers for.
    """
    reports, unreachable = api.reports()
    found = findings(resolved, owner, reports)
    if found != Findings():
        actual = api.swarm_has({net.id for each in reports for net in each.networks if net.scope == "swarm"})
        confirmed = [
            replace(each, networks=tuple(net for net in each.networks if net.scope != "swarm" or net.id in actual))
            for each in reports
        ]
        found = findings(resolved, owner, confirmed)
    unread = (f"ranges were not compared: {each.why}" for each in unreachable)
    return Findings(
        refused=(*members.refusals(resolved, reports), *found.refused),
        warnings=(*found.warnings, *members.warnings(resolved, reports), *unread),
    )


@dataclass
class Fitness:
    """All hosts as `doctor` sees them; `seen` once somebody asked."""

    seen: Observed | None = None

    def problems(self, api: HostsApi, resolved: Resolved, ids: Iterable[FindingId]) -> list[str]:
        """Say why a change would fail halfway, by these findings. Looks at most once, and not with `preflight: off`."""
        if resolved.file.preflight == "off":
            return []
        compared = desired(resolved)
        if self.seen is None:
            self.seen = api.observed(compared.managers, compared.mtus, compared.data_path_port)
        return halting(self.seen, compared, ids)
