"""`swarmnet map`: the networks of stacks as a picture, without access to any host."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.facts import Facts, facts_in
from cli.files import write
from cli.lines import errors_end_command, fail, print_line
from cli.project import short
from cli.stack_argument import Stacks
from cli.stack_files import STACKS, Directory, names, validated
from providers.explain.map import page
from providers.explain.map.address_ranges import Stack
from providers.rules.checks.whole_file import Validation

_FORMS: dict[str, Callable[[Sequence[Stack]], str]] = {".html": page.page, ".mmd": page.mermaid, ".svg": page.svg}


def draw(
    stacks: Stacks = None,
    facts: Facts = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The file to write: .html, .svg, or .mmd for Mermaid.")
    ] = Path("map.html"),
    directory: Directory = STACKS,
) -> None:
    """Draw the address plan with its free space and overlaps, the hosts with their bridges, and the networks.

    Exits with 0 also if a stack file has problems, which are in the picture; with 1 if nothing could be drawn.
    """
    form = _FORMS.get(out.suffix.lower())
    if not form:
        fail([f"{out}: a map is written as one of {', '.join(_FORMS)}, by the end of the file's name"])
    named = {short(stack): stack for stack in stacks or names(directory)}
    with errors_end_command():
        known = facts_in(facts or [], named)
    found = [Stack(stack, _validated(directory, asked), known.get(stack)) for stack, asked in named.items()]
    if not found:
        fail([f"{directory}: there is no file Pulumi.STACK.yaml"])
    with errors_end_command():
        write(out, form(found))
    print_line(f"{out}: {page.summary(found)}")


def _validated(directory: Path, stack: str) -> Validation:
    with errors_end_command(stack):
        return validated(directory, stack)
