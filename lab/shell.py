"""Programs run on this machine, bounded in time; what goes wrong becomes one line."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TICK = 3.0
"""Seconds between two dots."""


class LabError(Exception):
    """A failure and its remedy, in one line."""


def run(
    *command: str | Path,
    stdin: str = "",
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    seconds: float = 60,
) -> str:
    """Run a program to its end and return what it printed; `env` is added to the environment.

    Raises LabError, with the last line the program wrote, if it fails or takes longer than `seconds`.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            input=stdin,
            cwd=cwd,
            env=os.environ | (env or {}),
            timeout=seconds,
            capture_output=True,
            text=True,
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"`{' '.join(words)}`: not done after {seconds:g} s: try again") from error
    except FileNotFoundError as error:
        raise LabError(f"{words[0]}: not found: run `lab/hosts setup`") from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or f"exit {done.returncode}").splitlines()[-1]
        raise LabError(f"`{' '.join(words)}`: {last}")
    return done.stdout


@contextmanager
def told(title: str, of: str = "lab: ") -> Iterator[None]:
    """Say what is being done, that it goes on (by dots: what takes minutes must not look hung), and how long it took.

    of: what stands before the title.
    """
    began, done = time.monotonic(), threading.Event()
    print(f"{of}{title} ", end="", flush=True)
    dots = threading.Thread(target=_dots, args=(done,), daemon=True)
    dots.start()
    try:
        yield
    finally:
        done.set()
        dots.join()
        print(f" {time.monotonic() - began:.0f} s", flush=True)


def _dots(done: threading.Event) -> None:
    while not done.wait(_TICK):
        print(".", end="", flush=True)
