"""Host keys for which an authority vouches, and those that RevokedHostKeys has, as ssh-keygen writes them."""

from functools import partial

import paramiko
import pytest

from providers.hosts.ssh.algorithms import DEFAULT
from providers.hosts.ssh.certificates import authority_of, unfit
from providers.hosts.ssh.destination import Destination
from providers.hosts.ssh.host_keys import known_keys, verify
from providers.rules.vocabulary.errors import HostKeyMismatch, HostKeyUnknown
from tests.support.ssh_keys import key_pair, keygen, line, shown

pytestmark = pytest.mark.usefixtures("my_ssh")

FOR_HOST = ("-h", "-n", "10.0.0.1")
FOR_OTHER = ("-h", "-n", "10.0.0.2")
SHORTLY = ("-V", "20260101000000Z:20260102000000Z")
CA = "@cert-authority * {ca}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Key pairs: an authority's, a host's, and another's."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ca", "host", "other"):
        key_pair(folder / name)
    return folder


@pytest.fixture
def signed(folder):
    """The host's key with a certificate by the authority, or by another."""

    def sign(*words: str, by: str = "ca") -> paramiko.PKey:
        keygen("-s", folder / by, "-I", "h1", *words, folder / "host.pub")
        return shown(folder / "host-cert.pub")

    return sign


@pytest.fixture
def verdict(folder, tmp_path):
    """Return a function that judges a key shown by the host, with these lines in known_hosts, where `{ca}` and so on
    are keys, and a file of revoked keys."""

    def verdict(key: paramiko.PKey, *lines: str, revoked: str = "") -> None:
        file = tmp_path / "known_hosts"
        keys = {name: line(folder / f"{name}.pub") for name in ("ca", "host", "other")}
        file.write_text("".join(f"{each.format(**keys)}\n" for each in lines))
        to = Destination("h1", "10.0.0.1", 22, "root", known_hosts=(str(file),), revoked_keys=revoked)
        verify(to, key, known_keys(to))

    return verdict


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (FOR_HOST, ["@cert-authority 10.0.0.1 {ca}"]),
        (FOR_HOST, [CA]),
        (FOR_HOST, ["@cert-authority 10.0.0.*,10.0.1.* {ca}"]),
        (FOR_OTHER, [CA, "10.0.0.1 {host}"]),
    ],
    ids=["by its name", "for all hosts", "for some", "the key itself counts, whatever its certificate says"],
)
def test_certificate_by_a_known_authority(signed, verdict, words, lines):
    """One line for all hosts is enough if their keys are signed."""
    verdict(signed(*words), *lines)


@pytest.mark.parametrize(
    ("words", "lines", "kind", "told"),
    [
        (
            FOR_HOST,
            ["@cert-authority * {other}", "@cert-authority 10.0.0.2 {ca}"],
            HostKeyUnknown,
            "no host key is known",
        ),
        (FOR_OTHER, [CA, "10.0.0.1 {other}"], HostKeyMismatch, "that is for 10.0.0.2, not for 10.0.0.1, known is"),
        (FOR_HOST, [CA, "@revoked * {host}"], HostKeyMismatch, r"which \S+ line 2 revokes"),
        (FOR_HOST, [CA, "@revoked * {ca}"], HostKeyMismatch, r"which \S+ line 2 revokes"),
    ],
    ids=["by another", "for another host, of a key that has changed", "of a revoked key", "by a revoked authority"],
)
def test_certificate_that_does_not_help(signed, verdict, words, lines, kind, told):
    """The authority has to be known for this host, and the certificate for it, and neither key may be revoked."""
    with pytest.raises(kind, match=told):
        verdict(signed(*words), *lines)


@pytest.mark.parametrize(
    ("name", "told"),
    [("host", r"no certificate by ssh-ed25519 SHA256:\S+ \(\S+ line 1\)"), ("ca", "no host key is known")],
    ids=["not signed", "the authority's own"],
)
def test_key_without_certificate(folder, verdict, name, told):
    """An authority says nothing of a key that it has not signed, nor of its own; the error names both."""
    key = shown(folder / f"{name}.pub")
    assert authority_of(key) is None
    with pytest.raises(HostKeyUnknown, match=told):
        verdict(key, CA)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (FOR_HOST, ""),
        (("-h", "-n", "10.0.0.2,10.0.0.1"), ""),
        (("-h", "-n", "10.0.0.2,10.0.*"), "is for 10.0.0.2, 10.0.*, not for 10.0.0.1"),
        (FOR_OTHER, "is for 10.0.0.2, not for 10.0.0.1"),
        (("-h",), "is for no host, not for 10.0.0.1"),
        (("-n", "10.0.0.1"), "is for users, not for hosts"),
        ((*FOR_HOST, *SHORTLY), "is valid from 2026-01-01 00:00 UTC until 2026-01-02 00:00 UTC"),
        ((*FOR_HOST, "-O", "critical:x@y=1"), "has options that are unknown here: x@y"),
    ],
    ids=["fits", "one of two", "wildcard", "other host", "no host", "user", "over", "critical"],
)
def test_what_a_certificate_is_good_for(signed, words, expected):
    """Kind, names, time and options count, as they do for ssh."""
    assert expected == unfit(signed(*words), "10.0.0.1", DEFAULT.ca_signatures)


