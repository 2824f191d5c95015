"""From a destination to a verified, logged-in SSH transport: the socket, the handshake, the login.

Nothing about Docker, and nothing that outlives the opening of one transport: sharing and reopening are
connection.py's.
"""

import logging
import re
import socket
from collections.abc import Callable
from contextlib import closing
from typing import Any, ClassVar, cast

import paramiko
from paramiko.common import MSG_CHANNEL_DATA, MSG_CHANNEL_EXTENDED_DATA
from paramiko.packet import Packetizer

from providers.hosts.bounds import GREETING, PACKET
from providers.hosts.ssh.algorithms import restrict
from providers.hosts.ssh.channel import close
from providers.hosts.ssh.destination import Destination
from providers.hosts.ssh.host_keys import key_types, known_keys, verify
from providers.hosts.ssh.login_keys import login_keys
from providers.rules.vocabulary.errors import HostError, LoginRefused, Unreachable

KEEPALIVE = 5  # seconds between two signs of life on an idle link

# What paramiko logs it raises too; without a handler, Python would print its tracebacks on stderr.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class _Packets(Packetizer):
    """Packets of a bounded length: paramiko reads as much as its peer says that there is, before it verifies anything.

    where: whose they are, for messages. greeting: bytes so far.
    """

    where = ""
    greeting = 0

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        if n > PACKET:
            raise Unreachable(f"{self.where}: it sends a packet of more than {PACKET:,} bytes, which ssh refuses")
        return super().read_all(n, check_rekey)

    def _read_timeout(self, timeout: float) -> bytes:
        words: bytes = super()._read_timeout(timeout)  # type: ignore[misc]
        self.greeting += len(words)
        if self.greeting > GREETING:
            raise paramiko.SSHException(f": more than {GREETING:,} bytes before its version")
        return words


def _within_window(feed: Callable[[paramiko.Channel, Any], None]) -> Callable[[paramiko.Channel, Any], None]:
    """Return what takes data for a channel, and refuses a peer that sends more than it was allowed to: paramiko keeps
    all that was not read."""

    def fed(channel: paramiko.Channel, message: object) -> None:
        feed(channel, message)
        if len(channel.in_buffer) + len(channel.in_stderr_buffer) > channel.in_window_size:
            where = cast(_Transport, channel.transport).packetizer.where
            raise Unreachable(f"{where}: it sends more than the {channel.in_window_size:,} bytes of a channel's window")

    return fed


class _Transport(paramiko.Transport):
    """One that ends at what its peer may not send; `saved_exception` is the HostError that says so."""

    packetizer: _Packets
    _channel_handler_table: ClassVar = {
        **paramiko.Transport._channel_handler_table,  # type: ignore[attr-defined]
        MSG_CHANNEL_DATA: _within_window(paramiko.Channel._feed),  # type: ignore[attr-defined]
        MSG_CHANNEL_EXTENDED_DATA: _within_window(paramiko.Channel._feed_extended),  # type: ignore[attr-defined]
    }


def open_transport(to: Destination, sock: socket.socket | paramiko.Channel) -> paramiko.Transport:
    """Return a transport over `sock` whose host key is verified and whose login is done.

    Raises Unreachable, HostKeyUnknown, HostKeyMismatch or LoginRefused; then `sock` is closed.
    """
    transport = _Transport(sock, packetizer_class=_Packets)
    transport.packetizer.where = to.where
    transport.auth_timeout = transport.channel_timeout = to.connect_timeout
    transport.banner_timeout = to.connect_timeout + 1  # start_client's own timeout is the clearer one
    try:
        known = known_keys(to)
        restrict(transport, to.where, to.algorithms)
        options = transport.get_security_options()
        options.key_types = key_types(known, options.key_types)
        verify(to, _shown_key(to, transport), known)
        _log_in(to, transport)
    except HostError:
        close(transport)
        close(sock)  # a transport that has not begun leaves it open
        raise
    transport.set_keepalive(KEEPALIVE)
    return transport


