"""Refusals that a preview alone can foresee: a range that another network of the swarm leaves only later in the run,
and a setting that a swarm has for good.
"""

from collections.abc import Iterator, Sequence

from providers.explain.report.changes import Change
from providers.rules.vocabulary.addresses import overlapping
from providers.rules.vocabulary.specs import IngressSpec, OverlaySpec, SwarmSpec

SWARM = (IngressSpec, OverlaySpec)


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
    """Return networks that come to a range that is not free yet.

    Pulumi removes what goes at the very end, and overlays change side by side.
    """
    comes = [(each, _subnet(each.after)) for each in changes if isinstance(each.after, SWARM) and _moves(each)]
    leaves = [(each, _subnet(each.before)) for each in changes if isinstance(each.before, SWARM) and _moves(each)]
    pairs = overlapping([subnet for _, subnet in (*comes, *leaves)])
    # The smaller position is first: what comes, then what leaves.
    met = [(comes[one][0], leaves[other - len(comes)][0]) for one, other in pairs if one < len(comes) <= other]
    place = {change.name: at for at, change in enumerate(changes)}
    met.sort(key=lambda pair: (place[pair[0].name], place[pair[1].name]))
    return list(_overlap_rows(met, place))


def _overlap_rows(met: Sequence[tuple[Change, Change]], place: dict[str, int]) -> Iterator[tuple[str, str]]:
    for new, old in met:
        beside = type(new.spec) is type(old.spec)
        if new.name == old.name or (place[old.name] < place[new.name] and not beside):
            continue
        until = "the end of the run, where Pulumi removes what goes" if old.op == "delete" else "it has changed too"
        until = "it is removed by hand: it is only removed from the state" if old.is_removed_from_state_only else until
        yield (
            new.name,
            f"its range {_subnet(new.after)} meets {_subnet(old.before)}, which `{old.name}` has until {until}: "
            "free that range in a run of its own first",
        )


def _moves(change: Change) -> bool:
    return _subnet(change.before) != _subnet(change.after)


def _subnet(spec: object) -> str:
    return spec.subnet if isinstance(spec, SWARM) else ""
