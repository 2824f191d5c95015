"""Packages of npm, kept in this checkout's own .tools; tests are skipped if they can't be had."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

_TOOLS = Path(__file__).resolve().parents[2] / ".tools"
_WITHIN = 100.0  # seconds
# Without a network npm would try again for minutes.
_INSTALL = ("npm", "install", "--no-audit", "--no-fund", "--fetch-retries=0", "--fetch-timeout=60000")


def is_there() -> bool:
    """Tell whether there is Node.js with npm."""
    return bool(shutil.which("node") and shutil.which("npm"))


def installed(*packages: str) -> Path:
    """The folder with packages, each as `name@version`; it is named for them, so that another version is another."""
    if not is_there():
        pytest.skip("there is no Node.js with npm")
    folder = _TOOLS / "npm" / "_".join(packages).replace("/", "+")
    if not folder.is_dir():
        _install(folder, packages)
    return folder


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
