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


def revoking(folder: Path) -> None:
    """Write files that revoke the keys `ca`, `host` and `other` there, as a list and as text (`krl-ca`, `text-ca`), or
    the authority's certificate of number 7 (`krl-serial`); and one that is neither (`nonsense`)."""
    for name in ("ca", "host", "other"):
        keygen("-k", "-f", folder / f"krl-{name}", folder / f"{name}.pub")
        (folder / f"text-{name}").write_text(f"\n# stolen\n{(folder / f'{name}.pub').read_text()}")
    (folder / "serial").write_text("serial: 7\n")
    keygen("-k", "-s", folder / "ca.pub", "-f", folder / "krl-serial", folder / "serial")
    (folder / "nonsense").write_text("ssh-ed25519 nonsense\n")


def line(file: Path) -> str:
    """The type and base64 of a public key."""
    return " ".join(file.read_text().split()[:2])


def shown(file: Path) -> paramiko.PKey:
    """The Ed25519 key in a public file, as a host shows it."""
    return paramiko.Ed25519Key(data=b64decode(line(file).split()[1]))


def fingerprint(file: Path) -> str:
    """What ssh-keygen says that a key is."""
    return subprocess.check_output(["ssh-keygen", "-l", "-f", file], text=True).split()[1]
