"""The Engine API of one host: GET, POST and DELETE on kept-alive channels, and what its refusals mean.

docker-py's APIClient carries the requests; its adapter's connections end in `docker system dial-stdio` on the
host's one SSH connection. What an object means must not enter: paths and JSON only.
"""

import http.client
import json
import re
import socket
import threading
import time
from collections import Counter
from typing import Any, NoReturn, cast
from urllib.parse import quote

import docker
import requests
import urllib3
from requests.adapters import HTTPAdapter

from providers.hosts.connection import Connection, Stream, command_failed
from providers.hosts.local import LocalConnection, LocalStream
from providers.rules.errors import (
    Conflict,
    DeadlineExceeded,
    EngineError,
    HostError,
    InUse,
    LoginRefused,
    NoQuorum,
    NotAManager,
    NotFound,
    SwarmnetError,
    Unreachable,
)

AnyConnection = Connection | LocalConnection
AnyStream = Stream | LocalStream
Json = Any  # what the Engine answers: dicts, lists, strings, numbers

CHANNELS = 4  # at once to one host; as many as Pulumi's plugin has threads, and sshd's MaxSessions is 10
TIMEOUT = 30.0  # seconds; a manager without quorum took 20 s for a GET by name (lab-measured)
COLLECTIONS = ("networks", "nodes", "services", "tasks", "containers")
RESTART_TIMEOUT = 120.0  # seconds
RESTART_POLL = 0.2
# systemd, where it is the init that runs; then OpenRC; else SysV. Word for word what an operator would type.
RESTART = (
    "if [ -d /run/systemd/system ]; then systemctl restart docker; "
    "elif command -v rc-service >/dev/null; then rc-service docker restart; "
    "else service docker restart; fi"
)
NO_SUCH_COMMAND = 127  # a shell's exit status, POSIX
DIAL = ("docker", "system", "dial-stdio")

# status (0: any), what the Engine's words contain, what that means, and what to do where it helps.
# All measured on Engines 20.10, 26, 28 and 29.
MEANINGS: tuple[tuple[int, str, type[EngineError], str], ...] = (
    (0, "update out of sequence", Conflict, ""),
    (0, "does not have a leader", NoQuorum, ""),
    (0, "too few managers", NoQuorum, ""),
    (0, "deadlineexceeded", NoQuorum, ""),
    (0, "context deadline exceeded", NoQuorum, ""),
    (0, "code = unavailable", NoQuorum, ""),
    (503, "needs to be unlocked", NotAManager, "run `docker swarm unlock` there"),
    (503, "encrypted and locked", NotAManager, "run `docker swarm unlock` there"),
    (0, "not a swarm manager", NotAManager, ""),
    (403, "from a worker node", NotAManager, ""),
    (503, "already part of a swarm", Conflict, ""),
    (503, "not part of a swarm", Conflict, ""),
    (500, "name conflicts with an existing object", Conflict, ""),
    (403, "has active endpoints", InUse, ""),
    (400, "is in use by", InUse, ""),
    (400, "depends on it", InUse, ""),
    (404, "", NotFound, ""),
    (409, "", Conflict, ""),
)
# A manager that still has its local copy of a removed network answers 500 to another DELETE (lab-measured).
GONE = re.compile(r"network \S+ not found")


def refusal(host: str, status: int, words: str) -> EngineError:
    """The error that the Engine's answer means: `<host>: <the Engine's words>`."""
    words = " ".join(words.split())
    lower = words.lower()
    for its_status, fragment, kind, remedy in MEANINGS:
        if its_status in (0, status) and fragment in lower:
            return kind(f"{host}: {words}" + (f": {remedy}" if remedy else ""))
    if status == 500 and GONE.search(lower):
        return NotFound(f"{host}: {words}")
    return EngineError(f"{host}: {words or f'the Engine answered {status}'}")


