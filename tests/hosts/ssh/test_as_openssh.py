"""The same keys, good and hostile, through `ssh` and through us, before a real sshd: both take them, or both refuse."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from providers.hosts.ssh.destination import destination
from providers.hosts.ssh.openssh import OpenSsh
from providers.hosts.ssh.transport import open_transport
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import HostError, LoginRefused

SSHD = "/usr/sbin/sshd"
HOST = "h1.example"

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("my_ssh")]


def keygen(*words: str | Path) -> None:
    """Run ssh-keygen."""
    subprocess.run(["ssh-keygen", "-q", *words], check=True, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Key pairs of hosts and of authorities, each certificate beside a copy of the host's key, and revoked keys."""
    folder = tmp_path_factory.mktemp("keys")
    for name, kind in (("host", "ed25519"), ("other", "ed25519"), ("ca", "ed25519"), ("ecdsa", "ecdsa")):
        keygen("-t", kind, "-N", "", "-C", "", "-f", folder / name)
    for name in ("rsa", "rsa-ca"):
        keygen("-t", "rsa", "-b", "2048", "-N", "", "-C", "", "-f", folder / name)
    for name, words in CERTIFICATES.items():
        for file in ("host", "host.pub"):
            shutil.copy(folder / file, folder / file.replace("host", name))
        keygen("-s", folder / words[0], "-I", "h1", "-z", "7", *words[1:], folder / f"{name}.pub")
    keygen("-k", "-f", folder / "krl", folder / "host.pub")
    keygen("-k", "-f", folder / "krl-of-other", folder / "other.pub")
    (folder / "serial").write_text("serial: 7\n")
    keygen("-k", "-s", folder / "ca.pub", "-f", folder / "krl-of-serial", folder / "serial")
    (folder / "text").write_text(f"# stolen\n\n{(folder / 'host.pub').read_text()}")
    (folder / "text-of-other").write_text((folder / "other.pub").read_text())
    (folder / "text-of-ca").write_text((folder / "ca.pub").read_text())
    (folder / "nonsense").write_text("ssh-ed25519 nonsense\n")
    return folder


NOW = ("-h", "-n", HOST)
CERTIFICATES = {
    "good": ("ca", *NOW),
    "wildcard": ("ca", "-h", "-n", "other,*.example"),
    "of-other": ("ca", "-h", "-n", "h2.example"),
    "over": ("ca", *NOW, "-V", "20200101:20200102"),
    "to-come": ("ca", *NOW, "-V", "20990101:20990102"),
    "of-none": ("ca", "-h"),
    "critical": ("ca", *NOW, "-O", "critical:x@y=1"),
    "sha-1": ("rsa-ca", *NOW, "-t", "ssh-rsa"),
    "sha-256": ("rsa-ca", *NOW, "-t", "rsa-sha2-256"),
    "sha-512": ("rsa-ca", *NOW, "-t", "rsa-sha2-512"),
}


@pytest.fixture
def verdicts(keys, tmp_path):
    """Return what ssh and this program make of a host at a port, with these known_hosts, configuration and sshd
    settings.

    `{host}` and so on are keys, `{keys}` their folder, `{system}` the system's known_hosts.
    """
    config = tmp_path / "home" / ".ssh" / "config"
    config.parent.mkdir()

    def verdicts(known="", *, said="", system="", shows="host", sshd="", port=22):
        public = {each.stem: " ".join(each.read_text().split()[:2]) for each in keys.glob("*.pub")}
        words = {**public, "keys": str(keys)}
        (tmp_path / "known").write_text(known.format(**words))
        (tmp_path / "system").write_text(system.format(**words))
        config.write_text(
            f"UserKnownHostsFile {tmp_path}/known\nGlobalKnownHostsFile {tmp_path}/system\nIdentityFile none\n"
            f"{said.format(**words)}"
        )
        served = tmp_path / "sshd_config"
        certificate = f"HostCertificate {keys}/{shows}-cert.pub\n" if shows in CERTIFICATES else ""
        served.write_text(f"HostKey {keys}/{shows}\n{certificate}UsePAM no\n{sshd}")
        return by_ssh(config, served, port), by_us(served, port)

    Path("/run/sshd").mkdir(exist_ok=True)  # as its service does
    return verdicts


