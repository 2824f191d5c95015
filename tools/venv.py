"""The virtual environment at .tools/venv, made of the pinned requirements."""

import hashlib
import os
import shutil
import sys
from pathlib import Path

from tools.console import SetupError, run

REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
_PIP_TAKES_AT_MOST = 900.0  # seconds


def fingerprint(root: Path, requirements: dict[str, bytes]) -> str:
    """What a virtual environment depends on: its own path, the Python it was made from, the pins."""
    parts = [os.fsencode(root), sys.version.encode(), sys.base_prefix.encode()]
    parts += [part for name in sorted(requirements) for part in (name.encode(), requirements[name])]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def make_venv(root: Path, venv: Path) -> None:
    """Make `venv` what the requirements files say; nothing to do where its stamp says so already."""
    stamp = venv / "swarmnet-stamp"
    wanted = fingerprint(root, {name: (root / name).read_bytes() for name in REQUIREMENTS})
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    _require_ensurepip()
    shutil.rmtree(venv, ignore_errors=True)
    run("virtual environment", [sys.executable, "-m", "venv", venv], at_most=120)
    pip: list[str | Path] = [venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-input"]
    files: list[str | Path] = [word for name in REQUIREMENTS for word in ("-r", root / name)]
    run("pinned Python packages", [*pip, *files], at_most=_PIP_TAKES_AT_MOST)
    stamp.write_text(wanted)


def _require_ensurepip() -> None:
    """Debian keeps it in a package of its own."""
    try:
        import ensurepip  # noqa: F401
    except ImportError as problem:
        advice = "apt-get install python3-venv"
        raise SetupError(f"{sys.executable} cannot make virtual environments: {advice}") from problem
