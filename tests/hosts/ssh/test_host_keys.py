"""The lines of known_hosts that apply to a host."""

import re
import subprocess
from dataclasses import replace

import paramiko
import pytest
from paramiko.hostkeys import HostKeys

from providers.hosts.ssh.algorithms import DEFAULT
from providers.hosts.ssh.destination import Destination
from providers.hosts.ssh.host_keys import key_types, known_keys, verify
from providers.rules.vocabulary.errors import HostError, HostKeyMismatch, HostKeyUnknown

pytestmark = pytest.mark.usefixtures("my_ssh")

KEY = paramiko.ECDSAKey.generate()
KEY_TYPE = KEY.get_name()
# What `ssh-keygen -H` makes of an address; the salt is fixed, so that tests keep their names.
SALT = "|1|AAAAAAAAAAAAAAAAAAAAAAAAAAA="
HASHED = HostKeys.hash_host("10.0.0.1", SALT)
HASHED_OTHER = HostKeys.hash_host("10.0.0.2", SALT)
LINE = f"{KEY_TYPE} {KEY.get_base64()}"


def to(address="10.0.0.1", port=22, known_hosts="known_hosts"):
    """A host there."""
    return Destination("h1", address, port, "root", known_hosts=(known_hosts,))


@pytest.fixture
def known(tmp_path):
    """Return a function that reads the keys known for 10.0.0.1 (or another address) from these lines."""

    def keys(*lines, address="10.0.0.1", port=22):
        path = tmp_path / "known_hosts"
        path.write_text("".join(f"{line}\n" for line in lines))
        return known_keys(to(address, port, str(path)))

    return keys


@pytest.mark.parametrize(
    "names",
    ["10.0.0.1", "h1.example,10.0.0.1", HASHED, "10.0.0.*", "10.0.0.?", "*,!10.0.0.2"],
)
def test_line_that_names_the_host(known, names):
    """Plain names, lists, hashed names and wildcards count as they do for ssh."""
    assert [KEY] == [each.key for each in known(f"{names} {LINE}")]


@pytest.mark.parametrize(
    "names",
    ["10.0.0.2", "10.0.0", HASHED_OTHER, "*,!10.0.0.1", "[10.0.0.1]:2222", "#10.0.0.1"],
)
def test_line_that_names_another(known, names):
    """A line for another host, another port, or that excludes this one, says nothing."""
    assert [] == known(f"{names} {LINE}")


@pytest.mark.parametrize("names", ["[10.0.0.1]:2222", "[10.0.0.*]:2222"])
def test_other_port_has_its_own_line(known, names):
    """Names have the form `[host]:port` with a port that is not 22."""
    assert 1 == len(known(f"{names} {LINE}", port=2222))


def test_ipv6_address(known):
    """An IPv6 address is written without brackets."""
    assert 1 == len(known(f"2001:db8::1 {LINE}", address="2001:db8::1"))


@pytest.mark.parametrize(
    ("names", "address"),
    [
        ("w1.Example.com", "W1.example.COM"),
        ("*.Example.com", "w1.example.com"),
        (HostKeys.hash_host("w1.example.com", SALT), "W1.Example.com"),
        ("2001:db8::1", "2001:DB8:0::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        (HostKeys.hash_host("2001:db8::1", SALT), "2001:DB8:0::1"),
    ],
)
def test_spelling_does_not_count(known, names, address):
    """Upper case and other forms of an IPv6 address mean the same host, on either side."""
    assert 1 == len(known(f"{names} {LINE}", address=address))


def test_spelling_does_not_count_beside_a_port(known):
    """It does not count in brackets either."""
    assert 1 == len(known(f"[2001:DB8:0::1]:2222 {LINE}", address="2001:db8::1", port=2222))


def test_all_keys_count(known):
    """A host may have several keys of one type, as while they are being replaced."""
    other = paramiko.ECDSAKey.generate()

    assert [KEY, other] == [
        each.key for each in known(f"10.0.0.1 {LINE}", f"10.0.0.1 {other.get_name()} {other.get_base64()}")
    ]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "# a comment",
        "10.0.0.1",
        "10.0.0.1 ssh-new AAAA",
        f"10.0.0.1 {KEY_TYPE} x",
        f"10.0.0.1 {KEY_TYPE} ÄÄ",
        f"|1|abc {LINE}",
        f"|1|abcd|efgh {LINE}",
        f"|1|{'|'.join('abc')} {LINE}",
        f"|1|ÄÄ|efgh {LINE}",
    ],
    ids=lambda line: line.removesuffix(LINE) or "empty",
)
def test_unreadable_lines_are_passed_over(known, line):
    """Comments, stumps, hashes that are none and keys of unknown types leave the other lines in force."""
    assert [KEY] == [each.key for each in known(line, f"10.0.0.1 {LINE}")]


@pytest.mark.parametrize("key", ["ssh-ed25519", "ssh-ed25519 AAAA", "ssh-ed25519 ÄÄ", "ssh-new AAAA"])
def test_host_key_that_is_none(key):
    """A host_key that cannot be read, as from an old state, is the host's error."""
    with pytest.raises(HostKeyUnknown, match=r"^h1: host_key can't be read as a key: "):
        known_keys(replace(to(), host_key=key))


def test_unreadable_file_is_named():
    """A known_hosts that cannot be read is an error of its own."""
    with pytest.raises(HostKeyUnknown, match=r"^h1: /proc/self/mem cannot be read: "):
        known_keys(to(known_hosts="/proc/self/mem"))


