"""`swarmnet doctor` as a user runs it on lab hosts, whose kernel has neither ip_vs nor esp, and faults to be found."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.machines import ROOT, Host
from tests.support.project import Project

# A section of the stack file.
IGNORES = {
    "ignore": [
        {"id": "kernel-ipvs", "why": "the lab's hosts share a kernel without it; virtual machines have it"},
        {"id": "kernel-esp", "why": "the lab's hosts share a kernel without it; virtual machines have it"},
    ]
}


def command(project: Project, *words: str) -> list[str]:
    """The command on a project's stack."""
    return [sys.executable, "-m", "cli", "doctor", project.stack, f"--dir={project.stack_file.parent}", *words]


def doctor(project: Project, *words: str) -> tuple[int, Any]:
    """Return the exit code of the command, and its report for programs."""
    done = subprocess.run(command(project, "--json", *words), cwd=ROOT, capture_output=True, text=True, check=False)
    assert "" == done.stderr
    return done.returncode, json.loads(done.stdout)


def found(told: Any) -> list[tuple[str, str, str, str]]:
    """Return the findings that are not ignored: id, status, host and peer, in order."""
    rows = (tuple(each[key] for key in ("id", "status", "host", "peer")) for each in told["findings"])
    return sorted(row for row in rows if row[1] != "ignored")


@contextmanager
def made(host: Host, fault: str, undo: str) -> Iterator[None]:
    """Make a fault on a host, in shell; undo it at the end."""
    host.run("sh", "-c", fault)
    try:
        yield
    finally:
        host.run("sh", "-c", undo)
