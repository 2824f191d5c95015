"""One connection a host, shared by all threads: run a command there, or open a stream to one.

Knows nothing of Docker. How an SSH transport is opened is in ssh.py; this file shares it, reopens it when it
dropped, and remembers for a moment that it could not be opened. `local.py` is the same for this machine.
"""

import shlex
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import paramiko

from providers.hosts.channels import Stream, close, closed_after
from providers.hosts.commands import RUN_TIMEOUT, command_failed, with_sudo
from providers.hosts.ssh import bastion_of, dial, no_answer, open_transport, where
from providers.rules.access import HostAccess
from providers.rules.errors import CommandFailed, HostError, LoginRefused, Unreachable

REMEMBER_FAILURE = 5.0  # seconds in which nobody tries again: many resources on one dead host wait once


class Connection:
    """A host by SSH: one transport, opened when first needed. `clock` counts seconds."""

    def __init__(self, access: HostAccess, clock: Callable[[], float] = time.monotonic) -> None:
        self.access = access
        self.name = access.name
        self.opened = 0  # transports so far
        self._clock = clock
        self._lock = threading.Lock()
        self._transport: paramiko.Transport | None = None
        self._failure: tuple[HostError, float] | None = None

    def run(self, argv: Sequence[str], stdin: bytes | None = None, timeout: float = RUN_TIMEOUT) -> str:
        """What the command writes to stdout, within `timeout` seconds.

        It runs under `sudo -n` where the host's access says so. Words of the command are seen in messages and
        process lists: a secret goes to its stdin. Raises CommandFailed with its exit status and last line on
        stderr, or another HostError.
        """
        channel = self._open_channel(argv)
        with closed_after(channel, timeout) as expired:
            with suppress(OSError, EOFError):  # it need not read its stdin; how it ends tells what is wrong
                channel.sendall(stdin or b"")
                channel.shutdown_write()
            output = channel.makefile("rb").read()
            complaint = channel.makefile_stderr("rb").read().decode(errors="replace")
            status = channel.recv_exit_status()
        close(channel)
        if expired.is_set():
            raise CommandFailed(f"{self.name}: {shlex.join(argv)}: not done within {timeout:g} s")
        if status < 0:
            raise Unreachable(f"{where(self.access)}: the connection broke during {shlex.join(argv)}")
        if status:
            raise command_failed(self.access, argv, status, complaint)
        return output.decode(errors="replace")

    def open_stream(self, argv: Sequence[str]) -> Stream:
        """A stream to a command, after `sudo -n` where the host's access says so. Raises HostError."""
        return Stream(self._open_channel(argv))

    def open_tunnel(self, address: str, port: int) -> paramiko.Channel:
        """A channel to another host's port, as this host reaches it. Raises HostError."""
        timeout = self.access.connect_timeout
        try:
            return self._on_transport(
                lambda transport: transport.open_channel(
                    "direct-tcpip", (address, port), ("127.0.0.1", 0), timeout=timeout
                )
            )
        except paramiko.ChannelException as problem:
            place = f"{where(self.access)}: {address} port {port}"
            if problem.code == paramiko.common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED:
                raise LoginRefused(f"{place}: sshd forwards no ports: set AllowTcpForwarding there") from problem
            raise Unreachable(f"{place}: not reachable from there: {problem.text.lower()}") from problem

    def close(self) -> None:
        """Close the transport; the next use opens another."""
        with self._lock:
            if self._transport:
                close(self._transport)
            self._transport = None
            self._failure = None

    def _open_channel(self, argv: Sequence[str]) -> paramiko.Channel:
        command = shlex.join(with_sudo(self.access, argv))

        def execute(transport: paramiko.Transport) -> paramiko.Channel:
            channel = transport.open_session(timeout=self.access.connect_timeout)
            with closed_after(channel, self.access.connect_timeout):
                channel.exec_command(command)
            return channel

        try:
            return self._on_transport(execute)
        except paramiko.ChannelException as problem:
            raise LoginRefused(
                f"{where(self.access)}: sshd opens no further session ({problem.text.lower()}): "
                "set MaxSessions there to 10 or more"
            ) from problem

    def _on_transport(self, open_on: Callable[[paramiko.Transport], paramiko.Channel]) -> paramiko.Channel:
        """A channel on the shared transport; one that turns out to be dead is replaced, once."""
        while True:
            transport, is_new = self._shared_transport()
            try:
                return open_on(transport)
            except paramiko.ChannelException:
                raise
            except (paramiko.SSHException, EOFError, OSError) as problem:
                self._drop(transport)
                if is_new:
                    raise no_answer(self.access) from problem

    def _shared_transport(self) -> tuple[paramiko.Transport, bool]:
        """The transport, and whether it was opened just now; who comes meanwhile shares the result."""
        with self._lock:
            if self._transport and self._transport.is_active():
                return self._transport, False
            if self._failure and self._clock() < self._failure[1]:
                raise type(self._failure[0])(*self._failure[0].args) from self._failure[0]
            try:
                self._transport = self._open_transport()
            except HostError as problem:
                self._failure = problem, self._clock() + REMEMBER_FAILURE
                raise
            return self._transport, True

    def _open_transport(self) -> paramiko.Transport:
        self.opened += 1
        bastion = bastion_of(self.access)
        if bastion is None:
            return open_transport(self.access, dial(self.access))
        try:
            tunnel = _bastion(bastion).open_tunnel(self.access.address or "", self.access.port)
        except HostError as problem:
            raise type(problem)(f"{self.name}: by bastion {problem}") from problem
        return open_transport(self.access, tunnel)

    def _drop(self, transport: paramiko.Transport) -> None:
        """Close a dead transport, unless another thread has already put a new one in its place."""
        with self._lock:
            if self._transport is transport:
                self._transport = None
        close(transport)


_bastions: dict[HostAccess, Connection] = {}
_bastions_lock = threading.Lock()


def _bastion(access: HostAccess) -> Connection:
    """The process's one connection to a bastion, whatever hosts lie behind it."""
    with _bastions_lock:
        return _bastions.setdefault(access, Connection(access))
