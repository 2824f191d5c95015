"""Adoption: what belongs to another stack, differences in words, and what was adopted when it goes."""

from typing import Any

import pytest

from providers.rules.resource_types import adoption
from providers.rules.resource_types.resource_type import ResourceType
from providers.rules.resource_types.table import NODE, RESOURCE_TYPES, type_of
from tests.support.lifecycle import OTHERS, OURS, overlay_spec, whole_stack


def test_foreign():
    """An update leaves alone what another stack has taken over, and nothing else.

    No Engine relabels a network: whoever renamed a stack, or destroyed one that keeps things, is told what helps.
    """
    assert (
        "overlay app belongs to infra/staging (label swarmnet.owner), not to infra/prod: take it out of one of the two "
        "stack files; if infra/staging no longer exists, remove by hand what it left, or `pulumi stack rename` this "
        "one to that name"
    ) == adoption.foreign_refusal("overlay app", OTHERS, "infra/prod")
    assert [None, None] == [adoption.foreign_refusal("overlay app", labels, "infra/prod") for labels in (OURS, ())]


def test_difference_in_words():
    """Both values stand beside each property, in order."""
    desired, live = overlay_spec(mtu=1400, subnet="10.1.0.0/16"), overlay_spec(mtu=None, subnet="10.2.0.0/16")
    expected = "mtu: None, desired 1400; subnet: 10.2.0.0/16, desired 10.1.0.0/16"
    assert expected == adoption.describe_difference(desired, live, frozenset({"subnet", "mtu"}))


@pytest.mark.parametrize(
    "resource_type",
    [resource_type for resource_type in RESOURCE_TYPES if resource_type is not NODE],
    ids=lambda resource_type: resource_type.name,
)
def test_what_was_adopted_is_forgotten(resource_type: ResourceType[Any, Any]):
    """Nothing is decided about it, but a cut change of a network that is kept is finished before."""
    spec = next(each for each in whole_stack() if type_of(each) is resource_type)
    unfinished = spec.model_copy(update={"settled": "unfinished"})
    known = {resource_type.output: "x1", "adopted": True}

    assert None is resource_type.decide_removal(spec, known, lost=False)
    assert ("on_remove" in resource_type.spec.model_fields) == bool(
        resource_type.decide_removal(unfinished, known, lost=False)
    )
