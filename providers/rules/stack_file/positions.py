"""The places of keys in a text, and so of problems."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import yaml
from yaml.error import Mark

from providers.rules.stack_file.problems import Location, path


class Position(NamedTuple):
    """Line and column of a text, both from 1 on."""

    line: int
    column: int


START = Position(1, 1)
_BY_ITSELF = re.compile(r"\Aline (\d+), column (\d+): ")


def of_keys(root: yaml.Node | None, section: str, prefix: str) -> dict[str, Position]:
    """Return where each key and each item of a list stands, by its path within one section of the root, less a prefix.

    A key of the root that has the name of one in the section is the one that is told of.
    """
    found: dict[str, Position] = {}
    pairs = _pairs(root)
    for value in (value for key, value in pairs if key.value == section):
        for (first, *further), node in _below(value, (), set()):
            found[path((str(first).removeprefix(prefix), *further))] = of_mark(node.start_mark)
    return found | {"" if key.value == section else str(key.value): of_mark(key.start_mark) for key, _ in pairs}


def position(problem: str, keys: Mapping[str, Position]) -> Position:
    """Return the place of a problem that begins with the path of a key, or with a line and a column."""
    if by_itself := _BY_ITSELF.match(problem):
        return Position(int(by_itself[1]), int(by_itself[2]))
    ends = (at.start() for at in re.finditer(r"[.:\[]", problem))
    known = [keys[problem[:end]] for end in ends if problem[:end] in keys]
    return known[-1] if known else keys.get("", START)


def told_at(where: Position, words: str) -> str:
    """Return a problem of the text itself, which no path of a key would tell, with its place."""
    return f"line {where.line}, column {where.column}: {words}"


def parted(problem: str) -> tuple[str, str]:
    """Return the path that a problem begins with (empty for one of the text itself), and all its words."""
    words = _BY_ITSELF.sub("", problem, count=1)
    path_or_words = words.partition(": ")[0]
    return ("" if words != problem and " " in path_or_words else path_or_words), words


def of_character(text: str, number: int) -> Position:
    """Return the position of a character, counted from 0 on."""
    return Position(text.count("\n", 0, number) + 1, number - text.rfind("\n", 0, number))


def of_mark(mark: Mark | None) -> Position:
    """Return the position of a mark of PyYAML's."""
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
