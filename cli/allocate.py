"""`swarmnet allocate`: ranges in place of `subnet: auto`, written into the stack file for a reviewer to see."""

from collections.abc import Iterable
from typing import Annotated, NoReturn

import typer

from cli.lines import tell
from cli.project import short
from cli.stack_files import STACKS, Directory, all_of, judged, located, text_of, write
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
    own, (there, torn) = None, all_of(directory, [stack])
    if others := {name: why for name, why in torn.items() if name != short(stack)}:
        _complain(stack, [f"{unread(name, why)}: mend it first, its ranges count" for name, why in others.items()])
    try:
        own = judged(directory, stack)
        chosen = choose(own, [found.resolved for name, found in there.items() if name != short(stack)])
        text = with_subnets(text_of(directory, stack), chosen)
    except StackFileError as error:
        _complain(stack, located(directory, stack, error, own))
    try:
        if chosen:
            write(directory, stack, text)
    except StackFileError as error:
        _complain(stack, error.problems)
    for name, subnet in chosen.items():
        tell(f"{stack}: overlays.{name}.subnet: {subnet}")
    if not chosen:
        tell(f"{stack}: no overlay has subnet: auto")


def _complain(stack: str, problems: Iterable[str]) -> NoReturn:
    for problem in problems:
        tell(f"{stack}: {problem}", typer.colors.RED)
    raise typer.Exit(1)