def by_ssh(config: Path, served: Path, port: int) -> bool:
    """Tell whether ssh goes as far as the login; it has no key to try."""
    proxy = f"ProxyCommand={SSHD} -i -f {served}"
    words = ["-F", str(config), "-o", proxy, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-p", str(port)]
    ended = subprocess.run(
        [os.environ["REAL_SSH"], *words, HOST, "true"], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert ended.returncode == 255
    taken = "Permission denied" in ended.stderr
    assert taken or any(word in ended.stderr for word in ("verification failed", "no matching", "key length"))
    return taken


def by_us(served: Path, port: int) -> bool:
    """Tell whether this program goes as far as the login."""
    to = destination(HostAccess(name="h1", address=HOST, port=port), OpenSsh())
    with server(served) as sock, pytest.raises(HostError) as caught:
        open_transport(to, sock)
    return isinstance(caught.value, LoginRefused)


@contextmanager
def server(served: Path) -> Iterator[socket.socket]:
    """A connection to an sshd that serves nobody else."""
    ours, theirs = socket.socketpair()
    with (
        theirs,
        subprocess.Popen([SSHD, "-i", "-f", str(served)], stdin=theirs.fileno(), stdout=theirs.fileno()) as started,
    ):
        theirs.close()
        yield ours
        ours.close()
        timer = threading.Timer(5, started.kill)
        timer.start()
        started.wait()
        timer.cancel()


TAKEN, REFUSED = (True, True), (False, False)
PLAIN = f"{HOST} {{host}}\n"
SIGNED = f"@cert-authority *.example {{ca}}\n@cert-authority {HOST} {{rsa-ca}}\n"


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (PLAIN, TAKEN),
        ("", REFUSED),
        (f"{HOST} {{other}}\n", REFUSED),
        (f"{HOST} {{other}}\n{PLAIN}", TAKEN),
        ("H1.Example {host}\n", TAKEN),
        ("*.example,!h2.example {host}\n", TAKEN),
        (f"*.example,!{HOST} {{host}}\n", REFUSED),
        ("h?.example {host} a comment\n", TAKEN),
        (f"# {PLAIN}", REFUSED),
        (f"[{HOST}]:22 {{host}}\n", REFUSED),
        (f"{PLAIN}@revoked * {{host}}\n", REFUSED),
        (f"@revoked {HOST} {{host}}\n{PLAIN}", REFUSED),
        (f"{PLAIN}@revoked h2.example {{host}}\n", TAKEN),
        (f"{PLAIN}@revoked * {{other}}\n", TAKEN),
        (f"@cert-authority {HOST} {{host}}\n", REFUSED),
        (f"@unknown {HOST} {{host}}\n", REFUSED),
        (f"{HOST} ssh-ed25519 nonsense\n{PLAIN}", TAKEN),
    ],
)
def test_known_hosts(verdicts, known, expected):
    """Both find the same lines for a host, and read them alike."""
    assert expected == verdicts(known)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (f"[{HOST}]:2222 {{host}}\n", TAKEN),
        (PLAIN, TAKEN),
        (f"[{HOST}]:2222 {{other}}\n{PLAIN}", REFUSED),
        (f"[{HOST}]:2223 {{host}}\n", REFUSED),
        (f"@cert-authority [{HOST}]:2222 {{ca}}\n{PLAIN}", TAKEN),
        (f"{PLAIN}@revoked [{HOST}]:2222 {{host}}\n", REFUSED),
        (f"{PLAIN}@revoked {HOST} {{host}}\n", REFUSED),
        (f"[{HOST}]:2222 {{host}}\n@revoked {HOST} {{host}}\n", TAKEN),
    ],
)
def test_known_hosts_at_another_port(verdicts, known, expected):
    """A port has lines of its own, and else those of the host."""
    assert expected == verdicts(known, port=2222)


def test_hashed_known_hosts(verdicts, keys, tmp_path):
    """Both read names as ssh-keygen hashes them."""
    lines = tmp_path / "lines"
    lines.write_text(f"{HOST} {(keys / 'host.pub').read_text()}")
    keygen("-H", "-f", lines)

    assert TAKEN == verdicts(lines.read_text())


@pytest.mark.parametrize(
    ("system", "known", "expected"),
    [
        (PLAIN, "", TAKEN),
        ("@revoked * {host}\n", PLAIN, REFUSED),
        (PLAIN, "@revoked * {host}\n", REFUSED),
        (f"{HOST} {{other}}\n", PLAIN, TAKEN),
    ],
)
def test_known_hosts_of_the_system(verdicts, system, known, expected):
    """They count beside the user's."""
    assert expected == verdicts(known, system=system)


@pytest.mark.parametrize(
    ("shows", "known", "expected"),
    [
        ("good", SIGNED, TAKEN),
        ("wildcard", SIGNED, REFUSED),
        ("of-other", SIGNED, REFUSED),
        ("over", SIGNED, REFUSED),
        ("to-come", SIGNED, REFUSED),
        ("critical", SIGNED, REFUSED),
        ("sha-1", SIGNED, REFUSED),
        ("sha-256", SIGNED, TAKEN),
        ("sha-512", SIGNED, TAKEN),
        ("host", SIGNED, REFUSED),
        ("good", "@cert-authority * {other}\n", REFUSED),
        ("good", "@cert-authority h2.example {ca}\n", REFUSED),
        ("good", f"{SIGNED}@revoked * {{ca}}\n", REFUSED),
        ("good", f"{SIGNED}@revoked * {{host}}\n", REFUSED),
        ("good", PLAIN, TAKEN),
    ],
)
def test_certificates(verdicts, shows, known, expected):
    """Both judge a certificate alike: its authority, algorithm, names and dates."""
    assert expected == verdicts(known, shows=shows)


