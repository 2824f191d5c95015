"""Facts files as subcommands take them."""

import sys
from pathlib import Path

from providers.explain.facts_file import FactsFile, NoFacts

STDIN = Path("-")


def content(path: Path) -> bytes:
    """Read a file; `-` is standard input. Raises OSError."""
    return sys.stdin.buffer.read() if path == STDIN else path.read_bytes()


def facts_in(path: Path) -> FactsFile:
    """Return the facts in a file. Raises OSError, and NoFacts that names it."""
    try:
        return FactsFile.parse(content(path))
    except NoFacts as error:
        raise NoFacts(f"{path}: {error}") from error
