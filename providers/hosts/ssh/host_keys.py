"""Compares the host key that a host shows with those known for it. An unknown key is never accepted."""

import hmac
import re
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from ipaddress import ip_address
from pathlib import Path

import paramiko
from paramiko.pkey import UnknownKeyType

from providers.hosts.ssh.algorithms import SUFFIX
from providers.hosts.ssh.certificates import authority_of, unfit
from providers.hosts.ssh.destination import Destination
from providers.rules.stack_file.access import SSH_PORT
from providers.rules.vocabulary.addresses import is_ip
from providers.rules.vocabulary.errors import HostKeyMismatch, HostKeyUnknown

REVOKED, AUTHORITY = "@revoked", "@cert-authority"


@dataclass(frozen=True)
class KnownKey:
    """A host key or that of an authority, and where it was found: `host_key`, or a file and its line.

    marker: `@revoked`, `@cert-authority` or nothing. other_port: the line speaks of the host's port 22, so that
    another key at this port is no contradiction.
    """

    key: paramiko.PKey
    source: str
    marker: str = ""
    other_port: bool = False


def known_keys(to: Destination) -> list[KnownKey]:
    """Return the keys known for the host: its `host_key`, or else its lines in known_hosts; and all that are revoked.

    Raises HostKeyUnknown if `host_key` is not `<type> <base64>`.
    """
    lines = _of_host(to, to.known_hosts)
    beside = _of_host(to, [path for path in to.revoking if path not in to.known_hosts])
    revoked = [known for known in (*lines, *beside) if known.marker == REVOKED]
    trusted = [_given(to, to.host_key)] if to.host_key else [known for known in lines if known.marker != REVOKED]
    return [*revoked, *trusted]


def _of_host(to: Destination, paths: Iterable[str]) -> list[KnownKey]:
    """Return a host's lines in these files.

    A port other than 22 has lines of its own, `[host]:port`; as for `ssh`, those for the bare name serve if none of
    them has a key. An alias stands for any port.
    """
    existing = [path for path in paths if to.path(path).is_file()]
    texts = [(path, _read_file(to, path)) for path in existing]

    def named(name: str) -> list[KnownKey]:
        return [known for path, text in texts for known in _in_lines(text, path, name)]

    if to.alias or to.port == SSH_PORT:
        return named(to.alias or to.address)
    own = named(f"[{to.address}]:{to.port}")
    if any(not known.marker for known in own):
        return own
    return own + [replace(known, other_port=True) for known in named(to.address)]


def key_types(known: Iterable[KnownKey], offered: Iterable[str]) -> list[str]:
    """Return the key types that may be taken, those known first, so that the server shows the key that is known for it.

    Certificates of any type come first if an authority is known, else last.
    """
    known = list(known)
    types = {"rsa-sha2-512" if each.key.get_name() == "ssh-rsa" else each.key.get_name() for each in known}
    certified = any(each.marker == AUTHORITY for each in known)

    def rank(name: str) -> tuple[bool, bool]:
        return name.endswith(SUFFIX) != certified, name.removesuffix(SUFFIX) not in types

    return sorted(offered, key=rank)


def verify(to: Destination, shown: paramiko.PKey, known: list[KnownKey]) -> None:
    """Return if `shown` is known for the host, by itself or by a certificate, and revoked nowhere. Raises
    HostKeyUnknown or HostKeyMismatch."""
    revoked = [each.source for each in known if each.marker == REVOKED and each.key in (shown, authority_of(shown))]
    if to.revoked_keys and _revokes(to, shown):
        revoked.append(to.revoked_keys)
    if revoked:
        raise HostKeyMismatch(
            f"{to.where}: it shows {_described(shown)}, which {revoked[0]} revokes: the key is not to be trusted"
        )
    if shown.get_name() == "ssh-rsa" and shown.get_bits() < to.algorithms.rsa_bits:
        raise HostKeyMismatch(
            f"{to.where}: it shows {_described(shown)} of {shown.get_bits()} bits: give it one of at least "
            f"{to.algorithms.rsa_bits}"
        )
    if any(each.key == shown for each in known if not each.marker):
        return
    doubt, signer = "", authority_of(shown)
    for by in known:
        if by.marker == AUTHORITY and by.key == signer:
            why_not = unfit(shown, to.alias or to.address, to.algorithms.ca_signatures)
            if not why_not:
                return
            doubt = doubt or f" with a certificate by {by.source} that {why_not}"
    _refuse(to, f"it shows {_described(shown)}{doubt}", known)


def _refuse(to: Destination, ours: str, known: list[KnownKey]) -> None:
    """Raise the error for a key that is not the one known, or that none is known for."""
    own = [each for each in known if not each.marker and not each.other_port]
    if own:
        theirs = ", ".join(f"{_described(each.key)} ({each.source})" for each in own)
        raise HostKeyMismatch(
            f"{to.where}: its host key has changed; {ours}, known is {theirs}: "
            "possibly a man in the middle; if the host was reinstalled, write its new key there"
        )
    authorities = (each for each in known if each.marker == AUTHORITY)
    also = "".join(f", and it has no certificate by {_described(each.key)} ({each.source})" for each in authorities)
    existing = [path for path in to.known_hosts if to.path(path).is_file()] or to.known_hosts[:1]
    raise HostKeyUnknown(
        f"{to.where}: no host key is known for it in {' or '.join(existing) or 'any file'}{also}; {ours}: "
        "compare that with the host itself, then add its key there or give it as host_key"
    )


