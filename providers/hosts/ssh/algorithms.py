"""Algorithms that may be used with a host: those that OpenSSH names, as far as paramiko knows them, in its order."""

from collections.abc import Sequence
from dataclasses import dataclass

import paramiko

from providers.rules.vocabulary.errors import HostError


@dataclass(frozen=True)
class Algorithms:
    """OpenSSH's names, the best first. ca_signatures: with which a certificate may be signed. rsa_bits: of a key, at
    least."""

    ciphers: tuple[str, ...]
    macs: tuple[str, ...]
    kex: tuple[str, ...]
    host_keys: tuple[str, ...]
    ca_signatures: tuple[str, ...]
    rsa_bits: int


SUFFIX = "-cert-v01@openssh.com"  # of a key type that is a certificate
_KEYS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
_RSA = ("rsa-sha2-512", "rsa-sha2-256")
# The part of OpenSSH's own choice that is known here: https://github.com/openssh/openssh-portable/blob/V_10_0_P1/myproposal.h
DEFAULT = Algorithms(
    ciphers=("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr"),
    macs=(
        "hmac-sha2-256-etm@openssh.com",
        "hmac-sha2-512-etm@openssh.com",
        "hmac-sha2-256",
        "hmac-sha2-512",
        "hmac-sha1",
    ),
    kex=(
        "mlkem768x25519-sha256",
        "curve25519-sha256@libssh.org",
        "ecdh-sha2-nistp256",
        "ecdh-sha2-nistp384",
        "ecdh-sha2-nistp521",
        "diffie-hellman-group16-sha512",
        "diffie-hellman-group14-sha256",
    ),
    host_keys=(*(f"{name}{SUFFIX}" for name in (*_KEYS, *_RSA)), *_KEYS, *_RSA),
    ca_signatures=(*_KEYS, *_RSA),
    rsa_bits=1024,
)


def restrict(transport: paramiko.Transport, where: str, allowed: Algorithms) -> None:
    """Let a transport that has not begun offer nothing else. Raises HostError if nothing is left of one kind."""
    options = transport.get_security_options()  # at first all that is known
    plain = options.key_types
    options.ciphers = _both(where, "Ciphers", allowed.ciphers, options.ciphers)
    options.digests = _both(where, "MACs", allowed.macs, options.digests)
    # paramiko takes groups of 1024 bits there, which ssh does not (DH_GRP_MIN):
    # https://github.com/paramiko/paramiko/blob/4.0.0/paramiko/kex_gex.py
    known = [name for name in options.kex if "group-exchange" not in name]
    options.kex = _both(where, "KexAlgorithms", allowed.kex, known)
    options.key_types = _both(
        where, "HostKeyAlgorithms", allowed.host_keys, (*plain, *(f"{name}{SUFFIX}" for name in plain))
    )


def _both(where: str, keyword: str, allowed: tuple[str, ...], known: Sequence[str]) -> tuple[str, ...]:
    both = tuple(name for name in allowed if name in known)
    if not both:
        raise HostError(
            f"{where}: of ssh's {keyword} ({', '.join(allowed)}) none is known here ({', '.join(known)}): "
            f"allow one of those for this host"
        )
    return both
