"""HTTP over a command: requests whose connections are streams to `docker system dial-stdio` on the host.

Kept alive, at most four at once to a host. What is asked must not enter; errors are those of the way there.
"""

import http.client
import socket
from typing import NoReturn, cast

import requests
import urllib3
from requests.adapters import HTTPAdapter

from providers.hosts.channels import Stream
from providers.hosts.commands import command_failed
from providers.hosts.connection import Connection
from providers.hosts.local import LocalConnection, LocalStream
from providers.rules.errors import CommandFailed, HostError, LoginRefused, Unreachable

AnyConnection = Connection | LocalConnection
AnyStream = Stream | LocalStream

DIAL = ("docker", "system", "dial-stdio")
CHANNELS = 4  # at once to one host; as many as Pulumi's plugin has threads, and sshd's MaxSessions is 10
DIAL_FAILED = "failed to open the raw stream connection: "
NO_SUCH_COMMAND = 127  # a shell's exit status


class Dropped(Exception):
    """A kept-alive stream ended before the first byte of an answer: nobody knows whether it was read."""


class _Ended(Exception):
    """A stream ended before the first byte of an answer."""


class _Response(http.client.HTTPResponse):
    """An answer whose absence is no ConnectionError: at one of those, http.client closes the stream, and with
    it goes the reason that could still be read."""

    def begin(self) -> None:
        try:
            super().begin()
        except ConnectionError as problem:
            raise _Ended from problem


class HTTPConnection(urllib3.connection.HTTPConnection):
    """An HTTP connection whose socket is a stream to `docker system dial-stdio`."""

    response_class = _Response

    def __init__(self, connection: AnyConnection) -> None:
        super().__init__("localhost")
        self._connection = connection
        self._stream: AnyStream | None = None
        self._answered = False

    def connect(self) -> None:
        self._stream = self._connection.open_stream(DIAL)
        self._stream.settimeout(self.timeout)
        self._answered = False
        self.sock = cast(socket.socket, self._stream)

    @property
    def is_connected(self) -> bool:
        # urllib3 would ask for a file descriptor, which paramiko makes a pipe for.
        return self.sock is not None and self._stream is not None and self._stream.is_open

    def send(self, data: bytes) -> None:  # type: ignore[override]
        try:
            super().send(data)
        except TimeoutError:
            raise
        except OSError as problem:
            self._ended(problem)

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]
        try:
            response = super().getresponse()
        except _Ended as problem:
            self._ended(problem)
        self._answered = True
        return response

    def _ended(self, problem: Exception) -> NoReturn:
        """Raise what it means that the stream ended before the first byte of an answer."""
        if self._answered or self._stream is None:
            raise Dropped from problem
        raise why_ended(self._connection, *self._stream.last_words()) from problem


def why_ended(connection: AnyConnection, status: int, complaint: str) -> HostError:
    """Why a new stream to the Engine ended at once, by dial-stdio's exit status and stderr."""
    access = connection.access
    line = (complaint.strip().splitlines() or ["no reason given"])[-1].removeprefix(DIAL_FAILED)
    if status < 0:
        return Unreachable(f"{access.name}: the connection broke before the Engine could be asked")
    if status == NO_SUCH_COMMAND:
        return CommandFailed(f"{access.name}: there is no docker command: install Docker Engine there")
    if access.sudo and line.startswith("sudo: "):
        return command_failed(access, DIAL, status, complaint)
    if "permission denied" in line.lower():
        return LoginRefused(f"{access.name}: {access.user} may not use docker: log in as root, or set sudo: true")
    return Unreachable(
        f"{access.name}: the Engine does not answer (docker is not running?): {line}: start it, then run again"
    )


class _Pool(urllib3.HTTPConnectionPool):
    """At most CHANNELS streams to one host, each used by one call at a time and kept for the next."""

    def __init__(self, connection: AnyConnection) -> None:
        super().__init__("localhost", maxsize=CHANNELS, block=True)
        self._connection = connection

    def _new_conn(self) -> HTTPConnection:
        return HTTPConnection(self._connection)


class EngineAdapter(HTTPAdapter):
    """Sends every request through the one pool of its host."""

    def __init__(self, connection: AnyConnection) -> None:
        super().__init__()
        self._connection = connection
        self._pool = _Pool(connection)

    def get_connection_with_tls_context(self, *_: object, **__: object) -> urllib3.HTTPConnectionPool:
        return self._pool

    def request_url(self, request: requests.PreparedRequest, proxies: object) -> str:
        return request.path_url

    def close(self) -> None:
        super().close()
        self._pool.close()
        self._pool = _Pool(self._connection)
