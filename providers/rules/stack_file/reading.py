"""Brings the two forms in which a stack's configuration arrives to one. Text in, data out; no file is read.

Both give the keys of the namespace `swarmnet` without it; what belongs to other namespaces is left out. Of the one
that is a file, what Pulumi would pass over or lose is told, and where each key stands.
"""

import difflib
import json
import re
from collections.abc import Hashable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import isinf
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError

from providers.rules.stack_file.mistyped import Date, WrittenFloat, WrittenInt
from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.positions import Position, of_character, of_keys, of_mark, position, told_at
from providers.rules.stack_file.problems import Raw
from providers.rules.stack_file.yaml_errors import in_plain_words, not_readable
from providers.rules.vocabulary.errors import StackFileError

NAMESPACE = "swarmnet"
# What Pulumi itself keeps beside `config`: https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/
PULUMIS = ("encryptedkey", "encryptionsalt", "environment", "secretsprovider")
SECTIONS = tuple(StackFile.model_fields)

_DEEPEST = 20  # no section has more than six levels
_LARGEST = 200_000  # keys and values, every alias written out; 1,000 networks and hosts have 60,000
_TOO_DEEP = "is nested more deeply than any section"


class BoundedLoader(yaml.SafeLoader):
    """YAML of which no few lines make more than a machine can hold."""

    def __init__(self, stream: str | bytes) -> None:
        super().__init__(stream)
        self._sizes: dict[int, int] = {}  # of nodes, with every alias in them written out

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node | None:
        """Return a node; its aliases count as what they stand for. Raises ConstructorError if that is too much: with
        anchors in anchors a few lines can make more than any machine holds."""
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        alias = self.check_event(yaml.AliasEvent)
        node: yaml.Node | None = super().compose_node(parent, index)  # type: ignore[arg-type]
        size = self._sizes.get(id(node), 1) if alias else 1 + sum(self._sizes[id(each)] for each in _inside(node))
        self._sizes[id(node)] = size
        if size > _LARGEST:
            raise ConstructorError(None, None, f"with its aliases it has more than {_LARGEST:,} keys and values", mark)
        return node


class _Loader(BoundedLoader):
    """YAML as Pulumi reads it: `yes`, `on` and 12:30 are text, 12e5 and 0777 are numbers, all keys are text, and none
    comes twice.

    Pulumi parses with https://github.com/go-yaml/yaml/blob/v3/resolve.go; PyYAML follows YAML 1.1.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.doubled: list[str] = []  # keys that come twice

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Return a mapping, of which the last of equal keys counts."""
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                self.doubled.append(told_at(of_mark(key.start_mark), f"the key {key.value} comes twice: keep one"))
            seen.add(str(key.value))
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                key.tag = _TEXT
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        """Return a value. Raises ConstructorError also if it is not what its own tag says, as in `!!int x`."""
        try:
            return super().construct_object(node, deep)
        except (AttributeError, KeyError, ValueError) as error:  # what PyYAML's own constructors raise there
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            words = f"the value is not what its tag {tag} says: take the tag away"
            raise ConstructorError(None, None, words, node.start_mark) from error


def _inside(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """Yield the nodes right within another."""
    if isinstance(node, yaml.MappingNode):
        yield from (part for pair in node.value for part in pair)
    if isinstance(node, yaml.SequenceNode):
        yield from node.value


_TEXT, _MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"
_REPLACED = {f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "float", "timestamp", "value")}
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def _number(text: str) -> int | float | str:
    """Return the number in a plain word that begins like one, if it is one. A whole one is an int, as in Pulumi's
    JSON."""
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
    """Return the same, with its text if it would be written otherwise."""
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


@dataclass(frozen=True)
class Written:
    """A `Pulumi.<stack>.yaml` that could be read.

    raw: its keys; one without a namespace is in the project's own. problems: what Pulumi would pass over, or take one
    of by chance. keys: where each key stands, by its path. imports: whether it names environments, which may hold
    settings of the stack too.
    """

    raw: Raw
    problems: tuple[str, ...]
    keys: Mapping[str, Position]
    imports: bool

    def position(self, problem: str) -> Position:
        """Return where in the text the problem is: at the key whose path it begins with, else at what that would stand
        in."""
        return position(problem, self.keys)


def from_yaml(text: str | bytes, project: str = NAMESPACE) -> Raw:
    """Return the keys of a `Pulumi.<stack>.yaml` in a project of that name.

    Raises StackFileError if the text can't be read, or Pulumi would not read all of it.
    """
    written = read(text, project)
    if written.problems:
        raise StackFileError(list(written.problems))
    return written.raw


