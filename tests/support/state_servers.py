"""Places for a state: servers of PostgreSQL and of S3, each begun for a test run, on a free port of this machine.

Passwords are made anew for each server, and given to Pulumi in the environment alone.
"""

import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.machines import eventually
from tools.lab import S3_SERVER, postgresql

USER = "postgres"  # Debian's: a server refuses to run as root
SECONDS = 60.0
LISTENS = re.compile(r"using port: (\d+)")


@dataclass(frozen=True)
class Store:
    """One place for a state: the URL for `pulumi login`, and the variables that go with it."""

    url: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


@contextmanager
def in_postgresql() -> Iterator[Store]:
    """A new PostgreSQL with one user, who has a password."""
    programs = postgresql()
    if not programs:
        pytest.skip("there is no PostgreSQL: `python -m tools.lab --for-tests` installs Debian's")
    folder, password, port = Path(tempfile.mkdtemp(prefix="swarmnet-pg-")), secrets.token_hex(8), free_port()
    (folder / "password").write_text(password)
    for path in (folder, folder / "password"):
        shutil.chown(path, USER, USER)
    data = ("-D", str(folder / "data"))
    own = ("--username=swarmnet", f"--pwfile={folder / 'password'}", "--auth=scram-sha-256", "--no-sync")
    as_user(programs / "initdb", *data, *own)
    options = f"-p {port} -h 127.0.0.1 -k {folder}"
    as_user(programs / "pg_ctl", *data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield Store(f"postgres://swarmnet@127.0.0.1:{port}/postgres?sslmode=disable", {"PGPASSWORD": password})
    finally:
        as_user(programs / "pg_ctl", *data, "-m", "immediate", "stop")
        shutil.rmtree(folder)


@contextmanager
def in_s3() -> Iterator[Store]:
    """A new server with one bucket, `states`."""
    if not S3_SERVER.exists():
        pytest.skip("there is no server that speaks S3: `python -m tools.lab --for-tests` builds one")
    command = [S3_SERVER, "-backend", "memory", "-initialbucket", "states", "-host", "127.0.0.1:0"]
    log = Path(tempfile.mkdtemp(prefix="swarmnet-s3-")) / "log"
    with log.open("w") as file, subprocess.Popen(command, stdout=file, stderr=file) as server:
        try:
            yield Store(
                f"s3://states?endpoint=http://127.0.0.1:{listens(log)}&s3ForcePathStyle=true",
                {
                    "AWS_ACCESS_KEY_ID": "swarmnet",
                    "AWS_SECRET_ACCESS_KEY": secrets.token_hex(8),
                    "AWS_REGION": "eu-central-1",
                    "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
                },
            )
        finally:
            server.kill()
            shutil.rmtree(log.parent)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as actual:
        actual.bind(("127.0.0.1", 0))
        return int(actual.getsockname()[1])


def as_user(*command: str | Path) -> None:
    """Run a program as Debian's user for PostgreSQL. Raises AssertionError with its output if it fails."""
    done = subprocess.run(
        command,
        user=USER,
        group=USER,
        extra_groups=[],
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"


def listens(log: Path) -> str:
    """The port that a server has written into its log."""
    found: list[str] = eventually(lambda: LISTENS.findall(log.read_text()))
    return found[0]
