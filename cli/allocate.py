"""`swarmnet allocate`: ranges in place of `subnet: auto`, written into the stack file for a reviewer to see."""

from cli.errors import fail, told
from cli.lines import tell
from cli.project import short
from cli.stack_argument import Stack
from cli.stack_files import STACKS, Directory, all_of, judged, located, text_of, write
from providers.rules.checks.across_stacks import unread
from providers.rules.checks.allocation import allocate as choose
from providers.rules.stack_file.editing import with_subnets
from providers.rules.vocabulary.errors import StackFileError


def allocate(
    stack: Stack,
    directory: Directory = STACKS,
) -> None:
    """Write the first free range of pools.overlays for each overlay with `subnet: auto`.

    Everything else in the file stays as it is. Exits with 1, and writes nothing, if there is a problem.
    """
    own, (there, torn) = None, all_of(directory, [stack])
    others = {name: why for name, why in torn.items() if name != short(stack)}
    if others:
        fail((f"{unread(name, why)}: correct it first: its ranges count" for name, why in others.items()), stack)
    try:
        own = judged(directory, stack)
        chosen = choose(own, [found.resolved for name, found in there.items() if name != short(stack)])
        text = with_subnets(text_of(directory, stack), chosen)
    except StackFileError as error:
        fail(located(directory, stack, error, own), stack)
    with told(stack):
        if chosen:
            write(directory, stack, text)
    for name, subnet in chosen.items():
        tell(f"{stack}: overlays.{name}.subnet: {subnet}")
    if not chosen:
        tell(f"{stack}: no overlay has subnet: auto")