def dial(to: Destination) -> socket.socket:
    """Return a TCP connection to the host's sshd, which breaks by itself when the host falls silent.

    TCP_NODELAY: without it a creation takes 47 ms, not 4 (measurements.md#calls-over-ssh). TCP_USER_TIMEOUT
    (Linux): data that stays unacknowledged ends the connection, https://www.rfc-editor.org/rfc/rfc5482; with
    a sign of life every few seconds, a cut link is noticed within KEEPALIVE + connect_timeout seconds.
    """
    try:
        sock = socket.create_connection((to.address, to.port), to.connect_timeout)
    except TimeoutError as problem:
        raise no_answer(to) from problem
    except UnicodeError as problem:  # what getaddrinfo says of a label that is empty or too long
        raise Unreachable(
            f"{to.where}: {to.address} is not a host name: check its address, and ~/.ssh/config"
        ) from problem
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise Unreachable(f"{to.where}: {reason}: check its address and port, and that sshd runs") from problem
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(to.connect_timeout * 1000))
    return sock


def no_answer(to: Destination) -> Unreachable:
    """Return the error for a host that says nothing."""
    return Unreachable(
        f"{to.where}: no answer within {to.connect_timeout:g} s: check that the host is up and reachable from here"
    )


def _shown_key(to: Destination, transport: paramiko.Transport) -> paramiko.PKey:
    """Return the host key that the server has proved to hold."""
    try:
        transport.start_client(timeout=to.connect_timeout)
    except paramiko.ssh_exception.IncompatiblePeer as problem:
        raise Unreachable(f"{to.where}: {_nothing_in_common(transport, str(problem))}") from problem
    except (paramiko.SSHException, EOFError, OSError) as problem:
        reason = str(problem).rstrip(".").lower() or "connection closed by remote host"
        raise Unreachable(f"{to.where}: something answers, but it is not SSH: {reason}") from problem
    try:
        shown = transport.get_remote_server_key()
    except paramiko.SSHException as problem:  # time was up, which start_client does not tell
        raise no_answer(to) from problem
    kind = shown.public_blob.key_type if shown.public_blob else shown.get_name()
    agreed = transport.host_key_type or ""
    if kind != re.sub("rsa-sha2-(256|512)", "ssh-rsa", agreed):
        raise Unreachable(
            f"{to.where}: something answers, but it is not SSH: it shows a {kind} key, agreed was {agreed}"
        )
    return shown


def _nothing_in_common(transport: paramiko.Transport, problem: str) -> str:
    """Return paramiko's words, such as `Incompatible ssh peer (no acceptable host key)`, and what it offered."""
    options = transport.get_security_options()
    offered = {
        "kex algorithm": ("KexAlgorithms", options.kex),
        "host key": ("HostKeyAlgorithms", options.key_types),
        "ciphers": ("Ciphers", options.ciphers),
        "macs": ("MACs", options.digests),
    }
    keyword, names = next((offered[kind] for kind in offered if kind in problem), ("Compression", ("none",)))
    return f"its sshd supports none of the {keyword} enabled here ({', '.join(names)}): enable one of them there"


def _log_in(to: Destination, transport: paramiko.Transport) -> None:
    """Try each key once. Raises LoginRefused, naming what was tried."""
    tried: list[str] = []
    with closing(login_keys(to, tried)) as keys:
        for label, key in keys:
            try:
                further = transport.auth_publickey(to.user, key)
            except paramiko.BadAuthenticationType as problem:
                raise _refused(to, f"takes {' or '.join(problem.allowed_types)}, no keys") from problem
            except (paramiko.SSHException, EOFError) as problem:
                tried.append(f"{label} refused")
                if not transport.is_active():
                    raise _refused(
                        to, f"{', '.join(tried)}, then the connection was closed by the remote host"
                    ) from problem
                continue
            if further:
                raise _refused(to, f"{label} accepted, but {' or '.join(further)} required as well")
            return
    raise _refused(to, ", ".join(tried) or "there is no key to try")


def _refused(to: Destination, how: str) -> LoginRefused:
    return LoginRefused(
        f"{to.where}: no login as {to.user}: {how}: "
        "give a key_file that is accepted there, or add such a key to the agent"
    )
