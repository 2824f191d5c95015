"""A real browser with axe, and the real Mermaid parser; tests that need them are skipped if they can't be had."""

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.explain.report.conftest import mermaid as mermaid
from tests.npm import installed
from tools.browser import NAMES as BROWSERS

PACKAGES = ("playwright-core@1.65.1", "axe-core@4.14.1")


@pytest.fixture(scope="session")
def browser() -> Callable[[Sequence[Path]], list[dict[str, Any]]]:
    """Return a function that shows pages to Chromium, in light and in dark: see browser.mjs."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not program:
        pytest.skip(f"there is no browser: {', '.join(BROWSERS)}")
    folder = installed(*PACKAGES)

    def look(pages: Sequence[Path]) -> list[dict[str, Any]]:
        command = ["node", str(Path(__file__).with_name("browser.mjs")), str(folder), program]
        text = json.dumps([page.as_uri() for page in pages])
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    return look
