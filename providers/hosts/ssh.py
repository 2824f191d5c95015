"""From a host's access to a verified, logged-in SSH transport: host keys, keys to log in with, the socket.

Nothing about Docker, and nothing that outlives the opening of one transport (sharing and reopening are
connection.py's). A host key is never accepted unseen: known_hosts or `host_key` must hold it.
"""

import binascii
import logging
import socket
from base64 import b64decode
from collections.abc import Iterable, Iterator
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Protocol

import paramiko
from paramiko.hostkeys import HostKeys
from paramiko.pkey import UnknownKeyType

from providers.rules.errors import HostKeyMismatch, HostKeyUnknown, LoginRefused, Unreachable

SSH_PORT = 22
KEEPALIVE = 5  # seconds between two signs of life on an idle link
KNOWN_HOSTS = ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")
DEFAULT_KEYS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")

# What paramiko logs is raised as well; without a handler Python would print its tracebacks on stderr.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class HostAccess(Protocol):
    """How a host is reached."""

    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str | None: ...
    @property
    def local(self) -> bool: ...
    @property
    def port(self) -> int: ...
    @property
    def user(self) -> str: ...
    @property
    def key_file(self) -> str | None: ...
    @property
    def known_hosts(self) -> str | None: ...
    @property
    def host_key(self) -> str | None: ...
    @property
    def sudo(self) -> bool: ...
    @property
    def bastion(self) -> str | None: ...
    @property
    def connect_timeout(self) -> float: ...
    @property
    def advertise_address(self) -> str | None: ...
    @property
    def listen_address(self) -> str | None: ...
    @property
    def data_path_address(self) -> str | None: ...


def open_transport(access: HostAccess, sock: socket.socket | paramiko.Channel) -> paramiko.Transport:
    """A transport over `sock` whose host key is verified and whose login is done.

    Raises Unreachable, HostKeyUnknown, HostKeyMismatch or LoginRefused; then `sock` is closed.
    """
    known = list(known_keys(access))
    transport = paramiko.Transport(sock)
    transport.banner_timeout = transport.auth_timeout = transport.channel_timeout = access.connect_timeout
    _ask_for_known_types(transport, known)
    try:
        _negotiate(access, transport)
        _verify(access, transport.get_remote_server_key(), known)
        _log_in(access, transport)
    except BaseException:
        transport.close()
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
        raise Unreachable(
            f"{where(access)}: no answer within {access.connect_timeout:g} s: "
            "check that the host is up and reachable from here"
        ) from problem
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise Unreachable(f"{where(access)}: {reason}: check the address, the port, and that sshd runs") from problem
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(access.connect_timeout * 1000))
    return sock


def where(access: HostAccess) -> str:
    """How messages name a host: `h2 (198.51.100.12:22)`."""
    address = f"[{access.address}]" if ":" in (access.address or "") else access.address
    return f"{access.name} ({address}:{access.port})"


def known_keys(access: HostAccess) -> Iterator[paramiko.PKey]:
    """The host keys known for the host, best source first: `host_key` alone, or its lines in known_hosts.

    Raises HostKeyUnknown where `host_key` cannot be read as `<type> <base64>`.
    """
    if access.host_key:
        fields = access.host_key.split()
        try:
            start = 0 if fields[0].startswith(("ssh-", "ecdsa-")) else 1
            yield paramiko.PKey.from_type_string(fields[start], b64decode(fields[start + 1]))
        except (IndexError, binascii.Error, paramiko.SSHException, UnknownKeyType) as problem:
            raise HostKeyUnknown(
                f"{access.name}: host_key is not a key: write it as in known_hosts, `ssh-ed25519 AAAA…`"
            ) from problem
        return
    name = access.address or ""
    name = name if access.port == SSH_PORT else f"[{name}]:{access.port}"
    for path in _known_hosts_files(access):
        if path.is_file():
            yield from _keys_for(name, path.read_text(encoding="utf-8", errors="replace").splitlines())


def _known_hosts_files(access: HostAccess) -> list[Path]:
    named = (access.known_hosts,) if access.known_hosts else KNOWN_HOSTS
    return [Path(name).expanduser() for name in named]


def _keys_for(name: str, lines: Iterable[str]) -> Iterator[paramiko.PKey]:
    """The keys of `name` in known_hosts lines (https://man.openbsd.org/sshd#SSH_KNOWN_HOSTS_FILE_FORMAT).

    Lines with a marker (@revoked, @cert-authority) and keys of types we cannot read are passed over.
    """
    for line in lines:
        fields = line.split()
        if len(fields) < 3 or fields[0].startswith(("#", "@")) or not _names(fields[0], name):
            continue
        try:
            yield paramiko.PKey.from_type_string(fields[1], b64decode(fields[2]))
        except (binascii.Error, paramiko.SSHException, UnknownKeyType):
            continue