def _described(key: paramiko.PKey) -> str:
    """Return a key as `ssh-keygen -l` shows it, such as `ssh-ed25519 SHA256:…`."""
    return f"{key.get_name()} {key.fingerprint}"


def _given(to: Destination, line: str) -> KnownKey:
    key_type, _, rest = line.partition(" ")
    try:
        return KnownKey(_read(key_type, rest.split()[0]), "host_key")
    except (IndexError, *_UNREADABLE) as problem:
        raise HostKeyUnknown(
            f"{to.name}: host_key can't be read as a key: write its type and base64, `ssh-ed25519 AAAA…`"
        ) from problem


def _read_file(to: Destination, path: str) -> str:
    try:
        return to.path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise HostKeyUnknown(f"{to.name}: {path} cannot be read: {reason}") from problem


def _in_lines(text: str, path: str, name: str) -> Iterator[KnownKey]:
    """Yield a host's keys in known_hosts (https://man.openbsd.org/sshd#SSH_KNOWN_HOSTS_FILE_FORMAT).

    Lines with other markers, and those that cannot be read, are passed over, as by `ssh`.
    """
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        marker = fields.pop(0) if fields[:1] in ([REVOKED], [AUTHORITY]) else ""
        patterns, *key = fields or [""]
        if len(key) < 2 or patterns.startswith(("#", "@")):
            continue
        try:
            if _match(patterns, name):
                yield KnownKey(_read(key[0], key[1]), f"{path} line {number}", marker)
        except _UNREADABLE:
            continue


def _match(patterns: str, name: str) -> bool:
    """Tell whether a line's first field means `name`: plain, hashed, with wildcards, or excluded by `!`.

    Raises ValueError for a malformed hash.
    """
    found = False
    for pattern in patterns.split(","):
        if pattern.startswith("|1|"):
            found |= _hashed(name.lower(), pattern) or _hashed(_written(name), pattern)
        elif pattern.startswith("!") and _alike(name, pattern[1:]):
            return False
        else:
            found |= _alike(name, pattern)
    return found


def _hashed(name: str, pattern: str) -> bool:
    """Tell whether `|1|<salt>|<hash>` hides `name`. paramiko's own check asserts that the form is right."""
    _, _, salt, digest = pattern.split("|")
    return hmac.compare_digest(hmac.digest(b64decode(salt), name.encode(), "sha1"), b64decode(digest))


def _alike(name: str, pattern: str) -> bool:
    """fnmatch with `*` and `?` alone: brackets in known_hosts hold an address with a port. Spelling does not count."""
    return fnmatchcase(_written(name), _written(pattern).replace("[", "[[]"))


def _written(name: str) -> str:
    """Return a name as it is compared: in lower case, and an IP address in its one form, perhaps in `[…]:port`."""
    inside = re.fullmatch(r"\[(.+)\](:.+)", name)
    address = inside[1] if inside else name
    address = str(ip_address(address)) if is_ip(address) else address.lower()
    return f"[{address}]{inside[2]}" if inside else address


_UNREADABLE = (ValueError, OverflowError, paramiko.SSHException, UnknownKeyType)


def _read(key_type: str, base64: str) -> paramiko.PKey:
    return paramiko.PKey.from_type_string(key_type, b64decode(base64))


_KRL = b"SSHKRL\n\0"  # https://github.com/openssh/openssh-portable/blob/V_10_0_P1/PROTOCOL.krl


def _revokes(to: Destination, shown: paramiko.PKey) -> bool:
    """Tell whether a file of RevokedHostKeys has the key, its certificate, or its signer: a list of revoked keys (KRL),
    which ssh-keygen reads, or a text with a public key on each line (https://man.openbsd.org/ssh_config#RevokedHostKeys).

    One that can't be read revokes everything, as for `ssh`: raises HostKeyUnknown.
    """
    cause: Exception
    try:
        content = Path(to.revoked_keys).read_bytes()
        return _in_krl(to, shown) if content.startswith(_KRL) else _in_text(content, shown)
    except OSError as problem:
        why, cause = f"{problem.filename or to.revoked_keys}: {(problem.strerror or str(problem)).lower()}", problem
    except (ValueError, paramiko.SSHException) as problem:
        why, cause = f"{to.revoked_keys}: {problem}", problem
    raise HostKeyUnknown(
        f"{to.where}: can't tell whether its key is revoked: {why}: correct that, or RevokedHostKeys in ssh's "
        "configuration"
    ) from cause


def _in_krl(to: Destination, shown: paramiko.PKey) -> bool:
    """Raises ValueError if ssh-keygen can't read it."""
    kind, data = shown.get_name(), shown.asbytes()
    if shown.public_blob:  # a certificate may be revoked by its number or name
        kind, data = shown.public_blob.key_type, shown.public_blob.key_blob
    done = subprocess.run(
        ["ssh-keygen", "-Q", "-f", to.revoked_keys, "/dev/stdin"],
        input=f"{kind} {b64encode(data).decode()}\n",
        capture_output=True,
        text=True,
    )
    if done.returncode and "REVOKED" not in done.stdout:
        raise ValueError(" ".join(done.stderr.split()))
    return done.returncode != 0


def _in_text(content: bytes, shown: paramiko.PKey) -> bool:
    """Raises ValueError or SSHException if a line is no key."""
    for line in content.decode().splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        kind, base64 = line.split()[:2]
        with suppress(UnknownKeyType):  # no host can show one of its kind here
            key = paramiko.PKey.from_type_string(kind.removesuffix(SUFFIX), b64decode(base64, validate=True))
            if key in (shown, authority_of(shown)):
                return True
    return False
