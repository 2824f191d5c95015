"""The stack file as a JSON Schema, made of its model: completion and errors while typing. No check of its own.

A schema can't tell what spans two keys; `swarmnet check` does.
"""

from typing import Any

from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.reading import NAMESPACE, PULUMIS

_OTHERS = r"^(?!swarmnet:)[^:]+:"  # keys of other namespaces: Pulumi's own, other programs'


def schema() -> dict[str, Any]:
    """Return the schema of a whole `Pulumi.<stack>.yaml`, draft 2020-12."""
    model = StackFile.model_json_schema()
    sections: dict[str, Any] = model["properties"]
    config = {
        "type": "object",
        "properties": {f"{NAMESPACE}:{key}": section for key, section in sections.items()},
        # A key without a namespace is in the project's own; as patterns, editors take them and suggest the others.
        "patternProperties": {_OTHERS: True, **{f"^{key}$": section for key, section in sections.items()}},
        "additionalProperties": False,
        "anyOf": [{"required": [f"{NAMESPACE}:hosts"]}, {"required": ["hosts"]}],
    }
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Swarmnet's stack file",
        "type": "object",
        "properties": {"config": config, **dict.fromkeys(PULUMIS, True)},
        "required": ["config"],
        "additionalProperties": False,
        "$defs": model["$defs"],
    }
    return {key: value if key == "title" else _without_titles(value) for key, value in whole.items()}


def _without_titles(node: Any) -> Any:  # noqa: ANN401 # JSON
    """Return a schema without the titles that pydantic makes of the keys' own names."""
    if isinstance(node, list):
        return [_without_titles(each) for each in node]
    if isinstance(node, dict):
        return {key: _without_titles(each) for key, each in node.items() if key != "title"}
    return node
