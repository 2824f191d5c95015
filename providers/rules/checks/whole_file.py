"""Everything that is wrong with one stack file, at once: which check needs what to make sense.

The checks themselves must not enter.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from providers.rules.checks import capacity, engine_defaults, hosts_and_order, mtu, single_network
from providers.rules.checks.overlaps import clashes
from providers.rules.stack_file import problems
from providers.rules.stack_file.field_types import AUTO
from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.resolved import Resolved, resolve

_Check = Callable[[Resolved], Iterable[str]]

# A check, and the sections that must make sense by themselves for its answer to mean anything.
_CHECKS: tuple[tuple[_Check, frozenset[str]], ...] = (
    (hosts_and_order.disorder, frozenset({"hosts", "order", "swarm"})),
    (hosts_and_order.through_themselves, frozenset({"hosts", "ssh"})),
    (single_network.lacking, frozenset({"hosts", "gwbridge"})),
    (single_network.names, frozenset({"ingress"})),
    (single_network.inside, frozenset()),
    (engine_defaults.pool_masks, frozenset({"swarm"})),
    (mtu.problems, frozenset({"hosts", "ssh", "ingress", "overlays"})),
)
_WARNINGS: tuple[_Check, ...] = (engine_defaults.warnings, capacity.warnings, mtu.warnings)


@dataclass(frozen=True)
class Verdict:
    """What of a stack file makes sense, and each thing that does not as `path: problem`.

    waiting: overlays whose range is still to be chosen; `resolved` is without them.
    warnings: only where there is no problem.
    """

    stack: str
    resolved: Resolved
    problems: list[str]
    waiting: list[str]
    warnings: list[str]

    @property
    def stackfile(self) -> StackFile:
        """The sections that make sense."""
        return self.resolved.file

    @property
    def why_no_plan(self) -> list[str]:
        """What keeps this from being a plan: reviewers are to see numbers, so that ranges are chosen before."""
        chosen = f"is {AUTO}; `swarmnet allocate {self.stack}` writes a free range in its place"
        return [*self.problems, *(f"overlays.{name}.subnet: {chosen}" for name in self.waiting)]


def verdict(raw: problems.Raw, stack: str, beside: Iterable[str] = ()) -> Verdict:
    """All there is to say about a stack file's keys as they were read. beside: ranges that are not free either."""
    stackfile, found = problems.readable(StackFile, raw)
    harmed = {re.split(r"[.\[:]", line, maxsplit=1)[0] for line in found}
    blocked = [] if {"overlays", "pools"} & harmed else list(single_network.unresolvable(stackfile))
    chosen = {name: overlay for name, overlay in stackfile.overlays.items() if overlay.subnet != AUTO}
    waiting = [] if blocked else [name for name in stackfile.overlays if name not in chosen]
    resolved = resolve(stackfile.model_copy(update={"overlays": chosen}))
    across = [line for check, needs in _CHECKS if not needs & harmed for line in check(resolved)]
    problems_found = [*found, *blocked, *across, *clashes(resolved, beside)]
    warnings = [] if problems_found else [line for check in _WARNINGS for line in check(resolved)]
    return Verdict(stack, resolved, problems_found, waiting, warnings)
