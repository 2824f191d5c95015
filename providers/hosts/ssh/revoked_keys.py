"""Looks a key up in a file of RevokedHostKeys: a list of revoked keys (KRL), which ssh-keygen reads, or a text with a
public key on each line (https://man.openbsd.org/ssh_config#RevokedHostKeys).

A file that can't be read revokes everything, as for `ssh`.
"""

import subprocess
from base64 import b64decode, b64encode
from pathlib import Path

import paramiko
from paramiko.pkey import UnknownKeyType

from providers.hosts.ssh.algorithms import SUFFIX
from providers.hosts.ssh.certificates import authority_of
from providers.hosts.ssh.destination import Destination
from providers.rules.vocabulary.errors import HostKeyUnknown

_KRL = b"SSHKRL\n\0"  # https://github.com/openssh/openssh-portable/blob/V_10_0_P1/PROTOCOL.krl


def revokes(to: Destination, shown: paramiko.PKey) -> bool:
    """Tell whether the file has the key, its certificate, or its signer. Raises HostKeyUnknown if it can't be read."""
    try:
        content = Path(to.revoked_keys).read_bytes()
        return _in_krl(to, shown) if content.startswith(_KRL) else _in_text(content, shown)
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise _unreadable(to, f"{problem.filename or to.revoked_keys}: {reason}") from problem
    except (ValueError, paramiko.SSHException) as problem:
        raise _unreadable(to, f"{to.revoked_keys}: {problem}") from problem


def _in_krl(to: Destination, shown: paramiko.PKey) -> bool:
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
        raise _unreadable(to, " ".join(done.stderr.split()))
    return done.returncode != 0


def _in_text(content: bytes, shown: paramiko.PKey) -> bool:
    """Raises ValueError or SSHException if a line is no key."""
    for line in content.decode().splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        kind, base64 = line.split()[:2]
        try:
            key = paramiko.PKey.from_type_string(kind.removesuffix(SUFFIX), b64decode(base64, validate=True))
        except UnknownKeyType:
            continue  # no host can show one of its kind here
        if key in (shown, authority_of(shown)):
            return True
    return False


def _unreadable(to: Destination, reason: str) -> HostKeyUnknown:
    return HostKeyUnknown(
        f"{to.where}: can't tell whether its key is revoked: {reason}: correct that, or RevokedHostKeys in ssh's "
        "configuration"
    )