def test_home_that_nobody_has():
    """A path in the home of nobody is the host's error."""
    with pytest.raises(HostError, match=r"^h1: ~nosuch/known_hosts: there is no home ~nosuch on this machine; "):
        known_keys(to(known_hosts="~nosuch/known_hosts"))


@pytest.mark.parametrize(
    ("address", "port", "name"), [("10.0.0.1", 22, "10.0.0.1"), ("10.0.0.1", 2222, "[10.0.0.1]:2222")]
)
def test_ssh_keygen_finds_no_other_lines(known, tmp_path, address, port, name):
    """Both find the same among names that are plain, hashed, excluded or marked, with wildcards, and invalid lines."""
    names = ["10.0.0.1", "10.0.0.2", "a,10.0.0.1", "10.0.0.*", "10.0.0.?", "*", "*,!10.0.0.1", "!10.0.0.2", "10.0.0"]
    ports = [f"[{each}]:2222" for each in ("10.0.0.1", "10.0.0.2", "10.0.0.*")] + ["[10.0.0.1]:2223", "[10.0.0.1]:*"]
    hashed = [HASHED, HASHED_OTHER, HostKeys.hash_host("[10.0.0.1]:2222", SALT), "|1|abc", "#10.0.0.1", "@new 10.0.0.1"]
    lines = [
        f"{mark}{each} {LINE}" for each in names + ports + hashed for mark in ("", "@revoked ", "@cert-authority ")
    ]
    ours = known(*lines, address=address, port=port)
    told = subprocess.run(
        ["ssh-keygen", "-F", name, "-f", tmp_path / "known_hosts"], capture_output=True, text=True, check=True
    )

    assert [int(line) for line in re.findall(r" found: line (\d+)", told.stdout)] == sorted(
        int(each.source.split()[-1]) for each in ours if not each.other_port
    )


def test_source_is_file_and_line(known, tmp_path):
    """A known key has the file and line that it was found in."""
    assert [f"{tmp_path}/known_hosts line 2"] == [each.source for each in known("#", f"10.0.0.1 {LINE}")]


@pytest.mark.parametrize("before", ["", " ", "\t"])
def test_revoked_key_is_refused(known, before):
    """A revoked key is not trusted, even if another line trusts it, and wherever its own line begins."""
    keys = known(f"10.0.0.1 {LINE}", f"{before}@revoked * {LINE}")
    with pytest.raises(HostKeyMismatch, match="revokes"):
        verify(to(), KEY, keys)


@pytest.mark.parametrize("place", ["known_hosts", "revoking"])
@pytest.mark.parametrize("given", [None, LINE], ids=["file", "host_key"])
def test_revoked_key_is_refused_beside_others(tmp_path, place, given):
    """It is refused whichever file revokes it, also if the stack file gives the key itself."""
    for name in ("known_hosts", "revoking"):
        (tmp_path / name).write_text(f"10.0.0.1 {LINE}\n" if name != place else f"@revoked * {LINE}\n")
    host = replace(to(), known_hosts=(f"{tmp_path}/known_hosts",), revoking=(f"{tmp_path}/revoking",), host_key=given)

    with pytest.raises(HostKeyMismatch, match=f"which {tmp_path}/{place} line 1 revokes"):
        verify(host, KEY, known_keys(host))


def test_system_trusts_nobody_beside_the_stack_file(tmp_path):
    """Only the revoking lines of the system's files count."""
    (tmp_path / "system").write_text(f"10.0.0.1 {LINE}\n")

    assert [] == known_keys(replace(to(), known_hosts=(), revoking=(f"{tmp_path}/system",)))


def test_alias_is_the_name(tmp_path):
    """HostKeyAlias takes the place of address and port."""
    (tmp_path / "known_hosts").write_text(f"m7 {LINE}\n[10.0.0.1]:2222 {LINE}\n10.0.0.1 {LINE}\n")
    host = replace(to(port=2222, known_hosts=f"{tmp_path}/known_hosts"), alias="m7")

    assert [f"{tmp_path}/known_hosts line 1"] == [each.source for each in known_keys(host)]


def test_authority_of_a_port_leaves_the_keys_of_the_host(known):
    """Lines for the port have no key of it; those for the host do."""
    ca = f"@cert-authority [10.0.0.1]:2222 {LINE}"

    assert ["@cert-authority", ""] == [each.marker for each in known(ca, f"10.0.0.1 {LINE}", port=2222)]


def test_rsa_key_that_is_too_short(tmp_path):
    """RequiredRSASize counts for a key that is known, too."""
    key = paramiko.RSAKey.generate(1024)
    host = replace(to(), host_key=f"ssh-rsa {key.get_base64()}", algorithms=replace(DEFAULT, rsa_bits=2048))

    with pytest.raises(HostKeyMismatch, match=r"of 1024 bits: give it one of at least 2048$"):
        verify(host, key, known_keys(host))


def test_certificates_are_asked_for_last(known):
    """Certificates are asked for last if no authority is known."""
    offered = ["ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519", "ecdsa-sha2-nistp256"]

    assert ["ecdsa-sha2-nistp256", "ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com"] == key_types(
        known(f"10.0.0.1 {LINE}"), offered
    )


def test_known_types_come_first(known):
    """The server is asked for the types that are known, then for the others in their order."""
    offered = ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512"]

    assert ["ecdsa-sha2-nistp256", "ssh-ed25519", "rsa-sha2-512"] == key_types(known(f"10.0.0.1 {LINE}"), offered)
