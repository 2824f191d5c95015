"""`swarmnet facts`: what is on the hosts now and what the next `up` would do there, as a file for those who can't
reach them."""

import sys
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.files import write
from cli.lines import errors_end_command, print_error, print_text
from cli.plan import forecast_stack
from cli.project import short
from cli.stack_argument import Stack
from cli.stack_files import STACKS, Directory
from providers.explain.facts_file import FactsFile, NoFacts, facts_file

STDIN = Path("-")
Facts = Annotated[
    list[Path] | None,
    typer.Option(
        "--facts", metavar="FILE", help="The file of `swarmnet facts`: gives names and numbers. One for each stack."
    ),
]


def facts(
    stack: Stack,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The file to write.", show_default="standard output"),
    ] = None,
    directory: Directory = STACKS,
) -> None:
    """Write the facts that `swarmnet report` and `swarmnet map` take: run it where the hosts can be reached.

    Who is attached to which network, each host's bridge, and what `pulumi up --refresh` would disturb. Nothing is
    written to any host, and no secret to the file. A host that does not answer is in the file as silent.
    """
    with errors_end_command(stack):
        ahead = forecast_stack(directory, stack)
        state = ahead.doubt or "known"
        text = facts_file(short(stack), datetime.now(UTC), ahead.seen, ahead.found, state).text()
        for host in ahead.unreachable:
            print_error(f"{stack}: no answer: {host.why}", typer.colors.YELLOW)
        if out:
            write(out, text)
        else:
            print_text(text)


def content(path: Path) -> bytes:
    """Read a file; `-` is standard input. Raises OSError."""
    return sys.stdin.buffer.read() if path == STDIN else path.read_bytes()


def facts_in(paths: Iterable[Path], stacks: Collection[str] | None) -> dict[str, FactsFile]:
    """Return the facts in files, by stack. Raises OSError, and NoFacts of a file that is none or of no such stack.

    stacks: those that may be; None for any.
    """
    known: dict[str, FactsFile] = {}
    for path in paths:
        try:
            read = FactsFile.parse(content(path))
        except NoFacts as error:
            raise NoFacts(f"{path}: {error}") from error
        if stacks is not None and read.stack not in stacks:
            others = ", ".join(sorted(stacks)) or "none"
            raise NoFacts(f"{path}: facts of stack {read.stack}, but stacks are {others}: leave this file out")
        if read.stack in known:
            raise NoFacts(f"{path}: facts of stack {read.stack}, as another file is: leave one of the two out")
        known[read.stack] = read
    return known
