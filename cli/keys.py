"""`swarmnet keys` and `swarmnet schema`: every key of the stack file, for people and for editors."""

from cli.lines import print_data, print_text
from providers.rules.stack_file import reference


def keys() -> None:
    """Print every key of the stack file with its default and meaning, as a Markdown table."""
    print_text(reference.table())


def schema() -> None:
    """Print the JSON Schema of stack files; stacks/schema.json is a copy that editors read."""
    print_data(reference.schema())