def test_certificate_signed_with_sha_1(folder, signed):
    """OpenSSH takes none, unless its configuration says so; the other signatures of an RSA key are fine."""
    key_pair(folder / "rsa", "rsa")

    def verdict(kind: str, *more: str) -> str:
        return unfit(signed("-t", kind, *FOR_HOST, by="rsa"), "10.0.0.1", (*DEFAULT.ca_signatures, *more))

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
    forged = signed(*FOR_HOST)
    forged.public_blob.key_blob = forged.public_blob.key_blob.replace(b"10.0.0.1", b"10.0.0.9")

    assert (shown(folder / "ca.pub"), "has a wrong signature") == (
        authority_of(forged),
        unfit(forged, "10.0.0.9", DEFAULT.ca_signatures),
    )


# Revoked keys


@pytest.fixture(scope="module")
def revoking(folder):
    """Files that revoke a key, an authority or a certificate, and such as can't be read."""
    for name in ("ca", "host", "other"):
        keygen("-k", "-f", folder / f"krl-{name}", folder / f"{name}.pub")
        (folder / f"text-{name}").write_text(f"\n# stolen\n{(folder / f'{name}.pub').read_text()}")
    keygen("-s", folder / "ca", "-I", "h1", *FOR_HOST, folder / "host.pub")
    (folder / "serial").write_text("serial: 7\n")
    keygen("-k", "-s", folder / "ca.pub", "-f", folder / "krl-serial", folder / "serial")
    (folder / "text-certificate").write_text((folder / "host-cert.pub").read_text())
    (folder / "text-unknown").write_text("sk-ssh-ed25519@openssh.com AAAA\n")
    (folder / "nonsense").write_text("ssh-ed25519 nonsense\n")
    (folder / "word").write_text("nonsense\n")
    (folder / "krl-cut").write_bytes((folder / "krl-host").read_bytes()[:20])
    return folder


@pytest.fixture
def verdict_by(verdict, folder, signed, revoking):
    """Return a function that checks the host's known key, or its certificate of number 7, against such a file."""

    def verdict_by(file: str, shows: str = "host") -> None:
        key = shown(folder / "host.pub") if shows == "host" else signed("-z", "7", *FOR_HOST)
        verdict(key, "10.0.0.1 {host}", revoked=str(revoking / file))

    return verdict_by


@pytest.mark.parametrize("file", ["krl-other", "text-other", "text-unknown", "krl-serial"])
def test_other_keys_are_revoked(verdict_by, file):
    """A key that is in no such file is good."""
    verdict_by(file)


@pytest.mark.parametrize(
    ("file", "shows"),
    [
        *((file, "host") for file in ("krl-host", "text-host", "text-certificate")),
        *((file, "host-cert") for file in ("krl-host", "krl-serial", "krl-ca", "text-host", "text-ca")),
    ],
)
def test_revoked_key(verdict_by, revoking, file, shows):
    """It is refused, also by its certificate's number, or for who signed that."""
    with pytest.raises(HostKeyMismatch, match=f"which {revoking}/{file} revokes: the key is not to be trusted"):
        verdict_by(file, shows)


@pytest.mark.parametrize("file", ["nosuch", "nonsense", "word", "krl-cut"])
def test_file_that_cannot_be_read(verdict_by, file):
    """It could have any key, so that none is good."""
    with pytest.raises(HostKeyUnknown, match=r"h1 \(10.0.0.1:22\): can't tell whether its key is revoked: \S.+: "):
        verdict_by(file)


def test_krl_without_ssh_keygen(verdict_by, monkeypatch):
    """Only ssh-keygen can read it."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(
        HostKeyUnknown, match="can't tell whether its key is revoked: ssh-keygen: no such file or directory: "
    ):
        verdict_by("krl-other")
