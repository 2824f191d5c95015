"""Hundreds of wrong stack files, each with one mistake: where it is told, of which key, and what to do about it."""

import pytest

from providers.rules.checks.whole_file import validate
from providers.rules.stack_file.reading import read
from providers.rules.stack_file.yaml_text import parted, position
from providers.rules.vocabulary.errors import StackFileError
from tests.rules.wrong_files import RIGHT, WRONG
from tests.support.quick import some


def edited(where, written):
    """The right file with one edit."""
    lines = RIGHT.splitlines()
    number = int(where.rstrip("+!"))
    indent = lines[number - 1][: -len(lines[number - 1].lstrip())]
    new = [line[1:] if line.startswith("^") else indent + line for line in written.split("\n")]
    below = next((at for at, line in enumerate(lines[number:]) if not line.startswith(f"{indent} ")), len(lines))
    first = number if where.endswith("+") else number - 1
    last = number + below if where.endswith("!") else number
    return "\n".join([*lines[:first], *new, *lines[last:]]) + "\n"


def said(text):
    """Each problem of a file: its line, the path of its key, its words."""
    try:
        written = read(text)
    except StackFileError as error:
        return [told(position(problem, {}).line, problem) for problem in error.problems]
    problems = validate(written.raw, text=written).why_no_plan
    return [told(position(problem, written.keys).line, problem) for problem in problems]


def told(line, problem):
    """The parts of a problem."""
    path, words = parted(problem)
    return line, path, words.removeprefix(f"{path}: ")


def as_in(row, words):
    """The words of a problem, without those of which the row has only `…`."""
    return f"…{words[1 - len(row) :]}" if row.startswith("…") else words


def test_file_without_an_edit_is_right():
    """The problems of the others are those of their one mistake."""
    assert [] == said(RIGHT)


@pytest.mark.parametrize("kind", WRONG)
def test_one_mistake_is_one_problem_with_its_place_and_its_words(kind):
    """The line of the file, the path of the key, and the problem, which says what to write."""
    rows = some(WRONG[kind])
    expected = [(where, written, [tuple(problem)]) for where, written, *problem in rows]

    assert expected == [
        (where, written, [(at, key, as_in(problem, words)) for at, key, words in said(edited(where, written))])
        for where, written, _, _, problem in rows
    ]
