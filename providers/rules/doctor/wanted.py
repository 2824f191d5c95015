"""What `doctor` compares hosts with. What was read of them must not enter."""

from collections.abc import Mapping
from dataclasses import dataclass

from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.model import Ignored
from providers.rules.stack_file.resolved import Resolved, without_lost


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """access: how each host is reached, and where members are to find it. encrypted: whether an overlay is to be.
    ignored: findings that are accepted."""

    access: Mapping[str, HostAccess]
    encrypted: bool = False
    ignored: tuple[Ignored, ...] = ()


def wanted(resolved: Resolved) -> Wanted:
    """What a stack file says of that."""
    left = without_lost(resolved)
    return Wanted(
        access=left.access,
        encrypted=any(each.encrypted for each in left.file.overlays.values()),
        ignored=tuple(left.file.doctor.ignore),
    )
