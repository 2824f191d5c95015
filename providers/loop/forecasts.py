"""A whole stack brought about on a simulated copy of its hosts, resource by resource, in the order of its plan."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import partial
from typing import Any

from providers import simulate
from providers.explain.forecast import NOT_REACHED, Forecast
from providers.loop.dry_run import rehearsed
from providers.rules.plan import Plan
from providers.rules.resource_types import swarm
from providers.rules.resource_types.resource_type import Decide, Known, aware
from providers.rules.resource_types.table import ORDER, type_of
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.snapshot import Snapshot
from providers.rules.vocabulary.specs import Spec, in_run
from providers.simulate import SimulatorState
from providers.simulate.from_snapshot import copied

Observe = Callable[[HostsApi], Any]
State = Mapping[str, tuple[Spec, Known]]  # of Pulumi, by the resource's name: what was desired, and the outputs


def tried(
    hosts: HostsApi, plan: Plan, state: State, lost: Set[str] = frozenset(), clashes: str = ""
) -> tuple[Snapshot, list[Forecast]]:
    """Read hosts, and forecast as `forecasts` on a copy of them: what was read, and what it came to.

    The tasks that are to stop, which most of a large swarm's are, since those that have ended are among them, are read
    only if something would happen.
    """
    seen = hosts.snapshot(stopped=False)
    found = forecasts(plan, state, copied(seen), lost, clashes)
    if any(each.stages or each.problem for each in found):
        seen = hosts.snapshot()
        found = forecasts(plan, state, copied(seen), lost, clashes)
    return seen, found


def forecasts(
    plan: Plan, state: State, sim: SimulatorState, lost: Set[str] = frozenset(), clashes: str = ""
) -> list[Forecast]:
    """Forecast what `up` does for each resource: first what it makes or changes, then what it takes away.

    `lost`: hosts that are dead for good. After the first that fails, the others are not reached, as in `pulumi up`.
    `clashes`: what forbids the first write of what is made or changed.
    """
    found = []
    desired = {spec.resource_name for spec in plan.specs}
    refusal = swarm.init_refusal(simulate.swarm_facts(sim)) if not state and plan.gwbridges else None
    failed = False
    for spec, observe, decide, rollbacks in _works(plan, state, lost):
        name = spec.resource_name
        if failed or refusal:
            found.append(
                Forecast(resource=name, problem=f"no changes would be made: {refusal}" if refusal else NOT_REACHED)
            )
            failed, refusal = True, None
            continue
        if decide is None:
            found.append(Forecast(resource=name))
            continue
        after, forecast = rehearsed(sim, name, spec.timeout, observe, decide, rollbacks)
        if clashes and name in desired and forecast.stages:
            forecast = Forecast(resource=name, problem=f"no changes would be made: {clashes}")
        else:
            sim = after
        found.append(forecast)
        failed = bool(forecast.problem)
    return found


def _works(plan: Plan, state: State, lost: Set[str]) -> Iterator[tuple[Spec, Observe, Decide | None, Sequence[Decide]]]:
    """Return what is looked at and decided, resource by resource; nothing is decided of what is only removed from the
    state."""
    desired = {spec.resource_name for spec in plan.specs}
    for spec in plan.specs:
        known = state[spec.resource_name][1] if spec.resource_name in state else {}
        resource_type, spec = type_of(spec), aware(spec, known)
        rollbacks = resource_type.decide_rollbacks(spec, known=bool(known))
        yield spec, partial(resource_type.observe, spec=spec, known=known), resource_type.decide(spec, known), rollbacks
    gone = [(spec, known) for name, (spec, known) in state.items() if name not in desired]
    for spec, known in sorted(gone, key=lambda each: -ORDER.index(type(each[0]))):
        renamed = spec.resource_name in desired  # in the state, where another resource had it before
        spec = aware(in_run(spec, next((each.digest for each in plan.specs), ""), plan.rotate), known)
        only_from_state = plan.is_removed_from_state_only(spec, adopted=bool(known.get("adopted")))
        resource_type, stays = type_of(spec), renamed or only_from_state or getattr(spec, "retain", False)
        decide = None if stays else resource_type.decide_removal(spec, known, lost=getattr(spec, "host", "") in lost)
        observe = partial(resource_type.observe, spec=spec, known=known, leaving=True)
        yield spec, observe, decide, resource_type.decide_rollbacks(spec, known=True)
