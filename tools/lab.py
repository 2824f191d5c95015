"""`make lab`: what real Docker hosts on this machine need, and the app on them; other hosts need none of it.

python -m tools.lab [ENGINE...]     for hosts with these Engines, or the lab's default one
python -m tools.lab --for-tests     for `make test`: a browser to look at pages in, and servers that keep states
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lab import machine
from lab.shell import LabError
from tools.console import SetupError, exit_code, say
from tools.go_build import S3, built_s3, cache_folder, put
from tools.pulumi_plugin import provide_plugin

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
S3_SERVER = ROOT / ".tools" / "state_servers" / S3


def why_not_here() -> str:
    """Say why real Docker hosts cannot be started on this machine; empty if they can, after `lab/hosts setup`."""
    release = dict[str, str]()
    with suppress(OSError):  # https://www.freedesktop.org/software/systemd/man/latest/os-release.html
        release = platform.freedesktop_os_release()
    return why_not(sys.platform, os.geteuid(), release)


def why_not(system: str, uid: int, release: dict[str, str]) -> str:
    """Say why a machine like this cannot run them; `release` is its /etc/os-release."""
    if system != "linux":
        return "they need Linux"
    if (release.get("ID"), release.get("VERSION_ID")) != ("debian", "12"):
        return f"they need Debian 12, this is {release.get('PRETTY_NAME', 'another Linux')}"
    if uid != 0:
        return "they need root"
    return ""


def provide(engines: Sequence[str]) -> None:
    """Install what the lab needs, with these Engines or its default one, or say why it will not be tried.

    Raises SetupError if it should work and does not.
    """
    if reason := why_not_here():
        lacking = f"; missing packages: {', '.join(missing)}" if (missing := machine.missing_packages()) else ""
        say(f"no real Docker hosts on this machine: {reason}; tests on them will be skipped{lacking}")
        return
    wanted = [word for name in engines for word in ("--engine", name)]
    if subprocess.run([ROOT / "lab" / "hosts", "setup", *wanted], stdin=subprocess.DEVNULL, check=False).returncode:
        raise SetupError("what the lab needs could not be set up: see above")
    provide_plugin(ROOT, os.get_exec_path())


def provide_for_tests() -> None:
    """Install and build what is missing, or say that tests in a browser will be skipped.

    Raises SetupError if it should work and does not.
    """
    browser = any(map(shutil.which, BROWSERS))
    if why_not_here():
        if not browser:
            say(
                f"tests in a browser are skipped: no {', '.join(BROWSERS)}; one is installed as root on Debian 12 alone"
            )
        return
    try:
        if not browser:
            machine.install(["chromium"], "for tests that look at pages in a browser")
        if not postgresql():
            machine.install(["postgresql"], "for tests that keep states in a database")
    except LabError as problem:
        raise SetupError(f"what the tests need could not be installed: {problem}") from problem
    if not os.access(S3_SERVER, os.X_OK):
        put(built_s3(cache_folder()) / S3, S3_SERVER.parent)


def postgresql() -> Path | None:
    """Return the folder of the newest PostgreSQL's programs: Debian has them outside of PATH. None if there is none."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name), default=None)


if __name__ == "__main__":
    words = sys.argv[1:]
    sys.exit(exit_code(provide_for_tests if words == ["--for-tests"] else lambda: provide(words)))