class Engine:
    """One host's Engine API, at the newest version which that Engine speaks.

    counts: requests sent so far, by method and path shape (`GET /networks/{id}`).
    doubts: how often it could not answer for the swarm, or at all; who relies on it as a manager looks again.
    """

    def __init__(self, connection: AnyConnection) -> None:
        self.connection = connection
        self.name = connection.name
        self.counts: Counter[str] = Counter()
        self.doubts = 0
        self._lock = threading.Lock()
        self._lock_counts = threading.Lock()
        self._api_version = ""
        # The version given here only keeps docker-py from asking for one by itself: paths carry their own.
        self._client = docker.APIClient(base_url="http://localhost:1", version="1.40")
        self._client.trust_env = False  # no proxies, no .netrc
        self._client.mount("http+docker://", _Adapter(connection))

    def get(self, path: str, *, timeout: float = TIMEOUT, **params: object) -> Json:
        """The JSON at `path`. Parameters that are dicts or lists (filters) are sent as JSON.

        Raises EngineError or HostError. Asked again once if a kept-alive channel turned out to be dead.
        """
        return self._request("GET", path, params, None, timeout)

    def post(self, path: str, body: object = None, *, timeout: float = TIMEOUT, **params: object) -> Json:
        """The JSON answered, None where there is none. A body that is a string is JSON text already.

        Raises EngineError or HostError. After Unreachable it may have been carried out all the same.
        """
        return self._request("POST", path, params, body, timeout)

    def delete(self, path: str, *, timeout: float = TIMEOUT, **params: object) -> None:
        """Raises EngineError (NotFound where it is gone already) or HostError."""
        self._request("DELETE", path, params, None, timeout)

    @property
    def api_version(self) -> str:
        """The newest API version the Engine speaks, such as `1.51`.

        Always that one, whatever docker-py knows: a service written back through an older one loses settings.
        """
        with self._lock:
            if not self._api_version:
                self._api_version = self._ping(TIMEOUT).headers["Api-Version"]
            return self._api_version

    def restart(self, timeout: float = RESTART_TIMEOUT) -> None:
        """Restart dockerd through the host's service manager, and return when it answers again.

        Measured: 3 to 8 s, 24 s where a container ignores TERM. Raises CommandFailed where the service manager
        reports a failure, DeadlineExceeded after `timeout` seconds, or another HostError.
        """
        deadline = time.monotonic() + timeout
        self.connection.run(("sh", "-c", RESTART), timeout=timeout)
        self.close()
        while True:
            try:
                self.ping()
                return
            except (EngineError, Unreachable) as problem:
                if time.monotonic() > deadline:
                    raise DeadlineExceeded(
                        f"{self.name}: docker was restarted but does not answer within {timeout:g} s: {problem}"
                    ) from problem
                time.sleep(RESTART_POLL)

    def ping(self, timeout: float = TIMEOUT) -> None:
        """Returns if the Engine answers. Raises EngineError or HostError."""
        self._ping(timeout)

    def close(self) -> None:
        """Close the channels; the next request opens others, and asks for the API version again."""
        self._client.close()
        with self._lock:
            self._api_version = ""

    def _ping(self, timeout: float) -> requests.Response:
        return self._exchange("GET", "/_ping", "/_ping", {}, None, timeout)

    def _request(self, method: str, path: str, params: dict[str, object], body: object, timeout: float) -> Json:
        try:
            versioned = f"/v{self.api_version}{path}"
            answer = self._exchange(method, path, versioned, params, body, timeout).content
        except (NotAManager, NoQuorum, HostError):
            self.doubts += 1
            raise
        return json.loads(answer) if answer else None

    def _exchange(
        self, method: str, path: str, versioned: str, params: dict[str, object], body: object, timeout: float
    ) -> requests.Response:
        self._count(method, path)
        try:
            try:
                response = self._send(method, versioned, params, body, timeout)
            except _Dropped:
                if method != "GET":
                    raise
                response = self._send(method, versioned, params, body, timeout)
        except _Dropped as problem:
            raise Unreachable(f"{self.name}: the connection broke during {method} {path}") from problem
        except requests.Timeout as problem:
            raise EngineError(
                f"{self.name}: the Engine did not answer {method} {path} within {timeout:g} s"
            ) from problem
        except requests.RequestException as problem:
            raise Unreachable(f"{self.name}: the connection broke during {method} {path}") from problem
        if response.status_code >= 400:
            raise refusal(self.name, response.status_code, _words(response))
        return response

    def _send(
        self, method: str, path: str, params: dict[str, object], body: object, timeout: float
    ) -> requests.Response:
        return self._client.request(
            method,
            "http+docker://localhost" + quote(path, safe="/:"),
            params={key: _parameter(value) for key, value in params.items()},
            data=body if body is None or isinstance(body, str) else json.dumps(body),
            headers={} if body is None else {"Content-Type": "application/json"},
            timeout=timeout,
            allow_redirects=False,
        )

    def _count(self, method: str, path: str) -> None:
        with self._lock_counts:
            self.counts[f"{method} {shape(path)}"] += 1


class _Dropped(Exception):
    """A kept-alive channel ended before the first byte of an answer."""


class _Ended(Exception):
    """A stream ended before the first byte of an answer."""


class _Response(http.client.HTTPResponse):
    """An answer whose absence is no ConnectionError: at one of those http.client closes the stream, and the
    reason that can still be read from it is lost."""

    def begin(self) -> None:
        try:
            super().begin()
        except http.client.RemoteDisconnected as problem:
            raise _Ended from problem


class _HTTPConnection(urllib3.connection.HTTPConnection):
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

    def send(self, data: Json) -> None:
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
            raise _Dropped from problem
        raise why_ended(self._connection, *self._stream.last_words()) from problem


def why_ended(connection: AnyConnection, status: int, complaint: str) -> SwarmnetError:
    """Why a new stream to the Engine ended at once, by dial-stdio's exit status and stderr."""
    access = connection.access
    line = (complaint.strip().splitlines() or ["it says nothing"])[-1]
    if status < 0:
        return Unreachable(f"{access.name}: the connection broke before the Engine could be asked")
    if status == NO_SUCH_COMMAND:
        return EngineError(f"{access.name}: there is no docker command: install Docker Engine there")
    if "permission denied" in line.lower():
        return LoginRefused(f"{access.name}: {access.user} may not use docker: log in as root, or set sudo: true")
    if access.sudo and line.startswith("sudo: "):
        return command_failed(access, DIAL, status, complaint)
    return EngineError(
        f"{access.name}: the Engine does not answer (docker is not running?): {line}: start it, then run again"
    )


class _Pool(urllib3.HTTPConnectionPool):
    """At most CHANNELS channels to one host, each used by one call at a time and kept for the next."""

    def __init__(self, connection: AnyConnection) -> None:
        super().__init__("localhost", maxsize=CHANNELS, block=True)
        self._connection = connection

    def _new_conn(self) -> _HTTPConnection:
        return _HTTPConnection(self._connection)


class _Adapter(HTTPAdapter):
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


def shape(path: str) -> str:
    """A path without its ids and names: `/networks/{id}/connect`."""
    first, _, rest = path.strip("/").partition("/")
    second, _, third = rest.partition("/")
    if first in COLLECTIONS and second and second not in ("create", "json", "prune"):
        second = "{id}"
    return "/" + "/".join(filter(None, (first, second, third)))


def _parameter(value: object) -> str | None:
    """A query parameter's text; None is left out."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)  # true, false, numbers, and filters as JSON


def _words(response: requests.Response) -> str:
    """The Engine's own words: `message` of its JSON, or the text where it is none."""
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return response.text
