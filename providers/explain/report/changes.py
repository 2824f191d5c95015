"""Changes of a preview, in the order in which they come about, and what the stack file wants in all."""

import re
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from providers.explain.report.preview import Preview, State, Step
from providers.rules.checks import ranges
from providers.rules.plan import Plan, plan_of
from providers.rules.resource_types.departure import is_kept
from providers.rules.resource_types.table import KINDS, ORDER
from providers.rules.stack_file import model
from providers.rules.stack_file.reading import from_flat
from providers.rules.vocabulary import specs
from providers.rules.vocabulary.errors import StackFileError
from providers.rules.vocabulary.specs import NodeSpec, OverlaySpec, Spec, SwarmSpec, plain

# Pulumi's words for what is done. A replacement is told by `replace`; its halves come only if a user asks for them.
OPS = frozenset({"create", "update", "replace", "delete"})
IDLE = frozenset({"same", "refresh", "read", "create-replacement", "delete-replaced"})
# What says how Swarmnet treats a resource or reaches its host, not what is on any host.
TREATMENT = specs.TREATMENT | {"access", "settled"} | Spec.NOT_COMPARED


@dataclass(frozen=True, kw_only=True)
class Change:
    """One resource that changes. `op` is create, update, replace or delete; `adopted`: others had made it.

    undeclared: the stack file does not speak of it any more, and so leaves it as it is. lost: it is the membership of a
    host that is dead for good.
    """

    name: str
    op: str
    before: Spec | None
    after: Spec | None
    adopted: bool = False
    undeclared: bool = False
    lost: bool = False

    @property
    def spec(self) -> Spec:
        """Return what is desired of it, or was desired of what goes."""
        spec = self.after or self.before
        assert spec is not None
        return spec

    @property
    def properties(self) -> frozenset[str]:
        """Names of the properties of what is on hosts that differ. A label that is merely no longer declared stays."""
        if not self.before or not self.after:
            return frozenset()
        differ = self.before.changed(self.after) - TREATMENT
        old, new = (getattr(each, "labels", {}) for each in (self.before, self.after))
        kept = not any(old.get(key) != value for key, value in new.items())
        # A node and a swarm forget labels that are no longer declared; a network can't without being recreated.
        bound = isinstance(self.after, NodeSpec | SwarmSpec)
        return differ - {"labels"} if kept and not bound else differ

    @property
    def is_removed_from_state_only(self) -> bool:
        """Tell whether it goes from the state alone, and stays on the hosts."""
        kept = self.before is not None and is_kept(self.before, adopted=self.adopted)
        return self.op == "delete" and (kept or self.undeclared)

    @property
    def on_demand(self) -> bool:
        """Tell whether it is replaced because a user told Pulumi to: by itself only an overlay ever is."""
        return self.op == "replace" and not isinstance(self.spec, OverlaySpec)

    @property
    def unfinished(self) -> str:
        """Say what a cut run or somebody's hand left undone, as a refresh found it; empty if nothing is."""
        return self.before.settled if self.before and isinstance(self.before.settled, str) else ""


def changes(preview: Preview, plan: Plan | None) -> list[Change]:
    """Swarmnet's resources that change: what is made or changed by kind and batch, then what goes, last made first."""
    found = [change for step in preview.steps if step.op in OPS and (change := _change(step))]
    if plan:
        found = [replace(each, undeclared=_stays(each, plan), lost=_lost(each, plan)) for each in found]
    place = places(plan) if plan else {}

    def order(change: Change) -> tuple[int, int, int, list[Any]]:
        kind, batch = ORDER.index(type(change.spec)), place.get(change.name, 0)
        return (
            (1, -kind, -batch, natural(change.name))
            if change.op == "delete"
            else (0, kind, batch, natural(change.name))
        )

    return sorted(found, key=order)


def _stays(change: Change, plan: Plan) -> bool:
    """Tell whether it is only removed from the state: the stack file is silent about it, or declares it under another
    name."""
    renamed = change.name != change.spec.resource_name in {spec.resource_name for spec in plan.specs}
    return plan.is_removed_from_state_only(change.spec, adopted=change.adopted) or (change.op == "delete" and renamed)


def _lost(change: Change, plan: Plan) -> bool:
    return change.op == "delete" and isinstance(change.spec, NodeSpec) and change.spec.host in plan.lost


def others(preview: Preview) -> list[Step]:
    """Steps that change what is not Swarmnet's, or what this version cannot read. The stack itself is no such thing."""
    return [
        step
        for step in preview.steps
        if step.op not in IDLE and step.type != "pulumi:pulumi:Stack" and not (step.op in OPS and _change(step))
    ]


def _change(step: Step) -> Change | None:
    kind = KINDS.get(step.type.rpartition(":")[2]) if "dynamic/swarmnet:" in step.type else None
    if kind is None:
        return None
    try:
        before = _spec(kind, step.old) if step.old and step.op != "create" else None
        after = _spec(kind, step.new) if step.new and step.op != "delete" else None
    except ValidationError:
        return None
    if not (before or after) or (step.op == "update" and not (before and after)):
        return None
    adopted = bool(step.old and step.old.outputs.get("adopted"))
    return Change(name=step.name, op=step.op, before=before, after=after, adopted=adopted)


def _spec(kind: type[Spec], state: State) -> Spec:
    known: Any = {key: value for key, value in plain(state.inputs).items() if key in kind.model_fields}
    return kind.model_validate(known)


def desired(preview: Preview) -> tuple[Plan | None, list[ranges.Range]]:
    """Return all that the stack file of the preview wants, and the ranges that nothing may meet.

    Nothing of it if it is invalid; a diagnostic then says why.
    """
    try:
        raw = from_flat(preview.config)
        return plan_of(raw, preview.owner or "swarmnet/stack"), list(ranges.reserved(model.parse(raw)))
    except StackFileError:
        return None, []


def places(plan: Plan) -> dict[str, int]:
    """Return which of a kind come first, by name: batches of bridges, and the first manager before the others."""
    bridges = {spec.resource_name: at for at, batch in enumerate(plan.gwbridges) for spec in batch}
    return bridges | {node.resource_name: min(at, 1) for at, node in enumerate(plan.nodes)}


def natural(text: str) -> list[Any]:
    """Return a key that sorts w2 before w10."""
    return [int(part) if at % 2 else part for at, part in enumerate(re.split(r"([0-9]+)", text))]
