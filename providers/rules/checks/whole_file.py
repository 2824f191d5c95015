"""Runs every check on one stack file at once, and knows which check needs what to make sense."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from providers.rules.checks import engine_defaults, hosts_and_order, mtu, single_network
from providers.rules.checks.overlaps import clashes, public, unchosen
from providers.rules.stack_file.field_types import AUTO
from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.problems import Raw, readable
from providers.rules.stack_file.reading import Written
from providers.rules.stack_file.resolved import Resolved, resolve

_Check = Callable[[Resolved], Iterable[str]]
_Needs = tuple[tuple[str, ...], ...]

_HOSTS = ("hosts", "*")
_WAYS: _Needs = tuple((*place, key) for place in (_HOSTS, ("ssh",)) for key in ("port", "bastion"))
# A check, and the keys without which its answer means nothing.
_CHECKS: tuple[tuple[_Check, _Needs], ...] = (
    (hosts_and_order.nobody, ((*_HOSTS, "lost"),)),
    (hosts_and_order.beginning, ((*_HOSTS, "role"), (*_HOSTS, "lost"), ("swarm", "first_manager"))),
    (hosts_and_order.batches, (_HOSTS, ("order", "*", "*"))),
    (hosts_and_order.same_machine, _WAYS),
    (hosts_and_order.through_themselves, _WAYS),
    (hosts_and_order.advertised, ()),
    (hosts_and_order.ignored, (_HOSTS, ("doctor", "ignore", "*"))),
    (hosts_and_order.prepared_twice, (("prepare", "*"), (*_HOSTS, "prepare", "*"))),
    (single_network.lacking, (("gwbridge", "subnet"), (*_HOSTS, "gwbridge", "subnet"))),
    (single_network.names, ()),
    (single_network.twins, ()),
    (single_network.inside, ()),
    (single_network.numbers, ()),
    (engine_defaults.pool_masks, (("swarm", "default_addr_pool_prefix"),)),
    (mtu.problems, ()),
)
_WARNINGS: tuple[_Check, ...] = (
    engine_defaults.warnings,
    public,
    single_network.few_addresses,
    single_network.unknown_options,
    mtu.warnings,
    hosts_and_order.managers,
    hosts_and_order.advertised_alone,
    hosts_and_order.idle,
)


@dataclass(frozen=True)
class Validation:
    """The parts of a stack file that make sense, and each thing that does not as `path: problem`.

    waiting: overlays whose range is still to be chosen, and what to write; `resolved` is without them. warnings: only
    if there is no problem. text: the file as it was read; Pulumi hands over keys that stand nowhere.
    """

    resolved: Resolved
    problems: list[str]
    waiting: dict[str, str]
    warnings: list[str]
    text: Written | None

    @property
    def stackfile(self) -> StackFile:
        """Return the sections that make sense."""
        return self.resolved.file

    def further(self, lines: Iterable[str]) -> list[str]:
        """Return problems of other keys than those of the stack's own problems.

        Nothing else is said of what is wrong by itself: what follows from it is not known.
        """
        return _others(self.problems, lines)

    @property
    def why_no_plan(self) -> list[str]:
        """Say what keeps this from being a plan: reviewers are to see numbers, so ranges are chosen before."""
        return [*self.problems, *(f"overlays.{name}.subnet: {words}" for name, words in self.waiting.items())]


def validate(raw: Raw, beside: Iterable[str] = (), text: Written | None = None) -> Validation:
    """Return everything there is to say about a stack file's keys as they were read.

    beside: ranges that are not free either. text: the file that the keys are of, if one was read.
    """
    read = readable(StackFile, raw)
    chosen = {name: overlay for name, overlay in read.model.overlays.items() if overlay.subnet != AUTO}
    known: dict[str, object] = {"overlays": chosen}
    if read.harms(("swarm", "default_addr_pool")):
        known["swarm"] = None  # without its pool, it would have the Engine's
    resolved = resolve(read.model.model_copy(update=known))
    across = (line for check, needs in _CHECKS if not any(map(read.harms, needs)) for line in check(resolved))
    of_text = text.problems if text else ()
    found = [*of_text, *_others(of_text, read.problems)]
    beside = list(beside)
    found += _others(found, [*across, *clashes(resolved, beside)])
    warnings = [] if found else [line for check in _WARNINGS for line in check(resolved)]
    unnamed = [name for name in read.model.overlays if name not in chosen]
    waiting = {} if read.harms(("pools", "overlays", "*")) else unchosen(resolved, unnamed, beside)
    return Validation(resolved, found, waiting, warnings, text)


def _others(shown: Sequence[str], lines: Iterable[str]) -> list[str]:
    known = {line.partition(": ")[0] for line in shown}
    return [line for line in lines if line.partition(": ")[0] not in known]
