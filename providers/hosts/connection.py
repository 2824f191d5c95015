"""One connection a host, shared by all threads: run a command, or open a channel to one.

Knows nothing of Docker. How an SSH transport is opened is in ssh.py; this file shares it, reopens it when it
dropped, and remembers for a moment that it could not be opened.
"""

import shlex
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import paramiko

from providers.hosts.ssh import HostAccess, dial, open_transport, where
from providers.rules.errors import CommandFailed, HostError, LoginRefused, Unreachable

REMEMBER_FAILURE = 5.0  # seconds in which nobody tries again: many resources on one dead host wait once


class Connection:
    """A host by SSH. One transport, opened when first needed; `clock` counts seconds."""

    def __init__(self, access: HostAccess, clock: Callable[[], float] = time.monotonic) -> None:
        self.access = access
        self.name = access.name
        self._clock = clock
        self._lock = threading.Lock()
        self._transport: paramiko.Transport | None = None
        self._failure: HostError | None = None
        self._failed_at = 0.0

    def run(self, argv: Sequence[str], stdin: bytes | None = None, timeout: float = 60) -> str:
        """What the command writes to stdout, within `timeout` seconds.

        Raises CommandFailed with its exit status and last line on stderr, or another HostError.
        """
        channel = self.open_channel(argv)
        with _closed_after(channel, timeout) as expired:
            if stdin:
                channel.sendall(stdin)
            channel.shutdown_write()
            output = channel.makefile("rb").read()
            complaint = channel.makefile_stderr("rb").read()
            status = channel.recv_exit_status()
        channel.close()
        if expired.is_set():
            raise CommandFailed(f"{self.name}: {shlex.join(argv)}: not done within {timeout:g} s")
        if status:
            raise self._failed(argv, status, complaint.decode(errors="replace"))
        return output.decode(errors="replace")

    def open_channel(self, argv: Sequence[str]) -> paramiko.Channel:
        """A channel to a command's stdin and stdout, after `sudo -n` where its access says so.

        Raises HostError. A transport that turns out to be dead is reopened once.
        """
        transport, fresh = self._shared_transport()
        try:
            return self._execute(transport, argv)
        except Unreachable:
            if fresh:
                raise
            self._drop(transport)
        return self._execute(self._shared_transport()[0], argv)

    def last_words(self, channel: paramiko.Channel) -> tuple[int | None, str]:
        """Exit status (None: the link itself broke) and last stderr line of a command that has ended."""
        with _closed_after(channel, 5):
            complaint = channel.makefile_stderr("rb").read().decode(errors="replace")
            status = channel.recv_exit_status()
        channel.close()
        return (None if status < 0 else status), _last_line(complaint)

    def is_open(self, channel: paramiko.Channel) -> bool:
        """Whether the channel can still be written to and has nothing unread."""
        return not (channel.closed or channel.eof_received or channel.recv_ready())

    def close(self) -> None:
        """Close the transport; the next use opens another."""
        with self._lock:
            if self._transport:
                self._transport.close()
            self._transport = None

    def _execute(self, transport: paramiko.Transport, argv: Sequence[str]) -> paramiko.Channel:
        timeout = self.access.connect_timeout
        try:
            channel = transport.open_session(timeout=timeout)
            with _closed_after(channel, timeout):
                channel.exec_command(self._command(argv))
        except paramiko.ChannelException as problem:
            raise LoginRefused(
                f"{self.name}: sshd opens no more sessions ({problem.text}): raise MaxSessions to 10"
            ) from problem
        except (paramiko.SSHException, EOFError, OSError) as problem:
            raise Unreachable(
                f"{where(self.access)}: the connection was lost, or gives no answer within {timeout:g} s"
            ) from problem
        return channel

    def _command(self, argv: Sequence[str]) -> str:
        return shlex.join(("sudo", "-n", *argv) if self.access.sudo else argv)

    def _failed(self, argv: Sequence[str], status: int, complaint: str) -> HostError:
        line = _last_line(complaint)
        if self.access.sudo and line.startswith("sudo:"):
            return sudo_refused(self.access, line)
        if status < 0:
            return Unreachable(f"{where(self.access)}: the connection was lost during {shlex.join(argv)}")
        return CommandFailed(f"{self.name}: {shlex.join(argv)}: exit status {status}: {line}")

    def _shared_transport(self) -> tuple[paramiko.Transport, bool]:
        """The transport, and whether it was opened just now; who comes meanwhile shares the result."""
        with self._lock:
            if self._transport and self._transport.is_active():
                return self._transport, False
            if self._failure and self._clock() - self._failed_at < REMEMBER_FAILURE:
                raise type(self._failure)(*self._failure.args) from self._failure
            try:
                self._transport = open_transport(self.access, dial(self.access))
            except HostError as problem:
                self._failure, self._failed_at = problem, self._clock()
                raise
            return self._transport, True

    def _drop(self, transport: paramiko.Transport) -> None:
        """Close a transport that is dead, unless another thread has already put a new one in its place."""
        with self._lock:
            if self._transport is transport:
                self._transport = None
        transport.close()


def sudo_refused(access: HostAccess, line: str) -> LoginRefused:
    """The error for sudo's own refusal, which `line` holds."""
    return LoginRefused(
        f"{where(access)}: sudo as {access.user}: {line.removeprefix('sudo:').strip()}: "
        "allow it without a password (NOPASSWD) in sudoers"
    )


@contextmanager
def _closed_after(channel: paramiko.Channel, seconds: float) -> Iterator[threading.Event]:
    """Close the channel when time is up, which ends whatever waits for it; some of paramiko's waits have no
    timeout of their own. The event tells whether that happened."""
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        channel.close()

    timer = threading.Timer(seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""
