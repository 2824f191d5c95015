"""The Engine API of one host: GET, POST and DELETE, at the newest version that this Engine speaks.

docker-py's APIClient carries the requests, by http_over_stdio.py. Paths and JSON only: what objects mean is elsewhere.
"""

import json
import re
import shlex
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, TypeVar
from urllib.parse import quote, urlencode

import docker
import requests
from requests.structures import CaseInsensitiveDict

from providers.hosts.audit import HostLog
from providers.hosts.bounds import MOST, PIECE, SHORT, VALUES, LongAnswer, TooLate, TooLong
from providers.hosts.commands import (
    INIT_SIGNS,
    PACK_SECONDS,
    as_packed,
    packs,
    restarts_docker,
    starts_docker,
    stops_docker,
)
from providers.hosts.engine_api.http_over_stdio import IDENTITY, AnyConnection, Dropped, EngineAdapter, Senseless
from providers.hosts.engine_api.refusals import refusal, unsupported
from providers.hosts.engine_api.schema import Info, Made, read_answer
from providers.hosts.recent_failure import LastFailure
from providers.hosts.shared_answers import AtOnce, UntilWritten
from providers.rules.vocabulary.errors import (
    CommandFailed,
    DeadlineExceeded,
    EngineError,
    HostError,
    LoginRefused,
    NoQuorum,
    NotAManager,
    Unreachable,
)

T = TypeVar("T")

