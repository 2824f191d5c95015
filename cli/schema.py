"""`swarmnet schema`: the stack file as a JSON Schema, for editors."""

import json

import typer

from providers.rules.stack_file.schema import schema as of_the_model


def schema() -> None:
    """Print the JSON Schema of stack files; stacks/schema.json is a copy that editors read."""
    typer.echo(json.dumps(of_the_model(), indent=2))
