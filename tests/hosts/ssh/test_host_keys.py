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


def to(address="10.0.0.1", port=22, known_hosts="known_hosts", **more):
    """A host there."""
    return Destination("h1", address, port, "root", known_hosts=(known_hosts,), **more)


@pytest.fixture
def known(tmp_path):
    """Return a function that reads the keys known for 10.0.0.1 (or another address) from these lines."""

    def keys(*lines, **more):
        path = tmp_path / "known_hosts"
        path.write_text("".join(f"{line}\n" for line in lines))
        return known_keys(to(known_hosts=str(path), **more))

    return keys


@pytest.mark.parametrize(
    ("names", "address", "port"),
    [
        *((names, "10.0.0.1", 22) for names in ("10.0.0.1", "h1.example,10.0.0.1", HASHED)),
        *((names, "10.0.0.1", 22) for names in ("10.0.0.*", "10.0.0.?", "*,!10.0.0.2")),
        *((names, "10.0.0.1", 2222) for names in ("[10.0.0.1]:2222", "[10.0.0.*]:2222")),
        ("2001:db8::1", "2001:db8::1", 22),
        # Upper case and other forms of an IPv6 address mean the same host, on either side.
        ("w1.Example.com", "W1.example.COM", 22),
        ("*.Example.com", "w1.example.com", 22),
        (HostKeys.hash_host("w1.example.com", SALT), "W1.Example.com", 22),
        ("2001:db8::1", "2001:DB8:0::1", 22),
        ("2001:DB8:0::1", "2001:db8::1", 22),
        ("[2001:DB8:0::1]:2222", "2001:db8::1", 2222),
        (HostKeys.hash_host("2001:db8::1", SALT), "2001:DB8:0::1", 22),
    ],
)
def test_line_that_names_the_host(known, names, address, port):
    """Plain names, lists, hashed names and wildcards count as they do for ssh; a port but 22 has its own lines."""
    assert [KEY] == [each.key for each in known(f"{names} {LINE}", address=address, port=port)]


@pytest.mark.parametrize("names", ["10.0.0.2", "10.0.0", HASHED_OTHER, "*,!10.0.0.1", "[10.0.0.1]:2222", "#10.0.0.1"])
def test_line_that_names_another(known, names):
    """A line for another host, another port, or that excludes this one, says nothing."""
    assert [] == known(f"{names} {LINE}")


def test_all_keys_count(known, tmp_path):
    """A host may have several keys of one type, as while they are being replaced; each has its file and line."""
    other = paramiko.ECDSAKey.generate()
    found = known("#", f"10.0.0.1 {LINE}", f"10.0.0.1 {other.get_name()} {other.get_base64()}")

    assert [(KEY, f"{tmp_path}/known_hosts line 2"), (other, f"{tmp_path}/known_hosts line 3")] == [
        (each.key, each.source) for each in found
    ]


@pytest.mark.parametrize(
    "line",
    [
        *("", "# a comment", "10.0.0.1", "10.0.0.1 ssh-new AAAA", f"10.0.0.1 {KEY_TYPE} x", f"10.0.0.1 {KEY_TYPE} ÄÄ"),
        *(f"|1|{hashed} {LINE}" for hashed in ("abc", "abcd|efgh", "a|b|c", "ÄÄ|efgh")),
    ],
    ids=lambda line: line.removesuffix(LINE) or "empty",
)
def test_unreadable_lines_are_passed_over(known, line):
    """Comments, stumps, hashes that are none and keys of unknown types leave the other lines in force."""
    assert [KEY] == [each.key for each in known(line, f"10.0.0.1 {LINE}")]


@pytest.mark.parametrize(
    ("given", "kind", "told"),
    [
        *(
            ({"host_key": key}, HostKeyUnknown, "host_key can't be read as a key: ")
            for key in ("ssh-ed25519", "ssh-ed25519 AAAA", "ssh-ed25519 ÄÄ", "ssh-new AAAA")
        ),
        ({"known_hosts": "/proc/self/mem"}, HostKeyUnknown, "/proc/self/mem cannot be read: "),
        (
            {"known_hosts": "~nosuch/known_hosts"},
            HostError,
            "~nosuch/known_hosts: there is no home ~nosuch on this machine; ",
        ),
    ],
    ids=str,
)
def test_what_can_not_be_read_is_named(given, kind, told):
    """It is the host's error, also if it is from an old state."""
    with pytest.raises(kind, match=f"^h1: {told}"):
        known_keys(to(**given))


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
    host = to(known_hosts=f"{tmp_path}/known_hosts", revoking=(f"{tmp_path}/revoking",), host_key=given)

    with pytest.raises(HostKeyMismatch, match=f"which {tmp_path}/{place} line 1 revokes"):
        verify(host, KEY, known_keys(host))


def test_system_trusts_nobody_beside_the_stack_file(tmp_path):
    """Only the revoking lines of the system's files count."""
    (tmp_path / "system").write_text(f"10.0.0.1 {LINE}\n")

    assert [] == known_keys(replace(to(), known_hosts=(), revoking=(f"{tmp_path}/system",)))


def test_alias_is_the_name(known):
    """HostKeyAlias takes the place of address and port."""
    found = known(f"m7 {LINE}", f"[10.0.0.1]:2222 {LINE}", f"10.0.0.1 {LINE}", port=2222, alias="m7")

    assert ["line 1"] == [each.source[-6:] for each in found]


def test_authority_of_a_port_leaves_the_keys_of_the_host(known):
    """Lines for the port have no key of it; those for the host do."""
    ca = f"@cert-authority [10.0.0.1]:2222 {LINE}"

    assert ["@cert-authority", ""] == [each.marker for each in known(ca, f"10.0.0.1 {LINE}", port=2222)]


def test_rsa_key_that_is_too_short():
    """RequiredRSASize counts for a key that is known, too."""
    key = paramiko.RSAKey.generate(1024)
    host = to(host_key=f"ssh-rsa {key.get_base64()}", algorithms=replace(DEFAULT, rsa_bits=2048))

    with pytest.raises(HostKeyMismatch, match=r"of 1024 bits: give it one of at least 2048$"):
        verify(host, key, known_keys(host))


@pytest.mark.parametrize(
    ("expected", "offered"),
    [
        (
            ["ecdsa-sha2-nistp256", "ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com"],
            ["ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519", "ecdsa-sha2-nistp256"],
        ),
        (
            ["ecdsa-sha2-nistp256", "ssh-ed25519", "rsa-sha2-512"],
            ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512"],
        ),
    ],
    ids=["certificates last", "others in their order"],
)
def test_known_types_come_first(known, expected, offered):
    """Then the server is asked for the others, and for certificates last if no authority is known."""
    assert expected == key_types(known(f"10.0.0.1 {LINE}"), offered)
