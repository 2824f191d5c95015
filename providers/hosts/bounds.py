"""Bounds for one exchange with a host: so many seconds and so many bytes, for all of it together.

A timeout of each read alone does not bound it: a host that sends a byte now and then could hold a call for ever.
"""

import ctypes
import io
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO, Protocol, TypeVar, cast

T = TypeVar("T")
_M_ARENA_MAX = -8  # malloc.h

# Bytes of one answer. The largest that has to fit is `GET /tasks` of a large swarm: 300 services of 4 tasks with a
# history of 5 at 3.4 KB each are 23 MiB; 1,000 networks are 1 MiB.
MOST = 25 * 2**20
# Of longer answers than that one at a time is in memory, however many hosts send them at once.
SHORT = 2**16
# Values of one answer, of which an object may take 500 bytes while it is read. A task has 63 (20.10): 6,000 fit.
VALUES = 380_000
COMPLAINT = 2**16  # bytes of what a command says on stderr
ROUTES = 4 * 2**20  # bytes of what any other command says: 40,000 routes
# Bytes that a command may write into a file here: the folder of a manager, packed, has 70 KB, and what its log holds
# (measurements.md#folder-of-a-manager).
MOST_INTO = 2**30
PIECE = 2**16  # bytes of an answer that are read at once
GREETING = 2**16  # bytes of what an sshd says before its version
# Bytes of one packet of SSH, as for ssh: PACKET_MAX_SIZE in
# https://github.com/openssh/openssh-portable/blob/V_10_0_P1/packet.c
PACKET = 2**18


class TooLate(Exception):
    """The time of an exchange is over."""


class TooLong(Exception):
    """An answer is longer than MOST."""


def one_heap() -> None:
    """Let the threads that begin from now on share one heap. By default glibc gives each its own, which keeps what a
    long answer took in it, and with Python's lock no two are used at once.

    https://man7.org/linux/man-pages/man3/mallopt.3.html; elsewhere nothing changes.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


class LongAnswer:
    """The turn of an answer of more than SHORT bytes, taken while it comes and given back once it is understood."""

    _turn = threading.Lock()

    def __init__(self) -> None:
        self._taken = False

    def __enter__(self) -> "LongAnswer":
        return self

    def __exit__(self, *_: object) -> None:
        if self._taken:
            self._turn.release()

    def take(self, seconds: float) -> None:
        """Wait for it, if it is not taken yet. Raises TooLate."""
        self._taken = self._taken or self._turn.acquire(timeout=seconds)
        if not self._taken:
            raise TooLate


class Pipe(Protocol):
    """The bounded thing: a socket, or a channel of SSH."""

    def recv(self, size: int, /) -> bytes: ...
    def send(self, data: bytes, /) -> int: ...
    def settimeout(self, seconds: float | None, /) -> None: ...


class Exchange:
    """A pipe of which each exchange is bounded: `begin` one, send, read the answer. `clock` counts seconds.

    It is the socket that an HTTP client needs, as far as that goes.
    """

    def __init__(self, pipe: Pipe, clock: Callable[[], float] = time.monotonic) -> None:
        self._pipe, self._clock = pipe, clock
        self._end, self._bytes = 0.0, 0

    def begin(self, seconds: float) -> None:
        """From now on there are so many seconds for all that is sent and answered, and MOST bytes for the answer."""
        self._end, self._bytes = self._clock() + seconds, MOST

    def sendall(self, data: bytes) -> None:
        """Send all of it. Raises TooLate, or OSError if the other end is gone."""
        while data:
            self._pipe.settimeout(self._left())
            data = data[self._in_time(self._pipe.send, data) :]

    def recv(self, size: int) -> bytes:
        """Return some of the answer; nothing is its end. Raises TooLate, TooLong or OSError."""
        self._pipe.settimeout(self._left())
        data = self._in_time(self._pipe.recv, size)
        self._bytes -= len(data)
        if self._bytes < 0:
            raise TooLong
        return data

    def settimeout(self, seconds: float) -> None:
        """Nothing: HTTP clients say it again in the middle of an exchange, for which all of it would begin again."""

    def makefile(self, mode: str = "rb") -> BinaryIO:
        """Return a file over the answer."""
        return cast(BinaryIO, io.BufferedReader(_Answer(self), 2**16))

    def _left(self) -> float:
        left = self._end - self._clock()
        if left <= 0:
            raise TooLate
        return left

    @staticmethod
    def _in_time(act: Callable[..., T], *words: object) -> T:
        try:
            return act(*words)
        except TimeoutError as problem:
            raise TooLate from problem
        except EOFError as problem:
            raise ConnectionResetError("the SSH connection broke") from problem


class _Answer(io.RawIOBase):
    """The answer's bytes as they are read. Closing it leaves the pipe open for the next exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._exchange.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)
