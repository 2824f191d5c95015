"""What a pydantic model found wrong, as lines `path: problem`. What any key means must not enter.

A line never shows text that is of the wrong type: it could be a password put in the wrong place.
"""

import copy
import difflib
from contextlib import suppress
from inspect import isclass
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

Model = TypeVar("Model", bound=BaseModel)
Raw = dict[str, object]

_WANTED = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a mapping",
    "string_type": "text",
}
_IS = {
    bool: "true or false",
    dict: "a mapping",
    float: "a number",
    int: "a number",
    list: "a list",
    str: "text",
    type(None): "empty",
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
}


def readable(model: type[Model], raw: Raw) -> tuple[Model, list[str]]:
    """What of `raw` makes sense, and a line for each thing that does not.

    Whatever is wrong is taken out, with the section it stands in where that cannot do without it, so that the
    rest can be checked further. A missing top-level section that is required counts as empty.
    """
    rest = copy.deepcopy(raw)
    found, errors = _validated(model, rest)
    problems = [f"{path(error['loc'])}: {_problem(model, error)}" for error in errors]
    while found is None:
        for error in reversed(errors):  # a list's later items first, so that the earlier keep their places
            _take_out(rest, error)
        found, errors = _validated(model, rest)
    return found, problems


def path(location: tuple[int | str, ...]) -> str:
    """Where a key stands: `hosts.w1.gwbridge.subnet`, `reserved[0]`."""
    text = ""
    for step in location:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step != "[key]":  # pydantic's mark for a problem with the key itself
            text += f".{step}" if text else step
    return text


def section(annotation: object) -> type[BaseModel] | None:
    """The model in an annotation such as `Gwbridge`, `Gwbridge | None` or `dict[str, Host]`."""
    if isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := section(part))), None)


def _validated(model: type[Model], raw: Raw) -> tuple[Model | None, list[ErrorDetails]]:
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def _problem(model: type[BaseModel], error: ErrorDetails) -> str:
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    if kind == "extra_forbidden":
        return _unknown_key(str(error["loc"][-1]), _at(model, error["loc"][:-1]))
    if kind == "missing":
        return "is required"
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        shown = repr(value) if isinstance(value, str) else _is(value)
        return f"{shown} should be {context['expected']}"
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"{value} should be {words} {context[bound]:g}"
    return f"is {_is(value)}, should be {_WANTED[kind]}"


def _is(value: object) -> str:
    return "empty" if value == "" else _IS.get(type(value), "something else")


def _unknown_key(key: str, annotation: object) -> str:
    """What is said of a key that its section does not have, with the section's reason where it gives one."""
    reason = getattr(section(annotation), "refused", {}).get(key)
    if reason:
        return f"is refused: {reason}"
    known = list(_fields(annotation))
    close = difflib.get_close_matches(key, known, n=1)
    return f"unknown key; did you mean {close[0]}?" if close else f"unknown key; known are {', '.join(known)}"


def _at(model: type[BaseModel], location: tuple[int | str, ...]) -> object:
    """The annotation of the section at a location; under a mapping of sections, a step is a name."""
    here: object = model
    for step in location:
        here = get_args(here)[-1] if get_origin(here) is dict else _fields(here)[str(step)].annotation
    return here


def _fields(annotation: object) -> dict[str, FieldInfo]:
    found = section(annotation)
    return found.model_fields if found else {}


def _take_out(raw: Raw, error: ErrorDetails) -> None:
    *parents, key = [step for step in error["loc"] if step != "[key]"]
    if error["type"] == "missing":
        if not parents:
            raw[str(key)] = {}
            return
        *parents, key = parents
    node: Any = raw
    with suppress(KeyError, IndexError):  # an earlier problem took its section out
        for step in parents:
            node = node[step]
        del node[key]
