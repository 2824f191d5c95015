"""A host that somebody has taken over: it answers as a real lab host does, but for what a test lets it say.

It stands on loopback before the real one, whose commands and Engine it passes on.
"""

import json
import socket
from http.client import HTTPConnection
from pathlib import Path

from tests.support.fake_engine import Answer, FakeEngine
from tests.support.fake_sshd import DIAL, Command, Ends, FakeHost
from tests.support.machines import Host

Json = dict[str, object]


class _Unix(HTTPConnection):
    """HTTP through a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self.path)


class LyingEngine(FakeEngine):
    """An Engine that passes on to another, by its socket, what a test says nothing about."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(self.version())

    def version(self) -> str:
        """The newest API version that the other speaks."""
        http = _Unix(self.path)
        http.request("GET", "/_ping")
        answer = http.getresponse()
        answer.read()
        http.close()
        return answer.headers["Api-Version"]

    def otherwise(self, method: str, path: str, body: bytes) -> Answer:
        http = _Unix(self.path)
        http.request(method, path, body or None, {"Content-Type": "application/json"} if body else {})
        answer = http.getresponse()
        text = answer.read()
        http.close()
        return answer.status, None if not text else "OK" if path == "/_ping" else json.loads(text)

    def told(self, path: str) -> Json:
        """Return the other's answer to a GET."""
        found = self.otherwise("GET", f"/v{self.api_version}{path}", b"")
        assert isinstance(found, tuple)
        assert isinstance(found[1], dict), found
        return found[1]


class _Commands(dict[str, Command]):
    """Commands as the real host runs them, the one to its Engine apart."""

    def __init__(self, host: Host, engine: FakeEngine) -> None:
        super().__init__({DIAL: engine.serve})
        self.host = host

    def get(self, text: str, _: Command | None = None) -> Command:  # type: ignore[override]
        return super().get(text) or Ends(stdout=self.host.run("sh", "-c", text).encode())


class LyingHost(FakeHost):
    """A real host, taken over. Close it as any FakeHost."""

    def __init__(self, folder: Path, host: Host) -> None:
        super().__init__(folder, host.name)
        self.real = host
        self.engine = self.lies = LyingEngine(f"/proc/{host.pid}/root/run/docker.sock")
        self.commands = _Commands(host, self.lies)

    @property
    def section(self) -> Json:
        """Return the section of a stack file that reaches this host in place of the real one."""
        way = {"address": "127.0.0.1", "port": self.port, "advertise_address": self.real.address}
        return {**way, "key_file": str(self.folder / "key"), "known_hosts": str(self.folder / "known_hosts")}

    def says(self, **membership: object) -> None:
        """Make it say this of its membership in place of the truth."""
        info = self.lies.told("/info")
        swarm = info["Swarm"]
        assert isinstance(swarm, dict)
        self.lies.answer("GET /info", body=info | {"Swarm": swarm | membership})

    def writes(self) -> list[str]:
        """The requests that would change something, without version and query."""
        asked = (request.partition(" ") for request in self.lies.requests)
        return [f"{method} /{path.partition('?')[0].split('/', 2)[2]}" for method, _, path in asked if method != "GET"]
