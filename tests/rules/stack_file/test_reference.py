"""The table of the stack file's keys."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from providers.rules.plan import plan_of
from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.problems import section
from providers.rules.stack_file.reading import from_yaml
from providers.rules.stack_file.reference import table

PAGE = Path(__file__).resolve().parents[3] / "docs" / "stack-file.md"


def models(model: type[BaseModel]):
    """A model and all that it is made of."""
    inner = [found for field in model.model_fields.values() if (found := section(field.annotation))]
    return [model, *(found for each in inner for found in models(each))]


@pytest.mark.parametrize("model", models(StackFile), ids=lambda model: model.__name__)
def test_every_key_says_what_it_means(model):
    """No key is without a description, from which editors and the table live."""
    assert [] == [name for name, field in model.model_fields.items() if not field.description]


@pytest.mark.parametrize(
    "example", re.findall(r"```yaml\n(config:.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
)
def test_examples_of_the_page_have_no_problem(example):
    """The page's examples of a stack file have no problem."""
    assert plan_of(from_yaml(example), "swarmnet/example").gwbridges


def test_page_shows_the_table_as_it_is():
    """The page in docs/ has this very table; `swarmnet keys` prints it."""
    assert table() in PAGE.read_text(encoding="utf-8")
