"""The real Mermaid parser, installed by npm into .tools; tests that need it are skipped where it can't be had."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# The newest that Node.js 20 runs, and the major version that GitHub draws with: `info` in a mermaid block shows it.
PACKAGES = ("mermaid@11.17.2", "jsdom@29.1.1")
FOLDER = ROOT / ".tools" / f"mermaid-{PACKAGES[0].partition('@')[2]}"
INSTALLS_WITHIN = 300.0  # seconds
# Without a network npm would try again for minutes.
NPM = ("npm", "install", "--no-audit", "--no-fund", "--fetch-retries=0", "--fetch-timeout=60000")


@pytest.fixture(scope="session")
def mermaid() -> Callable[[Sequence[str]], list[str]]:
    """What Mermaid finds wrong with each diagram; empty where it is right."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("there is no Node.js with npm")
    if not FOLDER.is_dir():
        _install()
    return _parse


def _parse(diagrams: Sequence[str]) -> list[str]:
    command = ["node", str(Path(__file__).with_name("parse.mjs")), str(FOLDER)]
    done = subprocess.run(command, input=json.dumps(diagrams), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def _install() -> None:
    """Install apart, then move: two test runs may do it at once."""
    FOLDER.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER.parent, ignore_cleanup_errors=True) as folder:
        command = [*NPM, "--prefix", folder, *PACKAGES]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALLS_WITHIN, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm does not install {PACKAGES[0]} within {INSTALLS_WITHIN:.0f} s")
        if done.returncode:
            pytest.skip(f"npm can't install {PACKAGES[0]}: {done.stderr.strip().splitlines()[-1]}")
        if not FOLDER.is_dir():
            Path(folder).rename(FOLDER)
            Path(folder).mkdir()
