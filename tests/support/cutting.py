"""A run of the real CLI that is cut: `kill -9` of pulumi, of its plugin, or of both, at a chosen moment."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.machines import ROOT
from tests.support.project import CHANGE, Project

# What is in the command line of a plugin: of the dynamic program, and of the plugin for any program.
PLUGINS = ("pulumi.dynamic", str(ROOT / "plugin"))


class Uncut(AssertionError):
    """The run was over before it could be cut."""


def killed(project: Project, victim: str, moment: str | Callable[[str], bool], delay: float = 0.0) -> list[int]:
    """Start an `up` and kill `victim` once a progress line is the `moment` or begins so, and `delay` seconds later.

    Returns the processes that the run had started, some of which may go on. Raises Uncut.
    """
    with project.start("up", *CHANGE, "--json") as process:
        assert process.stdout
        for line in progress(process.stdout):
            if line.startswith(moment) if isinstance(moment, str) else moment(line):
                break
        time.sleep(delay)  # so that a cut falls between two lines as well
        if process.poll() is not None:
            raise Uncut(f"no {victim} left to kill: the run was over")
        family = descendants(process.pid)
        plugins = [pid for pid in family if is_plugin(pid)]
        for pid in {"pulumi": [process.pid], "plugin": plugins, "both": [process.pid, *plugins]}[victim]:
            kill(pid)
        if victim == "plugin":
            process.communicate()
    return family


def progress(lines: Iterator[str]) -> Iterator[str]:
    """The progress lines among the events that a run writes: they come from its plugin."""
    for line in lines:
        told = json.loads(line).get("diagnosticEvent", {})
        if told.get("ephemeral"):
            yield told["message"].strip()


@contextmanager
def ended(family: list[int]) -> Iterator[None]:
    """Afterwards none of a cut run's processes is left."""
    try:
        yield
    finally:
        for pid in family:
            if "pulumi" in command_line(pid) or is_plugin(pid):
                kill(pid)


def kill(pid: int) -> None:
    """End a process for good, if it has not ended by itself."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def is_plugin(pid: int) -> bool:
    """Tell whether a process is a plugin of ours."""
    return any(plugin in command_line(pid) for plugin in PLUGINS)


def command_line(pid: int) -> str:
    """Return a process's words; none if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def descendants(pid: int) -> list[int]:
    """All processes that a process started, and that those started."""
    shown = subprocess.run(["ps", "-e", "-o", "ppid=,pid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, row.split())) for row in shown.splitlines()]
    found = [pid]
    for parent in found:  # which grows meanwhile
        found.extend(child for its_parent, child in pairs if its_parent == parent)
    return found[1:]
