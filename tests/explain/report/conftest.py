"""The real Mermaid parser; tests that need it are skipped if it can't be had."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.npm import installed, node

# The newest that Node.js 20 runs, and of the major version with which GitHub draws: `info` in a mermaid block shows it.
PACKAGES = ("mermaid@11.17.2", "jsdom@29.1.1")
PARSER = Path(__file__).with_name("parse.mjs")


@pytest.fixture(scope="session")
def mermaid() -> Callable[[Sequence[str]], list[str]]:
    """Return what Mermaid finds wrong with each diagram; empty if it is right."""
    folder = installed(*PACKAGES)
    return lambda diagrams: node(PARSER, str(folder), text=json.dumps(diagrams))
