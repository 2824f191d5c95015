"""The keys to log in with, in the order in which they are tried: files, and what an SSH agent holds."""

import binascii
import os
import socket
import stat
from base64 import b64decode
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import paramiko
from paramiko.agent import AgentSSH
from paramiko.pkey import UnknownKeyType

from providers.hosts.ssh.destination import Destination

Labelled = tuple[str, paramiko.PKey]


def login_keys(to: Destination, tried: list[str]) -> Generator[Labelled, None, None]:
    """Yield the named key files, then the agent's keys, then (if no file is named) the usual files.

    The agent's copies of the files come first, since sshd counts tries; they are how an encrypted file works. What
    can't be used is noted in `tried`.
    """
    usual = [name for name in to.usual_keys if to.path(name).is_file()]
    of_files = {blob for name in (*to.key_files, *usual) for blob in _public(to, name)}
    with closing(_Agent(to.agent, tried)) as agent:
        held = {key.blob for key in agent.get_keys()}
        for name in to.key_files:
            yield from _from_file(to, name, tried, held)
        for key in sorted(agent.get_keys(), key=lambda key: key.blob not in of_files):
            if key.blob in of_files or not to.only_those:
                yield f"agent's {key.fingerprint}", key
        for name in usual:
            yield from _from_file(to, name, tried, held)


class _Agent(AgentSSH):
    """The SSH agent at a socket; paramiko's own knows only that of SSH_AUTH_SOCK."""

    def __init__(self, path: str, tried: list[str]) -> None:
        super().__init__()
        if not path:
            return
        conn = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            conn.connect(path)
            self._connect(conn)  # type: ignore[attr-defined]
        except (OSError, paramiko.SSHException) as problem:
            conn.close()
            reason = getattr(problem, "strerror", None) or str(problem)
            tried.append(f"the agent at {path}: {reason.lower()}")

    def close(self) -> None:
        """Leave the agent."""
        self._close()  # type: ignore[attr-defined]


def _public(to: Destination, name: str) -> Iterator[bytes]:
    """Yield the public halves that lie beside a private key: the key itself and its certificate."""
    private = to.path(name)
    for beside in (f"{private}.pub", f"{private}-cert.pub"):
        try:
            yield b64decode(Path(beside).read_text().split()[1])
        except (OSError, IndexError, UnicodeDecodeError, binascii.Error):
            continue


def _from_file(to: Destination, name: str, tried: list[str], held: set[bytes]) -> Iterator[Labelled]:
    """Yield the key in a file, with its certificate if one lies beside it. Of a file of ours ssh asks that others can't
    read it: https://github.com/openssh/openssh-portable/blob/V_10_0_P1/authfile.c, sshkey_perm_ok
    """
    path = to.path(name)
    try:
        found = path.stat()
        if found.st_uid == os.getuid() and found.st_mode & 0o077:
            mode = stat.S_IMODE(found.st_mode)
            tried.append(f"{name} can be read by others (mode {mode:o}), and ssh would not take it: `chmod 600` it")
        else:
            yield name, paramiko.PKey.from_path(path)
    except (paramiko.PasswordRequiredException, TypeError):
        if held.isdisjoint(_public(to, name)):
            tried.append(f"{name} is encrypted and not in the agent")
    except OSError as problem:
        tried.append(f"{name}: {(problem.strerror or str(problem)).lower()}")
    except (paramiko.SSHException, UnknownKeyType, ValueError):
        tried.append(f"{name} can't be read as a private key")
