"""`swarmnet check`: what is wrong with stack files, without Pulumi and without any host."""

from collections.abc import Iterator, Mapping
from typing import Annotated

import typer

from cli.stack_files import STACKS, Directory, all_of, judged, names
from providers.rules.checks.across_stacks import Shared, joined, shared, unknown, used
from providers.rules.checks.declared_twice import claimed_twice
from providers.rules.checks.whole_file import Verdict
from providers.rules.vocabulary.errors import StackFileError


def check(
    stacks: Annotated[
        list[str] | None, typer.Argument(metavar="STACK", help="Stacks to look at; all, where none is named.")
    ] = None,
    directory: Directory = STACKS,
) -> None:
    """Check stack files, each by itself and all together: one line for each problem, warning or shared range.

    Exits with 1 where there is a problem.
    """
    there, torn = all_of(directory)
    named = stacks or names(directory)
    meetings = shared({stack: found.resolved for stack, found in there.items()})
    wrong = not named
    if not named:
        typer.secho(f"no stack files in {directory}", fg=typer.colors.RED)
    for stack in named:
        problems = [*_problems(there, torn, directory, stack), *_joined(meetings, stack, named)]
        for problem in problems:
            typer.secho(f"{stack}: {problem}", fg=typer.colors.RED)
        if not problems:
            typer.echo(f"{stack}: {_summary(there[stack])}, no problem")
            for warning in there[stack].warnings:
                typer.secho(f"{stack}: warning: {warning}", fg=typer.colors.YELLOW)
        wrong = wrong or bool(problems)
    for meeting in meetings:
        if not meeting.joined and {meeting.stack, meeting.other} <= set(named):
            typer.echo(f"{meeting.stack}: information: {meeting.line}")
    if wrong:
        raise typer.Exit(1)


def _problems(there: Mapping[str, Verdict], torn: Mapping[str, str], directory: Directory, stack: str) -> list[str]:
    """The problems of one stack by itself."""
    if stack in there:
        files = {name: found.resolved for name, found in there.items()}
        beside = used(joined(stack, files))
        own = judged(directory, stack, beside) if beside else there[stack]
        lacking = unknown(stack, own.resolved, names(directory), torn)
        others = {name: found for name, found in files.items() if name != stack}
        return [*own.why_no_plan, *lacking, *claimed_twice(own.resolved, others)]
    try:
        return judged(directory, stack).why_no_plan
    except StackFileError as error:
        return error.problems


def _joined(meetings: list[Shared], stack: str, named: list[str]) -> Iterator[str]:
    """Ranges that a stack shares with one it reaches; told there too where the one to blame is not looked at."""
    for meeting in meetings:
        if meeting.joined and stack == (meeting.stack if meeting.stack in named else meeting.other):
            yield meeting.line if meeting.stack == stack else f"in {meeting.stack}, {meeting.line}"


def _summary(found: Verdict) -> str:
    hosts, overlays = len(found.stackfile.hosts), len(found.stackfile.overlays)
    return f"{_count(hosts, 'host')}, {_count(overlays, 'overlay')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
