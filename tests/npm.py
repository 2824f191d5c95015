"""Packages of npm that tests need, installed into .tools; tests are skipped if they can't be had."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

_TOOLS = Path(__file__).resolve().parents[1] / ".tools"
_WITHIN = 100.0  # seconds
# Without a network npm would try again for minutes.
_INSTALL = ("npm", "install", "--no-audit", "--no-fund", "--fetch-retries=0", "--fetch-timeout=60000")


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
