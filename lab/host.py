"""One host: started, waited for, mended, ended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from lab import access, cgroups, engine_api, engines, filesystem, network, state
from lab.shell import LabError, run
from lab.state import Record, Wanted

_NAMESPACES = ("--net", "--mount", "--pid", "--uts", "--ipc", "--fork")
_BOOT = Path(__file__).with_name("boot.sh")
_SECONDS = 60.0
# Faults that docker.sh and systemctl.sh read.
_SLOW, _SYSTEMD = "/run/slow-docker", "/run/systemd"


class NewHost:
    """A host whose first process waits to be released, and ends if this program ends before."""

    def __init__(self, wanted: Wanted) -> None:
        """Write the host's files and start its first process."""
        remove(wanted.name)
        folder = state.FOLDERS / wanted.name
        binds = engines.binds(wanted.engine)
        filesystem.write(folder, wanted.name, access.host_key(wanted.name), binds.values())
        where = (wanted.address, str(network.SUBNET.prefixlen), str(network.GATEWAY))
        mounts = [f"{file}={place}" for file, place in binds.items()]
        self._process = _spawn(["unshare", *_NAMESPACES, str(_BOOT), str(folder), *where, *mounts], folder)
        pid, started = self._first_process(folder / "boot.log")
        self.record = Record(wanted.name, wanted.group, wanted.address, wanted.engine, pid, started)

    def _first_process(self, log: Path) -> tuple[int, int]:
        """Return its id and its start, once it says so."""
        assert self._process.stdout
        with self._process.stdout as pipe:
            pid = int(pipe.readline() or 0)
        started = state.started(pid)
        if started is None:
            raise LabError(f"no namespaces ({log.read_text().strip()}): the lab needs a root with all rights")
        return pid, started

    def release(self) -> None:
        """Connect the host and let it start its services."""
        cgroups.enter(self.record.name, self.record.pid)
        network.plug(self.record.name, self.record.address, self.record.pid)
        assert self._process.stdin
        with self._process.stdin as pipe:
            pipe.write("go\n")


def _spawn(command: list[str], folder: Path) -> subprocess.Popen[str]:
    with open(folder / "boot.log", "w") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd="/",
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            start_new_session=True,
        )


def run_in(record: Record, *command: str) -> str:
    """Run a command in a host, whatever its network is like; one that is still starting is waited for.

    Before it has its own root, the command would find the machine's, and start the machine's own services.
    """
    _wait(record, "its own root", lambda record: record.has_started)
    return run("nsenter", "--all", "--target", str(record.pid), "--", *command)


def mend(record: Record) -> None:
    """Undo every fault of a host."""
    network.heal(record.name)
    run_in(record, "rm", "-rf", _SLOW, _SYSTEMD)
    if not engine_api.answers(record):
        run_in(record, "service", "docker", "start")


def slow_docker(record: Record, seconds: float) -> None:
    """Let each start of the host's docker take so many seconds more."""
    run_in(record, "sh", "-c", f"echo {seconds:g} >{_SLOW}")


def limit_starts(record: Record) -> None:
    """Let the host look like one with systemd, which refuses docker a fourth start within a minute."""
    run_in(record, "mkdir", "-p", f"{_SYSTEMD}/system")


def start_docker(record: Record) -> None:
    """Start the host's docker, whatever refuses that, and wait for it."""
    run_in(record, "rm", "-f", f"{_SYSTEMD}/starts", f"{_SYSTEMD}/failed")
    run_in(record, "service", "docker", "start")
    wait_docker(record)


def wait_ready(record: Record) -> None:
    """Return when the host's sshd and its Docker answer."""
    wait_docker(record)
    _wait(record, "sshd", access.answers)


def wait_docker(record: Record) -> None:
    """Return when the host's Docker answers."""
    _wait(record, "docker", engine_api.answers)


def _wait(record: Record, what: str, is_there: Callable[[Record], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not is_there(record):
        logs = f"read {state.FOLDERS / record.name}/boot.log and upper/var/log beside it"
        if not record.runs:
            raise LabError(f"{record.name}: the host has ended: {logs}")
        if time.monotonic() > deadline:
            raise LabError(
                f"{record.name}: no answer of {what} within {_SECONDS:.0f} s: is the machine busy? Else {logs}"
            )
        time.sleep(0.03)


def end(record: Record) -> None:
    """End a host's processes, and with them its namespaces and mounts."""
    if record.runs:
        os.kill(record.pid, signal.SIGKILL)
    while record.runs:
        time.sleep(0.005)


def remove(name: str) -> None:
    """Remove what a host that has ended leaves, all but its ssh key."""
    network.remove_cable(name)
    cgroups.remove(name)
    if (state.FOLDERS / name).exists():
        shutil.rmtree(state.FOLDERS / name)
