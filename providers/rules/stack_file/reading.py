"""The two forms in which a stack's configuration arrives, brought to one. Text in, data out; no file is read.

Both give the keys of the namespace `swarmnet` without it; what belongs to other namespaces is left out.
"""

import json
import re
from collections.abc import Hashable, Mapping
from contextlib import suppress
from math import isinf
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError

from providers.rules.stack_file.mistyped import Date, WrittenFloat, WrittenInt
from providers.rules.stack_file.problems import Raw
from providers.rules.vocabulary.errors import StackFileError

NAMESPACE = "swarmnet"

_DEEPEST = 20  # no section has more than six levels
_TOO_DEEP = "is nested more deeply than any section"


class _Loader(yaml.SafeLoader):
    """YAML as Pulumi reads it: `yes`, `on` and 12:30 are text, 12e5 and 0777 are numbers, all keys are text, and none
    comes twice.

    Pulumi parses with https://github.com/go-yaml/yaml/blob/v3/resolve.go; PyYAML follows YAML 1.1.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping. Raises ConstructorError where a key comes twice."""
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise ConstructorError(None, None, f"the key {key.value} comes twice", key.start_mark)
            seen.add(str(key.value))
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                key.tag = _TEXT
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        """A value. Raises ConstructorError also where it is not what its own tag says, as in `!!int x`."""
        try:
            return super().construct_object(node, deep)
        except (AttributeError, KeyError, ValueError) as error:  # what PyYAML's own constructors raise there
            raise ConstructorError(
                None, None, f"the value is not what its tag says: {node.tag}", node.start_mark
            ) from error


_TEXT, _MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"
_REPLACED = {f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "float", "timestamp", "value")}
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def _number(text: str) -> int | float | str:
    """The number in a plain word that begins like one, where it is one. A whole one is an int, as in Pulumi's JSON."""
    plain = text.replace("_", "")
    with suppress(ValueError):
        return int(plain, 8 if re.fullmatch("[-+]?0[0-7]+", plain) else 0)
    if not _FLOAT.fullmatch(plain):
        return text
    number = float(plain)
    if isinf(number):
        return text
    return int(number) if number.is_integer() else number


def _written(text: str) -> int | float | str:
    """The same, with its text where it would be written otherwise."""
    number = _number(text)
    if isinstance(number, str) or str(number) == text:
        return number
    found = WrittenInt(number) if isinstance(number, int) else WrittenFloat(number)
    found.text = text
    return found


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _REPLACED]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _kind, _pattern, _first in (
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("float", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", "-+."),
    ("date", r"\d{4}-\d\d?-\d\d?(?:[Tt ]\d\d?:\d\d?:\d\d?(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)?)?", "0123456789"),
    ("number", r"[-+.0-9][-+._0-9a-zA-Z]*", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(f"^(?:{_pattern})$"), list(_first))
_Loader.add_constructor("tag:yaml.org,2002:date", lambda _, node: Date(node.value))
_Loader.add_constructor("tag:yaml.org,2002:number", lambda _, node: _written(node.value))


def from_yaml(text: str | bytes) -> Raw:
    """The keys of a `Pulumi.<stack>.yaml`. One that is written without a namespace is in the project's own.

    Raises StackFileError where the text is not YAML, has no mapping `config`, or has a key with and without its
    namespace.
    """
    settings = _settings(text)
    if doubled := _twice(settings):
        raise StackFileError(doubled)
    return from_flat({key if ":" in key else f"{NAMESPACE}:{key}": value for key, value in settings.items()})


def twice(text: str | bytes) -> list[str]:
    """Keys that stand with and without their namespace, as `path: problem`. Pulumi takes one of them by chance, and
    its flat form has lost the other.

    Raises StackFileError where the text is not YAML or has no mapping `config`.
    """
    return _twice(_settings(text))


def _twice(settings: Raw) -> list[str]:
    doubled = [key for key in settings if f"{NAMESPACE}:{key}" in settings]
    return [f"{key}: stands twice, as {key} and as {NAMESPACE}:{key}; keep one" for key in doubled]


def _settings(text: str | bytes) -> Raw:
    """The mapping `config` as it is."""
    try:
        document = yaml.load(text, _Loader)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise StackFileError([f"line {line}: {error.problem}"]) from error
    except RecursionError as error:
        raise StackFileError([f"config: {_TOO_DEEP}"]) from error
    except ReaderError as error:
        raise StackFileError([f"character {error.position + 1}: {error.reason}"]) from error
    settings = document.get("config") if isinstance(document, dict) else None
    if not isinstance(settings, dict):
        raise StackFileError(["config: is required: the mapping that holds swarmnet:hosts and the other keys"])
    return settings


def from_flat(settings: Mapping[str, object]) -> Raw:
    """The keys of what Pulumi hands to programs and providers: mappings and lists as JSON, else text.

    Raises StackFileError where a value is more deeply nested than any section, or has half a character in it.
    """
    try:
        raw = {key: _structured(value) for key, value in _ours(settings).items()}
    except RecursionError as error:
        raise StackFileError([f"config: {_TOO_DEEP}"]) from error
    wrong = {key: problem for key, value in raw.items() if (problem := _unsound([key, value]))}
    if wrong:
        raise StackFileError([f"{key.encode(errors='backslashreplace').decode()}: {wrong[key]}" for key in wrong])
    return raw


def _structured(value: object) -> object:
    """A top-level value. `pulumi up -c KEY=JSON` writes JSON text into the file; nothing is empty text."""
    if isinstance(value, str) and value.startswith(("{", "[")):
        with suppress(json.JSONDecodeError):  # then it is text
            return json.loads(value)
    return "" if value is None else value


def _unsound(value: object) -> str:
    """What no section can hold and no message show, in words; empty where all is well."""
    left, seen = [(value, 0)], set[int]()
    while left:
        each, depth = left.pop()
        if isinstance(each, str) and not each.isascii() and any("\ud800" <= letter <= "\udfff" for letter in each):
            return "has half a character in it, such as \\ud800; write the whole one"
        if isinstance(each, dict | list) and id(each) not in seen:
            if depth > _DEEPEST:
                return _TOO_DEEP
            seen.add(id(each))
            left += [(inner, depth + 1) for inner in ([*each, *each.values()] if isinstance(each, dict) else each)]
    return ""


def _ours(settings: Mapping[str, object]) -> Raw:
    prefix = f"{NAMESPACE}:"
    return {key.removeprefix(prefix): value for key, value in settings.items() if key.startswith(prefix)}
