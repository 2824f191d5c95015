"""Reports checks whose facts a host did not give: unknown, with the reason, never well."""

from collections.abc import Iterator

from providers.rules.vocabulary.diagnosis import Examination, Finding, FindingId, HostExamination
from providers.rules.vocabulary.look import Look, Subject


def looks(seen: Examination) -> Iterator[tuple[HostExamination, Look]]:
    """Yield the hosts on which commands ran, with their output."""
    for host in seen.hosts:
        if isinstance(host.look, Look):
            yield host, host.look


def unread(check: FindingId, host: HostExamination, *subjects: Subject) -> Iterator[Finding]:
    """Yield one finding if what the check needs could not be read on a host."""
    why = next((host.looked.unread[each] for each in subjects if each in host.looked.unread), "")
    if why:
        fact, _, remedy = why.rpartition(": ")
        yield Finding(id=check, status="unknown", host=host.host, fact=fact or why, remedy=remedy or "look by hand")
