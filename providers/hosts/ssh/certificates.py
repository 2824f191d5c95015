"""Host certificates: who signed one, and whether it is good for a host now.

The format: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.certkeys. Which authorities are known is
host_keys.py's.
"""

import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Container

import paramiko
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import SSHCertificate, SSHCertificateType
from paramiko.pkey import UnknownKeyType

from providers.hosts.ssh.algorithms import SUFFIX


def authority_of(shown: paramiko.PKey) -> paramiko.PKey | None:
    """Return the key that signed the certificate which a host key came with, or None if it came with none."""
    certificate = _certificate(shown)
    if certificate is None:
        return None
    signer = certificate.signature_key()
    kind, base64 = signer.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).split()
    try:
        return paramiko.PKey.from_type_string(kind.decode(), b64decode(base64))
    except UnknownKeyType:
        return None


def unfit(
    shown: paramiko.PKey, address: str, signatures: Container[str], clock: Callable[[], float] = time.time
) -> str:
    """Say why the certificate proves nothing about a host at `address` now, to go on after "that"; empty if it does.

    One that names no host is for none: what `ssh` makes of it has changed. signatures: algorithms with which it may be
    signed. `clock` counts seconds since 1970.
    """
    certificate = _certificate(shown)
    if certificate is None:
        return "can't be read"
    names = [_text(name) for name in certificate.valid_principals]
    try:
        certificate.verify_cert_signature()
    except InvalidSignature:
        return "has a wrong signature"
    # The one that was just verified; there is no public name for it.
    if (algorithm := _text(bytes(certificate._inner_sig_type))) not in signatures:
        return f"is signed by {algorithm}, which ssh's CASignatureAlgorithms does not list"
    if certificate.type is not SSHCertificateType.HOST:
        return "is for users, not for hosts"
    if not certificate.valid_after <= clock() < certificate.valid_before:
        return f"is valid from {_day(certificate.valid_after)} until {_day(certificate.valid_before)}"
    if certificate.critical_options:
        return f"has options that are unknown here: {', '.join(map(_text, certificate.critical_options))}"
    if address.lower() not in names:  # wildcards are for newer versions of ssh alone
        return f"is for {', '.join(names) or 'no host'}, not for {address}"
    return ""


def _certificate(shown: paramiko.PKey) -> SSHCertificate | None:
    blob = shown.public_blob
    if blob is None or not blob.key_type.endswith(SUFFIX):
        return None
    try:
        found = serialization.load_ssh_public_identity(f"{blob.key_type} {b64encode(blob.key_blob).decode()}".encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return found if isinstance(found, SSHCertificate) else None


def _text(name: bytes) -> str:
    return name.decode(errors="replace")


def _day(seconds: int) -> str:
    """Return a date in UTC; a certificate may be valid for ever, which no calendar has."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds)) if seconds < 2**40 else "for ever"
