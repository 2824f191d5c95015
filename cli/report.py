"""`swarmnet report`: previews as Markdown for a pull request, without access to any host."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli.facts import STDIN, Facts, content, facts_in
from cli.files import write
from cli.lines import errors_end_command, fail, print_text
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
    facts: Facts = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where the Markdown goes; standard output otherwise.")
    ] = None,
) -> None:
    """Say in Markdown what previews change and disturb, for one comment of at most 60,000 characters.

    Exits with 0 whatever a preview found, also if it failed; with 1 if there is no preview to read, which a file then
    says in its place, while nothing goes to standard output.
    """
    with errors_end_command():
        found = {path: content(path) for path in previews or [STDIN]}
        pages, problems = _pages(found, facts or ())
        if out:
            write(out, comment(pages))
        elif not problems:
            print_text(comment(pages))
    if problems:
        fail(problems)


def _pages(found: Mapping[Path, bytes], facts: Sequence[Path]) -> tuple[list[str], list[str]]:
    """Return a page for each preview, and what is wrong with those that can't be read. Raises NoFacts."""
    read: dict[Path, Preview] = {}
    torn: dict[Path, str] = {}
    for path, text in found.items():
        try:
            read[path] = Preview.parse(text)
        except NotAPreview as error:
            torn[path] = str(error)
    stacks = {each.stack for each in read.values()}
    known = facts_in(facts, stacks if len(stacks - {""}) == len(found) else None)
    most = (MOST - len(comment([""]))) // len(found) - 1
    pages = []
    for path in found:
        if path in torn:
            pages.append(no_page("a stack" if path == STDIN else path.stem, torn[path]))
        else:
            of = known.get(read[path].stack)
            pages.append(page(read[path], of, datetime.now(UTC) - of.taken_at if of else timedelta(), most))
    return pages, [f"{path}: {why}" for path, why in torn.items()]