def read(text: str | bytes, project: str = NAMESPACE) -> Written:
    """Return a `Pulumi.<stack>.yaml` as it stands, in a project of that name.

    Raises StackFileError if the text is not YAML, has no mapping `config`, or holds what no message can show.
    """
    text = decoded(text) if isinstance(text, bytes) else text
    document, node, doubled = _parsed(text)
    root = document if isinstance(document, dict) else {}
    passed_over = [*doubled, *_beside_config(root)]
    settings = root.get("config")
    if not isinstance(settings, dict):
        keys = of_keys(node, "config", "")
        raise StackFileError([told_at(position(line, keys), line) for line in passed_over] or [_NO_CONFIG])
    raw = from_flat({key if ":" in key else f"{project}:{key}": value for key, value in settings.items()})
    problems = (*passed_over, *_misnamed(settings, project))
    return Written(raw, problems, of_keys(node, "config", f"{NAMESPACE}:"), bool(root.get("environment")))


_NO_CONFIG = "config: is required: the mapping that holds swarmnet:hosts and the other keys"


def decoded(text: bytes) -> str:
    """Return text as Unicode. Raises StackFileError if it is no UTF-8."""
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        before = text[: error.start].decode()
        raise StackFileError(
            [told_at(of_character(before, len(before)), "is no UTF-8: save the file as UTF-8")]
        ) from error


def _parsed(text: str) -> tuple[object, yaml.Node | None, list[str]]:
    """Return the document in a text, its nodes, and keys in it that come twice."""
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        return (loader.construct_document(node) if node else None), node, loader.doubled
    except MarkedYAMLError as error:
        raise StackFileError([in_plain_words(error, text)]) from error
    except RecursionError as error:
        raise StackFileError([f"config: {_TOO_DEEP}"]) from error
    except ReaderError as error:
        raise StackFileError([not_readable(error, text)]) from error


def _beside_config(document: Mapping[str, object]) -> Iterator[str]:
    """Yield keys at the root of which Pulumi says nothing and the program sees nothing."""
    for key in document:
        if _section(key) in SECTIONS:
            yield f"{key}: stands beside config, where Pulumi passes it over without a word: indent it"
        elif key not in ("config", *PULUMIS):
            close = difflib.get_close_matches(key.lower(), ["config"])
            remedy = "did you mean config?" if close else "put it into config, or take it away"
            yield f"{key}: is no key beside config, and Pulumi passes it over without a word; {remedy}"


def _misnamed(settings: Mapping[str, object], project: str) -> Iterator[str]:
    """Yield keys of ours that stand with and without their namespace, of which Pulumi takes one by chance; and keys in
    a namespace that is almost ours, or in that of a project of another name for want of any."""
    for key in settings:
        namespace, name = key.split(":", 1) if ":" in key else (project, key)
        if f"{NAMESPACE}:{key}" in settings:
            if namespace == NAMESPACE:
                yield f"{key}: stands twice, as {key} and as {NAMESPACE}:{key}; keep one"
        elif key == NAMESPACE:
            yield f"{key}: is no section; write its keys as {NAMESPACE}:hosts and so on"
        elif namespace != NAMESPACE and _section(key) in SECTIONS:
            yield f"{key}: is in the namespace {namespace}, which nobody reads; did you mean {NAMESPACE}:{name}?"


def _section(key: str) -> str:
    """Return the section that a key is, if its namespace is ours, almost ours or none."""
    namespace, parted, name = key.rpartition(":")
    ours = difflib.SequenceMatcher(None, namespace.lower(), NAMESPACE).ratio() >= _ALMOST
    return name if ours or not parted else ""


_ALMOST = 0.75  # swarm: and swarmnets: are, docker: is not


def from_flat(settings: Mapping[str, object]) -> Raw:
    """Return the keys of what Pulumi hands to programs and providers: mappings and lists as JSON, else text.

    Raises StackFileError if a value is more deeply nested than any section, or has half a character in it.
    """
    ours = f"{NAMESPACE}:"
    try:
        raw = {key.removeprefix(ours): _structured(value) for key, value in settings.items() if key.startswith(ours)}
    except RecursionError as error:
        raise StackFileError([f"config: {_TOO_DEEP}"]) from error
    wrong = {key: problem for key, value in raw.items() if (problem := _unsound([key, value]))}
    if wrong:
        raise StackFileError([f"{key.encode(errors='backslashreplace').decode()}: {wrong[key]}" for key in wrong])
    return raw


def _structured(value: object) -> object:
    """Return a top-level value. `pulumi up -c KEY=JSON` writes JSON text into the file; nothing is empty text."""
    if isinstance(value, str) and value.startswith(("{", "[")):
        with suppress(json.JSONDecodeError):  # then it is text
            return json.loads(value)
    return "" if value is None else value


def _unsound(value: object) -> str:
    """Say what no section can hold and no message show; empty if all is well."""
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
