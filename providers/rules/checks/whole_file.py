"""Everything that is wrong with one stack file, at once: which check needs what to make sense.

The checks themselves must not enter.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from providers.rules.checks import capacity, engine_defaults, mtu, single_network
from providers.rules.checks.overlaps import clashes
from providers.rules.stack_file import access, problems, waves
from providers.rules.stack_file.field_types import AUTO
from providers.rules.stack_file.model import StackFile

_Check = Callable[[StackFile], Iterable[str]]

# A check, and the sections that must make sense by themselves for its answer to mean anything.
_CHECKS: tuple[tuple[_Check, frozenset[str]], ...] = (
    (waves.disorder, frozenset({"hosts", "order", "swarm"})),
    (access.through_themselves, frozenset({"hosts", "ssh"})),
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

    waiting: overlays whose range is still to be chosen; `stackfile` is without them.
    warnings: only where there is no problem.
    """

    stack: str
    stackfile: StackFile
    problems: list[str]
    waiting: list[str]
    warnings: list[str]

    @property
    def refused(self) -> list[str]:
        """What keeps this from being a plan: reviewers are to see numbers, so that ranges are chosen before."""
        chosen = f"is {AUTO}; `swarmnet allocate {self.stack}` writes a free range in its place"
        return [*self.problems, *(f"overlays.{name}.subnet: {chosen}" for name in self.waiting)]


def verdict(raw: problems.Raw, stack: str, beside: Iterable[str] = ()) -> Verdict:
    """All there is to say about a stack file's keys as they were read. beside: ranges that are not free either."""
    stackfile, found = problems.readable(StackFile, raw)
    return _judged(stackfile, found, stack, beside)


def judged(stackfile: StackFile, stack: str) -> Verdict:
    """All there is to say about a stack file whose keys make sense by themselves."""
    return _judged(stackfile, [], stack)


def _judged(stackfile: StackFile, found: list[str], stack: str, beside: Iterable[str] = ()) -> Verdict:
    harmed = {re.split(r"[.\[:]", line, maxsplit=1)[0] for line in found}
    blocked = [] if {"overlays", "pools"} & harmed else list(single_network.unresolvable(stackfile))
    chosen = {name: overlay for name, overlay in stackfile.overlays.items() if overlay.subnet != AUTO}
    waiting = [] if blocked else [name for name in stackfile.overlays if name not in chosen]
    stackfile = stackfile.model_copy(update={"overlays": chosen})
    across = [line for check, needs in _CHECKS if not needs & harmed for line in check(stackfile)]
    problems_found = [*found, *blocked, *across, *clashes(stackfile, beside)]
    warnings = [] if problems_found else [line for check in _WARNINGS for line in check(stackfile)]
    return Verdict(stack, stackfile, problems_found, waiting, warnings)
