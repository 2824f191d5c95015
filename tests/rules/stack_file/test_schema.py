"""The JSON Schema of stack files: the committed copy, what it accepts and what it refuses."""

from functools import cache

import pytest
import yaml
from jsonschema import Draft202012Validator

from providers.rules.stack_file.schema import schema
from tests.support.command_line import swarmnet
from tests.support.stackfiles import SHIPPED, STACKS

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
def test_stack_files_of_the_project_are_valid(path):
    """Each of the files is as the schema says."""
    assert [] == errors(**yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", SHIPPED.values(), ids=lambda path: path.name)
def test_stack_files_of_the_project_name_the_schema(path):
    """An editor finds the schema beside the file."""
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=schema.json\n")
    assert (path.parent / "schema.json").samefile(STACKS / "schema.json")


@pytest.mark.parametrize(
    ("config", "place"),
    [
        pytest.param({"swarmnet:hosts": HOSTS, "swarmnet:overlay": {}}, "$.config", id="unknown section"),
        pytest.param({"swarmnet:hosts": {"m1": {"adress": "x"}}}, "$.config['swarmnet:hosts'].m1", id="unknown key"),
        pytest.param({}, "$.config", id="no hosts"),
        pytest.param(
            {"swarmnet:hosts": HOSTS, "swarmnet:ingress": {"subnet": "10.1.0.0"}},
            "$.config['swarmnet:ingress']",
            id="subnet without a mask",
        ),
        pytest.param(
            {"swarmnet:hosts": {"m1": {"address": "x", "role": "boss"}}},
            "$.config['swarmnet:hosts'].m1.role",
            id="one of several",
        ),
    ],
)
def test_mistakes_are_found_while_typing(config, place):
    """A wrong value of a key is an error in the editor."""
    assert [place] == errors(config)


@pytest.mark.parametrize(
    ("config", "beside"),
    [
        pytest.param({"hosts": HOSTS}, {}, id="without the namespace"),
        pytest.param({"swarmnet:hosts": HOSTS, "pulumi:tags": {"team": "net"}}, {}, id="Pulumi's own keys"),
        pytest.param({"swarmnet:hosts": HOSTS}, {"encryptionsalt": "v1:x"}, id="what Pulumi keeps there"),
        pytest.param(
            {"swarmnet:hosts": HOSTS, "swarmnet:overlays": {"app": {"subnet": "auto"}}}, {}, id="a range to be chosen"
        ),
    ],
)
def test_what_pulumi_takes_is_valid(config, beside):
    """The schema is no narrower than the program."""
    assert [] == errors(config, **beside)


def test_every_key_of_the_schema_tells_its_meaning():
    """Editors show the description of each key."""
    sections = [part["properties"] for part in schema()["$defs"].values()]

    assert [] == [key for section in sections for key, value in section.items() if "description" not in value]
