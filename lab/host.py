"""One host: started, watched until it answers, given commands, ended."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from lab import cgroups, engines, filesystem, network, state
from lab.state import LabError, Record

_NAMESPACES = ["--net", "--mount", "--pid", "--uts", "--ipc", "--fork"]
_PATIENCE = 60.0


class Starting:
    """A host whose first process waits for its cable and its cgroups."""

    def __init__(self, name: str, group: str, address: str, engine: str) -> None:
        """Write the host's files and start its first process."""
        folder = state.host_folder(name)
        shutil.rmtree(folder, ignore_errors=True)
        for part in ("upper", "work", "root", "docker", "containerd"):
            (folder / part).mkdir(parents=True)
        filesystem.write(folder / "upper", name, engines.DOCKER_OPTIONS)
        _make_host_key(folder)
        binds = [f"{file}={place}" for file, place in engines.binds(engine).items()]
        place = [address, str(network.SUBNET.prefixlen), str(network.GATEWAY)]
        boot = ["unshare", *_NAMESPACES, str(Path(__file__).with_name("boot.sh")), str(folder), *place, *binds]
        self._process = subprocess.Popen(
            boot, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/", start_new_session=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        )  # fmt: skip
        assert self._process.stdout
        said = self._process.stdout.readline()
        if not said:
            raise LabError(f"{name}: its first process ended: see whether `unshare --net --mount` works here")
        self.record = Record(name, group, address, engine, int(said), state.started(int(said)) or 0)

    def go(self) -> None:
        """Let it start its services."""
        cgroups.enter(self.record.name, self.record.pid)
        network.plug([(self.record.name, self.record.pid)])
        assert self._process.stdin
        self._process.stdin.write("go\n")
        self._process.stdin.close()


def _make_host_key(folder: Path) -> None:
    make_key(folder / "upper/etc/ssh/host_key")


def make_key(file: Path) -> None:
    """Make an ssh key pair without passphrase."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "swarmnet-lab", "-f", str(file)], check=True)


def host_key(name: str) -> str:
    """A host's public ssh key, as known_hosts writes it."""
    file = state.host_folder(name) / "upper/etc/ssh/host_key.pub"
    return " ".join(file.read_text().split()[:2])


def wait_ready(record: Record) -> None:
    """Return when the host's sshd and dockerd answer."""
    deadline = time.monotonic() + _PATIENCE
    while not (_docker_answers(record) and _ssh_answers(record)):
        if not record.runs or time.monotonic() > deadline:
            raise LabError(f"{record.name}: not up: read {record.folder}/boot.log and .../upper/var/log/docker.log")
        time.sleep(0.05)


def _docker_answers(record: Record) -> bool:
    connection = http.client.HTTPConnection("localhost", timeout=2)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(2)
    try:
        connection.sock.connect(f"/proc/{record.pid}/root/run/docker.sock")
        connection.request("GET", "/_ping")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _ssh_answers(record: Record) -> bool:
    try:
        with socket.create_connection((record.address, 22), timeout=2) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def end(record: Record) -> None:
    """End every process of a host, and with them its namespaces, mounts and cable."""
    if record.runs:
        os.kill(record.pid, signal.SIGKILL)
    while record.runs:
        time.sleep(0.01)


def remove(name: str) -> None:
    """Remove what is left of a host that has ended."""
    cgroups.remove(name)
    shutil.rmtree(state.host_folder(name), ignore_errors=True)
