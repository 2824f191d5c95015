"""YAML as Pulumi reads it, with the place of each key, and its errors as lines with their place.

Pulumi parses with https://github.com/go-yaml/yaml/blob/v3/resolve.go; PyYAML follows YAML 1.1. Another library would
need the same: YAML 1.2, too, has other numbers than Pulumi.
"""

import re
from collections.abc import Hashable, Iterator, Mapping
from contextlib import suppress
from math import isinf
from typing import Any, NamedTuple

import yaml
from yaml.constructor import ConstructorError
from yaml.error import Mark, MarkedYAMLError
from yaml.reader import ReaderError

from providers.rules.stack_file.problems import Date, Location, path
from providers.rules.vocabulary.errors import StackFileError


class Position(NamedTuple):
    """Line and column of a text, both from 1 on."""

    line: int
    column: int


START = Position(1, 1)
TOO_DEEP = "is nested more deeply than any section"
_LARGEST = 200_000  # keys and values, every alias written out; 1,000 networks and hosts have 60,000
_BY_ITSELF = re.compile(r"\Aline (\d+), column (\d+): ")


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
    comes twice."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.doubled: list[str] = []  # keys that come twice

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Return a mapping, of which the last of equal keys counts."""
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                self.doubled.append(message_at(_of_mark(key.start_mark), f"the key {key.value} comes twice: keep one"))
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
            words = f"the value does not match its tag {tag}: remove the tag"
            raise ConstructorError(None, None, words, node.start_mark) from error


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
_Loader.add_constructor("tag:yaml.org,2002:date", lambda _, node: Date())
_Loader.add_constructor("tag:yaml.org,2002:number", lambda _, node: _number(node.value))


def decoded(text: bytes) -> str:
    """Return text as Unicode. Raises StackFileError if it is not valid UTF-8."""
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        before = text[: error.start].decode()
        raise StackFileError(
            [message_at(_of_character(before, len(before)), "is not valid UTF-8: save the file as UTF-8")]
        ) from error


def parsed(text: str) -> tuple[object, yaml.Node | None, list[str]]:
    """Return the document in a text, its nodes, and a line for each key in it that comes twice.

    Raises StackFileError if the text is no YAML, or more than any stack file.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        return (loader.construct_document(node) if node else None), node, loader.doubled
    except MarkedYAMLError as error:
        raise StackFileError([_in_plain_words(error, text)]) from error
    except RecursionError as error:
        raise StackFileError([f"config: {TOO_DEEP}"]) from error
    except ReaderError as error:
        words = f"the character U+{ord(text[error.position]):04X} is not allowed: remove it"
        raise StackFileError([message_at(_of_character(text, error.position), words)]) from error


# Only if PyYAML's own words do not say what to do, or tell another place; {0} is the group. Words that begin with > are
# about where that begins which is read now.
_PLAIN = {
    r"found character '\\t'.*": "tab in the indentation: write spaces",
    r"mapping values are not allowed here": "a colon too many: indent the line as the one above it, write a space "
    "after each colon, and put a value that has a colon in it in quotes",
    r"could not find expected ':'": ">no colon after the key: write `key: value`, with a space after the colon",
    r"expected (?:<block end>|'<document start>').*": "unexpected text: indent the line as those "
    "beside it, begin each item of a list with `- `, and put a whole value into one pair of quotes",
    r"expected ',' or '(.)', but got .*": ">a bracket that is not closed: write {0} at its end, and commas between",
    r"found unexpected (?:end of stream|document separator)": ">a quote that is not closed: write it at the end too",
    r"expected the node content, but found .*": "a value is missing here: write one, or remove the key",
    r"found unhashable key": "a key can't be a mapping or a list: put a template such as {{{{ x }}}} in quotes",
}
_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7})(?: .*)?$", re.MULTILINE)


def _in_plain_words(error: MarkedYAMLError, text: str) -> str:
    """Return `line 4, column 5: what is wrong: what to write`."""
    if conflict := _CONFLICT.search(text):
        words = "unresolved git merge conflict: choose a side, and remove the conflict markers"
        return message_at(_of_character(text, conflict.start()), words)
    problem = error.problem or ""
    for pattern, words in _PLAIN.items():
        if found := re.fullmatch(pattern, problem, re.DOTALL):
            opened = words.startswith(">") and error.context_mark
            return message_at(_of_mark(opened or error.problem_mark), words.removeprefix(">").format(*found.groups()))
    return message_at(_of_mark(error.problem_mark), problem)  # in our own words already, or in PyYAML's


def of_keys(root: yaml.Node | None, section: str, prefix: str) -> dict[str, Position]:
    """Return where each key and each item of a list stands, by its path within one section of the root, less a prefix.

    A key of the root that has the name of one in the section is the one that is told of.
    """
    found: dict[str, Position] = {}
    pairs = _pairs(root)
    for value in (value for key, value in pairs if key.value == section):
        for (first, *further), node in _below(value, (), set()):
            found[path((str(first).removeprefix(prefix), *further))] = _of_mark(node.start_mark)
    return found | {"" if key.value == section else str(key.value): _of_mark(key.start_mark) for key, _ in pairs}


def position(problem: str, keys: Mapping[str, Position]) -> Position:
    """Return the place of a problem that begins with the path of a key, or with a line and a column: at that key, else
    at what it would stand in."""
    if by_itself := _BY_ITSELF.match(problem):
        return Position(int(by_itself[1]), int(by_itself[2]))
    ends = (at.start() for at in re.finditer(r"[.:\[]", problem))
    known = [keys[problem[:end]] for end in ends if problem[:end] in keys]
    return known[-1] if known else keys.get("", START)


def message_at(where: Position, words: str) -> str:
    """Return a problem of the text itself, which no path of a key would tell, with its place."""
    return f"line {where.line}, column {where.column}: {words}"


def parted(problem: str) -> tuple[str, str]:
    """Return the path that a problem begins with (empty for one of the text itself), and all its words."""
    words = _BY_ITSELF.sub("", problem, count=1)
    path_or_words = words.partition(": ")[0]
    return ("" if words != problem and " " in path_or_words else path_or_words), words


def _of_character(text: str, number: int) -> Position:
    """Return the position of a character, counted from 0 on."""
    return Position(text.count("\n", 0, number) + 1, number - text.rfind("\n", 0, number))


def _of_mark(mark: Mark | None) -> Position:
    return Position(mark.line + 1, mark.column + 1) if mark else START


def _below(node: yaml.Node, above: Location, seen: set[int]) -> Iterator[tuple[Location, yaml.Node]]:
    """Yield each key and item below a node. A node that is named in other places is looked into where it stands."""
    if id(node) in seen:
        return
    seen.add(id(node))
    for key, value in _pairs(node):
        yield (*above, str(key.value)), key
        yield from _below(value, (*above, str(key.value)), seen)
    for number, item in enumerate(node.value if isinstance(node, yaml.SequenceNode) else ()):
        yield (*above, number), item
        yield from _below(item, (*above, number), seen)


def _pairs(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    return node.value if isinstance(node, yaml.MappingNode) else []


def _inside(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """Yield the nodes right within another."""
    yield from (part for pair in _pairs(node) for part in pair)
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
