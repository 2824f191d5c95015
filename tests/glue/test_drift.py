"""Drift is what a refresh would find: the comparison of `swarmnet drift` against each provider's own `read`."""

import pytest

from providers.explain.drift import EXISTS, OUTPUTS, SETTLED
from providers.rules.resource_types.resource_type import to_props
from providers.rules.vocabulary.specs import Spec
from providers.rules.vocabulary.steps import JoinSwarm, LeaveSwarm
from providers.simulate import SimulatorState
from tests.explain.test_drift import (
    CASES,
    DRIFTS,
    GWBRIDGE,
    INGRESS,
    NODE,
    OVERLAY,
    STACK,
    SWARM,
    by_hand,
    found,
    recorded,
)
from tests.glue.stack import BRIDGE_RANGE, INGRESS_RANGE, OVERLAY_RANGE, at_work, provider_of, resource_type
from tests.support import lifecycle
from tests.support.simulated import SimulatedHosts, elapsed

CHANGES: list[tuple[Spec, dict[str, object]]] = [
    (GWBRIDGE, BRIDGE_RANGE),
    (SWARM, {"task_history_limit": 3}),
    (NODE, {"role": "manager", "labels": {"zone": "b"}}),
    (INGRESS, INGRESS_RANGE),
    (OVERLAY, {**OVERLAY_RANGE, "on_in_use": "migrate"}),
]


def told(on, sim: SimulatorState, spec: Spec) -> list[tuple[bool, frozenset[str]]]:
    """Return whether it is gone and which inputs differ: as a refresh finds it, then as `swarmnet drift` does."""
    on(sim)
    provider, result = provider_of(spec), found(sim, spec)
    read = provider.read(spec.resource_name, {**recorded(spec), **to_props(spec)})
    refreshed = spec.changed(provider.spec(read.inputs)) if read.id else frozenset()
    drifted = {each.property.partition(".")[0] for each in result.differences} - OUTPUTS - {EXISTS}
    return [(not read.id, refreshed), (result.gone, frozenset() if result.gone else frozenset(drifted))]


def begun(spec: Spec, changes: dict[str, object]) -> list[SimulatorState]:
    """Return the simulations left by a change killed before each of its steps, and its end, each a while later."""
    hosts = SimulatedHosts(at_work(STACK))
    lifecycle.make(hosts, spec.model_copy(update=changes), lifecycle.id_of(at_work(STACK), spec))
    return [elapsed(60)(each) for each in (*hosts.before, hosts.sim)]


@pytest.mark.parametrize(
    ("spec", "key"), CASES, ids=lambda value: value if isinstance(value, str) else value.resource_name
)
def test_refresh_finds_the_same(on, spec, key):
    """A refresh and `swarmnet drift` agree on what is gone and on which inputs differ."""
    refreshed, drifted = told(on, DRIFTS[spec.resource_name][key][0], spec)

    assert refreshed == drifted


@pytest.mark.parametrize(
    ("spec", "changes"), CHANGES, ids=lambda value: resource_type(value) if isinstance(value, Spec) else ""
)
def test_refresh_finds_the_same_wherever_a_change_was_cut(on, spec, changes):
    """A docker_gwbridge or ingress that is gone in its middle is unfinished for both."""
    for steps, sim in enumerate(begun(spec, changes)):
        refreshed, drifted = told(on, sim, spec)
        assert (steps, refreshed) == (steps, drifted)


def test_bridge_that_is_gone_in_a_change_is_unfinished(on):
    """It is not gone: a removal of its section still has to put the host back."""
    sim = next(each for each in begun(*CHANGES[0]) if not each.host("w1").network("docker_gwbridge"))

    (difference,) = found(sim, GWBRIDGE).differences
    assert SETTLED == difference.property
    assert str(difference.actual).startswith("it is gone in the middle of a change; the swarm is in the middle")
    assert [(False, frozenset({SETTLED}))] * 2 == told(on, sim, GWBRIDGE)


def test_member_that_came_back_as_another_is_down_while_its_entry_stands(on):
    """The entry that the state knows is what both tell of."""
    sim = by_hand(LeaveSwarm(host="w1"), JoinSwarm(host="w1", role="worker"))

    assert [(False, frozenset({SETTLED}))] * 2 == told(on, sim, NODE)
