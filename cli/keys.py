"""`swarmnet keys` and `swarmnet schema`: every key of the stack file, for people and for editors."""

from cli.lines import give, give_data
from providers.rules.stack_file import reference


def keys() -> None:
    """Print every key of the stack file with its default and meaning, as a Markdown table."""
    give(reference.table())


def schema() -> None:
    """Print the JSON Schema of stack files; stacks/schema.json is a copy that editors read."""
    give_data(reference.schema())
