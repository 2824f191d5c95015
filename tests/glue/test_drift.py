"""Drift is what a refresh would find: the comparison of `swarmnet drift` against each provider's own `read`."""

import pytest

from providers.explain.drift import EXISTS, OUTPUTS
from providers.resource import to_props
from tests.explain.test_drift import CASES, DRIFTS, found, recorded
from tests.glue.stack import provider_of


@pytest.mark.parametrize(
    ("spec", "key"), CASES, ids=lambda value: value if isinstance(value, str) else value.resource_name
)
def test_refresh_finds_the_same(on, spec, key):
    """What is gone for the one is gone for the other; else the same inputs differ, to the same values."""
    world, _, _ = DRIFTS[spec.resource_name][key]
    on(world)
    read = provider_of(spec).read(spec.resource_name, {**recorded(spec), **to_props(spec)})
    result = found(world, spec)

    differing = {each.property.partition(".")[0] for each in result.differences} - OUTPUTS - {EXISTS}
    assert result.gone == (not read.id)
    if read.id:
        assert differing == spec.changed(provider_of(spec).spec(read.inputs))
