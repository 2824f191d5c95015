"""`swarmnet schema`: the stack file as a JSON Schema, for editors."""

from cli.lines import give_data
from providers.rules.stack_file.schema import schema as of_the_model


def schema() -> None:
    """Print the JSON Schema of stack files; stacks/schema.json is a copy that editors read."""
    give_data(of_the_model())
