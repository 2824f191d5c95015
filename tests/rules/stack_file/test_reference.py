"""The keys of stack files: their table; their JSON Schema, its committed copy, what it accepts and what it refuses."""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from providers.rules.plan import plan_of
from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.problems import section
from providers.rules.stack_file.reading import from_yaml
from providers.rules.stack_file.reference import schema, table
from tests.support.command_line import swarmnet
from tests.support.stackfiles import SHIPPED, STACKS

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


HOSTS = {"m1": {"address": "10.9.0.1"}}


@cache
def validator():
    """Provide a validator of the schema."""
    return Draft202012Validator(schema())


def errors(config, **beside):
    """Return the places at which the schema finds fault with a stack file."""
    document = {"config": config, **beside}
    return [error.json_path for error in validator().iter_errors(document)]


def test_committed_copy_is_what_the_model_says():
    """`swarmnet schema > stacks/schema.json` makes the copy that editors read."""
    assert swarmnet("schema").stdout == (STACKS / "schema.json").read_text(encoding="utf-8")


def test_schema_is_one():
    """The schema itself is well-formed."""
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("path", SHIPPED.values(), ids=lambda path: path.name)
def test_stack_files_of_the_project_are_as_the_schema_says(path):
    """Each is valid, and names the schema beside it, where an editor finds it."""
    assert [] == errors(**yaml.safe_load(path.read_text(encoding="utf-8")))
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=schema.json\n")
    assert (path.parent / "schema.json").samefile(STACKS / "schema.json")


@pytest.mark.parametrize(
    ("places", "config", "beside"),
    [
        (["$.config"], {"swarmnet:hosts": HOSTS, "swarmnet:overlay": {}}, {}),
        (["$.config['swarmnet:hosts'].m1"], {"swarmnet:hosts": {"m1": {"adress": "x"}}}, {}),
        (["$.config"], {}, {}),
        (["$.config['swarmnet:ingress']"], {"swarmnet:hosts": HOSTS, "swarmnet:ingress": {"subnet": "10.1.0.0"}}, {}),
        (["$.config['swarmnet:hosts'].m1.role"], {"swarmnet:hosts": {"m1": {"address": "x", "role": "boss"}}}, {}),
        ([], {"hosts": HOSTS}, {}),
        ([], {"swarmnet:hosts": HOSTS, "pulumi:tags": {"team": "net"}}, {}),
        ([], {"swarmnet:hosts": HOSTS}, {"encryptionsalt": "v1:x"}),
        ([], {"swarmnet:hosts": HOSTS, "swarmnet:overlays": {"app": {"subnet": "auto"}}}, {}),
    ],
    ids=[
        *("unknown section", "unknown key", "no hosts", "subnet without a mask", "one of several"),
        *("without the namespace", "Pulumi's own keys", "what Pulumi keeps there", "a range to be chosen"),
    ],
)
def test_mistakes_are_found_while_typing(places, config, beside):
    """A wrong value of a key is an error in the editor; what the program takes is none."""
    assert places == errors(config, **beside)
