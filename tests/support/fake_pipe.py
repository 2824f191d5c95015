"""A host whose answers are bytes that a test gives, with a clock that only they move."""

from collections.abc import Iterable

from providers.hosts.bounds import Exchange


class Pipe:
    """Gives the parts of an answer, one at each read, and then nothing; each read and each sent byte takes `seconds`.

    sent: all that was. read: how many parts were. now: seconds that have passed.
    """

    def __init__(self, parts: Iterable[bytes], seconds: float = 0) -> None:
        self.parts = iter(parts)
        self.seconds = seconds
        self.sent, self.read, self.now = b"", 0, 0.0
        self.rest = b""
        self.exchange = Exchange(self, lambda: self.now)

    def settimeout(self, seconds: float | None) -> None:
        """It has a clock of its own."""

    def send(self, data: bytes) -> int:
        """Send all of it if that takes no time, else one byte."""
        self.now += self.seconds
        self.sent += data[:1] if self.seconds else data
        return 1 if self.seconds else len(data)

    def recv(self, size: int) -> bytes:
        if not self.rest:
            self.now += self.seconds
            self.read += 1
            self.rest = next(self.parts, b"")
        data, self.rest = self.rest[:size], self.rest[size:]
        return data


class _Stream:
    """A stream over a pipe, for one exchange after the other."""

    is_open = True

    def __init__(self, host: "PipedHost") -> None:
        self._host, self._answers = host, iter(host.answers)

    def begin(self, seconds: float) -> None:
        """The next answer."""
        self._pipe = Pipe(next(self._answers, ()), self._host.seconds)
        self._pipe.exchange.begin(seconds)

    def sendall(self, data: bytes) -> None:
        self._host.sent += data

    def settimeout(self, seconds: float) -> None:
        """It has a clock of its own."""

    def makefile(self, mode: str) -> object:
        return self._pipe.exchange.makefile()

    def last_words(self) -> tuple[int, str]:
        return -1, ""

    def close(self) -> None:
        """Nothing is open."""


class PipedHost:
    """A host h1, which gives these answers in their order, each in parts; `seconds`: what each part takes."""

    name = "h1"

    def __init__(self, *answers: Iterable[bytes], seconds: float = 0) -> None:
        self.answers, self.seconds, self.sent = answers, seconds, b""
        self.access = self

    def open_stream(self, argv: object) -> _Stream:
        return _Stream(self)
