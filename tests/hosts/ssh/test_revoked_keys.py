"""Keys that RevokedHostKeys has, as ssh-keygen writes them."""

import subprocess
from base64 import b64decode

import paramiko
import pytest

from providers.hosts.ssh.destination import Destination
from providers.hosts.ssh.host_keys import KnownKey, verify
from providers.rules.vocabulary.errors import HostKeyMismatch, HostKeyUnknown

pytestmark = pytest.mark.usefixtures("my_ssh")


def keygen(*words):
    """Run ssh-keygen."""
    subprocess.run(["ssh-keygen", "-q", *words], check=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A host's key with a certificate, and files that revoke it or another."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ca", "host", "other"):
        keygen("-t", "ed25519", "-N", "", "-C", "", "-f", folder / name)
        keygen("-k", "-f", folder / f"krl-{name}", folder / f"{name}.pub")
        (folder / f"text-{name}").write_text(f"\n# stolen\n{(folder / f'{name}.pub').read_text()}")
    keygen("-s", folder / "ca", "-h", "-n", "10.0.0.1", "-I", "h1", "-z", "7", folder / "host.pub")
    (folder / "serial").write_text("serial: 7\n")
    keygen("-k", "-s", folder / "ca.pub", "-f", folder / "krl-serial", folder / "serial")
    (folder / "text-certificate").write_text((folder / "host-cert.pub").read_text())
    (folder / "text-unknown").write_text("sk-ssh-ed25519@openssh.com AAAA\n")
    (folder / "nonsense").write_text("ssh-ed25519 nonsense\n")
    (folder / "word").write_text("nonsense\n")
    (folder / "krl-cut").write_bytes((folder / "krl-host").read_bytes()[:20])
    return folder


@pytest.fixture
def verdict(folder):
    """Return a function that checks the host's known key against such a file."""

    def verdict(file: str, shows: str = "host") -> None:
        shown = paramiko.Ed25519Key(data=b64decode((folder / f"{shows}.pub").read_text().split()[1]))
        to = Destination("h1", "10.0.0.1", 22, "root", host_key="given", revoked_keys=str(folder / file))
        verify(to, shown, [KnownKey(shown, "host_key")])

    return verdict


@pytest.mark.parametrize("file", ["krl-other", "text-other", "text-unknown", "krl-serial"])
def test_other_keys_are_revoked(verdict, file):
    """A key that is in no such file is good."""
    verdict(file)


@pytest.mark.parametrize(
    ("file", "shows"),
    [
        ("krl-host", "host"),
        ("krl-host", "host-cert"),
        ("krl-serial", "host-cert"),
        ("krl-ca", "host-cert"),
        ("text-host", "host"),
        ("text-host", "host-cert"),
        ("text-ca", "host-cert"),
        ("text-certificate", "host"),
    ],
)
def test_revoked_key(verdict, folder, file, shows):
    """It is refused, also by its certificate's number, or for who signed that."""
    with pytest.raises(HostKeyMismatch, match=f"which {folder}/{file} revokes: the key is not to be trusted"):
        verdict(file, shows)


@pytest.mark.parametrize("file", ["nosuch", "nonsense", "word", "krl-cut"])
def test_file_that_cannot_be_read(verdict, folder, file):
    """It could have any key, so that none is good."""
    with pytest.raises(HostKeyUnknown, match=r"h1 \(10.0.0.1:22\): can't tell whether its key is revoked: \S.+: "):
        verdict(file)


def test_krl_without_ssh_keygen(verdict, monkeypatch):
    """Only ssh-keygen can read it."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(
        HostKeyUnknown, match="can't tell whether its key is revoked: ssh-keygen: no such file or directory: "
    ):
        verdict("krl-other")
