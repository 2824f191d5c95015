"""HTTP over a command: requests whose connections are streams to `docker system dial-stdio` on the host.

Kept alive, at most four at once to a host. Errors are those of the way there.
"""

import http.client
import socket
from typing import NoReturn, cast

import requests
import urllib3
from requests.adapters import HTTPAdapter

from providers.hosts.commands import NO_SUCH_COMMAND, sudo_refused
from providers.hosts.local import LocalConnection, LocalStream
from providers.hosts.ssh.channel import Stream
from providers.hosts.ssh.connection import Connection
from providers.rules.vocabulary.errors import CommandFailed, HostError, LoginRefused, Unreachable

AnyConnection = Connection | LocalConnection
AnyStream = Stream | LocalStream

DIAL = ("docker", "system", "dial-stdio")
IDENTITY = "identity"  # the coding of an answer that is not compressed
CHANNELS = 4  # at once to one host; as many as Pulumi's plugin has threads, and sshd's MaxSessions is 10
DIAL_FAILED = "failed to open the raw stream connection: "
# Folders where docker may be: the PATH of a login without a terminal is short, and shorter still by sudo.
FOLDERS = ("/usr/bin", "/usr/local/bin", "/usr/local/sbin", "/snap/bin", "/opt/bin", "/run/current-system/sw/bin")
LOOKS_FOR_DOCKER = f"for each in {' '.join(FOLDERS)}; do if [ -x $each/docker ]; then echo $each/docker; fi; done"


class Dropped(Exception):
    """A kept-alive stream ended before the first byte of an answer: nobody knows whether it was read."""


class Senseless(Exception):
    """An answer is none that was asked for; the message says what is wrong with it."""


class _Ended(Exception):
    """A stream ended before the first byte of an answer."""


class _Garbled(Exception):
    """A stream began with something that is no answer; the message is its first line."""


class _Response(http.client.HTTPResponse):
    """An answer whose absence is no ConnectionError: at one of those, http.client closes the stream, and with
    it goes the reason that could still be read."""

    def begin(self) -> None:
        try:
            super().begin()
        except ConnectionError as problem:
            raise _Ended from problem
        except http.client.BadStatusLine as problem:
            raise _Garbled(str(problem).strip()) from problem


class Dial:
    """Asks a host's docker command for streams to its Engine; looks for the command if it is not on the PATH."""

    def __init__(self, connection: AnyConnection) -> None:
        self.connection = connection
        self._docker = DIAL[0]

    def open(self) -> AnyStream:
        """Return a new stream. Raises HostError."""
        return self.connection.open_stream((self._docker, *DIAL[1:]))

    def found_elsewhere(self) -> bool:
        """Tell whether there is a docker command off the PATH; it opens the streams from now on."""
        if self._docker != DIAL[0]:
            return False
        self._docker = (self.connection.run(("sh", "-c", LOOKS_FOR_DOCKER), as_root=False).split() or DIAL)[0]
        return self._docker != DIAL[0]


class HTTPConnection(urllib3.connection.HTTPConnection):
    """An HTTP connection whose socket is a stream to `docker system dial-stdio`."""

    response_class = _Response

    def __init__(self, dial: Dial) -> None:
        super().__init__("localhost")
        self._dial = dial
        self._stream: AnyStream | None = None
        self._answered = False

    def connect(self) -> None:
        self._stream = self._dial.open()
        self._stream.begin(cast(float, self.timeout))
        self._answered = False
        self.sock = cast(socket.socket, self._stream)

    def putrequest(self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False) -> None:
        if self._stream is not None:
            self._stream.begin(cast(float, self.timeout))
        super().putrequest(method, url, skip_host, skip_accept_encoding)

    @property
    def is_connected(self) -> bool:
        # urllib3 would ask for a file descriptor, which paramiko makes a pipe for.
        return self.sock is not None and self._stream is not None and self._stream.is_open

    def send(self, data: bytes) -> None:  # type: ignore[override]
        try:
            super().send(data)
        except OSError as problem:
            self._ended(problem)

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]
        try:
            response = super().getresponse()
        except _Ended as problem:
            self._ended(problem)
        except _Garbled as problem:
            raise CommandFailed(
                f"{self._dial.connection.name}: unexpected output {str(problem)[:80]!r} before Docker's response: "
                "start-up files of the shell (~/.bashrc) and forced commands must print nothing there"
            ) from problem
        self._answered = True
        coding = response.headers.get("Content-Encoding", IDENTITY)
        if coding != IDENTITY:  # nobody asked for compression, and a few bytes could become any number of them
            raise Senseless(f"unexpected Content-Encoding {coding[:80]!r}")
        return response

    def _ended(self, problem: Exception) -> NoReturn:
        """Raise what it means that the stream ended before the first byte of an answer."""
        if self._answered or self._stream is None:
            raise Dropped from problem
        status, complaint = self._stream.last_words()
        if _no_docker(status, complaint) and self._dial.found_elsewhere():
            raise Dropped from problem
        raise why_ended(self._dial.connection, status, complaint) from problem


def _no_docker(status: int, complaint: str) -> bool:
    """Tell whether the shell there, or sudo, found no docker command."""
    missing = status == NO_SUCH_COMMAND and "sudo" not in complaint
    return missing or complaint.strip().endswith("docker: command not found")


def why_ended(connection: AnyConnection, status: int, complaint: str) -> HostError:
    """Say why a new stream to the Engine ended at once, by dial-stdio's exit status and stderr."""
    access = connection.access
    line = (complaint.strip().splitlines() or ["no reason given"])[-1].strip().removeprefix(DIAL_FAILED)
    if status < 0:
        return Unreachable(f"{access.name}: the connection broke before the Engine could be asked")
    refused = sudo_refused(access.name, connection.user, status, line) if access.sudo else None
    if refused:
        return refused
    if _no_docker(status, complaint):
        return CommandFailed(
            f"{access.name}: there is no docker command, neither on the PATH nor in {', '.join(FOLDERS)}: "
            "install Docker Engine there"
        )
    if "permission denied" in line.lower():
        return LoginRefused(
            f"{access.name}: {connection.user} may not use docker ({line}): log in as root, or set sudo: true"
        )
    return Unreachable(
        f"{access.name}: the Engine does not answer (docker is not running?): {line}: start it, then run again"
    )


class _Pool(urllib3.HTTPConnectionPool):
    """At most CHANNELS streams to one host, each used by one call at a time and kept for the next."""

    def __init__(self, connection: AnyConnection) -> None:
        super().__init__("localhost", maxsize=CHANNELS, block=True)
        self._dial = Dial(connection)

    def _new_conn(self) -> HTTPConnection:
        return HTTPConnection(self._dial)


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
