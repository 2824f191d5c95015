"""How an Engine's JSON becomes a fact: where each field of a fact stands in it, and what it may be there.

A host's answer is input. The type of a field says its place (`At`) and what becomes of what is found there (`From`);
`form` reads a fact by that, from JSON alone. Names and meanings: https://docs.docker.com/reference/api/engine/.

Go writes null for a list, a mapping or an object that is empty, or leaves it out: the field then has its default, as
where there is no object that could hold it. A field without one is needed. What no field names is not read; a service's
spec is kept to the letter.

No request is known here.
"""

import json
import re
from collections.abc import Callable
from datetime import datetime
from functools import cache, lru_cache
from ipaddress import ip_interface
from typing import Annotated, Any, TypeVar, get_origin

from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BeforeValidator,
    FailFast,
    Field,
    GetCoreSchemaHandler,
    TypeAdapter,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticUseDefault, core_schema

from providers.rules.vocabulary.addresses import MANY, ip_only, shown_network
from providers.rules.vocabulary.words import line

T = TypeVar("T")
# Nobody has so many labels, or addresses on a network.
MOST_ITEMS = 100_000
NANOSECONDS = 1_000_000_000  # in a second

Pairs = tuple[tuple[str, str], ...]


def pairs(mapping: dict[str, str]) -> Pairs:
    """Return a mapping as sorted pairs, so that it can be part of a frozen value."""
    return tuple(sorted(mapping.items()))


def At(*places: str) -> FieldInfo:
    """Name a field's place in an answer, `Spec.Role`; of several the first that is there counts."""
    paths = [AliasPath(*place.split(".")) for place in places]
    named: FieldInfo = Field(validation_alias=AliasChoices(*paths))
    return named


class _Bounded:
    """Bounds the items of a list or a mapping. The first wrong one ends it, since each that is found takes memory."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        bounded: Any = {**handler(source), "max_length": MOST_ITEMS, "fail_fast": True}
        whole: CoreSchema = bounded
        return whole


Many = Annotated[list[T], _Bounded()]
Keyed = Annotated[dict[str, T], _Bounded()]


class From:
    """Makes a field's value of what stands in an answer: of another kind, or null."""

    def __init__(self, kind: object, make: Callable[[Any], object]) -> None:
        self.kind, self.make = kind, make

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        inner = core_schema.nullable_schema(handler.generate_schema(self.kind))
        return core_schema.no_info_after_validator_function(self._made, inner)

    def _made(self, found: object) -> object:
        if found is None:
            raise PydanticUseDefault
        return self.make(found)


def _of(kind: Callable[[str], object]) -> AfterValidator:
    def is_one(text: str) -> str:
        if text:
            kind(text)
        return text

    return AfterValidator(is_one)


def _time(text: str) -> None:
    """Raise ValueError if it is no time in UTC as Go writes it: to the second, and perhaps a fraction."""
    if not re.fullmatch(r"[0-9T:-]{19}(?:\.[0-9]{1,9})?Z", text):
        raise ValueError("should be a time such as 2026-11-24T04:00:00.5Z")
    datetime.fromisoformat(text[:19])


def or_else(default: str | int) -> AfterValidator:
    """Return what stands for an empty value."""
    return AfterValidator(lambda value: value or default)


Id = Annotated[str, Field(min_length=1)]
# swarmkit's counters and Go's durations and sizes are of 64 bits; so many replicas, or ports, no swarm has.
Number = Annotated[int, Field(ge=0, lt=2**64)]
Few = Annotated[int, Field(ge=0, le=100_000)]
PortNumber = Annotated[int, Field(ge=0, lt=2**16)]
Seconds = Annotated[float, From(Number, lambda found: found / NANOSECONDS)]
Time = Annotated[str, _of(_time)]
Range = Annotated[str, _of(shown_network)]
Address = Annotated[str, _of(lru_cache(maxsize=MANY)(ip_interface))]
IpOnly = Annotated[str, AfterValidator(ip_only)]  # names could lead anywhere
Line = Annotated[str, AfterValidator(line)]
Labels = Annotated[Pairs, From(Keyed[str], pairs)]
IsNull = Annotated[bool, BeforeValidator(lambda found: found is None)]


def to_the_letter(kind: Any, absent: str | None = None) -> BeforeValidator:  # noqa: ANN401 (any type)
    """Keep a part of an answer as JSON text with all that is in it, if it is of a kind. absent: the text for null."""

    def text(found: object) -> str:
        if found is None and absent is not None:
            return absent
        written = json.dumps(found, allow_nan=False)
        check = _check_once if len(written) <= _SHORT else _check
        check(kind, written)
        return written

    return BeforeValidator(text)


def _check(kind: Any, text: str) -> None:  # noqa: ANN401 (any type)
    """Raise ValidationError if a text is not of a kind."""
    form(kind).validate_json(text, strict=True)


# Of short parts it is remembered that they are of their kind: thousands of tasks have the same placement.
_SHORT = 500  # characters
_check_once = lru_cache(maxsize=1024)(_check)


@cache
def form(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401 (any type)
    """Return the reader of a kind of answer, with `validate_json(text, strict=True)`; the first problem of a list ends
    it. Each is made when it is first needed, which takes a few milliseconds."""
    return TypeAdapter(Annotated[kind, FailFast()] if get_origin(kind) is list else kind)
