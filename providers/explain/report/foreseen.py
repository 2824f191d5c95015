"""Refusals that a preview alone can foresee: a range that another network of the swarm leaves only later in the run,
and a setting that a swarm has for good.
"""

from collections.abc import Iterator, Sequence

from providers.explain.report.changes import Change
from providers.rules.checks.too_early import Move, too_early
from providers.rules.vocabulary.specs import Spec, SwarmNetworkSpec, SwarmSpec


def foreseen(changes: Sequence[Change]) -> list[tuple[str, str]]:
    """Name what would be refused, each with the reason. `changes` in the order in which they come about."""
    return [*_fixed(changes), *_too_early(changes)]


def _fixed(changes: Sequence[Change]) -> Iterator[tuple[str, str]]:
    for change in changes:
        for key in sorted(change.properties & SwarmSpec.INIT_ONLY) if isinstance(change.spec, SwarmSpec) else ():
            was, desired = getattr(change.before, key), getattr(change.after, key)
            # A resource that the state lacks may be right already, and one that is no longer declared may stay.
            if was and desired:
                yield (
                    change.name,
                    f"{key} is {_value(was)} and is to be {_value(desired)}, but it can only be set when the swarm is "
                    "created: revert the change, or create a new swarm",
                )


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _too_early(changes: Sequence[Change]) -> list[tuple[str, str]]:
    moves = [
        Move(
            name=each.name,
            before=_network(each.before),
            after=_network(each.after),
            kept=each.is_removed_from_state_only,
        )
        for each in changes
        if isinstance(each.spec, SwarmNetworkSpec)
    ]
    return [(each.name, each.why) for each in too_early(moves)]


def _network(spec: Spec | None) -> SwarmNetworkSpec | None:
    return spec if isinstance(spec, SwarmNetworkSpec) else None
