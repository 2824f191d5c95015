"""Errors of subcommands: on standard error, one line each, and exit status 1."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from cli.lines import complain
from cli.project import NoState
from providers.explain.facts_file import NoFacts
from providers.rules.vocabulary.errors import SwarmnetError


def fail(problems: Iterable[str], about: str = "") -> NoReturn:
    """End the command with these problems. about: what each is about, if its words do not say it."""
    for problem in problems:
        complain(f"{about}: {problem}" if about else problem)
    raise typer.Exit(1)


@contextmanager
def told(about: str = "") -> Iterator[None]:
    """Errors of ours, each problem by itself, and files that can't be read or written end the command."""
    try:
        yield
    except SwarmnetError as error:
        fail(error.problems, about)
    except OSError as error:
        words = (error.strerror or str(error)).lower()
        fail([f"{error.filename}: {words}" if error.filename else words], about)
    except (NoState, NoFacts) as error:
        fail([str(error)], about)
