"""A whole stack brought about on a simulated copy of its hosts, resource by resource, in the order of its plan."""

from collections.abc import Iterator, Set

from cli.state import State
from providers import simulate
from providers.explain.forecast import NOT_REACHED, Course, Forecast, course, course_of_removal
from providers.loop.dry_run import rehearsed
from providers.rules.nouns import swarm
from providers.rules.plan import Plan
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec, Spec, SwarmSpec
from providers.simulate import World

# What leans on others goes first: https://www.pulumi.com/docs/concepts/options/dependson/
LAST_FIRST = (OverlaySpec, IngressSpec, NodeSpec, SwarmSpec, GwbridgeSpec)


def forecasts(
    plan: Plan, state: State, world: World, lost: Set[str] = frozenset(), clashes: str = ""
) -> list[Forecast]:
    """What `up` does for each resource, what it makes or changes first, then what it takes away.

    `lost`: hosts that are dead for good. After the first that fails, the others are not reached, as in `pulumi up`.
    `clashes`: what forbids the first write of what is made or changed.
    """
    found = []
    wanted = {spec.resource_name for spec in plan.specs}
    refusal = swarm.not_to_be_begun(simulate.swarm_facts(world)) if not state and plan.gwbridges else None
    failed = False
    for name, spec, look_and_decide in _courses(plan, state, lost):
        if failed or refusal:
            found.append(Forecast(resource=name, problem=f"nothing is begun: {refusal}" if refusal else NOT_REACHED))
            failed, refusal = True, None
            continue
        if look_and_decide is None:
            found.append(Forecast(resource=name))
            continue
        after, forecast = rehearsed(world, name, spec.timeout, *look_and_decide)
        if clashes and name in wanted and forecast.stages:
            forecast = Forecast(resource=name, problem=f"nothing is begun: {clashes}")
        else:
            world = after
        found.append(forecast)
        failed = bool(forecast.problem)
    return found


def _courses(plan: Plan, state: State, lost: Set[str]) -> Iterator[tuple[str, Spec, Course | None]]:
    wanted = {spec.resource_name: spec for spec in plan.specs}
    for name, spec in wanted.items():
        yield name, spec, course(spec, state[name][1] if name in state else {})
    gone = [(name, spec, known) for name, (spec, known) in state.items() if name not in wanted]
    for name, spec, known in sorted(gone, key=lambda each: LAST_FIRST.index(type(each[1]))):
        dead = isinstance(spec, GwbridgeSpec | NodeSpec) and spec.host in lost
        yield name, spec, None if plan.forgets(spec) else course_of_removal(spec, known, lost=dead)
