"""Steps: each is a value that says all that its performer needs, and no secret."""

from dataclasses import fields, is_dataclass
from typing import get_args

import pytest

from providers.rules.vocabulary.steps import Step

KINDS = get_args(Step)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_step_is_a_frozen_value(kind: type):
    """It can be compared, repeated and explored."""
    assert is_dataclass(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined] # no public name


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_step_holds_no_secret(kind: type):
    """Tokens and keys are fetched by whoever performs it."""
    names = {field.name for field in fields(kind)}
    assert not {name for name in names if any(word in name for word in ("token", "key", "password", "secret"))}
