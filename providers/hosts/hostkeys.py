"""Which host keys are known for a host, and whether the one it shows is among them. Never takes one unseen."""

import binascii
from base64 import b64decode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import paramiko
from paramiko.hostkeys import HostKeys
from paramiko.pkey import UnknownKeyType

from providers.rules.access import HostAccess
from providers.rules.errors import HostKeyMismatch, HostKeyUnknown

KNOWN_HOSTS = ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")


@dataclass(frozen=True)
class KnownKey:
    """A host key, and where it was found: `host_key`, or a file and its line."""

    key: paramiko.PKey
    source: str
    revoked: bool = False


def known_keys(access: HostAccess) -> list[KnownKey]:
    """What is known for the host: its `host_key` alone, or else its lines in known_hosts.

    Raises HostKeyUnknown where `host_key` is not `<type> <base64>`.
    """
    if access.host_key:
        return [_given(access, access.host_key)]
    address = access.address or ""
    name = address if access.port == paramiko.config.SSH_PORT else f"[{address}]:{access.port}"
    return [
        known
        for path in _files(access)
        if Path(path).expanduser().is_file()
        for known in _in_lines(_read_file(access, path), path, name)
    ]


def _files(access: HostAccess) -> tuple[str, ...]:
    return (access.known_hosts,) if access.known_hosts else KNOWN_HOSTS


def key_types(known: Iterable[KnownKey], offered: Iterable[str]) -> list[str]:
    """The key types we can take, those known first, so that the server shows the key that is known for it."""
    types = {"rsa-sha2-512" if each.key.get_name() == "ssh-rsa" else each.key.get_name() for each in known}
    return sorted(offered, key=lambda name: name not in types)


def verify(access: HostAccess, place: str, shown: paramiko.PKey, known: list[KnownKey]) -> None:
    """Return if `shown` is known for the host at `place`. Raises HostKeyUnknown or HostKeyMismatch."""
    same = [each for each in known if each.key == shown]
    if same and not any(each.revoked for each in same):
        return
    ours = f"it shows {_described(shown)}"
    if same:
        raise HostKeyMismatch(f"{place}: {ours}, which {same[0].source} revokes: the key is not to be trusted")
    trusted = [each for each in known if not each.revoked]
    if not trusted:
        raise HostKeyUnknown(
            f"{place}: no host key is known for it in {' or '.join(_files(access))}; {ours}: "
            "compare that with the host itself, then add its key there or give it as host_key"
        )
    theirs = ", ".join(f"{_described(each.key)} ({each.source})" for each in trusted)
    raise HostKeyMismatch(
        f"{place}: its host key has changed; {ours}, known is {theirs}: "
        "somebody may sit in between; if the host was set up anew, put its new key there"
    )


def _described(key: paramiko.PKey) -> str:
    """A key as `ssh-keygen -l` shows it, such as `ssh-ed25519 SHA256:…`."""
    return f"{key.get_name()} {key.fingerprint}"


def _given(access: HostAccess, line: str) -> KnownKey:
    key_type, _, rest = line.partition(" ")
    try:
        return KnownKey(_read(key_type, rest.split()[0]), "host_key")
    except (IndexError, *_UNREADABLE) as problem:
        raise HostKeyUnknown(
            f"{access.name}: host_key is no key that can be read: write its type and base64, `ssh-ed25519 AAAA…`"
        ) from problem


def _read_file(access: HostAccess, path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8", errors="replace")
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise HostKeyUnknown(f"{access.name}: {path} cannot be read: {reason}") from problem


def _in_lines(text: str, path: str, name: str) -> Iterator[KnownKey]:
    """A host's keys in known_hosts (https://man.openbsd.org/sshd#SSH_KNOWN_HOSTS_FILE_FORMAT).

    Certification authorities, and keys of types we cannot read, are passed over.
    """
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        revoked = line.startswith("@revoked")
        patterns, *key = fields[1:] if revoked else fields or [""]
        if len(key) < 2 or patterns.startswith(("#", "@")) or not _match(patterns, name):
            continue
        try:
            yield KnownKey(_read(key[0], key[1]), f"{path} line {number}", revoked)
        except _UNREADABLE:
            continue


def _match(patterns: str, name: str) -> bool:
    """Whether a line's first field means `name`: plain, hashed, with wildcards, or excluded by `!`."""
    found = False
    for pattern in patterns.split(","):
        if pattern.startswith("|1|"):
            found |= HostKeys.hash_host(name, pattern) == pattern
        elif pattern.startswith("!") and _alike(name, pattern[1:]):
            return False
        else:
            found |= _alike(name, pattern)
    return found


def _alike(name: str, pattern: str) -> bool:
    """fnmatch with `*` and `?` alone: brackets in known_hosts hold an address with a port."""
    return fnmatchcase(name, pattern.replace("[", "[[]"))


_UNREADABLE = (binascii.Error, paramiko.SSHException, UnknownKeyType)


def _read(key_type: str, base64: str) -> paramiko.PKey:
    return paramiko.PKey.from_type_string(key_type, b64decode(base64))
