"""Programs run on this machine, bounded in time; what goes wrong becomes one line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class LabError(Exception):
    """What went wrong and what to do, in one line."""


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
