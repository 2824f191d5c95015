"""One host: started, waited for, given commands, ended."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from lab import cgroups, engine_api, engines, filesystem, network, state
from lab.shell import LabError, run
from lab.state import Record

_NAMESPACES = ("--net", "--mount", "--pid", "--uts", "--ipc", "--fork")
_BOOT = Path(__file__).with_name("boot.sh")
_PARTS = ("upper", "work", "root", "docker", "containerd")
_SECONDS = 60.0


class NewHost:
    """A host whose first process waits for its cable and its cgroups, and ends if this program does."""

    def __init__(self, name: str, group: str, address: str, engine: str) -> None:
        """Write the host's files and start its first process."""
        folder = state.FOLDERS / name
        remove(name)
        for part in _PARTS:
            (folder / part).mkdir(parents=True)
        binds = engines.binds(engine)
        filesystem.write(folder / "upper", name, host_key(name), binds.values())
        where = (address, str(network.SUBNET.prefixlen), str(network.GATEWAY))
        boot = [_BOOT, folder, *where, *(f"{file}={place}" for file, place in binds.items())]
        with open(folder / "boot.log", "w") as log:
            self._process = subprocess.Popen(
                ["unshare", *_NAMESPACES, *boot],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd="/",
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
                start_new_session=True,
            )
        pid = int(self._hear() or 0)
        began = state.started(pid)
        if not began:
            reason = (folder / "boot.log").read_text().strip()
            raise LabError(f"{name}: no namespaces for it ({reason}): the lab needs root's full rights")
        self.record = Record(name, group, address, engine, pid, began)

    def _hear(self) -> str:
        assert self._process.stdout
        with self._process.stdout as pipe:
            return pipe.readline()

    def release(self) -> None:
        """Connect the host and let it start its services."""
        cgroups.enter(self.record.name, self.record.pid)
        network.plug(self.record.name, self.record.pid)
        assert self._process.stdin
        with self._process.stdin as pipe:
            pipe.write("go\n")


def host_key(name: str) -> Path:
    """The file of a host's ssh key, made when it is not there."""
    state.HOST_KEYS.mkdir(exist_ok=True)
    return make_key(state.HOST_KEYS / name)


def forget_key(name: str) -> None:
    """Remove a host's ssh key."""
    for file in (state.HOST_KEYS / name, state.HOST_KEYS / f"{name}.pub"):
        file.unlink(missing_ok=True)


def make_key(file: Path) -> Path:
    """An ssh key pair without passphrase, made when it is not there."""
    if not file.exists():
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "swarmnet-lab", "-f", file)
    return file


def run_in(record: Record, *command: str) -> str:
    """Run a command in a host, whatever its network is like."""
    return run("nsenter", "--all", "--target", str(record.pid), "--", *command)


def wait_ready(record: Record) -> None:
    """Return when the host's sshd and its Docker answer."""
    wait_docker(record)
    _wait(record, "sshd", _ssh_answers)


def wait_docker(record: Record) -> None:
    """Return when the host's Docker answers."""
    _wait(record, "docker", engine_api.answers)


def _wait(record: Record, service: str, answers: Callable[[Record], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not answers(record):
        if not record.runs or time.monotonic() > deadline:
            folder = state.FOLDERS / record.name
            raise LabError(
                f"{record.name}: {service} does not answer: read {folder}/boot.log, {folder}/upper/var/log"
            )
        time.sleep(0.03)


def _ssh_answers(record: Record) -> bool:
    try:
        with socket.create_connection((record.address, 22), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def end(record: Record) -> None:
    """End a host's processes, and with them its namespaces and mounts."""
    network.remove_cable(record.name)
    if record.runs:
        os.kill(record.pid, signal.SIGKILL)
    while record.runs:
        time.sleep(0.005)


def remove(name: str) -> None:
    """Remove what a host that has ended leaves, all but its ssh key."""
    network.remove_cable(name)
    cgroups.remove(name)
    shutil.rmtree(state.FOLDERS / name, ignore_errors=True)
