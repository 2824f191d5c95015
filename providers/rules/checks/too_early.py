"""Finds networks of the swarm that come to a range which another network of the stack leaves only later in the run.

It is decided by what is there before and after alone, so that a preview can say it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from providers.rules.vocabulary.addresses import overlapping
from providers.rules.vocabulary.specs import SwarmNetworkSpec


@dataclass(frozen=True, kw_only=True)
class Move:
    """One network before and after a run, None where it is not there.

    name: of its resource. kept: it goes from the state only, and stays on the hosts.
    """

    name: str
    before: SwarmNetworkSpec | None
    after: SwarmNetworkSpec | None
    kept: bool = False


@dataclass(frozen=True)
class TooEarly:
    """A network that comes to a range which `holder` still has. Both are names of resources."""

    name: str
    holder: str
    why: str


def moves(recorded: Mapping[str, tuple[SwarmNetworkSpec, bool]], desired: Sequence[SwarmNetworkSpec]) -> list[Move]:
    """Return what happens to the swarm's networks, in the order in which it does: what goes is the last.

    recorded: what the state has, by name, and whether it would go from the state only. desired: in their order.
    """
    stay = [
        Move(name=spec.resource_name, before=recorded.get(spec.resource_name, (None, False))[0], after=spec)
        for spec in desired
    ]
    names = {move.name for move in stay}
    goes = [
        Move(name=name, before=spec, after=None, kept=kept)
        for name, (spec, kept) in recorded.items()
        if name not in names
    ]
    return [*stay, *goes]


def too_early(moves: Sequence[Move]) -> list[TooEarly]:
    """Return networks that come to a range that is not free yet, each with whose it is. `moves` in their order.

    Pulumi removes what goes at the very end, and overlays change side by side.
    """
    comes = [(at, move, move.after.subnet) for at, move in enumerate(moves) if move.after and _moves(move)]
    leaves = [(at, move, move.before.subnet) for at, move in enumerate(moves) if move.before and _moves(move)]
    pairs = overlapping([subnet for *_, subnet in (*comes, *leaves)])
    # The smaller position is first: what comes, then what leaves.
    met = [(comes[one], leaves[other - len(comes)]) for one, other in pairs if one < len(comes) <= other]
    return list(_rows(sorted(met, key=lambda pair: (pair[0][0], pair[1][0]))))


def _rows(met: Sequence[tuple[tuple[int, Move, str], tuple[int, Move, str]]]) -> Iterator[TooEarly]:
    for (comes, new, its_range), (leaves, old, taken) in met:
        beside = type(new.after) is type(old.before)
        if new.name == old.name or (leaves < comes and not beside):
            continue
        until, remedy = _until(new, old)
        yield TooEarly(new.name, old.name, f"its range {its_range} meets {taken}, which `{old.name}` {until}: {remedy}")


def _until(new: Move, old: Move) -> tuple[str, str]:
    """Say how long a range is not free, and what to do."""
    holder, taker = f"`{old.name}`", f"`{new.name}`"
    if old.kept:
        return "keeps, as it is only removed from the state", f"remove it by hand first, or give {taker} another range"
    if old.after is None:
        return "has until the end of the run, where Pulumi removes what goes", removed_first(holder, taker)
    return "has until it has changed too", moved_first(holder, taker)


def removed_first(holder: str, taker: str) -> str:
    """Say what to do if a range is that of a network of this stack that goes."""
    return f"remove {holder} in one `pulumi up`, and give its range to {taker} in the next"


def moved_first(holder: str, taker: str) -> str:
    """Say what to do if a range is that of a network of this stack that stays."""
    return f"give {holder} another range in one `pulumi up`, and this one to {taker} in the next"


def _moves(move: Move) -> bool:
    return (move.before and move.before.subnet) != (move.after and move.after.subnet)
