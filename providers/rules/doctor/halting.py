"""The findings that could make a change fail halfway, so that they are looked for before its first write."""

from collections.abc import Iterable

from providers.rules.doctor.diagnosis import diagnosis
from providers.rules.doctor.wanted import Wanted
from providers.rules.vocabulary.diagnosis import Examination, FindingId

# A host that joins: its Engine has to take it, its ports have to be free, managers and members have to be reached.
JOINING: tuple[FindingId, ...] = (
    "engine-kind",
    "live-restore",
    "clock",
    "kernel-vxlan",
    "disk-room",
    "port-taken",
    "reach-managers",
    "reach-gossip",
)
# A bridge or the ingress that changes under running services: the new one has to come to each host.
CHANGING: tuple[FindingId, ...] = ("kernel-vxlan", "disk-room", "reach-managers", "reach-gossip")


def halting(seen: Examination, wanted: Wanted, ids: Iterable[FindingId]) -> list[str]:
    """Say why such a change would not finish; only certain findings that are not ignored count."""
    chosen = tuple(ids)
    return [
        f"{', '.join(filter(None, (each.host, each.peer)))}: {each.fact}: {each.remedy} ({each.id}, docs/doctor.md)"
        for each in diagnosis(seen, wanted, only=chosen).findings
        if each.status == "failed" and each.id in chosen
    ]