def _names(patterns: str, name: str) -> bool:
    """Whether a line's first field means `name`: plain, hashed, with wildcards, or not (`!`)."""
    found = False
    for pattern in patterns.split(","):
        if pattern.startswith("|1|"):
            found |= HostKeys.hash_host(name, pattern) == pattern
        elif pattern.startswith("!") and fnmatchcase(name, _literal_brackets(pattern[1:])):
            return False
        else:
            found |= fnmatchcase(name, _literal_brackets(pattern))
    return found


def _literal_brackets(pattern: str) -> str:
    """`[host]:port` without fnmatch's meaning of brackets."""
    return pattern.replace("[", "[[]")


def _ask_for_known_types(transport: paramiko.Transport, known: Iterable[paramiko.PKey]) -> None:
    """Have the server show a key of a type that is known, so that another good key of it is no mismatch."""
    options = transport.get_security_options()
    types = {"rsa-sha2-512" if key.get_name() == "ssh-rsa" else key.get_name() for key in known}
    options.key_types = sorted(options.key_types, key=lambda name: name not in types)


def _negotiate(access: HostAccess, transport: paramiko.Transport) -> None:
    try:
        transport.start_client(timeout=access.connect_timeout)
    except (paramiko.SSHException, EOFError, OSError) as problem:
        raise Unreachable(
            f"{where(access)}: it answers, but not with SSH: {str(problem).rstrip('.').lower()}"
        ) from problem


def _verify(access: HostAccess, shown: paramiko.PKey, known: list[paramiko.PKey]) -> None:
    """Raises HostKeyUnknown or HostKeyMismatch unless `shown` is among `known`."""
    if shown in known:
        return
    source = "host_key" if access.host_key else " and ".join(map(str, _known_hosts_files(access)))
    ours = f"it shows {shown.get_name()} {shown.fingerprint}"
    if not known:
        raise HostKeyUnknown(
            f"{where(access)}: no key is known for it in {source}; {ours}: compare that with the host, "
            "then add its key there or give it as host_key"
        )
    theirs = ", ".join(f"{key.get_name()} {key.fingerprint}" for key in known)
    raise HostKeyMismatch(
        f"{where(access)}: its host key is another than the one known; {ours}, {source} has {theirs}: "
        "somebody may sit in between; if the host was set up anew, put its new key there"
    )


def _log_in(access: HostAccess, transport: paramiko.Transport) -> None:
    """Try each key once. Raises LoginRefused, naming what was tried."""
    tried: list[str] = []
    with closing(paramiko.Agent()) as agent:
        for label, key in _login_keys(access, agent, tried):
            try:
                remaining = transport.auth_publickey(access.user, key)
            except paramiko.BadAuthenticationType as problem:
                raise _refused(access, "takes no keys, only " + ", ".join(problem.allowed_types)) from problem
            except (paramiko.SSHException, EOFError) as problem:
                tried.append(f"{label}: refused")
                if not transport.is_active():
                    raise _refused(access, f"hung up ({'; '.join(tried)})") from problem
                continue
            if not remaining:
                return
            raise _refused(access, "also asks for " + ", ".join(remaining))
    raise _refused(access, f"refused ({'; '.join(tried) or 'no key in the agent, none in ~/.ssh'})")


def _refused(access: HostAccess, how: str) -> LoginRefused:
    return LoginRefused(
        f"{where(access)}: login as {access.user}: {how}: give a key_file that it takes, or add such a key to the agent"
    )


def _login_keys(access: HostAccess, agent: paramiko.Agent, tried: list[str]) -> Iterator[tuple[str, paramiko.PKey]]:
    """The named key file, then the agent's keys, then (where no file is named) the usual files in ~/.ssh.

    A file that cannot be used is noted in `tried`: an encrypted one works through the agent.
    """
    if access.key_file:
        yield from _from_file(access.key_file, tried)
    for key in agent.get_keys():
        yield f"agent {key.fingerprint}", key
    if not access.key_file:
        for name in DEFAULT_KEYS:
            if Path(name).expanduser().is_file():
                yield from _from_file(name, tried)


def _from_file(name: str, tried: list[str]) -> Iterator[tuple[str, paramiko.PKey]]:
    try:
        yield name, paramiko.PKey.from_path(Path(name).expanduser())
    except (paramiko.PasswordRequiredException, TypeError):
        tried.append(f"{name}: encrypted, and not in the agent")
    except (paramiko.SSHException, UnknownKeyType, ValueError, OSError) as problem:
        tried.append(f"{name}: {problem}")