@pytest.mark.parametrize(
    ("said", "shows", "expected"),
    [
        ("CASignatureAlgorithms rsa-sha2-512", "sha-512", TAKEN),
        ("CASignatureAlgorithms rsa-sha2-512", "sha-256", REFUSED),
        ("CASignatureAlgorithms rsa-sha2-512", "good", REFUSED),
        ("CASignatureAlgorithms +ssh-rsa", "sha-1", TAKEN),
        ("HostKeyAlias h2.example", "of-other", TAKEN),
        ("HostKeyAlias h2.example", "good", REFUSED),
        ("RevokedHostKeys {keys}/krl-of-serial", "good", REFUSED),
        ("RevokedHostKeys {keys}/krl-of-serial", "sha-256", TAKEN),
        ("RevokedHostKeys {keys}/text-of-ca", "good", REFUSED),
        ("RevokedHostKeys {keys}/text-of-ca", "sha-256", TAKEN),
        ("RevokedHostKeys {keys}/krl", "good", REFUSED),
    ],
)
def test_configuration_for_certificates(verdicts, said, shows, expected):
    """Both follow the configuration in what it allows and revokes."""
    assert expected == verdicts(SIGNED, said=f"{said}\n", shows=shows)


@pytest.mark.parametrize(
    ("said", "known", "expected"),
    [
        ("RevokedHostKeys {keys}/krl", PLAIN, REFUSED),
        ("RevokedHostKeys {keys}/krl-of-other", PLAIN, TAKEN),
        ("RevokedHostKeys {keys}/text", PLAIN, REFUSED),
        ("RevokedHostKeys {keys}/text-of-other", PLAIN, TAKEN),
        ("RevokedHostKeys {keys}/nosuch", PLAIN, REFUSED),
        ("RevokedHostKeys {keys}/nonsense", PLAIN, REFUSED),
        ("RevokedHostKeys none", PLAIN, TAKEN),
        ("HostKeyAlias m7", "m7 {host}\n", TAKEN),
        ("HostKeyAlias m7", PLAIN, REFUSED),
    ],
)
def test_configuration_for_keys(verdicts, said, known, expected):
    """Revoked keys, and another name."""
    assert expected == verdicts(known, said=f"{said}\n")


OLD = "aes128-ctr"  # a cipher that does not bring its own MAC


@pytest.mark.parametrize(
    ("sshd", "said", "expected"),
    [
        ("Ciphers 3des-cbc", "", REFUSED),
        ("Ciphers aes256-cbc", "", REFUSED),
        ("Ciphers aes128-cbc", "", REFUSED),
        ("Ciphers aes256-gcm@openssh.com", "", TAKEN),
        ("Ciphers aes256-cbc", "Ciphers +aes256-cbc", TAKEN),
        ("Ciphers aes256-ctr", "Ciphers aes128-ctr", REFUSED),
        (f"Ciphers {OLD}\nMACs hmac-md5", "", REFUSED),
        (f"Ciphers {OLD}\nMACs hmac-md5-96", "", REFUSED),
        (f"Ciphers {OLD}\nMACs hmac-sha1-96", "", REFUSED),
        (f"Ciphers {OLD}\nMACs hmac-sha1", "", TAKEN),
        (f"Ciphers {OLD}\nMACs hmac-sha1", "MACs -hmac-sha1*", REFUSED),
        (f"Ciphers {OLD}\nMACs hmac-sha2-512-etm@openssh.com", "", TAKEN),
        ("KexAlgorithms diffie-hellman-group1-sha1", "", REFUSED),
        ("KexAlgorithms diffie-hellman-group14-sha1", "", REFUSED),
        ("KexAlgorithms diffie-hellman-group16-sha512", "", TAKEN),
        ("KexAlgorithms diffie-hellman-group16-sha512", "KexAlgorithms ecdh-sha2-nistp256", REFUSED),
        ("", "HostKeyAlgorithms ecdsa-sha2-nistp256", REFUSED),
        ("", "HostKeyAlgorithms ssh-ed25519", TAKEN),
    ],
)
def test_algorithms(verdicts, sshd, said, expected):
    """OpenSSH's own and no others, unless the configuration has another word."""
    assert expected == verdicts(PLAIN, said=f"{said}\n", sshd=f"{sshd}\n")


@pytest.mark.parametrize(
    ("shows", "said", "sshd", "expected"),
    [
        ("rsa", "", "", TAKEN),
        ("rsa", "RequiredRSASize 3072", "", REFUSED),
        ("rsa", "", "HostKeyAlgorithms ssh-rsa", REFUSED),
        ("rsa", "HostKeyAlgorithms rsa-sha2-256", "", TAKEN),
        ("rsa", "HostKeyAlgorithms -rsa*", "", REFUSED),
        ("ecdsa", "", "", TAKEN),
        ("ecdsa", "HostKeyAlgorithms ^ssh-ed25519", "", TAKEN),
    ],
)
def test_kinds_of_keys(verdicts, shows, said, sshd, expected):
    """Their types, sizes and signatures."""
    assert expected == verdicts(f"{HOST} {{{shows}}}\n", said=f"{said}\n", sshd=f"{sshd}\n", shows=shows)


def test_certificate_for_no_host(verdicts):
    """Here alone it is refused: what ssh makes of it depends on its version."""
    assert not verdicts(SIGNED, shows="of-none")[1]
