"""A real browser with axe, and the real Mermaid parser, from npm; tests are skipped if they can't be had."""

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.npm import installed
from tools.lab import BROWSERS

HERE = Path(__file__).parent
FOR_PAGES = ("playwright-core@1.65.1", "axe-core@4.14.1")
# The newest that Node.js 20 runs, and of the major version with which GitHub draws: `info` in a mermaid block shows it.
FOR_PICTURES = ("mermaid@11.17.2", "jsdom@29.1.1")


@pytest.fixture(scope="session")
def browser() -> Callable[[Sequence[Path]], list[dict[str, Any]]]:
    """Return a function that shows pages to Chromium, in light and in dark: see browser.mjs."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not program:
        pytest.skip(f"there is no browser: {', '.join(BROWSERS)}")
    folder, shows = installed(*FOR_PAGES), HERE / "map" / "browser.mjs"
    return lambda pages: node(shows, str(folder), program, text=json.dumps([page.as_uri() for page in pages]))


@pytest.fixture(scope="session")
def mermaid() -> Callable[[Sequence[str]], list[str]]:
    """Return what Mermaid finds wrong with each diagram; empty if it is right."""
    folder, parses = installed(*FOR_PICTURES), HERE / "report" / "parse.mjs"
    return lambda diagrams: node(parses, str(folder), text=json.dumps(diagrams))


def node(script: Path, *words: str, text: str) -> Any:
    """Run a script of Node.js on a text; returns what it prints, which is JSON."""
    done = subprocess.run(["node", str(script), *words], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
