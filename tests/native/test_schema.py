"""The package's schema, and the two spellings of keys."""

from plugin.schema import schema
from plugin.spelling import in_camel, in_snake
from providers.rules.stack_file.model import Overlay, StackFile

SNAKE = {
    "hosts": {"my_host": {"key_file": "~/k", "labels": {"my_label": "x"}, "gwbridge": {"on_remove": "keep"}}},
    "overlays": {"my_net": {"ip_range": "10.1.0.0/24", "options": {"some_option": "1"}}},
    "doctor": {"ignore": [{"id": "clock", "why": "x"}]},
    "swarm": {"first_manager": "my_host"},
}
CAMEL = {
    "hosts": {"my_host": {"keyFile": "~/k", "labels": {"my_label": "x"}, "gwbridge": {"onRemove": "keep"}}},
    "overlays": {"my_net": {"ipRange": "10.1.0.0/24", "options": {"some_option": "1"}}},
    "doctor": {"ignore": [{"id": "clock", "why": "x"}]},
    "swarm": {"firstManager": "my_host"},
}


def test_keys_are_spelled_as_pulumi_does():
    """Names, labels and options are data, and stay."""
    assert CAMEL == in_camel(SNAKE, StackFile)


def test_both_spellings_are_taken():
    """And an unknown key is told as it was written."""
    assert [SNAKE] * 2 == [in_snake(each, StackFile) for each in (CAMEL, SNAKE)]
    assert {"hosts": {"m1": {"keyFil": 1}}} == in_snake({"hosts": {"m1": {"keyFil": 1}}}, StackFile)


def test_schema_has_the_words_of_the_model():
    """Of each key its type, description, and whether it is required; of an enumeration its values."""
    found = schema()
    overlay = found["types"]["swarmnet:index:OverlaySettings"]

    assert ["subnet"] == overlay["required"]
    assert Overlay.model_fields["ip_range"].description == overlay["properties"]["ipRange"]["description"]
    assert ("integer", "boolean") == tuple(overlay["properties"][key]["type"] for key in ("mtu", "attachable"))
    choices = found["types"][overlay["properties"]["onInUse"]["$ref"].removeprefix("#/types/")]["enum"]
    assert [{"value": "refuse"}, {"value": "migrate"}] == choices


def test_component_has_the_sections_and_the_outputs():
    """Apart from what only stack files have."""
    networks = schema()["resources"]["swarmnet:index:Networks"]

    assert StackFile.model_fields.keys() - {"prepare", "connected_to"} == networks["inputProperties"].keys()
    assert (["hosts"], ["swarmnet", "compose"]) == (networks["requiredInputs"], networks["required"])
    assert "prepare" not in schema()["types"]["swarmnet:index:Host"]["properties"]


def test_five_resources_are_there():
    """With the Engine's id among the outputs, and nothing that the plugin keeps to itself."""
    resources = schema()["resources"]
    ids = {
        "Gwbridge": "networkId",
        "Swarm": "swarmId",
        "Node": "nodeId",
        "Ingress": "networkId",
        "Overlay": "networkId",
    }

    assert {"Networks", *ids} == {name.rpartition(":")[2] for name in resources}
    assert [] == [name for name, its in ids.items() if its not in resources[f"swarmnet:index:{name}"]["required"]]
    assert not {"owner", "row", "settled"} & resources["swarmnet:index:Overlay"]["inputProperties"].keys()


def test_every_type_that_is_named_is_there():
    """A generator of SDKs refuses another schema."""
    whole = schema()
    named = {each.removeprefix("#/types/") for each in _references(whole) if each.startswith("#/types/")}

    assert set() == named - whole["types"].keys()


def _references(node):
    if isinstance(node, dict):
        yield from ([node["$ref"]] if isinstance(node.get("$ref"), str) else [])
        for each in node.values():
            yield from _references(each)
    elif isinstance(node, list):
        for each in node:
            yield from _references(each)
