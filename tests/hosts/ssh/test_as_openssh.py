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
from tests.support.ssh_keys import key_pair, keygen, revoking

SSHD = "/usr/sbin/sshd"
HOST = "h1.example"

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("my_ssh")]


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Key pairs of hosts and of authorities, each certificate beside a copy of the host's key, and revoked keys."""
    folder = tmp_path_factory.mktemp("keys")
    kinds = {"ecdsa": "ecdsa", "rsa": "rsa", "rsa-ca": "rsa"}
    for name, kind in {"host": "ed25519", "other": "ed25519", "ca": "ed25519", **kinds}.items():
        key_pair(folder / name, kind)
    for name, words in CERTIFICATES.items():
        for file in ("host", "host.pub"):
            shutil.copy(folder / file, folder / file.replace("host", name))
        keygen("-s", folder / words[0], "-I", "h1", "-z", "7", *words[1:], folder / f"{name}.pub")
    revoking(folder)
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
            f"{said.format(**words)}\n"
        )
        served = tmp_path / "sshd_config"
        certificate = f"HostCertificate {keys}/{shows}-cert.pub\n" if shows in CERTIFICATES else ""
        served.write_text(f"HostKey {keys}/{shows}\n{certificate}UsePAM no\n{sshd}\n")
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
OLD = "Ciphers aes128-ctr\nMACs "  # a cipher that does not bring its own MAC
REVOKED, GROUP = "RevokedHostKeys {keys}", "KexAlgorithms diffie-hellman-group"
CASES = [
    # Both find the same lines for a host, and read them alike.
    (TAKEN, PLAIN, {}),
    (REFUSED, "", {}),
    (REFUSED, f"{HOST} {{other}}\n", {}),
    (TAKEN, f"{HOST} {{other}}\n{PLAIN}", {}),
    (TAKEN, "H1.Example {host}\n", {}),
    (TAKEN, "*.example,!h2.example {host}\n", {}),
    (REFUSED, f"*.example,!{HOST} {{host}}\n", {}),
    (TAKEN, "h?.example {host} a comment\n", {}),
    (REFUSED, f"# {PLAIN}", {}),
    (REFUSED, f"[{HOST}]:22 {{host}}\n", {}),
    (REFUSED, f"{PLAIN}@revoked * {{host}}\n", {}),
    (REFUSED, f"@revoked {HOST} {{host}}\n{PLAIN}", {}),
    (TAKEN, f"{PLAIN}@revoked h2.example {{host}}\n", {}),
    (TAKEN, f"{PLAIN}@revoked * {{other}}\n", {}),
    (REFUSED, f"@cert-authority {HOST} {{host}}\n", {}),
    (REFUSED, f"@unknown {HOST} {{host}}\n", {}),
    (TAKEN, f"{HOST} ssh-ed25519 nonsense\n{PLAIN}", {}),
    # A port has lines of its own, and else those of the host.
    (TAKEN, f"[{HOST}]:2222 {{host}}\n", {"port": 2222}),
    (TAKEN, PLAIN, {"port": 2222}),
    (REFUSED, f"[{HOST}]:2222 {{other}}\n{PLAIN}", {"port": 2222}),
    (REFUSED, f"[{HOST}]:2223 {{host}}\n", {"port": 2222}),
    (TAKEN, f"@cert-authority [{HOST}]:2222 {{ca}}\n{PLAIN}", {"port": 2222}),
    (REFUSED, f"{PLAIN}@revoked [{HOST}]:2222 {{host}}\n", {"port": 2222}),
    (REFUSED, f"{PLAIN}@revoked {HOST} {{host}}\n", {"port": 2222}),
    (TAKEN, f"[{HOST}]:2222 {{host}}\n@revoked {HOST} {{host}}\n", {"port": 2222}),
    # The system's lines count beside the user's.
    (TAKEN, "", {"system": PLAIN}),
    (REFUSED, PLAIN, {"system": "@revoked * {host}\n"}),
    (REFUSED, "@revoked * {host}\n", {"system": PLAIN}),
    (TAKEN, PLAIN, {"system": f"{HOST} {{other}}\n"}),
    # Both judge a certificate alike: its authority, algorithm, names and dates.
    (TAKEN, SIGNED, {"shows": "good"}),
    *((TAKEN, SIGNED, {"shows": each}) for each in ("sha-256", "sha-512")),
    *((REFUSED, SIGNED, {"shows": each}) for each in ("wildcard", "of-other", "over", "to-come", "critical", "sha-1")),
    (REFUSED, SIGNED, {"shows": "host"}),
    (REFUSED, "@cert-authority * {other}\n", {"shows": "good"}),
    (REFUSED, "@cert-authority h2.example {ca}\n", {"shows": "good"}),
    (REFUSED, f"{SIGNED}@revoked * {{ca}}\n", {"shows": "good"}),
    (REFUSED, f"{SIGNED}@revoked * {{host}}\n", {"shows": "good"}),
    (TAKEN, PLAIN, {"shows": "good"}),
    # Both follow the configuration in what it allows and revokes.
    (TAKEN, SIGNED, {"said": "CASignatureAlgorithms rsa-sha2-512", "shows": "sha-512"}),
    (REFUSED, SIGNED, {"said": "CASignatureAlgorithms rsa-sha2-512", "shows": "sha-256"}),
    (REFUSED, SIGNED, {"said": "CASignatureAlgorithms rsa-sha2-512", "shows": "good"}),
    (TAKEN, SIGNED, {"said": "CASignatureAlgorithms +ssh-rsa", "shows": "sha-1"}),
    (TAKEN, SIGNED, {"said": "HostKeyAlias h2.example", "shows": "of-other"}),
    (REFUSED, SIGNED, {"said": "HostKeyAlias h2.example", "shows": "good"}),
    *(
        (REFUSED, SIGNED, {"said": f"{REVOKED}/{each}", "shows": "good"})
        for each in ("krl-serial", "text-ca", "krl-host")
    ),
    *((TAKEN, SIGNED, {"said": f"{REVOKED}/{each}", "shows": "sha-256"}) for each in ("krl-serial", "text-ca")),
    # Revoked keys, and another name.
    *((REFUSED, PLAIN, {"said": f"{REVOKED}/{each}"}) for each in ("krl-host", "text-host", "nosuch", "nonsense")),
    *((TAKEN, PLAIN, {"said": f"{REVOKED}/{each}"}) for each in ("krl-other", "text-other")),
    (TAKEN, PLAIN, {"said": "RevokedHostKeys none"}),
    (TAKEN, "m7 {host}\n", {"said": "HostKeyAlias m7"}),
    (REFUSED, PLAIN, {"said": "HostKeyAlias m7"}),
    # OpenSSH's own and no others, unless the configuration has another word.
    *((REFUSED, PLAIN, {"sshd": f"Ciphers {each}"}) for each in ("3des-cbc", "aes256-cbc", "aes128-cbc")),
    (TAKEN, PLAIN, {"sshd": "Ciphers aes256-gcm@openssh.com"}),
    (TAKEN, PLAIN, {"said": "Ciphers +aes256-cbc", "sshd": "Ciphers aes256-cbc"}),
    (REFUSED, PLAIN, {"said": "Ciphers aes128-ctr", "sshd": "Ciphers aes256-ctr"}),
    *((REFUSED, PLAIN, {"sshd": f"{OLD}{each}"}) for each in ("hmac-md5", "hmac-md5-96", "hmac-sha1-96")),
    *((TAKEN, PLAIN, {"sshd": f"{OLD}{each}"}) for each in ("hmac-sha1", "hmac-sha2-512-etm@openssh.com")),
    (REFUSED, PLAIN, {"said": "MACs -hmac-sha1*", "sshd": f"{OLD}hmac-sha1"}),
    *((REFUSED, PLAIN, {"sshd": f"{GROUP}{each}"}) for each in ("1-sha1", "14-sha1")),
    (TAKEN, PLAIN, {"sshd": f"{GROUP}16-sha512"}),
    (REFUSED, PLAIN, {"said": "KexAlgorithms ecdh-sha2-nistp256", "sshd": f"{GROUP}16-sha512"}),
    (REFUSED, PLAIN, {"said": "HostKeyAlgorithms ecdsa-sha2-nistp256"}),
    (TAKEN, PLAIN, {"said": "HostKeyAlgorithms ssh-ed25519"}),
    # Types, sizes and signatures of keys.
    (TAKEN, f"{HOST} {{rsa}}\n", {"shows": "rsa"}),
    (REFUSED, f"{HOST} {{rsa}}\n", {"said": "RequiredRSASize 3072", "shows": "rsa"}),
    (REFUSED, f"{HOST} {{rsa}}\n", {"shows": "rsa", "sshd": "HostKeyAlgorithms ssh-rsa"}),
    (TAKEN, f"{HOST} {{rsa}}\n", {"said": "HostKeyAlgorithms rsa-sha2-256", "shows": "rsa"}),
    (REFUSED, f"{HOST} {{rsa}}\n", {"said": "HostKeyAlgorithms -rsa*", "shows": "rsa"}),
    (TAKEN, f"{HOST} {{ecdsa}}\n", {"shows": "ecdsa"}),
    (TAKEN, f"{HOST} {{ecdsa}}\n", {"said": "HostKeyAlgorithms ^ssh-ed25519", "shows": "ecdsa"}),
]


@pytest.mark.parametrize(("expected", "known", "more"), CASES, ids=str)
def test_both_judge_alike(verdicts, expected, known, more):
    """Known hosts, certificates, keys and algorithms, as the configuration has them."""
    assert expected == verdicts(known, **more)


def test_hashed_known_hosts(verdicts, keys, tmp_path):
    """Both read names as ssh-keygen hashes them."""
    lines = tmp_path / "lines"
    lines.write_text(f"{HOST} {(keys / 'host.pub').read_text()}")
    keygen("-H", "-f", lines)

    assert TAKEN == verdicts(lines.read_text())


def test_certificate_for_no_host(verdicts):
    """Here alone it is refused: what ssh makes of it depends on its version."""
    assert not verdicts(SIGNED, shows="of-none")[1]
