"""From a host's access to a verified, logged-in SSH transport: the socket, the handshake, the login.

Nothing about Docker, and nothing that outlives the opening of one transport: sharing and reopening are
connection.py's.
"""

import logging
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import paramiko
from paramiko.pkey import UnknownKeyType

from providers.hosts.channels import close
from providers.hosts.hostkeys import key_types, known_keys, verify
from providers.rules.access import HostAccess
from providers.rules.errors import HostError, LoginRefused, Unreachable

KEEPALIVE = 5  # seconds between two signs of life on an idle link
DEFAULT_KEYS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")

# What paramiko logs it raises too; without a handler, Python would print its tracebacks on stderr.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


def open_transport(access: HostAccess, sock: socket.socket | paramiko.Channel) -> paramiko.Transport:
    """A transport over `sock` whose host key is verified and whose login is done.

    Raises Unreachable, HostKeyUnknown, HostKeyMismatch or LoginRefused; then `sock` is closed.
    """
    transport = paramiko.Transport(sock)
    transport.auth_timeout = transport.channel_timeout = access.connect_timeout
    transport.banner_timeout = access.connect_timeout + 1  # start_client's own timeout is the clearer one
    try:
        known = known_keys(access)
        options = transport.get_security_options()
        options.key_types = key_types(known, options.key_types)
        verify(access, where(access), _shown_key(access, transport), known)
        _log_in(access, transport)
    except HostError:
        close(transport)
        close(sock)  # a transport that has not begun leaves it open
        raise
    transport.set_keepalive(KEEPALIVE)
    return transport


def dial(access: HostAccess) -> socket.socket:
    """A TCP connection to the host's sshd, which breaks by itself when the host falls silent.

    TCP_NODELAY: without it an overlay's creation takes 47 ms in place of 4 (lab-measured). TCP_USER_TIMEOUT
    (Linux): data that stays unacknowledged ends the connection, https://www.rfc-editor.org/rfc/rfc5482; with
    a sign of life every few seconds, a cut link is noticed within KEEPALIVE + connect_timeout seconds.
    """
    try:
        sock = socket.create_connection((access.address or "", access.port), access.connect_timeout)
    except TimeoutError as problem:
        raise no_answer(access) from problem
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise Unreachable(f"{where(access)}: {reason}: check its address and port, and that sshd runs") from problem
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(access.connect_timeout * 1000))
    return sock


def where(access: HostAccess) -> str:
    """How messages name a host: `h2 (198.51.100.12:22)`."""
    address = f"[{access.address}]" if ":" in (access.address or "") else access.address
    return f"{access.name} ({address}:{access.port})"


def bastion_of(access: HostAccess) -> HostAccess | None:
    """How the host's bastion is reached: by the host's own user, key and known_hosts where it says no other."""
    if not access.bastion:
        return None
    user, _, place = access.bastion.rpartition("@")
    url = urlsplit(f"//{place}")
    return HostAccess(
        name=url.hostname or place,
        address=url.hostname,
        port=url.port or paramiko.config.SSH_PORT,
        user=user or access.user,
        key_file=access.key_file,
        known_hosts=access.known_hosts,
        connect_timeout=access.connect_timeout,
    )


def no_answer(access: HostAccess) -> Unreachable:
    """The error for a host that says nothing."""
    return Unreachable(
        f"{where(access)}: no answer within {access.connect_timeout:g} s: "
        "check that the host is up and reachable from here"
    )


def _shown_key(access: HostAccess, transport: paramiko.Transport) -> paramiko.PKey:
    """The host key that the server has proved to hold."""
    try:
        transport.start_client(timeout=access.connect_timeout)
    except (paramiko.SSHException, EOFError, OSError) as problem:
        reason = str(problem).rstrip(".").lower() or "it hung up"
        raise Unreachable(f"{where(access)}: something answers, but not as SSH does: {reason}") from problem
    try:
        return transport.get_remote_server_key()
    except paramiko.SSHException as problem:  # time was up, which start_client does not tell
        raise no_answer(access) from problem


def _log_in(access: HostAccess, transport: paramiko.Transport) -> None:
    """Try each key once. Raises LoginRefused, naming what was tried."""
    tried: list[str] = []
    with closing(_agent(access)) as agent:
        for label, key in _login_keys(access, agent, tried):
            try:
                further = transport.auth_publickey(access.user, key)
            except paramiko.BadAuthenticationType as problem:
                raise _refused(access, f"takes {' or '.join(problem.allowed_types)}, no keys") from problem
            except (paramiko.SSHException, EOFError) as problem:
                tried.append(f"{label} refused")
                if not transport.is_active():
                    raise _refused(access, f"{', '.join(tried)}, then it hung up") from problem
                continue
            if further:
                raise _refused(access, f"{label} accepted, but {' or '.join(further)} wanted as well")
            return
    raise _refused(access, ", ".join(tried) or "there is no key to try")


def _agent(access: HostAccess) -> paramiko.Agent:
    """The SSH agent, an empty one where none runs."""
    try:
        return paramiko.Agent()
    except paramiko.SSHException as problem:
        raise _refused(access, "the SSH agent does not list its keys") from problem


def _refused(access: HostAccess, how: str) -> LoginRefused:
    return LoginRefused(
        f"{where(access)}: no login as {access.user}: {how}: "
        "give a key_file that is accepted there, or add such a key to the agent"
    )


def _login_keys(access: HostAccess, agent: paramiko.Agent, tried: list[str]) -> Iterator[tuple[str, paramiko.PKey]]:
    """The named key file, then the agent's keys, then (where no file is named) the usual files in ~/.ssh.

    A file that cannot be used is noted in `tried`: an encrypted one works through the agent.
    """
    if access.key_file:
        yield from _from_file(access.key_file, tried)
    for key in agent.get_keys():
        yield f"agent's {key.fingerprint}", key
    if not access.key_file:
        for name in DEFAULT_KEYS:
            if Path(name).expanduser().is_file():
                yield from _from_file(name, tried)


def _from_file(name: str, tried: list[str]) -> Iterator[tuple[str, paramiko.PKey]]:
    """The key in a file, with its certificate where one lies beside it."""
    try:
        yield name, paramiko.PKey.from_path(Path(name).expanduser())
    except (paramiko.PasswordRequiredException, TypeError):
        tried.append(f"{name} is encrypted and not in the agent")
    except OSError as problem:
        tried.append(f"{name}: {(problem.strerror or str(problem)).lower()}")
    except (paramiko.SSHException, UnknownKeyType, ValueError):
        tried.append(f"{name} is no private key that can be read")
