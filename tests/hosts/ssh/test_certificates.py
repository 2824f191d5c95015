"""Host keys for which an authority vouches, and those that RevokedHostKeys has, as ssh-keygen writes them."""

import re
from functools import partial

import paramiko
import pytest

from providers.hosts.ssh.algorithms import DEFAULT
from providers.hosts.ssh.certificates import authority_of, unfit
from providers.hosts.ssh.destination import Destination
from providers.hosts.ssh.host_keys import known_keys, verify
from providers.rules.vocabulary.errors import HostKeyMismatch, HostKeyUnknown
from tests.support.ssh_keys import key_pair, keygen, line, revoking, shown

pytestmark = pytest.mark.usefixtures("my_ssh")

FOR_HOST = ("-h", "-n", "10.0.0.1")
FOR_OTHER = ("-h", "-n", "10.0.0.2")
SHORTLY = ("-V", "20260101000000Z:20260102000000Z")
CA, KNOWN = "@cert-authority * {ca}", "10.0.0.1 {host}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Key pairs (an authority's, a host's, and another's), and files that revoke some of them, or can't be read."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ca", "host", "other"):
        key_pair(folder / name)
    revoking(folder)
    key_pair(folder / "rsa", "rsa")
    keygen("-s", folder / "ca", "-I", "h1", *FOR_HOST, folder / "host.pub")
    (folder / "text-certificate").write_text((folder / "host-cert.pub").read_text())
    (folder / "text-unknown").write_text("sk-ssh-ed25519@openssh.com AAAA\n")
    (folder / "word").write_text("nonsense\n")
    (folder / "krl-cut").write_bytes((folder / "krl-host").read_bytes()[:20])
    return folder


@pytest.fixture
def signed(folder):
    """The host's key with a certificate by the authority, or by another."""

    def sign(*words: str, by: str = "ca") -> paramiko.PKey:
        keygen("-s", folder / by, "-I", "h1", "-z", "7", *words, folder / "host.pub")
        return shown(folder / "host-cert.pub")

    return sign


@pytest.fixture
def verdict(folder, tmp_path):
    """Return a function that tells why a key shown by the host is refused, empty if it is not, with these lines in
    known_hosts, where `{ca}` and so on are keys, and a file of revoked keys."""

    def verdict(key: paramiko.PKey, *lines: str, revoked: str = "") -> str:
        file = tmp_path / "known_hosts"
        keys = {name: line(folder / f"{name}.pub") for name in ("ca", "host", "other")}
        file.write_text("".join(f"{each.format(**keys)}\n" for each in lines))
        revoked_keys = str(folder / revoked) if revoked else ""
        to = Destination("h1", "10.0.0.1", 22, "root", known_hosts=(str(file),), revoked_keys=revoked_keys)
        try:
            verify(to, key, known_keys(to))
        except (HostKeyMismatch, HostKeyUnknown) as problem:
            return f"{type(problem).__name__}: {problem}".replace(f"{tmp_path}/", "").replace(f"{folder}/", "")
        return ""

    return verdict


MISMATCH, UNKNOWN = (
    r"HostKeyMismatch: h1 \(10.0.0.1:22\): it",
    r"HostKeyUnknown: h1 \(10.0.0.1:22\): no host key is known",
)
REVOKES = MISMATCH + " shows ssh-ed25519 SHA256:.*, which {} revokes: the key is not to be trusted"


@pytest.mark.parametrize(
    ("told", "words", "lines"),
    [
        ("$", FOR_HOST, ["@cert-authority 10.0.0.1 {ca}"]),
        ("$", FOR_HOST, [CA]),
        ("$", FOR_HOST, ["@cert-authority 10.0.0.*,10.0.1.* {ca}"]),
        ("$", FOR_OTHER, [CA, KNOWN]),
        (UNKNOWN, FOR_HOST, ["@cert-authority * {other}", "@cert-authority 10.0.0.2 {ca}"]),
        (f"{MISMATCH}.* that is for 10.0.0.2, not for 10.0.0.1, known is", FOR_OTHER, [CA, "10.0.0.1 {other}"]),
        (REVOKES.format("known_hosts line 2"), FOR_HOST, [CA, "@revoked * {host}"]),
        (REVOKES.format("known_hosts line 2"), FOR_HOST, [CA, "@revoked * {ca}"]),
    ],
    ids=[
        *("by its name", "for all hosts", "for some", "the key itself counts, whatever its certificate says"),
        *("by another", "for another host, of a key that has changed", "of a revoked key", "by a revoked authority"),
    ],
)
def test_certificate_by_an_authority(signed, verdict, told, words, lines):
    """The authority has to be known for this host, and the certificate for it, and neither key may be revoked."""
    assert re.match(told, verdict(signed(*words), *lines))


