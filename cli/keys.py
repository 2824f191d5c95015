"""`swarmnet keys`: every key of the stack file."""

import typer

from providers.rules.stack_file.reference import table


def keys() -> None:
    """Print every key of the stack file with its default and meaning, as a Markdown table."""
    typer.echo(table(), nl=False)
