"""What a preview alone shows to be refused: a range that another network of the swarm leaves only later in the run."""

from collections.abc import Iterator, Sequence

from providers.rules.addresses import overlapping
from providers.rules.report.changes import Change
from providers.rules.specs import IngressSpec, OverlaySpec

SWARM = (IngressSpec, OverlaySpec)


def foreseen(changes: Sequence[Change]) -> list[tuple[str, str]]:
    """Networks that come to a range too early, each with the reason. `changes` in the order in which they come about.

    Pulumi removes what goes at the very end, and overlays change side by side.
    """
    comes = [(each, _subnet(each.after)) for each in changes if isinstance(each.after, SWARM) and _moves(each)]
    leaves = [(each, _subnet(each.before)) for each in changes if isinstance(each.before, SWARM) and _moves(each)]
    pairs = overlapping([subnet for _, subnet in (*comes, *leaves)])
    # The smaller position is first: what comes, then what leaves.
    met = [(comes[one][0], leaves[other - len(comes)][0]) for one, other in pairs if one < len(comes) <= other]
    place = {change.name: at for at, change in enumerate(changes)}
    met.sort(key=lambda pair: (place[pair[0].name], place[pair[1].name]))
    return list(_told(met, place))


def _told(met: Sequence[tuple[Change, Change]], place: dict[str, int]) -> Iterator[tuple[str, str]]:
    for new, old in met:
        beside = type(new.spec) is type(old.spec)
        if new.name == old.name or (place[old.name] < place[new.name] and not beside):
            continue
        until = "the end of the run, where Pulumi removes what goes" if old.op == "delete" else "it has changed too"
        until = "somebody removes it: it is only forgotten" if old.forgotten else until
        yield (
            new.name,
            f"its range {_subnet(new.after)} meets {_subnet(old.before)}, which `{old.name}` has until {until}: "
            "free that range in a run of its own first",
        )


def _moves(change: Change) -> bool:
    return _subnet(change.before) != _subnet(change.after)


def _subnet(spec: object) -> str:
    return spec.subnet if isinstance(spec, SWARM) else ""
