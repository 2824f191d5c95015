"""One connection a host, shared by all threads: run a command there, or open a stream to one.

Knows nothing of Docker. How a transport is opened is in transport.py; `local.py` is the same for this machine.
"""

import shlex
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import IO

import paramiko

from providers.hosts.bounds import MOST_INTO, PIECE, ROUTES
from providers.hosts.commands import RUN_TIMEOUT, as_run, command_failed, with_sudo
from providers.hosts.recent_failure import LastFailure
from providers.hosts.ssh.channel import Stream, close, closed_after, last_words
from providers.hosts.ssh.destination import Destination, destination
from providers.hosts.ssh.transport import dial, no_answer, open_transport
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import CommandFailed, HostError, LoginRefused, Unreachable


class Connection:
    """A host by SSH. `clock` counts seconds."""

    def __init__(self, access: HostAccess, clock: Callable[[], float] = time.monotonic) -> None:
        self.access = access
        self.name = access.name
        self.link = Link(lambda: destination(access), clock)

    @property
    def user(self) -> str:
        """Return the name of the user who is logged in. Raises HostError."""
        return self.link.to.user

    def run(
        self,
        argv: Sequence[str],
        stdin: bytes | None = None,
        timeout: float = RUN_TIMEOUT,
        *,
        as_root: bool = True,
        outlives: bool = False,
    ) -> str:
        """Run a command within `timeout` seconds and return its stdout.

        It runs under `sudo -n` if the host's access says so, unless it need not (`as_root`). One that `outlives` us
        goes on when the link breaks, and writes nothing to stdout. Words of the command are seen in messages and
        process lists: a secret goes to its stdin. Raises CommandFailed with its exit status and last line on stderr, or
        another HostError.
        """
        channel = self._open_channel(as_run(self.access, argv, as_root=as_root, outlives=outlives))
        with closed_after(channel, timeout) as expired:
            with suppress(OSError, EOFError):  # it need not read its stdin; its exit tells what is wrong
                channel.sendall(stdin or b"")
                channel.shutdown_write()
            output = channel.makefile("rb").read(ROUTES + 1)
            if len(output) > ROUTES:
                close(channel)
                raise CommandFailed(f"{self.name}: {shlex.join(argv)}: it writes more than {ROUTES >> 20} MiB")
            ended = last_words(channel)
        close(channel)
        self._refuse_failed(argv, ended, timeout if expired.is_set() else None)
        return output.decode(errors="replace")

    def run_into(self, file: IO[bytes], argv: Sequence[str], named: Sequence[str], timeout: float) -> None:
        """Run a command, as it is, and write its stdout to a file as it comes. named: what errors call it.

        Raises as `run`, and OSError if the file takes no more.
        """
        channel, left = self._open_channel(argv), MOST_INTO
        try:
            with closed_after(channel, timeout) as expired:
                with suppress(OSError, EOFError):
                    channel.shutdown_write()
                while (data := channel.recv(PIECE)) and left >= 0:
                    left -= file.write(data)
                if left < 0:
                    raise CommandFailed(f"{self.name}: {shlex.join(named)}: it writes more than {MOST_INTO >> 20} MiB")
                ended = last_words(channel)
        finally:
            close(channel)
        self._refuse_failed(named, ended, timeout if expired.is_set() else None)

    def open_stream(self, argv: Sequence[str], *, as_root: bool = True) -> Stream:
        """Return a stream to a command, after `sudo -n` if the host has sudo and it needs that. Raises HostError."""
        return Stream(self._open_channel(with_sudo(self.access, argv) if as_root else argv))

    def close(self) -> None:
        """Close the link; the next use opens it again."""
        self.link.close()

    def _refuse_failed(self, argv: Sequence[str], ended: tuple[int, str], expired: float | None) -> None:
        """Raise HostError unless a command has ended well. ended: its last words. expired: the seconds that it had, if
        they are over."""
        status, complaint = ended
        if expired is not None:
            raise CommandFailed(f"{self.name}: {shlex.join(argv)}: not done within {expired:g} s")
        if status < 0:
            raise Unreachable(f"{self.link.to.where}: the connection broke during {shlex.join(argv)}")
        if status:
            raise command_failed(self.access, self.user, argv, status, complaint)

    def _open_channel(self, argv: Sequence[str]) -> paramiko.Channel:
        seconds = self.access.connect_timeout

        def execute(transport: paramiko.Transport) -> paramiko.Channel:
            channel = transport.open_session(timeout=seconds)
            with closed_after(channel, seconds):
                channel.exec_command(shlex.join(argv))
            return channel

        try:
            return self.link.open_channel(execute)
        except paramiko.ChannelException as problem:
            raise LoginRefused(
                f"{self.link.to.where}: sshd refused another session ({problem.text.lower()}): "
                "set MaxSessions to 10 or more"
            ) from problem


