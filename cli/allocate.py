"""`swarmnet allocate`: ranges in place of `subnet: auto`, written into the stack file for a reviewer to see."""

from typing import Annotated

import typer

from cli.stack_files import STACKS, Directory, judged, readable, text_of
from providers.rules.allocation import allocate as choose
from providers.rules.errors import StackFileError
from providers.rules.stack_text import with_subnets


def allocate(
    stack: Annotated[str, typer.Argument(metavar="STACK", help="The stack whose file is written.")],
    directory: Directory = STACKS,
) -> None:
    """Write the first free range of pools.overlays for each overlay with `subnet: auto`.

    Everything else in the file stays as it is. Exits with 1, and writes nothing, where there is a problem.
    """
    try:
        others = [found.stackfile for name, found in readable(directory).items() if name != stack]
        chosen = choose(judged(directory, stack), others)
        text = with_subnets(text_of(directory, stack), chosen)
    except StackFileError as error:
        for problem in error.problems:
            typer.secho(f"{stack}: {problem}", fg=typer.colors.RED)
        raise typer.Exit(1) from error
    if chosen:
        (directory / f"Pulumi.{stack}.yaml").write_bytes(text.encode())
    for name, subnet in chosen.items():
        typer.echo(f"{stack}: overlays.{name}.subnet: {subnet}")
    if not chosen:
        typer.echo(f"{stack}: no overlay has subnet: auto")
