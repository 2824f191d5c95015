"""A host without sshd, for tests that are not about SSH: it is asked within the process. A login takes 5 ms, most of
what such a test would take."""

import shlex
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import Any

from providers.hosts.commands import as_run, command_failed, with_sudo
from providers.hosts.fleet import reach_by
from providers.hosts.local import SocketStream
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import Unreachable
from tests.support.fake_sshd import Command, Ends, Machine

PORTS = count(10_000)


class NearHost(Machine):
    """A host that whoever gets its access reaches by a socket to its Engine, and that ends each command at once."""

    def __init__(self, name: str = "h1") -> None:
        super().__init__(name)
        self.port = next(PORTS)  # no two have the same access
        self.is_up = True
        self.streams: list[socket.socket] = []

    def access(self, **changes: object) -> HostAccess:
        """Return how this host is reached, now that it is. At another port nobody answers."""
        usual: dict[str, object] = {"name": self.name, "address": "127.0.0.1", "port": self.port}
        access = HostAccess.model_validate(usual | changes)
        reach_by(_Connection(self, access))
        return access

    def close(self) -> None:
        """Go away, with all that is open."""
        self.is_up = False
        for stream in self.streams:
            with suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)


class _Stream(SocketStream):
    """An open stream to a command that says nothing at its end."""

    def close(self) -> None:
        self._socket.close()

    def last_words(self) -> tuple[int, str]:
        self.close()
        return -1, ""


class _Connection:
    """What providers/hosts/ssh/connection.py offers."""

    user = "root"

    def __init__(self, host: NearHost, access: HostAccess) -> None:
        self.host, self.access, self.name = host, access, access.name
        self.is_open = False

    def run(self, argv: Sequence[str], *_: object, as_root: bool = True, outlives: bool = False, **__: object) -> str:
        ended = self._does(as_run(self.access, argv, as_root=as_root, outlives=outlives))
        assert isinstance(ended, Ends)
        if ended.status:
            raise command_failed(self.access, self.user, argv, ended.status, ended.stderr.decode())
        return ended.stdout.decode(errors="replace")

    def open_stream(self, argv: Sequence[str], *, as_root: bool = True) -> _Stream:
        serve = self._does(with_sudo(self.access, argv))
        ours, theirs = socket.socketpair()
        self.host.streams.append(theirs)
        threading.Thread(target=_served, args=(serve, theirs), daemon=True).start()
        return _Stream(ours)

    def close(self) -> None:
        self.is_open = False

    def _does(self, argv: Sequence[str]) -> Command:
        if not self.host.is_up or self.access.port != self.host.port:
            raise Unreachable(f"{self.name} ({self.access.address}:{self.access.port}): connection refused")
        self.host.logins += not self.is_open
        self.is_open = True
        return self.host.does(shlex.join(argv))


def _served(serve: Any, theirs: socket.socket) -> None:
    with theirs:
        serve(theirs)