TIMEOUT = 30.0  # seconds; a GET by name may take 20 s: measurements.md#no-quorum
PING_TIMEOUT = 5.0
# A ping waits for dockerd alone, and other callers wait for it: one that hangs costs all of them once.
FIRST_PING_TIMEOUT = 10.0
RESTART_TIMEOUT = 300.0  # 88 s were seen on virtual machines (vms.md)
RESTART_POLL = 0.2
BASE = "http+docker://"
WORDS = 2_000  # bytes of a refusal; the longest known has 400
API_VERSION = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}")
LOOKS_FOR_INIT = f"ls -d {' '.join(INIT_SIGNS)} 2>/dev/null; true"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request. path: without the API version. body: JSON text, or what becomes it. timeout: seconds for all of it.
    turn: for an answer that turns out to be long."""

    method: str
    path: str
    turn: LongAnswer
    timeout: float = TIMEOUT
    params: Mapping[str, object] = field(default_factory=dict)
    body: object = None

    def __str__(self) -> str:
        """Return it as errors name it: `GET /info`."""
        return f"{self.method} {self.path}"


class Engine:
    """One host's Engine API, at the newest version which that Engine speaks.

    restart_took: seconds of its last restart by this process, 0 before the first.
    doubts: how often it could not answer for the swarm, or at all. Callers that need a manager then check it again.
    shared: what readers get together. log: the host's own.
    """

    def __init__(
        self,
        connection: AnyConnection,
        clock: Callable[[], float] = time.monotonic,
        shared: AtOnce | UntilWritten | None = None,
    ) -> None:
        self.connection = connection
        self.log = HostLog(connection)
        self.shared = shared or AtOnce()
        self._last_silence = LastFailure(clock)
        self.name = connection.name
        self.doubts = 0
        self.restart_took = 0.0
        self._lock = threading.Lock()
        self._api_version = ""
        # The version given here only keeps docker-py from asking for one by itself: paths carry their own.
        self._client = docker.APIClient(base_url="http://localhost:1", version="1.40")
        self._client.mount(BASE, EngineAdapter(connection))
        self._asks = {"User-Agent": str(self._client.headers["User-Agent"]), "Accept-Encoding": IDENTITY}

    def read(self, path: str, kind: type[T], *, timeout: float = TIMEOUT, **params: object) -> T:
        """Return what the JSON at `path` says. Parameters that are dicts or lists (filters) are sent as JSON.

        kind: a fact, or one of schema.py. Raises HostError, or EngineError, also if the answer is of another kind.
        Asked again once if a kept-alive channel turned out to be dead.
        """
        with LongAnswer() as turn:
            asked = Asked(method="GET", path=path, turn=turn, timeout=timeout, params=params)
            try:
                return self._read(asked, kind, self._answer(asked))
            except EngineError as problem:
                # Where it was raised, and what from, the whole answer is still held.
                problem.__cause__ = problem.__context__ = None
                raise problem.with_traceback(None)  # noqa: B904 (the same one)

    def info(self, timeout: float = TIMEOUT) -> Info:
        """Return what `/info` says: who works with a host asks for it first.

        Raises EngineError also if swarm networks do not work on this Engine.
        """
        found = self.read("/info", Info, timeout=timeout)
        reason = unsupported(found)
        if reason:
            raise EngineError(f"{self.name}: {reason[:200]}")
        return found

    def post(self, path: str, body: object = None, *, timeout: float = TIMEOUT, **params: object) -> None:
        """Send it. A body that is a string is JSON text already.

        Raises EngineError or HostError. After Unreachable it may have been carried out all the same.
        """
        with LongAnswer() as turn:
            self._answer(Asked(method="POST", path=path, turn=turn, timeout=timeout, params=params, body=body))

    def create(self, path: str, body: object) -> str:
        """Send it; return the id of what was made. Raises as `post`."""
        with LongAnswer() as turn:
            asked = Asked(method="POST", path=path, turn=turn, body=body)
            return self._read(asked, Made, self._answer(asked)).id

    def delete(self, path: str, *, timeout: float = TIMEOUT, **params: object) -> None:
        """Raises EngineError (NotFound if it is gone already) or HostError."""
        with LongAnswer() as turn:
            self._answer(Asked(method="DELETE", path=path, turn=turn, timeout=timeout, params=params))

    @property
    def api_version(self) -> str:
        """Return the newest API version the Engine speaks, such as `1.51`.

        Always that one, whatever docker-py knows: a service written back through an older one loses settings.
        """
        return self._newest(FIRST_PING_TIMEOUT)

    def ping(self, timeout: float = PING_TIMEOUT) -> None:
        """Returns if the Engine answers. Raises EngineError or HostError."""
        self._ping(timeout)

    def restart(self, timeout: float = RESTART_TIMEOUT) -> None:
        """Restart dockerd by the host's service manager, and return when it answers again.

        It takes 2 to 9 s, 24 s if a container ignores TERM (measurements.md#restart-of-docker). If that fails it
        is started once more, also if the service manager has given it up. Raises CommandFailed if that fails too,
        DeadlineExceeded after `timeout` seconds, or another HostError.
        """
        began = time.monotonic()
        seen = self._init_signs()
        try:
            self.connection.run(restarts_docker(seen), timeout=timeout, outlives=True)
        except CommandFailed as problem:
            self._start_after(problem, seen, timeout)
        self._answers(began + timeout, timeout)
        self.restart_took = time.monotonic() - began

    def start(self, timeout: float = RESTART_TIMEOUT) -> None:
        """Start a dockerd that is stopped, and return when it answers. Raises as `restart` does."""
        began = time.monotonic()
        self._run_to_start(self._init_signs(), timeout)
        self._answers(began + timeout, timeout)

    def pack(self, file: IO[bytes]) -> None:
        """Stop dockerd, write its folder `swarm` to a file as .tar.gz, and start it, by one command that goes on to its
        end whatever becomes of us.

        Raises HostError, or OSError if the file takes no more; docker may not run yet then.
        """
        command = packs(self.root())
        words = as_packed(self.connection.access, self._init_signs(), command)
        self.connection.run_into(file, words, command, PACK_SECONDS + RESTART_TIMEOUT)

    def root(self, timeout: float = TIMEOUT) -> str:
        """Return the folder of its data. Raises HostError and EngineError."""
        return self.read("/info", Info, timeout=timeout).root or "/var/lib/docker"

    def forbidden(self, *, packed: bool = False) -> list[str]:
        """Return the commands that sudo forbids and a restart may need, or one in whose middle its folder is packed;
        without running them, and empty if no sudo is used. Raises HostError and EngineError.
        """
        if not self.connection.access.sudo:
            return []
        seen = self._init_signs()
        needed = (stops_docker(seen), packs(self.root())) if packed else (restarts_docker(seen),)
        return [shlex.join(each) for each in (*needed, *starts_docker(seen)) if not self._may(each)]

    def _may(self, command: tuple[str, ...]) -> bool:
        """https://www.sudo.ws/docs/man/sudo.man/#l"""
        try:
            self.connection.run(("sudo", "-n", "-l", *command), as_root=False)
        except (CommandFailed, LoginRefused):
            return False
        return True

    def _init_signs(self) -> list[str]:
        return self.connection.run(("sh", "-c", LOOKS_FOR_INIT), as_root=False).split()

    def _run_to_start(self, seen: list[str], timeout: float) -> None:
        for command in starts_docker(seen):
            self.connection.run(command, timeout=timeout, outlives=True)

    def _start_after(self, failed: CommandFailed, seen: list[str], timeout: float) -> None:
        try:
            self._run_to_start(seen, timeout)
        except CommandFailed as problem:
            raise CommandFailed(f"{failed}; and it does not start: {problem}") from failed

    def _answers(self, deadline: float, timeout: float) -> None:
        """Return when the Engine answers."""
        with self._lock:
            self._api_version = ""  # it may be a newer Engine that started
            self._last_silence.forget()
        while (problem := self._silence()) is not None:
            if time.monotonic() > deadline:
                raise DeadlineExceeded(
                    f"{self.name}: docker was started and does not answer within {timeout:g} s: {problem}"
                ) from problem
            time.sleep(RESTART_POLL)

    def _silence(self) -> Unreachable | EngineError | None:
        """Return the error that says why the Engine does not answer; None if it answers."""
        try:
            self.ping()
        except (Unreachable, EngineError) as problem:
            return problem
        return None

    def close(self) -> None:
        """Close the streams; the next request opens others."""
        self._client.close()
        self.log.close()

    def _newest(self, timeout: float) -> str:
        """The newest API version, asked for once."""
        with self._lock:
            if not self._api_version:
                version = self._first_ping(min(timeout, FIRST_PING_TIMEOUT)).headers.get("Api-Version")
                if not (version and API_VERSION.fullmatch(version)):
                    raise EngineError(f"{self.name}: the answer is not from a Docker Engine")
                self._api_version = version
            return self._api_version

    def _first_ping(self, timeout: float) -> requests.Response:
        """Ping once; remember for a moment that nobody answered."""
        self._last_silence.again()
        try:
            return self._ping(timeout)
        except Unreachable as problem:
            self._last_silence.note(problem)
            raise

    def _ping(self, timeout: float) -> requests.Response:
        with LongAnswer() as turn:
            return self._exchange(Asked(method="GET", path="/_ping", turn=turn, timeout=timeout), "/_ping")[0]

    def _answer(self, asked: Asked) -> bytearray:
        try:
            return self._exchange(asked, f"/v{self._newest(asked.timeout)}{asked.path}")[1]
        except (NotAManager, NoQuorum, HostError):
            self.doubts += 1
            raise

    def _read(self, asked: Asked, kind: type[T], answer: bytearray) -> T:
        """Return what an answer says. Raises EngineError if it is of another kind, or has too many values."""
        if sum(map(answer.count, (b",", b"{", b"["))) > VALUES:  # before any of them is made
            raise self._senseless(asked, f"it has more than {VALUES:,} values")
        try:
            return read_answer(kind, answer)
        except ValueError as problem:
            raise self._senseless(asked, str(problem)) from problem

    def _exchange(self, asked: Asked, path: str) -> tuple[requests.Response, bytearray]:
        """Make one request, at this path; return its answer, a success, and what is in it."""
        try:
            try:
                response, content = self._send(asked, path)
            except Dropped:
                if asked.method != "GET":
                    raise
                response, content = self._send(asked, path)
        except TooLate as problem:
            raise Unreachable(
                f"{self.name}: the Engine does not answer {asked} within {asked.timeout:g} s"
            ) from problem
        except TooLong as problem:
            raise self._senseless(asked, f"it is longer than {MOST >> 20} MiB") from problem
        except Senseless as problem:
            raise self._senseless(asked, str(problem)) from problem
        except (Dropped, requests.RequestException) as problem:
            raise Unreachable(f"{self.name}: the connection broke during {asked}") from problem
        if not 200 <= response.status_code < 300:
            raise refusal(self.name, response.status_code, _words(content))
        return response, content

    def _senseless(self, asked: Asked, why: str) -> EngineError:
        return EngineError(f"{self.name}: invalid response from the Engine: {asked}: {why}")

    def _send(self, asked: Asked, path: str) -> tuple[requests.Response, bytearray]:
        """By docker-py's adapter, without what its session does for other servers: cookies, redirects, passwords and
        proxies of the environment, a quarter of a request's work."""
        given = {key: text for key, value in asked.params.items() if (text := _parameter(value)) is not None}
        request = requests.PreparedRequest()
        request.method = asked.method
        request.url = f"{BASE}localhost{path}{'?' if given else ''}{urlencode(given)}"
        request.headers = CaseInsensitiveDict(self._asks)
        body = asked.body
        if body is not None:
            request.headers["Content-Type"] = "application/json"
        request.prepare_body(body if body is None or isinstance(body, str) else json.dumps(body), None)
        response = self._client.get_adapter(request.url).send(request, timeout=asked.timeout)
        content = bytearray()
        for piece in response.iter_content(PIECE):
            content += piece
            if len(content) > SHORT:
                asked.turn.take(asked.timeout)
        return response, content


def at(*steps: str) -> str:
    """Return a path, each step of which stays one whatever is in it: `/networks/a%2Fb`."""
    return "".join(f"/{quote(step, safe='')}" for step in steps)


def _parameter(value: object) -> str | None:
    """Return a query parameter's text; None is left out."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)  # true, false, numbers, and filters as JSON


def _words(answer: bytearray) -> str:
    """Return the Engine's own words: `message` of its JSON, or the text if it is none; no more than a few lines."""
    text = answer[:WORDS].decode(errors="replace")
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError, RecursionError):  # no JSON, no object, no message, or nested without end
        return text
