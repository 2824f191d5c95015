"""A real browser with axe, and the real Mermaid parser; tests that need them are skipped if they can't be had."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.explain.report.conftest import mermaid as mermaid
from tests.npm import installed, node
from tools.browser import NAMES as BROWSERS

PACKAGES = ("playwright-core@1.65.1", "axe-core@4.14.1")


@pytest.fixture(scope="session")
def browser() -> Callable[[Sequence[Path]], list[dict[str, Any]]]:
    """Return a function that shows pages to Chromium, in light and in dark: see browser.mjs."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not program:
        pytest.skip(f"there is no browser: {', '.join(BROWSERS)}")
    folder, shows = installed(*PACKAGES), Path(__file__).with_name("browser.mjs")
    return lambda pages: node(shows, str(folder), program, text=json.dumps([page.as_uri() for page in pages]))
