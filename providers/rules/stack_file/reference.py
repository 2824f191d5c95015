"""The keys of the stack file, made of its model: as a table for people, and as a JSON Schema for editors.

A schema can't tell what spans two keys; `swarmnet check` does.
"""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.model import Host, PartialGwbridge, Preparation, Reach, StackFile
from providers.rules.stack_file.problems import section
from providers.rules.stack_file.reading import NAMESPACE, PULUMIS

Row = tuple[str, str, str]

_OTHERS = r"^(?!swarmnet:)[^:]+:"  # keys of other namespaces: Pulumi's own, other programs'
_INNER: dict[object, str] = {dict: ".<name>", list: "[]"}


def table() -> str:
    """Return the keys as Markdown: key, default, meaning."""
    rows = [("key", "default", "meaning"), ("---", "---", "---"), *_rows(StackFile, "")]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _rows(model: type[BaseModel], prefix: str) -> Iterator[Row]:
    for name, field in model.model_fields.items():
        if model is Host and name in Reach.model_fields:
            continue  # told in one row, below
        path, inner = f"{prefix}{name}", section(field.annotation)
        yield f"`{path}`", _default(model, name, field), _meaning(field)
        # Those of one host's `gwbridge` and `prepare` are told with the shared ones.
        if inner and inner is not PartialGwbridge and not (model is Host and inner is Preparation):
            yield from _rows(inner, f"{path}{_INNER.get(get_origin(field.annotation), '')}.")
    if model is Host:
        yield f"`{prefix}<key>`", "from `ssh`", "any key of `ssh`, for this host alone"


def _default(model: type[BaseModel], name: str, field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = HostAccess.model_fields[name].default if model is Reach else field.default
    if value is None or isinstance(value, BaseModel):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _meaning(field: FieldInfo) -> str:
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    listed = f" ({', '.join(f'`{choice}`' for choice in choices)})" if choices else ""
    return f"{field.description}{listed}"


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
