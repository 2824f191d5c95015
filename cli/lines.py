"""All that subcommands print goes through here: words of others are in it, which neither a terminal nor a log obeys."""

import os
import sys

import typer
from rich.text import Text

from providers.rules.vocabulary.words import data, indented


def as_shown(*texts: str, style: str = "") -> Text:
    """Return a line for each text, for rich."""
    return Text("\n".join(map(indented, texts)), style=style)


def tell(text: str, colour: str = "") -> None:
    """A line on standard output."""
    typer.secho(indented(text), fg=_shown(colour))


def complain(text: str, colour: str = "red") -> None:
    """A line on standard error."""
    typer.secho(indented(text), fg=_shown(colour), err=True)


def _shown(colour: str) -> str | None:
    """Return the colour, unless nobody wants any: https://no-color.org."""
    return None if os.environ.get("NO_COLOR") else colour or None


def give(text: str) -> None:
    """A whole text that its writer has made safe, such as Markdown, on standard output."""
    sys.stdout.write(text)


def give_data(value: object) -> None:
    """A value as JSON on standard output."""
    give(data(value) + "\n")
