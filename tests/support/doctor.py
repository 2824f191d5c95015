"""`swarmnet doctor` as a user runs it on lab hosts, whose kernel has neither ip_vs nor esp, and faults to be found."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.machines import Host
from tests.support.project import Project

# A section of the stack file.
IGNORES = {
    "ignore": [
        {"id": "kernel-ipvs", "why": "the lab's hosts share a kernel without it; virtual machines have it"},
        {"id": "kernel-esp", "why": "the lab's hosts share a kernel without it; virtual machines have it"},
    ]
}


def doctor(project: Project, *words: str) -> tuple[int, Any]:
    """Return the exit code of the command, and its report for programs."""
    done = project.swarmnet("doctor", "--json", *words)
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
