"""One probe on one host: the program in program.py, started there, asked, ended."""

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Annotated, Self, TypeVar

from pydantic import Field
from typing_extensions import TypedDict

from providers.hosts.bounds import TooLate, TooLong
from providers.hosts.engine_api.engine import Engine
from providers.hosts.engine_api.schema import read_answer
from providers.hosts.look import LONGEST
from providers.rules.doctor.probes import Probe
from providers.rules.vocabulary.answers import Few, PortNumber
from providers.rules.vocabulary.errors import CommandFailed
from providers.rules.vocabulary.words import line

T = TypeVar("T")

BOOT = ("python3", "-Ic", "import sys; exec(sys.stdin.readline())")
SANDBOX = "/var/run/docker/netns/"
LIVES = 30  # seconds, whatever becomes of us
_SECONDS = 15.0  # for one answer
_ANSWER = 4 * 2**20  # bytes

Word = Annotated[str, Field(max_length=300)]


class Ready(TypedDict):
    """The first answer; program.py says what each is."""

    ready: list[tuple[PortNumber, Word]]
    links: list[tuple[Word, Word, Few]]
    source: PortNumber


class Session:
    """A probe that runs. It ends when this is closed, and with the connection."""

    def __init__(self, engine: Engine, token: str, listen: Sequence[tuple[str, int]], sandbox: str = "") -> None:
        """Starts it, in a network namespace of docker's if `sandbox` names one. Raises HostError."""
        self.name = engine.name
        into = ("nsenter", f"--net={SANDBOX}{sandbox}") if sandbox else ()
        self._stream = engine.connection.open_stream((*into, *BOOT), as_root=bool(sandbox))
        self._file = self._stream.makefile("rb")
        try:
            first = {"token": token, "name": self.name, "seconds": LIVES, "listen": list(listen)}
            self.ready = self._asked(Ready, first, before=program())
            if len(self.ready["ready"]) != len(listen):
                raise self._senseless()
        except BaseException:
            self.close()
            raise

    def send(self, probes: Sequence[Probe]) -> list[str]:
        """Send all of it; why each did not go, empty if it went. Raises HostError."""
        asked = [
            {"kind": each.kind, "to": each.to, "port": each.port, "bytes": each.bytes, "label": each.channel}
            for each in probes
        ]
        tried = self._asked(list[Word], asked) if asked else []
        if len(tried) != len(asked):
            raise self._senseless()
        return [line(each) for each in tried]

    def heard(self) -> set[tuple[str, str]]:
        """Return what came in so far: from whom, and its label. Raises HostError."""
        return set(self._asked(list[tuple[Word, Word]], None))

    def close(self) -> None:
        """End it."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _asked(self, kind: type[T], request: object, before: str = "") -> T:
        try:
            self._stream.begin(_SECONDS)
            self._stream.sendall(f"{before}{json.dumps(request)}\n".encode())
            answer = self._file.readline(_ANSWER)
        except TooLate as problem:
            raise CommandFailed(f"{self.name}: the probe does not answer within {_SECONDS:g} s") from problem
        except (OSError, TooLong) as problem:
            raise self._ended() from problem
        if not answer.endswith(b"\n"):
            raise self._ended()
        try:
            return read_answer(kind, answer)
        except ValueError as problem:
            raise self._senseless() from problem

    def _ended(self) -> CommandFailed:
        status, complaint = self._stream.last_words()
        last = line(next((each for each in reversed(complaint.splitlines()) if each.strip()), "no error message"))
        return CommandFailed(f"{self.name}: python3: exit status {status}: {last[:LONGEST]}")

    def _senseless(self) -> CommandFailed:
        return CommandFailed(f"{self.name}: invalid answer from the probe")


@cache
def program() -> str:
    """Return the command that runs the program, as one line."""
    return f"exec({files(__package__).joinpath('program.py').read_text()!r})\n"
