"""Commands run for the user: what is being done, that it goes on, how long it took, and why it failed."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lab.shell import told

_TAIL = 15  # how many last lines of a failed command are shown


class SetupError(Exception):
    """Setting up failed; the message says what, why and what to do."""


def say(text: str) -> None:
    """Print at once, so that the text stands before whatever it announces."""
    print(text, flush=True)


def exit_code(work: Callable[[], None]) -> int:
    """Do the work of a command; its exit code, after one line about what went wrong."""
    try:
        work()
    except SetupError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: the same command goes on from here", file=sys.stderr)
        return 128 + signal.SIGINT
    return 0


def tried(work: Callable[[], None], otherwise: str) -> bool:
    """Tell whether some work could be done; say why not, and what is done `otherwise`."""
    try:
        work()
    except SetupError as problem:
        say(f"{str(problem).splitlines()[-1].strip().rstrip('.')}: {otherwise}")
        return False
    return True


def run(
    title: str,
    command: Sequence[str | Path],
    *,
    about: str,
    at_most: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run `command` for at most `at_most` seconds: a line with title and `about`, dots meanwhile, the time taken.

    about: what is done, why, and about how long it takes on two cores. `env` is added to the environment. Raises
    SetupError, with the last lines of output, when the command cannot be started, fails, or runs out of time.
    """
    with told(f"{title}: {about}", of=""), tempfile.TemporaryFile("w+") as output:
        try:
            child = subprocess.Popen(
                command,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,  # so that a compiler's own children can be ended with it
            )
        except OSError as problem:
            raise SetupError(f"{title}: {command[0]} cannot be started: {problem}") from problem
        try:
            why = f"exit code {child.wait(at_most)}"
        except subprocess.TimeoutExpired:
            why = f"not done after {at_most:.0f} s"
        finally:  # an interrupt ends it too
            if child.returncode is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        output.seek(0)
        tail = "".join(output.readlines()[-_TAIL:])
    if child.returncode:
        raise SetupError(f"{title}: {why}\n{tail}".rstrip())
