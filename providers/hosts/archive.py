"""Writes an encrypted archive on this machine: `age` takes what comes from a host, before any of it is on a disk, and
the archive has its name once it is whole. https://age-encryption.org
"""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO

from providers.rules.vocabulary.errors import Blocked, CommandFailed, Unreachable
from providers.rules.vocabulary.steps import Archive
from providers.rules.vocabulary.words import line

SECONDS = 10.0


def refuse_unusable(recipients: Sequence[str]) -> None:
    """Raise Blocked unless there is an `age` that encrypts for these recipients."""
    try:
        done = subprocess.run(("age", *recipients), input=b"", capture_output=True, timeout=SECONDS)
    except FileNotFoundError as problem:
        raise Blocked(
            "there is no `age` on PATH, and without it no archive is written, since it has the swarm's keys: install "
            "the package age"
        ) from problem
    if done.returncode:
        raise Blocked(f"{_why(done.stderr)}: name public keys: --recipient age1..., or --recipients-file FILE")


@contextmanager
def encrypted(archive: Archive) -> Iterator[IO[bytes]]:
    """Yield a file for what is to be encrypted; at its end the archive is whole, on the disk, and has its name.

    Left with an error, nothing of it stays. Raises CommandFailed if `age` fails or the link breaks, and OSError.
    """
    part = Path(f"{archive.file}.part")
    try:
        with open(part, "wb", opener=partial(os.open, mode=0o600)) as file:
            with _through_age(archive.recipients, file) as plain:
                yield plain
            os.fsync(file.fileno())
        part.rename(archive.file)
    except Unreachable as problem:  # not to be tried again: what came is lost
        raise CommandFailed(f"{problem}: no archive was written") from problem
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _through_age(recipients: Sequence[str], file: IO[bytes]) -> Iterator[IO[bytes]]:
    with subprocess.Popen(("age", *recipients), stdin=subprocess.PIPE, stdout=file, stderr=subprocess.PIPE) as age:
        assert age.stdin
        assert age.stderr
        whole = False
        try:
            with suppress(BrokenPipeError):  # it has ended, and says why
                yield age.stdin
                whole = True
        finally:
            if not whole:
                age.kill()
            with suppress(BrokenPipeError):
                age.stdin.close()
            complaint = age.stderr.read()
    if age.returncode or not whole:
        raise CommandFailed(f"{_why(complaint)}: no archive was written")


def _why(complaint: bytes) -> str:
    """Return the reason in what `age` says: behind it there is more, about where to report errors."""
    return line((complaint.decode(errors="replace").splitlines() or ["age: no error message"])[0])
