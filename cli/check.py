"""`swarmnet check`: what is wrong with stack files, without any host."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer

from cli.lines import print_data, print_line, print_text, so_many
from cli.project import short
from cli.stack_argument import Stacks
from cli.stack_files import STACKS, Directory, Line, all_of, keys_of, lines_of, names, validated
from providers.rules.checks.across_stacks import declared_twice, joined, shared, unknown, used
from providers.rules.checks.whole_file import Validation
from providers.rules.vocabulary.errors import StackFileError

_COLOURS = {"error": typer.colors.RED, "warning": typer.colors.YELLOW}


class Format(StrEnum):
    """The form in which lines are printed."""

    TEXT = "text"
    GITHUB = "github"
    JSON = "json"


def check(
    stacks: Stacks = None,
    directory: Directory = STACKS,
    form: Annotated[
        Format,
        typer.Option(
            "--format",
            metavar="text|github|json",
            help="Lines to read, annotations on a pull request's lines, or JSON.",
        ),
    ] = Format.TEXT,
) -> None:
    """Check stack files, each by itself and all together: one line for each problem, warning or shared range.

    Pulumi is asked only if Pulumi.yaml or an environment adds to a stack file; a line says if it can't tell.

    Exits with 1 if there is a problem.
    """
    asked = {short(stack): stack for stack in stacks or names(directory)}
    actual, torn = all_of(directory, asked.values())
    named = list(asked)
    lines = {stack: sorted(_of_one(actual, torn, directory, asked[stack])) for stack in named}
    together = list(_of_several(actual, directory, named))
    every = [*(line for found in lines.values() for line in found), *together]
    if form is Format.JSON:
        print_data(as_data(named, every))
    elif not named:
        print_line(f"no stack files in {directory}", typer.colors.RED)
    elif form is Format.GITHUB:
        print_text("".join(f"{annotation(line)}\n" for line in every))
    else:
        _show(actual, lines, together)
    if not named or any(line.level == "error" for line in every):
        raise typer.Exit(1)


def as_data(stacks: Sequence[str], lines: Sequence[Line]) -> dict[str, object]:
    """Return the same for programs. `schema` grows if a key changes its meaning or goes."""
    findings = [
        {
            "stack": line.stack,
            "file": line.file or None,
            "line": line.position.line if line.file else None,
            "column": line.position.column if line.file else None,
            "level": line.level,
            "path": line.path,
            "message": line.words,
        }
        for line in lines
    ]
    return {"schema": 1, "stacks": stacks, "findings": findings}


def annotation(line: Line) -> str:
    """Return a workflow command: GitHub shows it on the line of the pull request.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions; the escapes are those of
    https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
    """
    command = "notice" if line.level == "information" else line.level
    if not line.file:
        return f"::{command}::{_escaped(f'{line.stack}: {line.words}')}"
    file = _escaped(line.file).replace(":", "%3A").replace(",", "%2C")
    return f"::{command} file={file},line={line.position.line},col={line.position.column}::{_escaped(line.words)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _show(actual: Mapping[str, Validation], lines: Mapping[str, Sequence[Line]], together: Sequence[Line]) -> None:
    wrong = {line.stack for line in together if line.level == "error"}
    for stack, found in lines.items():
        if stack not in wrong and all(line.level != "error" for line in found):
            print_line(f"{stack}: {_summary(actual[stack])}, no problem")
        for line in (*found, *(each for each in together if each.stack == stack and each.level == "error")):
            print_line(str(line), _COLOURS.get(line.level, ""))
    for line in together:
        if line.level != "error":
            print_line(str(line))


def _of_one(
    actual: Mapping[str, Validation], torn: Mapping[str, StackFileError], directory: Directory, asked: str
) -> Iterator[Line]:
    """Say what is wrong with one stack's file, its clashes with others included. asked: its name, maybe qualified."""
    stack = short(asked)
    if stack in torn:
        yield from lines_of(directory, stack, torn[stack], None)
        return
    files = {name: found.resolved for name, found in actual.items()}
    # A range that is still to be chosen is to be no other stack's.
    others = {name: found for name, found in files.items() if name != stack}
    beside = used(others.values() if actual[stack].waiting else joined(stack, files))
    own = validated(directory, asked, beside) if beside else actual[stack]
    if own.text and (doubt := keys_of(directory, asked, own.text)[1]):
        yield Line.beside(stack, doubt, "warning")
    lacking = unknown(stack, own.resolved, names(directory), torn)
    problems = [*own.why_no_plan, *own.further(lacking), *declared_twice(own.resolved, others)]
    yield from (Line.of(directory, stack, problem, own) for problem in problems)
    if not problems:
        yield from (Line.of(directory, stack, warning, own, "warning") for warning in own.warnings)


def _of_several(actual: Mapping[str, Validation], directory: Directory, named: Sequence[str]) -> Iterator[Line]:
    """Ranges that two stacks share, on the one to blame: problems of those that are checked, otherwise notices."""
    for meeting in shared({stack: found.resolved for stack, found in actual.items()}):
        looked_at = {meeting.stack, meeting.other} & set(named)
        if len(looked_at) == 2 or (meeting.joined and looked_at):
            level = "error" if meeting.joined else "information"
            line = Line.of(directory, meeting.stack, meeting.line, actual[meeting.stack], level)
            yield line if meeting.stack in looked_at else replace(line, stack=meeting.other)


def _summary(found: Validation) -> str:
    hosts, overlays = len(found.stackfile.hosts), len(found.stackfile.overlays)
    return f"{so_many(hosts)}, {so_many(overlays, 'overlay')}"
