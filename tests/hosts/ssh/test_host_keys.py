"""Which lines of known_hosts speak of a host."""

from dataclasses import replace

import paramiko
import pytest
from paramiko.hostkeys import HostKeys

from providers.hosts.ssh.destination import Destination
from providers.hosts.ssh.host_keys import key_types, known_keys, verify
from providers.rules.vocabulary.errors import HostError, HostKeyMismatch, HostKeyUnknown

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
    """What is known for 10.0.0.1 (or another address), from these lines."""

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
    """With a port that is not 22, names have the form `[host]:port`."""
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
    """In brackets neither."""
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
    with pytest.raises(HostKeyUnknown, match=r"^h1: host_key is no key that can be read: "):
        known_keys(replace(to(), host_key=key))


def test_unreadable_file_is_named():
    """A known_hosts that cannot be read is an error of its own."""
    with pytest.raises(HostKeyUnknown, match=r"^h1: /proc/self/mem cannot be read: "):
        known_keys(to(known_hosts="/proc/self/mem"))


def test_home_that_nobody_has():
    """A path in the home of nobody is the host's error."""
    with pytest.raises(HostError, match=r"^h1: ~nosuch/known_hosts: there is no home ~nosuch on this machine; "):
        known_keys(to(known_hosts="~nosuch/known_hosts"))


def test_source_is_file_and_line(known, tmp_path):
    """Where a key was found can be said to a user."""
    assert [f"{tmp_path}/known_hosts line 2"] == [each.source for each in known("#", f"10.0.0.1 {LINE}")]


@pytest.mark.parametrize("before", ["", " ", "\t"])
def test_revoked_key_is_refused(known, before):
    """A revoked key is not trusted, even if another line trusts it, and wherever its own line begins."""
    keys = known(f"10.0.0.1 {LINE}", f"{before}@revoked * {LINE}")
    with pytest.raises(HostKeyMismatch, match="revokes"):
        verify(to(), KEY, keys)


def test_known_types_come_first(known):
    """The server is asked for the types that are known, then for the others in their order."""
    offered = ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512"]

    assert ["ecdsa-sha2-nistp256", "ssh-ed25519", "rsa-sha2-512"] == key_types(known(f"10.0.0.1 {LINE}"), offered)
