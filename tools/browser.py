"""`make test`: the browser in which tests look at pages, Debian's Chromium if the machine has none."""

import shutil
import sys

from lab import machine
from lab.shell import LabError
from tools.console import SetupError, exit_code, say
from tools.real_hosts import why_not_here

NAMES = ("chromium", "chromium-browser", "google-chrome")


def provide() -> None:
    """Install one, or say that tests in it will be skipped.

    Raises SetupError if it should work and does not.
    """
    if any(map(shutil.which, NAMES)):
        return
    if why_not_here():
        say(f"tests in a browser are skipped: no {', '.join(NAMES)}; one is installed as root on Debian 12 alone")
        return
    try:
        machine.install(["chromium"], "for tests that look at pages in a browser")
    except LabError as problem:
        raise SetupError(f"no browser for the tests: {problem}") from problem


if __name__ == "__main__":
    sys.exit(exit_code(provide))
