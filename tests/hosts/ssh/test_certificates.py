"""Host keys that an authority in known_hosts vouches for, as ssh-keygen signs them."""

import subprocess
from base64 import b64decode
from functools import partial

import paramiko
import pytest

from providers.hosts.ssh.algorithms import DEFAULT
from providers.hosts.ssh.certificates import authority_of, unfit
from providers.hosts.ssh.destination import Destination
from providers.hosts.ssh.host_keys import known_keys, verify
from providers.rules.vocabulary.errors import HostKeyMismatch, HostKeyUnknown

pytestmark = pytest.mark.usefixtures("my_ssh")

FOR_HOST = ("-h", "-n", "10.0.0.1")
SHORTLY = ("-V", "20260101000000Z:20260102000000Z")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Key pairs: an authority's, a host's, and another's."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ca", "host", "other"):
        keygen("-t", "ed25519", "-N", "", "-f", folder / name)
    return folder


def keygen(*words):
    """Run ssh-keygen."""
    subprocess.run(["ssh-keygen", "-q", *words], check=True)


def read(file) -> paramiko.PKey:
    """The key in a public file, as a host shows it."""
    return paramiko.Ed25519Key(data=b64decode(file.read_text().split()[1]))


@pytest.fixture
def signed(folder):
    """The host's key with a certificate by the authority."""

    def sign(*words: str) -> paramiko.PKey:
        keygen("-s", folder / "ca", "-I", "h1", *words, folder / "host.pub")
        return read(folder / "host-cert.pub")

    return sign


@pytest.fixture
def verdict(folder, tmp_path):
    """Return a function that judges a key shown by the host, with these lines in known_hosts; `{ca}` and so on are
    keys."""

    def verdict(shown: paramiko.PKey, *lines: str) -> None:
        file = tmp_path / "known_hosts"
        keys = {name: " ".join((folder / f"{name}.pub").read_text().split()[:2]) for name in ("ca", "host", "other")}
        file.write_text("".join(f"{line.format(**keys)}\n" for line in lines))
        to = Destination("h1", "10.0.0.1", 22, "root", known_hosts=(str(file),))
        verify(to, shown, known_keys(to))

    return verdict


@pytest.mark.parametrize("names", ["10.0.0.1", "*", "10.0.0.*,10.0.1.*"])
def test_certificate_by_a_known_authority(signed, verdict, names):
    """One line for all hosts is enough if their keys are signed."""
    verdict(signed(*FOR_HOST), f"@cert-authority {names} {{ca}}")


def test_known_key_needs_no_certificate(signed, verdict):
    """The key itself counts too, whatever its certificate says."""
    verdict(signed("-h", "-n", "10.0.0.2"), "@cert-authority * {ca}", "10.0.0.1 {host}")


def test_key_without_certificate(folder, verdict):
    """An authority says nothing of a key that it has not signed; the error names both."""
    with pytest.raises(HostKeyUnknown, match=r"no certificate by ssh-ed25519 SHA256:\S+ \(\S+ line 1\)"):
        verdict(read(folder / "host.pub"), "@cert-authority * {ca}")


def test_certificate_by_another_authority(signed, verdict):
    """The authority has to be known for this host."""
    with pytest.raises(HostKeyUnknown):
        verdict(signed(*FOR_HOST), "@cert-authority * {other}", "@cert-authority 10.0.0.2 {ca}")


def test_authority_is_no_host_key(folder, verdict):
    """A host that shows the authority's own key is not vouched for."""
    with pytest.raises(HostKeyUnknown):
        verdict(read(folder / "ca.pub"), "@cert-authority * {ca}")


def test_changed_key_with_a_bad_certificate(signed, verdict):
    """A certificate for another host does not help against a changed key, and is told."""
    with pytest.raises(HostKeyMismatch, match=r"that is for 10.0.0.2, not for 10.0.0.1, known is"):
        verdict(signed("-h", "-n", "10.0.0.2"), "@cert-authority * {ca}", "10.0.0.1 {other}")


@pytest.mark.parametrize("revoked", ["host", "ca"])
def test_revoked_key_has_no_certificate(signed, verdict, revoked):
    """A revoked host key stays so with a certificate, and a revoked authority vouches for nobody."""
    with pytest.raises(HostKeyMismatch, match=r"which \S+ line 2 revokes"):
        verdict(signed(*FOR_HOST), "@cert-authority * {ca}", f"@revoked * {{{revoked}}}")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("-h", "-n", "10.0.0.1"), ""),
        (("-h", "-n", "10.0.0.2,10.0.0.1"), ""),
        (("-h", "-n", "10.0.0.2,10.0.*"), "is for 10.0.0.2, 10.0.*, not for 10.0.0.1"),
        (("-h", "-n", "10.0.0.2"), "is for 10.0.0.2, not for 10.0.0.1"),
        (("-h",), "is for no host, not for 10.0.0.1"),
        (("-n", "10.0.0.1"), "is for users, not for hosts"),
        (("-h", "-n", "10.0.0.1", *SHORTLY), "is valid from 2026-01-01 00:00 UTC until 2026-01-02 00:00 UTC"),
        (("-h", "-n", "10.0.0.1", "-O", "critical:x@y=1"), "has options that are unknown here: x@y"),
    ],
    ids=["fits", "one of two", "wildcard", "other host", "no host", "user", "over", "critical"],
)
def test_what_a_certificate_is_good_for(signed, words, expected):
    """Kind, names, time and options count, as they do for ssh."""
    assert expected == unfit(signed(*words), "10.0.0.1", DEFAULT.ca_signatures)


def test_certificate_signed_with_sha_1(folder, signed):
    """OpenSSH takes none, unless its configuration says so; the other signatures of an RSA key are fine."""
    keygen("-t", "rsa", "-b", "2048", "-N", "", "-f", folder / "rsa")

    def verdict(kind: str, *more: str) -> str:
        keygen("-s", folder / "rsa", "-t", kind, "-I", "h1", *FOR_HOST, folder / "host.pub")
        return unfit(read(folder / "host-cert.pub"), "10.0.0.1", (*DEFAULT.ca_signatures, *more))

    assert ["is signed by ssh-rsa, which ssh's CASignatureAlgorithms does not list", "", ""] == [
        verdict("ssh-rsa"),
        verdict("ssh-rsa", "ssh-rsa"),
        verdict("rsa-sha2-512"),
    ]


def test_validity_has_a_beginning_and_an_end(signed):
    """It lasts from the first second to the last but one."""
    key = signed(*FOR_HOST, *SHORTLY)
    first = 1767225600

    assert [False, True, True, False] == [
        not unfit(key, "10.0.0.1", DEFAULT.ca_signatures, partial(float, now))
        for now in (first - 1, first, first + 86399, first + 86400)
    ]


def test_forged_certificate(signed, folder):
    """A certificate that says an authority signed it, and whose content was changed, is told from a true one."""
    shown = signed(*FOR_HOST)
    shown.public_blob.key_blob = shown.public_blob.key_blob.replace(b"10.0.0.1", b"10.0.0.9")

    assert (read(folder / "ca.pub"), "has a wrong signature") == (
        authority_of(shown),
        unfit(shown, "10.0.0.9", DEFAULT.ca_signatures),
    )


def test_plain_key_has_no_authority(folder):
    """A key without certificate was signed by nobody."""
    assert authority_of(read(folder / "host.pub")) is None
