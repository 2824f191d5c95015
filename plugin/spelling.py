"""The two spellings of keys: `key_file` here and in stack files, `keyFile` in Pulumi's schemas and in its states."""

import re
from collections.abc import Callable, Mapping
from inspect import isclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.specs import Spec

# Outputs of the five that are no keys of their specs.
OUTPUTS = ("network_id", "node_id", "swarm_id", "adopted", "kept")
Spell = Callable[[str], str]


def camel(key: str) -> str:
    """Return a key as Pulumi's schemas spell it. Notes to ourselves, which begin with two underscores, stay."""
    return key if key.startswith("_") else re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), key)


def in_camel(value: Any, model: object) -> Any:  # noqa: ANN401 # JSON
    """Return a value of a model with its keys as Pulumi spells them. Names and labels, which are data, stay."""
    return _spelled(value, model, camel)


def in_snake(value: Any, model: object) -> Any:  # noqa: ANN401 # JSON
    """Return a value with the model's own keys, whichever of the two spellings it came in."""
    return _spelled(value, model, None)


def _spelled(value: Any, kind: object, spell: Spell | None) -> Any:  # noqa: ANN401 # JSON
    if isinstance(value, list):
        inner = _inner(kind, list)
        return [_spelled(each, inner, spell) for each in value]
    if not isinstance(value, Mapping):
        return value
    model = _model(kind)
    if model is None:
        inner = _inner(kind, dict)
        return {key: _spelled(each, inner, spell) for key, each in value.items()}
    ours = {camel(key): key for key in (*model.model_fields, *OUTPUTS)}
    known: dict[str, str] = {key: ours.get(str(key), str(key)) for key in value}
    return {
        (spell(own) if spell else own): _spelled(each, _kind(model, own), spell)
        for own, each in zip(known.values(), value.values(), strict=True)
    }


def _kind(model: type[BaseModel], key: str) -> object:
    if key == "access" and issubclass(model, Spec):
        return HostAccess
    field = model.model_fields.get(key)
    return field.annotation if field else None


def _model(kind: object) -> type[BaseModel] | None:
    """Return the model of an annotation such as `Swarm | None`; None for a mapping of models."""
    if isclass(kind) and issubclass(kind, BaseModel):
        return kind
    if get_origin(kind) in (dict, list):
        return None
    return next((found for part in get_args(kind) if (found := _model(part))), None)


def _inner(kind: object, container: type) -> object:
    """Return what a list or mapping of an annotation such as `dict[str, Host]` holds."""
    if get_origin(kind) is container:
        return get_args(kind)[-1]
    return next((found for part in get_args(kind) if (found := _inner(part, container))), None)
