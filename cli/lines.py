"""All that subcommands print goes through here: words of others are in it, which neither a terminal nor a log obeys.

Errors are on standard error, one line each, with exit status 1.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console
from rich.text import Text

from cli.project import NoState
from providers.explain.facts_file import NoFacts
from providers.rules.vocabulary.errors import SwarmnetError
from providers.rules.vocabulary.words import data, indented


def as_shown(*texts: str, style: str = "") -> Text:
    """Return a line for each text, for rich."""
    return Text("\n".join(map(indented, texts)), style=style)


def print_line(text: str, colour: str = "") -> None:
    """A line on standard output."""
    typer.echo(_coloured(text, colour))


def print_error(text: str, colour: str = "red") -> None:
    """A line on standard error."""
    typer.echo(_coloured(text, colour), err=True)


def _coloured(text: str, colour: str) -> str:
    """Return what is shown, in its colour unless nobody wants any (https://no-color.org): a style of none would still
    end with a code that takes colours back."""
    shown = indented(text)
    return typer.style(shown, fg=colour) if colour and not os.environ.get("NO_COLOR") else shown


def print_text(text: str) -> None:
    """A whole text that its writer has made safe, such as Markdown, on standard output."""
    sys.stdout.write(text)


def print_data(value: object) -> None:
    """A value as JSON on standard output."""
    print_text(data(value) + "\n")


def fail(problems: Iterable[str], about: str = "") -> NoReturn:
    """End the command with these problems. about: what each is about, if its words do not say it."""
    for problem in problems:
        print_error(f"{about}: {problem}" if about else problem)
    raise typer.Exit(1)


@contextmanager
def errors_end_command(about: str = "") -> Iterator[None]:
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


@contextmanager
def asking(whom: str, console: Console | None = None) -> Iterator[None]:
    """A line on a terminal's standard error until the answers are there, such as `querying 5 hosts`; none in a pipe."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(f"querying {whom}"):
        yield


def so_many(number: int, noun: str = "host") -> str:
    """Return a count with its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