@pytest.mark.parametrize("name", ["host", "ca"], ids=["not signed", "the authority's own"])
def test_key_without_certificate(folder, verdict, name):
    """An authority says nothing of a key that it has not signed, nor of its own; the error names both."""
    told = verdict(shown(folder / f"{name}.pub"), CA)

    assert re.search(UNKNOWN + r".*no certificate by ssh-ed25519 SHA256:\S+ \(known_hosts line 1\)", told)


BEGINS = 1767225600  # seconds since 1970
UNFIT = {
    "fits": ("", FOR_HOST, {}),
    "one of two": ("", ("-h", "-n", "10.0.0.2,10.0.0.1"), {}),
    "wildcard": ("is for 10.0.0.2, 10.0.*, not for 10.0.0.1", ("-h", "-n", "10.0.0.2,10.0.*"), {}),
    "other host": ("is for 10.0.0.2, not for 10.0.0.1", FOR_OTHER, {}),
    "no host": ("is for no host, not for 10.0.0.1", ("-h",), {}),
    "user": ("is for users, not for hosts", ("-n", "10.0.0.1"), {}),
    "over": ("is valid from 2026-01-01 00:00 UTC until 2026-01-02 00:00 UTC", (*FOR_HOST, *SHORTLY), {}),
    "critical": ("has options that are unknown here: x@y", (*FOR_HOST, "-O", "critical:x@y=1"), {}),
    "SHA-1": (
        "is signed by ssh-rsa, which ssh's CASignatureAlgorithms does not list",
        ("-t", "ssh-rsa", *FOR_HOST),
        {},
    ),
    "SHA-1, allowed": ("", ("-t", "ssh-rsa", *FOR_HOST), {"signatures": (*DEFAULT.ca_signatures, "ssh-rsa")}),
    "RSA": ("", ("-t", "rsa-sha2-512", *FOR_HOST), {}),
}


@pytest.mark.parametrize(("expected", "words", "said"), UNFIT.values(), ids=UNFIT)
def test_what_a_certificate_is_good_for(signed, expected, words, said):
    """Kind, names, time, options and signature count, as they do for ssh."""
    key = signed(*words, by="rsa" if "-t" in words else "ca")

    assert expected == unfit(key, "10.0.0.1", **{"signatures": DEFAULT.ca_signatures, **said})


def test_validity_has_a_beginning_and_an_end(signed):
    """It lasts from the first second to the last but one."""
    key = signed(*FOR_HOST, *SHORTLY)

    assert [False, True, True, False] == [
        not unfit(key, "10.0.0.1", DEFAULT.ca_signatures, partial(float, BEGINS + each))
        for each in (-1, 0, 86399, 86400)
    ]


def test_forged_certificate(signed, folder):
    """A certificate that says an authority signed it, and whose content was changed, is told from a true one."""
    forged = signed(*FOR_HOST)
    forged.public_blob.key_blob = forged.public_blob.key_blob.replace(b"10.0.0.1", b"10.0.0.9")

    assert (shown(folder / "ca.pub"), "has a wrong signature") == (
        authority_of(forged),
        unfit(forged, "10.0.0.9", DEFAULT.ca_signatures),
    )


@pytest.mark.parametrize(
    ("told", "files", "signs"),
    [
        ("$", ["krl-other", "text-other", "text-unknown", "krl-serial"], False),
        (REVOKES, ["krl-host", "text-host", "text-certificate"], False),
        (REVOKES, ["krl-host", "krl-serial", "krl-ca", "text-host", "text-ca"], True),
        (
            r"HostKeyUnknown: .*can't tell whether its key is revoked: \S.+: ",
            ["nosuch", "nonsense", "word", "krl-cut"],
            False,
        ),
    ],
    ids=["others", "the key", "the certificate, by its key, number or signer", "a file that can't be read has any key"],
)
def test_revoked_keys(folder, signed, verdict, told, files, signs):
    """A key that is in such a file is refused, though known_hosts has it."""
    key = signed(*FOR_HOST) if signs else shown(folder / "host.pub")
    said = {file: verdict(key, KNOWN, revoked=file) for file in files}

    assert [] == [(file, words) for file, words in said.items() if not re.match(told.format(file), words)]


def test_krl_without_ssh_keygen(folder, verdict, monkeypatch):
    """Only ssh-keygen can read it."""
    monkeypatch.setenv("PATH", "/nowhere")

    told = "can't tell whether its key is revoked: ssh-keygen: no such file or directory: "
    assert told in verdict(shown(folder / "host.pub"), KNOWN, revoked="krl-other")
