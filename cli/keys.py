"""`swarmnet keys`: every key of the stack file."""

from cli.lines import give
from providers.rules.stack_file.reference import table


def keys() -> None:
    """Print every key of the stack file with its default and meaning, as a Markdown table."""
    give(table())
