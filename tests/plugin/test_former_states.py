"""States written by releases, read by today's providers: recorded on real hosts, read here without any."""

import base64
import pickle

import pytest

from tests.states import former_states

RESOURCES = [
    pytest.param(resource, id=f"{state.version}-{name}")
    for state in former_states()
    for name, resource in state.of_providers.items()
]
each = pytest.mark.parametrize("resource", RESOURCES)


def provider(resource):
    """The provider that the state names."""
    return pickle.loads(base64.b64decode(resource["inputs"]["__provider"]))


def declared(resource):
    """Return the inputs that the program gave Pulumi."""
    return {key: value for key, value in resource["inputs"].items() if key != "__provider"}


@each
def test_state_names_the_provider_of_its_noun(resource):
    """Inputs and outputs find the class that works on this type of resource today."""
    of_outputs = pickle.loads(base64.b64decode(resource["outputs"]["__provider"]))
    expected = f"{resource['type'].rpartition(':')[2]}Provider"

    assert (expected, expected) == (type(provider(resource)).__name__, type(of_outputs).__name__)


@each
def test_former_inputs_are_canonical_still(resource):
    """A check refuses nothing of them, and neither drops, rewrites nor adds a property: a preview would show it."""
    checked = provider(resource).check(resource["outputs"], declared(resource))

    assert ([], declared(resource)) == (checked.failures, checked.inputs)


@each
@pytest.mark.parametrize("known", ["inputs", "outputs"])
def test_former_values_are_no_change(resource, known):
    """The same declaration, as a check returns it today, differs neither from the former one nor from its outcome."""
    checked = provider(resource).check(resource["outputs"], declared(resource))

    assert provider(resource).diff(resource["id"], resource[known], checked.inputs).changes is False
