"""`swarmnet report`: a preview as Markdown for a pull request, without access to any host."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from providers.rules.facts_file import FactsFile, NoFacts
from providers.rules.report.page import page
from providers.rules.report.preview import NotAPreview, Preview

STDIN = Path("-")


def report(
    preview: Annotated[
        Path, typer.Argument(metavar="PREVIEW", help="What `pulumi preview --json` wrote; `-` is standard input.")
    ] = STDIN,
    facts: Annotated[
        Path | None, typer.Option("--facts", help="What `swarmnet facts` wrote: gives names and numbers.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where the Markdown goes; standard output otherwise.")
    ] = None,
) -> None:
    """Say in Markdown what a preview changes and disturbs, for a comment of at most 60,000 characters.

    Exits with 0 whatever the preview found, also where it failed; with 1 where there is no preview to read.
    """
    try:
        seen = Preview.parse(_bytes(preview))
        known = FactsFile.parse(_bytes(facts)) if facts else None
        _same_stack(seen, known)
        text = page(seen, known, datetime.now(UTC) - known.taken_at if known else timedelta())
        if out:
            out.write_text(text, encoding="utf-8")
        else:
            sys.stdout.write(text)
    except NotAPreview as error:
        _complain(f"{preview}: {error}")
    except NoFacts as error:
        _complain(f"{facts}: {error}")
    except OSError as error:
        _complain(f"{error.filename}: {error.strerror}")


def _bytes(path: Path) -> bytes:
    return sys.stdin.buffer.read() if path == STDIN else path.read_bytes()


def _same_stack(seen: Preview, known: FactsFile | None) -> None:
    stack = seen.owner.rpartition("/")[2]
    if known and stack and known.stack != stack:
        raise NoFacts(f"facts of stack {known.stack}, but the preview is of {stack}: take facts of {stack}")


def _complain(line: str) -> None:
    typer.secho(line, fg=typer.colors.RED, err=True)
    raise typer.Exit(1)
