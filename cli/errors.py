"""How the subcommands that write to stdout tell what went wrong: on stderr, one line each, and exit status 1."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from cli.lines import complain
from cli.project import NoState
from providers.rules.vocabulary.errors import StackFileError, SwarmnetError


@contextmanager
def told(stack: str) -> Iterator[None]:
    """Errors of ours, each problem of the stack file by itself, and files that can't be written end the command."""
    try:
        yield
    except (SwarmnetError, NoState, OSError) as error:
        lines = error.problems if isinstance(error, StackFileError) else [str(error)]
        for line in lines:
            complain(f"{stack}: {line}")
        raise typer.Exit(1) from error
