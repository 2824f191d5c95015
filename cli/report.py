"""`swarmnet report`: previews as Markdown for a pull request, without access to any host."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import fail, told
from cli.facts_files import STDIN, content, facts_in
from cli.files import write
from cli.lines import give
from providers.explain.facts_file import FactsFile, NoFacts
from providers.explain.report.page import MOST, comment, no_page, page
from providers.explain.report.preview import NotAPreview, Preview


def report(
    previews: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PREVIEW",
            help="The output of `pulumi preview --json`, a file for each stack; `-` is standard input.",
            show_default="-",
        ),
    ] = None,
    facts: Annotated[
        list[Path] | None,
        typer.Option(
            "--facts",
            metavar="FILE",
            help="The file of `swarmnet facts`: gives names and numbers. Once for each stack.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where the Markdown goes; standard output otherwise.")
    ] = None,
) -> None:
    """Say in Markdown what previews change and disturb, for one comment of at most 60,000 characters.

    Exits with 0 whatever a preview found, also if it failed; with 1 if there is no preview to read, which the
    Markdown then says in its place.
    """
    with told():
        found = {path: content(path) for path in previews or [STDIN]}
        known = {path: facts_in(path) for path in facts or ()}
        pages, problems = _pages(found, known)
        _write(comment(pages), out)
    if problems:
        fail(problems)


def _pages(found: Mapping[Path, bytes], known: Mapping[Path, FactsFile]) -> tuple[list[str], list[str]]:
    """Return a page for each preview, and what is wrong with those that can't be read. Raises NoFacts."""
    read: dict[Path, Preview | NotAPreview] = {}
    for path, text in found.items():
        try:
            read[path] = Preview.parse(text)
        except NotAPreview as error:
            read[path] = error
    stacks = {_stack(each) for each in read.values() if isinstance(each, Preview)}
    whole = len(stacks - {""}) == len(read)
    for path, each in known.items():
        if whole and each.stack not in stacks:
            other = ", ".join(sorted(stacks))
            raise NoFacts(f"{path}: facts of stack {each.stack}, but the preview is of {other}: take facts of {other}")
    by_stack = {each.stack: each for each in known.values()}
    most = (MOST - len(comment([""]))) // len(read) - 1
    pages = [
        no_page("a stack" if path == STDIN else path.stem, str(each))
        if isinstance(each, NotAPreview)
        else _page(each, by_stack, most)
        for path, each in read.items()
    ]
    return pages, [f"{path}: {each}" for path, each in read.items() if isinstance(each, NotAPreview)]


def _page(preview: Preview, facts: Mapping[str, FactsFile], most: int) -> str:
    known = facts.get(_stack(preview))
    return page(preview, known, datetime.now(UTC) - known.taken_at if known else timedelta(), most)


def _stack(preview: Preview) -> str:
    return preview.owner.rpartition("/")[2]


def _write(text: str, out: Path | None) -> None:
    if out:
        write(out, text)
    else:
        give(text)
