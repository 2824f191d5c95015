"""One SSH transport to a host, shared by all threads: opened when first needed, reopened when it dropped.

It remembers for a moment that it could not be opened. How one is opened is in ssh.py; commands are connection.py's.
"""

import threading
import time
from collections.abc import Callable
from functools import cached_property

import paramiko

from providers.hosts.recent_failure import LastFailure
from providers.hosts.ssh.channel import close
from providers.hosts.ssh.destination import Destination
from providers.hosts.ssh.transport import dial, no_answer, open_transport
from providers.rules.vocabulary.errors import HostError, LoginRefused, Unreachable


class Link:
    """The way to one host. `find` says where it is, once that is needed; `clock` counts seconds."""

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
