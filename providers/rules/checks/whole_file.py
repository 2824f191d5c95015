"""Everything that is wrong with one stack file, at once: which check needs what to make sense.

The checks themselves must not enter.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from providers.rules.checks import capacity, engine_defaults, hosts_and_order, mtu, single_network
from providers.rules.checks.overlaps import clashes
from providers.rules.stack_file.field_types import AUTO
from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.problems import Raw, Readable, readable
from providers.rules.stack_file.resolved import Resolved, resolve

_Check = Callable[[Resolved], Iterable[str]]
_Needs = tuple[tuple[str, ...], ...]

_HOSTS = ("hosts", "*")
_WAYS: _Needs = tuple((*place, key) for place in (_HOSTS, ("ssh",)) for key in ("port", "bastion"))
# A check, and the keys without which its answer means nothing.
_CHECKS: tuple[tuple[_Check, _Needs], ...] = (
    (hosts_and_order.nobody, ((*_HOSTS, "lost"),)),
    (hosts_and_order.beginning, ((*_HOSTS, "role"), (*_HOSTS, "lost"), ("swarm", "first_manager"))),
    (hosts_and_order.waves, (_HOSTS, ("order", "*", "*"))),
    (hosts_and_order.same_machine, _WAYS),
    (hosts_and_order.through_themselves, _WAYS),
    (single_network.lacking, (("gwbridge", "subnet"), (*_HOSTS, "gwbridge", "subnet"))),
    (single_network.names, ()),
    (single_network.inside, ()),
    (engine_defaults.pool_masks, (("swarm", "default_addr_pool_prefix"),)),
    (mtu.problems, ()),
)
_WARNINGS: tuple[_Check, ...] = (engine_defaults.warnings, capacity.warnings, mtu.warnings)


@dataclass(frozen=True)
class Verdict:
    """What of a stack file makes sense, and each thing that does not as `path: problem`.

    waiting: overlays whose range is still to be chosen; `resolved` is without them.
    warnings: only where there is no problem. read: what of the keys makes sense each by itself.
    """

    stack: str
    resolved: Resolved
    problems: list[str]
    waiting: list[str]
    warnings: list[str]
    read: Readable[StackFile]

    @property
    def stackfile(self) -> StackFile:
        """The sections that make sense."""
        return self.resolved.file

    @property
    def why_no_plan(self) -> list[str]:
        """What keeps this from being a plan: reviewers are to see numbers, so that ranges are chosen before."""
        chosen = f"is {AUTO}; `swarmnet allocate {self.stack}` writes a free range in its place"
        return [*self.problems, *(f"overlays.{name}.subnet: {chosen}" for name in self.waiting)]


def verdict(raw: Raw, stack: str, beside: Iterable[str] = ()) -> Verdict:
    """All there is to say about a stack file's keys as they were read. beside: ranges that are not free either."""
    read = readable(StackFile, raw)
    blocked = [] if read.harms(("pools", "overlays", "*")) else list(single_network.unresolvable(read.model))
    chosen = {name: overlay for name, overlay in read.model.overlays.items() if overlay.subnet != AUTO}
    waiting = [] if blocked else [name for name in read.model.overlays if name not in chosen]
    resolved = resolve(read.model.model_copy(update={"overlays": chosen}))
    across = (line for check, needs in _CHECKS if not any(map(read.harms, needs)) for line in check(resolved))
    # What is wrong by itself is told once: what would follow from it is not known.
    told = {line.partition(": ")[0] for line in read.problems}
    further = [read.as_written(line) for line in (*blocked, *across, *clashes(resolved, beside))]
    found = [*read.problems, *(line for line in further if line.partition(": ")[0] not in told)]
    warnings = [] if found else [line for check in _WARNINGS for line in check(resolved)]
    return Verdict(stack, resolved, found, waiting, warnings, read)
