"""A pydantic model's errors as lines `path: problem`, each with what to write.

No value of a wrong type is shown: it could be a password put in the wrong place.
"""

import copy
import difflib
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from inspect import isclass
from itertools import takewhile
from typing import Any, Generic, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from providers.rules.stack_file.field_types import LIST, MAPPING

Model = TypeVar("Model", bound=BaseModel)
Raw = dict[str, object]
Location = tuple[int | str, ...]

_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
}

_MAPPING = "a mapping, `name: value` lines indented below it, with a space after each colon"
_WRITE = {
    "bool_type": "true or false",
    "dict_type": _MAPPING,
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list, `[…]` or lines that begin with `- `",
    "model_type": _MAPPING,
}


class Date:
    """A value that looks like a date."""


_IS: dict[type, str] = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    dict: "a mapping",
    list: "a list",
    Date: "a date, which Pulumi would rewrite",  # `2026-01-01 00:00:00 +0000 UTC` of 2026-01-01
}
SECRET = "has an encrypted value, which networks, plans and reviews would show: set it without --secret, or remove it"

# Pydantic's marks in a place, which are no keys: a problem with the key itself, and which of two forms a value has.
_MARKS = frozenset({"[key]", LIST, MAPPING})


@dataclass(frozen=True)
class Readable(Generic[Model]):
    """The keys of a text that make sense, and a line for each that does not.

    taken: the places from which something was taken out because it is wrong, or cannot do without what is; and the keys
    that unknown ones stand for.
    """

    model: Model
    problems: tuple[str, ...]
    taken: frozenset[Location]

    def harms(self, need: tuple[str, ...]) -> bool:
        """Tell whether the value at a place, or a section around it, was taken out; `*` is any key."""
        return any(
            len(each) <= len(need) and all(key in ("*", step) for key, step in zip(need, each, strict=False))
            for each in self.taken
        )


def readable(model: type[Model], raw: Raw) -> Readable[Model]:
    """Return the part of `raw` that makes sense.

    Whatever is wrong is taken out, with its section or its list if that cannot do without it, so that the rest can be
    checked further. A missing top-level section that is required counts as empty.
    """
    rest = copy.deepcopy(raw)
    found, errors = _validated(model, rest)
    meant = _meant(model, errors)
    shown = (error for error in errors if error["type"] != "missing" or error["loc"] not in meant)
    problems = tuple(f"{path(error['loc'])}: {_problem(model, error)}" for error in shown)
    taken = set(meant)
    while found is None:
        for error in errors:
            taken.add(_take_out(rest, error))
        found, errors = _validated(model, rest)
    return Readable(found, problems, frozenset(taken))


def _meant(model: type[BaseModel], errors: Sequence[ErrorDetails]) -> set[Location]:
    """Return the keys that stand there by another name: they are neither missing nor known."""
    unknown = (error["loc"] for error in errors if error["type"] == "extra_forbidden")
    likely = ((here, _likely(str(key), _at(model, tuple(here)))) for *here, key in unknown)
    return {(*here, key) for here, key in likely if key}


def path(location: Location) -> str:
    """Return the path of a key: `hosts.w1.gwbridge.subnet`, `reserved[0]`."""
    text = ""
    for step in location:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step not in _MARKS:
            text += f".{step}" if text else step
    return text


def section(annotation: object) -> type[BaseModel] | None:
    """Return the model in an annotation such as `Gwbridge`, `Gwbridge | None` or `dict[str, Host]`."""
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
    if kind == "literal_error" and isinstance(value, str) and value:
        return _one_of(value, context["expected"])
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"{value} should be {words} {context[bound]:.12g}"
    return _mistyped(kind, value, context.get("expected", ""))


def _mistyped(kind: str, value: object, choices: str) -> str:
    """Return the message for a value of a wrong type. kind: pydantic's word for the desired one.

    choices: the words of which one is desired, if so.
    """
    if isinstance(value, dict) and list(value) == ["secure"]:
        return SECRET
    desired = _WRITE.get(kind) or choices or "text"
    if value is None or value == "":
        sections = kind in ("model_type", "dict_type")
        return "is empty: " + ("write `{}`, or its keys below it" if sections else f"write {desired}, or remove it")
    quotes = kind == "string_type" and isinstance(value, int | float | Date)
    return f"is {_IS.get(type(value), 'text')}: write {'it in quotes' if quotes else desired}"


def _one_of(value: str, expected: str) -> str:
    choices = re.findall("'(.*?)'", expected)
    close = difflib.get_close_matches(value.lower(), choices, n=1)
    return f"{value!r} should be {expected}" + (f"; did you mean {close[0]}?" if close else "")


def _unknown_key(key: str, annotation: object) -> str:
    """Return the message for a key that its section does not have, with the section's reason if it gives one."""
    refused = getattr(section(annotation), "refused", {})
    if reason := refused.get(key):
        return f"is refused: {reason}"
    close = _likely(key, annotation)
    return "unknown key; " + (f"did you mean {close}?" if close else f"known are {', '.join(_fields(annotation))}")


def _likely(key: str, annotation: object) -> str | None:
    """Return the key of a section that was probably meant by one that it does not have, or None."""
    return next(iter(difflib.get_close_matches(key.lower(), _fields(annotation), n=1)), None)


def _at(model: type[BaseModel], location: Location) -> object:
    """Return the annotation of the section at a location; under a mapping or a list of sections, a step is a name or
    place."""
    here: object = model
    for step in location:
        here = get_args(here)[-1] if get_origin(here) in (dict, list) else _fields(here)[str(step)].annotation
    return here


def _fields(annotation: object) -> dict[str, FieldInfo]:
    found = section(annotation)
    return found.model_fields if found else {}


def _take_out(raw: Raw, error: ErrorDetails) -> Location:
    """Take what is wrong out of the keys. Returns where it stood."""
    steps = [step for step in error["loc"] if step not in _MARKS]
    if error["type"] == "missing":
        *steps, key = steps
        if not steps:
            raw[str(key)] = {}
            return (key,)
    # Without one of its items a list would tell other places than the text.
    *parents, key = takewhile(lambda step: isinstance(step, str), steps)
    node: Any = raw
    with suppress(KeyError, IndexError):  # an earlier problem took its section out
        for step in parents:
            node = node[step]
        del node[key]
    return (*parents, key)
