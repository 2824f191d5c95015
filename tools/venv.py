"""The virtual environment at .tools/venv, made of the locked requirements: the first half of `make setup`.

Runs on a bare Python: neither it nor what it imports has anything but the standard library.
"""

import hashlib
import importlib.util
import os
import shutil
import sys
from pathlib import Path

from tools.console import SetupError, exit_code, run

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = "requirements-dev.txt"  # all of requirements.txt, and what checks need
OLDEST_PYTHON = (3, 11)

_VENV_TAKES_AT_MOST = 120.0  # seconds
_PIP_TAKES_AT_MOST = 900.0  # seconds, for about 70 MB


def fingerprint(venv: Path, requirements: bytes) -> str:
    """Return what an environment depends on: where it lies, the Python it was made from, the locked packages."""
    parts = [os.fsencode(venv), sys.version.encode(), os.fsencode(sys.base_prefix), requirements]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def make_venv(root: Path, venv: Path) -> None:
    """Make `venv` what the requirements of `root` say; do nothing if its stamp says so already.

    Raises SetupError, with what to do, if this Python cannot make one or pip fails, as it does if a package is
    not the one that was locked.
    """
    stamp = venv / "swarmnet-stamp"
    wanted = fingerprint(venv, (root / REQUIREMENTS).read_bytes())
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    if importlib.util.find_spec("ensurepip") is None:
        raise SetupError(f"{sys.executable} cannot make virtual environments: apt-get install python3-venv")
    # Not sys.executable: in an activated shell that is the environment about to go.
    python = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
    shutil.rmtree(venv, ignore_errors=True)
    made = "made in .tools/venv, so that nothing is installed outside of the checkout: 3 to 10 seconds"
    run("virtual environment", [python, "-m", "venv", venv], about=made, at_most=_VENV_TAKES_AT_MOST)
    pip: list[str | Path] = [venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-input"]
    locked: list[str | Path] = ["--require-hashes", "--requirement", root / REQUIREMENTS]
    needed = "installed for the program and its checks, 70 MB: about 20 seconds, again only if one of them changes"
    run("locked Python packages", [*pip, *locked], about=needed, at_most=_PIP_TAKES_AT_MOST)
    stamp.write_text(wanted)


def main() -> None:
    """Make the environment of this checkout."""
    if sys.version_info < OLDEST_PYTHON:
        raise SetupError(f"python {sys.version.split()[0]} is too old: 3.11 or newer is needed")
    make_venv(ROOT, ROOT / ".tools" / "venv")


if __name__ == "__main__":
    sys.exit(exit_code(main))
