"""The way into a host by ssh: keys, made when they are needed, and the command that checks them."""

from __future__ import annotations

import socket
from pathlib import Path

from lab import state
from lab.shell import run
from lab.state import Record


def host_key(name: str) -> Path:
    """Return the file of a host's ssh key, made when it is not there."""
    state.HOST_KEYS.mkdir(exist_ok=True)
    return make_key(state.HOST_KEYS / name)


def forget_key(name: str) -> None:
    """Remove a host's ssh key."""
    for file in (state.HOST_KEYS / name, state.HOST_KEYS / f"{name}.pub"):
        file.unlink(missing_ok=True)


def make_key(file: Path) -> Path:
    """Return an ssh key pair without passphrase, made when it is not there."""
    if not file.exists():
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "swarmnet-lab", "-f", file)
    return file


def ssh(record: Record, *words: str) -> list[str]:
    """Return the command that logs in to a host as root, by the lab's key, and checks the host's."""
    options = ("BatchMode=yes", "LogLevel=ERROR", "StrictHostKeyChecking=yes")
    checked = [word for option in (*options, f"UserKnownHostsFile={state.KNOWN_HOSTS}") for word in ("-o", option)]
    return ["ssh", "-F", "none", "-i", str(state.KEY), *checked, f"root@{record.address}", *words]


def answers(record: Record) -> bool:
    """Tell whether sshd answers within a second."""
    try:
        with socket.create_connection((record.address, 22), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
