"""`swarmnet map`: the networks of stacks as a picture, without access to any host."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cli.files import write
from cli.lines import complain, tell
from cli.project import short
from cli.stack_files import STACKS, Directory, judged, names
from providers.explain.facts_file import FactsFile, NoFacts
from providers.explain.map import page
from providers.explain.map.claims import Stack
from providers.rules.checks.whole_file import Verdict
from providers.rules.vocabulary.errors import StackFileError

_FORMS: dict[str, Callable[[Sequence[Stack]], str]] = {".html": page.page, ".mmd": page.mermaid, ".svg": page.svg}


def draw(
    stacks: Annotated[
        list[str] | None, typer.Argument(metavar="STACK", help="Stacks to draw; all, where none is named.")
    ] = None,
    facts: Annotated[
        list[Path] | None,
        typer.Option("--facts", help="What `swarmnet facts` wrote: shows what is attached. One file for each stack."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="The file to write: .html, .svg, or .mmd for Mermaid.")] = Path(
        "map.html"
    ),
    directory: Directory = STACKS,
) -> None:
    """Draw the address plan with its free space and overlaps, the hosts with their bridges, and the networks.

    Exits with 0 also where a stack file has problems, which are in the picture; with 1 where nothing could be drawn.
    """
    form = _FORMS.get(out.suffix.lower())
    if not form:
        _complain(f"{out}: a map is written as one of {', '.join(_FORMS)}, by the end of the file's name")
    named = {short(stack): stack for stack in stacks or names(directory)}
    known = _facts(facts or [], list(named))
    found = [Stack(stack, _judged(directory, asked), known.get(stack)) for stack, asked in named.items()]
    if not found:
        _complain(f"{directory}: there is no file Pulumi.STACK.yaml")
    try:
        write(out, form(found))
    except OSError as error:
        _complain(f"{out}: {error.strerror}")
    tell(f"{out}: {page.summary(found)}")


def _judged(directory: Path, stack: str) -> Verdict:
    try:
        return judged(directory, stack)
    except StackFileError as error:
        _complain(f"{stack}: {'; '.join(error.problems)}")


def _facts(paths: Sequence[Path], stacks: Sequence[str]) -> dict[str, FactsFile]:
    """What was found, by stack."""
    known: dict[str, FactsFile] = {}
    for path in paths:
        try:
            read = FactsFile.parse(path.read_bytes())
        except NoFacts as error:
            _complain(f"{path}: {error}")
        except OSError as error:
            _complain(f"{path}: {error.strerror}")
        if read.stack not in stacks:
            _complain(f"{path}: facts of stack {read.stack}, which is not drawn: name it, or leave this file out")
        if read.stack in known:
            _complain(f"{path}: facts of stack {read.stack}, as another file is: leave one of the two out")
        known[read.stack] = read
    return known


def _complain(line: str) -> NoReturn:
    complain(line)
    raise typer.Exit(1)
