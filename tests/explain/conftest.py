"""A real browser with axe, and the real Mermaid parser, from npm; tests are skipped if they can't be had."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tools.lab import BROWSERS

HERE = Path(__file__).parent
_TOOLS = Path(__file__).resolve().parents[2] / ".tools"
_WITHIN = 100.0  # seconds
# Without a network npm would try again for minutes.
_INSTALL = ("npm", "install", "--no-audit", "--no-fund", "--fetch-retries=0", "--fetch-timeout=60000")
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


def installed(*packages: str) -> Path:
    """The folder with packages, each as `name@version`; it is named for them, so that another version is another."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("there is no Node.js with npm")
    folder = _TOOLS / "npm" / "_".join(packages)
    if not folder.is_dir():
        _install(folder, packages)
    return folder


def node(script: Path, *words: str, text: str) -> Any:
    """Run a script of Node.js on a text; returns what it prints, which is JSON."""
    done = subprocess.run(["node", str(script), *words], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _install(folder: Path, packages: tuple[str, ...]) -> None:
    """Install apart, then move: two test runs may do it at once."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        command = [*_INSTALL, "--prefix", f"{made}/{folder.name}", *packages]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_WITHIN, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm does not install {' '.join(packages)} within {_WITHIN:.0f} s")
        if done.returncode:
            pytest.skip(f"npm can't install {' '.join(packages)}: {done.stderr.strip().splitlines()[-1]}")
        if not folder.is_dir():
            Path(made, folder.name).rename(folder)
