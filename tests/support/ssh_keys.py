"""Keys and certificates of hosts, as ssh-keygen makes them."""

import subprocess
from base64 import b64decode
from pathlib import Path

import paramiko


def keygen(*words: str | Path) -> None:
    """Run ssh-keygen."""
    subprocess.run(["ssh-keygen", "-q", *words], check=True, stdin=subprocess.DEVNULL)


def key_pair(file: Path, kind: str = "ed25519", phrase: str = "") -> None:
    """Make a private key, and the public one beside it; one of RSA has 2048 bits."""
    keygen("-t", kind, *(["-b", "2048"] if kind == "rsa" else []), "-N", phrase, "-C", "", "-f", file)


def line(file: Path) -> str:
    """The type and base64 of a public key."""
    return " ".join(file.read_text().split()[:2])


def shown(file: Path) -> paramiko.PKey:
    """The Ed25519 key in a public file, as a host shows it."""
    return paramiko.Ed25519Key(data=b64decode(line(file).split()[1]))


def fingerprint(file: Path) -> str:
    """What ssh-keygen says that a key is."""
    return subprocess.check_output(["ssh-keygen", "-l", "-f", file], text=True).split()[1]
