"""SSH channels with an end: closed when time is up, and as the socket that an HTTP client needs."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import paramiko

from providers.hosts.bounds import COMPLAINT, Exchange
from providers.hosts.commands import LAST_WORDS
from providers.rules.vocabulary.errors import HostError


class Stream(Exchange):
    """A remote command's stdin and stdout."""

    def __init__(self, channel: paramiko.Channel) -> None:
        super().__init__(channel)
        self._channel = channel

    def recv(self, size: int) -> bytes:
        """Return some of the answer; nothing is its end. Raises HostError besides, for what a host may not send."""
        data = super().recv(size)
        if not data:
            raise_refusal(self._channel)
        return data

    def close(self) -> None:
        """Close it, which ends the command."""
        close(self._channel)

    @property
    def is_open(self) -> bool:
        """Tell whether it can still be written to and has nothing unread."""
        channel = self._channel
        return not (channel.closed or channel.eof_received or channel.recv_ready())

    def last_words(self) -> tuple[int, str]:
        """Exit status and stderr of a command that has ended; the status is negative if the link broke."""
        with closed_after(self._channel, LAST_WORDS):
            found = last_words(self._channel)
        self.close()
        return found


def last_words(channel: paramiko.Channel) -> tuple[int, str]:
    """Return exit status and stderr of a command that has closed its stdout; the status is negative if the link broke.

    Raises HostError if it broke since the host sent what it may not.
    """
    complaint = channel.makefile_stderr("rb").read(COMPLAINT).decode(errors="replace")
    status = channel.recv_exit_status()
    raise_refusal(channel)
    return status, complaint


def raise_refusal(channel: paramiko.Channel) -> None:
    """Raise the HostError for which the transport of a channel was ended (transport.py), if it was for one."""
    problem = channel.get_transport().saved_exception
    if isinstance(problem, HostError):
        raise type(problem)(*problem.args) from problem


def close(one: paramiko.Channel | paramiko.Transport | socket.socket) -> None:
    """Close a channel or a transport, be what carries it dead or alive: paramiko says goodbye over it.

    A channel that another thread is just opening is known to the transport before it knows that one, which is an
    AttributeError: https://github.com/paramiko/paramiko/blob/5.1.0/paramiko/transport.py#L1042-L1045
    """
    with suppress(OSError, EOFError, paramiko.SSHException, AttributeError):
        one.close()


@contextmanager
def closed_after(channel: paramiko.Channel, seconds: float) -> Iterator[threading.Event]:
    """Close the channel when time is up, which ends whatever waits for it; the event tells that it was so.

    Some of paramiko's waits (exec_command, recv_exit_status) have no timeout of their own.
    """
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        close(channel)

    timer = threading.Timer(seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()
