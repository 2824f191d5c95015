"""`swarmnet allocate`: ranges in place of `subnet: auto`, written into the stack file for a reviewer to see."""

from typing import Annotated

import typer

from cli.stack_files import STACKS, Directory, all_of, judged, text_of, write
from providers.rules.checks.across_stacks import unread
from providers.rules.checks.allocation import allocate as choose
from providers.rules.stack_file.editing import with_subnets
from providers.rules.vocabulary.errors import StackFileError


def allocate(
    stack: Annotated[str, typer.Argument(metavar="STACK", help="The stack whose file is written.")],
    directory: Directory = STACKS,
) -> None:
    """Write the first free range of pools.overlays for each overlay with `subnet: auto`.

    Everything else in the file stays as it is. Exits with 1, and writes nothing, where there is a problem.
    """
    try:
        own, (there, torn) = judged(directory, stack), all_of(directory)
        if torn:
            raise StackFileError(
                [f"{unread(name, why)}: mend it first, its ranges count" for name, why in torn.items()]
            )
        chosen = choose(own, [found.resolved for name, found in there.items() if name != stack])
        text = with_subnets(text_of(directory, stack), chosen)
        if chosen:
            write(directory, stack, text)
    except StackFileError as error:
        for problem in error.problems:
            typer.secho(f"{stack}: {problem}", fg=typer.colors.RED)
        raise typer.Exit(1) from error
    for name, subnet in chosen.items():
        typer.echo(f"{stack}: overlays.{name}.subnet: {subnet}")
    if not chosen:
        typer.echo(f"{stack}: no overlay has subnet: auto")