class Link:
    """One SSH transport to a host: opened when first needed, reopened when it dropped.

    It remembers for a moment that it could not be opened. `find` says where the host is; `clock` counts seconds.
    """

    def __init__(self, find: Callable[[], Destination], clock: Callable[[], float] = time.monotonic) -> None:
        self.opened = 0  # transports so far
        self._find = find
        self._lock = threading.Lock()
        self._transport: paramiko.Transport | None = None
        self._failure = LastFailure(clock)

    @cached_property
    def to(self) -> Destination:
        """Return where it leads. Raises HostError."""
        return self._find()

    def open_channel(self, open_on: Callable[[paramiko.Transport], paramiko.Channel]) -> paramiko.Channel:
        """Return a channel on the shared transport; one that turns out to be dead is replaced, once.

        Raises HostError, or paramiko's ChannelException if the host opens no such channel.
        """
        while True:
            transport, is_new = self._shared_transport()
            try:
                return open_on(transport)
            except paramiko.ChannelException:
                raise
            except (paramiko.SSHException, EOFError, OSError) as problem:
                self._drop(transport)
                if is_new:
                    raise no_answer(self.to) from problem

    def open_tunnel(self, address: str, port: int) -> paramiko.Channel:
        """Return a channel to another host's port, as this host reaches it. Raises HostError."""
        to = self.to
        origin = ("127.0.0.1", 0)
        try:
            return self.open_channel(
                lambda transport: transport.open_channel(
                    "direct-tcpip", (address, port), origin, timeout=to.connect_timeout
                )
            )
        except paramiko.ChannelException as problem:
            place = f"{to.where}: {address} port {port}"
            if problem.code == paramiko.common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED:
                raise LoginRefused(f"{place}: sshd forwards no ports: set AllowTcpForwarding there") from problem
            raise Unreachable(f"{place}: not reachable from there: {problem.text.lower()}") from problem

    def close(self) -> None:
        """Close the transport; the next use opens another."""
        with self._lock:
            if self._transport:
                close(self._transport)
            self._transport = None
            self._failure.forget()

    def _shared_transport(self) -> tuple[paramiko.Transport, bool]:
        """Return the transport, and whether it was opened just now; concurrent callers share the result."""
        with self._lock:
            if self._transport and self._transport.is_active():
                return self._transport, False
            self._failure.again()
            try:
                self._transport = self._open_transport()
            except HostError as problem:
                self._failure.note(problem)
                raise
            return self._transport, True

    def _open_transport(self) -> paramiko.Transport:
        self.opened += 1
        to = self.to
        if to.bastion is None:
            return open_transport(to, dial(to))
        try:
            tunnel = _through(to.bastion).open_tunnel(to.address, to.port)
        except HostError as problem:
            raise type(problem)(f"{to.name}: by bastion {problem}") from problem
        return open_transport(to, tunnel)

    def _drop(self, transport: paramiko.Transport) -> None:
        """Close a dead transport, unless another thread has already put a new one in its place."""
        with self._lock:
            if self._transport is transport:
                self._transport = None
        close(transport)


_bastions: dict[Destination, Link] = {}
_bastions_lock = threading.Lock()


def _through(bastion: Destination) -> Link:
    """Return the process's one link to a bastion, whatever hosts lie behind it."""
    with _bastions_lock:
        return _bastions.setdefault(bastion, Link(lambda: bastion))
