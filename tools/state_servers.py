"""`make test`: the servers in which tests keep states, Debian's PostgreSQL and one that speaks S3."""

import os
import sys
from pathlib import Path

from lab import machine
from lab.shell import LabError
from tools.console import SetupError, exit_code
from tools.go_build import S3, built_s3, cache_folder, put
from tools.real_hosts import why_not_here

ROOT = Path(__file__).resolve().parent.parent
S3_SERVER = ROOT / ".tools" / "state_servers" / S3


def postgresql() -> Path | None:
    """Return the folder of the newest PostgreSQL's programs: Debian has them outside of PATH. None if there is none."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name), default=None)


def provide() -> None:
    """Install and build what is missing, where tests on real hosts run.

    Raises SetupError if it should work and does not.
    """
    if why_not_here():
        return
    if not postgresql():
        try:
            machine.install(["postgresql"], "for tests that keep states in a database")
        except LabError as problem:
            raise SetupError(f"no PostgreSQL for the tests: {problem}") from problem
    if not os.access(S3_SERVER, os.X_OK):
        put(built_s3(cache_folder()) / S3, S3_SERVER.parent)


if __name__ == "__main__":
    sys.exit(exit_code(provide))
