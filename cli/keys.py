"""`swarmnet keys`: every key of the stack file."""

import typer

from providers.rules.keys import table


def keys() -> None:
    """Print every key of the stack file with its default and meaning, as a Markdown table."""
    typer.echo(table(), nl=False)
