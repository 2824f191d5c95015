"""Says whether this machine can run real Docker hosts of the lab, and what they need."""

import os
import platform
import subprocess
import sys
from pathlib import Path

from lab.machine import missing_packages
from tools.console import SetupError, say


def why_not_here() -> str:
    """Say why real Docker hosts cannot be started on this machine; empty if they can, after `lab/hosts setup`."""
    return why_not(sys.platform, os.geteuid(), _os_release())


def why_not(system: str, uid: int, release: dict[str, str]) -> str:
    """Say why a machine like this cannot run them; `release` is its /etc/os-release."""
    if system != "linux":
        return "they need Linux"
    if (release.get("ID"), release.get("VERSION_ID")) != ("debian", "12"):
        return f"they need Debian 12, this is {release.get('PRETTY_NAME', 'another Linux')}"
    if uid != 0:
        return "they need root"
    return ""


def provide(root: Path, engines: list[str]) -> None:
    """Install what the lab needs, with these Engines or its default one, or say why it will not be tried.

    Raises SetupError if it should work and does not.
    """
    if reason := why_not_here():
        lacking = f"; missing packages: {', '.join(missing)}" if (missing := missing_packages()) else ""
        say(f"no real Docker hosts on this machine: {reason}; tests on them will be skipped{lacking}")
        return
    wanted = [word for name in engines for word in ("--engine", name)]
    if subprocess.run([root / "lab" / "hosts", "setup", *wanted], stdin=subprocess.DEVNULL, check=False).returncode:
        raise SetupError("what the lab needs could not be set up: see above")


def _os_release() -> dict[str, str]:
    """https://www.freedesktop.org/software/systemd/man/latest/os-release.html; empty if there is none."""
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}
