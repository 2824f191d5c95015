"""A state file holds only a reference to a provider's module and class."""

import base64
import json
import pickle
from pathlib import Path

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from tests.glue.stack import PROVIDERS

# As version 0.1.0 wrote them. Lines may be added; a line that is there is in somebody's state file.
PUBLISHED = json.loads((Path(__file__).parent / "published.json").read_text())


def name(provider: type) -> str:
    """The module and class of a provider."""
    return f"{provider.__module__}.{provider.__qualname__}"


@pytest.mark.parametrize("provider", PROVIDERS, ids=name)
def test_pickle_names_the_class_and_no_more(provider):
    """A provider is pickled by reference, in under 100 bytes: code may change, state files do not. A reference needs no
    encryption, which would hide each change of it."""
    written = base64.b64decode(serialize_provider(provider()))

    assert 100 > len(written)
    assert provider.__module__.encode() in written
    assert provider.__qualname__.encode() in written
    assert not provider.serialize_as_secret_always


@pytest.mark.parametrize(("published", "text"), PUBLISHED.items())
def test_published_pickles_still_find_their_class(published, text):
    """A provider pickled by an earlier version is loaded by this one."""
    assert published == name(type(pickle.loads(base64.b64decode(text))))


def test_every_provider_is_published():
    """A provider that is not in the list could be renamed without a test that fails."""
    assert {name(provider) for provider in PROVIDERS} == set(PUBLISHED)
