"""Messages for values of a wrong type, with how to write what was meant.

Text is shown only if it is truth or a number: other text could be a password put in the wrong place.
"""

import json
import re

SECRET = (
    "has an encrypted value, which networks, plans and reviews would show: set it without --secret, or take it away"
)

_WRITE = {
    "bool_type": "true or false",
    "dict_type": "a mapping, `name: value` lines indented below it, with a space after each colon",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list, `[…]` or lines that begin with `- `",
    "string_type": "text",
}
_WRITE["model_type"] = _WRITE["dict_type"]
_TRUTH = {
    **dict.fromkeys(("yes", "y", "on", "true", "1"), "true"),
    **dict.fromkeys(("no", "n", "off", "false", "0"), "false"),
}
_IS: dict[type, str] = {dict: "a mapping", list: "a list", str: "text"}


class WrittenInt(int):
    """A whole number that stands otherwise in the file, such as 0777. text: as it stands there."""

    text: str


class WrittenFloat(float):
    """A number that stands otherwise in the file, such as 1.10. text: as it stands there."""

    text: str


class Date:
    """Text that looks like a date. Pulumi makes `2026-01-01 00:00:00 +0000 UTC` of 2026-01-01."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


def mistyped(kind: str, value: object, choices: str = "") -> str:
    """Return the message for a value: what it is, and what to write. kind: pydantic's word for the wanted type.

    choices: the words of which one is wanted, if so.
    """
    if isinstance(value, Date):
        return f'{value} is a date, of which Pulumi would make another text: write "{value}"'
    if isinstance(value, dict) and list(value) == ["secure"]:
        return SECRET
    wanted = _WRITE.get(kind) or choices or "text"
    if value is None or value == "":
        sections = kind in ("model_type", "dict_type")
        return "is empty: " + ("write `{}`, or its keys below it" if sections else f"write {wanted}, or take it away")
    if kind == "string_type" and isinstance(value, int | float):
        what = "true or false" if isinstance(value, bool) else "a number"
        return f'{_written(value)} is {what}: write "{_written(value)}"'
    if plain := _plain(kind, value):
        shown = value if isinstance(value, str) and value != plain else _written(value)
        return f"{shown} is {_is(value)} here: write {plain}"
    shown = f"{_written(value)} " if isinstance(value, int | float) else ""
    return f"{shown}is {_is(value)}: write {wanted}"


def _plain(kind: str, value: object) -> str:
    """Return the truth or number that text, or a number, was meant to be; empty if it is none."""
    text = str(value).strip()
    if kind == "bool_type":
        return _TRUTH.get(text.lower(), "")
    if kind in ("int_type", "float_type") and isinstance(value, str):
        number = re.fullmatch(r"(-?\d{1,9})(?:\.0+)?(?: ?(?:s|sec|seconds|bytes|/tcp|/udp))?", text)
        return number[1] if number else ""
    return ""


def _is(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "a number" if isinstance(value, int | float) else _IS.get(type(value), "something else")


def _written(value: object) -> str:
    """Return truth, a number or text as it stands in the file."""
    return getattr(value, "text", None) or json.dumps(value)
