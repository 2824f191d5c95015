"""The lines of known_hosts that apply to a host, and the algorithms that it is offered."""

import socket
from dataclasses import replace

import paramiko
import pytest
from paramiko.hostkeys import HostKeys

from providers.hosts.ssh.algorithms import DEFAULT, restrict
from providers.hosts.ssh.destination import Destination, destination
from providers.hosts.ssh.host_keys import key_types, known_keys, verify
from providers.hosts.ssh.openssh import OpenSsh
from providers.hosts.ssh.transport import dial, open_transport
from providers.rules.vocabulary.errors import HostError, HostKeyMismatch, Unreachable

pytestmark = pytest.mark.usefixtures("my_ssh")

KEY = paramiko.ECDSAKey.generate()
KEY_TYPE = KEY.get_name()
# What `ssh-keygen -H` makes of an address; the salt is fixed, so that tests keep their names.
SALT = "|1|AAAAAAAAAAAAAAAAAAAAAAAAAAA="
HASHED = HostKeys.hash_host("10.0.0.1", SALT)
HASHED_OTHER = HostKeys.hash_host("10.0.0.2", SALT)
LINE, LINE_OF_OTHER = (f"{key.get_name()} {key.get_base64()}" for key in (KEY, paramiko.ECDSAKey.generate()))


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
    ("is_meant", "names", "address", "port"),
    [
        *((True, names, "10.0.0.1", 22) for names in ("10.0.0.1", "h1.example,10.0.0.1", HASHED)),
        *((True, names, "10.0.0.1", 22) for names in ("10.0.0.*", "10.0.0.?", "*,!10.0.0.2")),
        *((True, names, "10.0.0.1", 2222) for names in ("[10.0.0.1]:2222", "[10.0.0.*]:2222")),
        (True, "2001:db8::1", "2001:db8::1", 22),
        # Upper case and other forms of an IPv6 address mean the same host, on either side.
        (True, "w1.Example.com", "W1.example.COM", 22),
        (True, "*.Example.com", "w1.example.com", 22),
        (True, HostKeys.hash_host("w1.example.com", SALT), "W1.Example.com", 22),
        (True, "2001:db8::1", "2001:DB8:0::1", 22),
        (True, "2001:DB8:0::1", "2001:db8::1", 22),
        (True, "[2001:DB8:0::1]:2222", "2001:db8::1", 2222),
        (True, HostKeys.hash_host("2001:db8::1", SALT), "2001:DB8:0::1", 22),
        # Another host, another port, or this one excluded.
        *((False, names, "10.0.0.1", 22) for names in ("10.0.0.2", "10.0.0", HASHED_OTHER, "*,!10.0.0.1")),
        *((False, names, "10.0.0.1", 22) for names in ("[10.0.0.1]:2222", "#10.0.0.1")),
    ],
)
def test_line_that_names_the_host(known, is_meant, names, address, port):
    """Plain names, lists, hashed names and wildcards count as they do for ssh; a port but 22 has its own lines."""
    assert [KEY] * is_meant == [each.key for each in known(f"{names} {LINE}", address=address, port=port)]


LINES = {
    "all keys of one type": ([2, 3], ["#", f"10.0.0.1 {LINE}", f"10.0.0.1 {LINE_OF_OTHER}"], {}),
    "an alias in the place of address and port": (
        *([1], [f"m7 {LINE}", f"[10.0.0.1]:2222 {LINE}", f"10.0.0.1 {LINE}"]),
        {"port": 2222, "alias": "m7"},
    ),
    "an authority of the port, and the keys of the host": (
        *([1, 2], [f"@cert-authority [10.0.0.1]:2222 {LINE}", f"10.0.0.1 {LINE}"]),
        {"port": 2222},
    ),
    "what can't be read is passed over": (
        [11],
        [
            *("", "# a comment", "10.0.0.1", "10.0.0.1 ssh-new AAAA"),
            *(f"10.0.0.1 {KEY_TYPE} {text}" for text in ("x", "ÄÄ")),
            *(f"|1|{hashed} {LINE}" for hashed in ("abc", "abcd|efgh", "a|b|c", "ÄÄ|efgh")),
            f"10.0.0.1 {LINE}",
        ],
        {},
    ),
}


@pytest.mark.parametrize(("expected", "lines", "more"), LINES.values(), ids=LINES)
def test_lines_that_count(known, tmp_path, expected, lines, more):
    """Each key has its file and line."""
    assert [f"{tmp_path}/known_hosts line {each}" for each in expected] == [
        each.source for each in known(*lines, **more)
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        *(
            ({"host_key": key}, "host_key can't be read as a key: ")
            for key in ("ssh-ed25519", "ssh-ed25519 AAAA", "ssh-ed25519 ÄÄ", "ssh-new AAAA")
        ),
        ({"known_hosts": "/proc/self/mem"}, "/proc/self/mem cannot be read: "),
        ({"known_hosts": "~nosuch/known"}, "~nosuch/known: there is no home ~nosuch on this machine; "),
    ],
    ids=str,
)
def test_what_can_not_be_read_is_named(given, told):
    """It is the host's error, also if it is from an old state."""
    with pytest.raises(HostError, match=f"^h1: {told}"):
        known_keys(to(**given))


@pytest.mark.parametrize("place", ["known_hosts", "revoking"])
@pytest.mark.parametrize("given", [None, LINE], ids=["file", "host_key"])
@pytest.mark.parametrize("before", ["", " ", "\t"])
def test_revoked_key_is_refused(tmp_path, place, given, before):
    """It is, whichever file revokes it, wherever its line begins, also if the stack file gives the key itself."""
    for name in ("known_hosts", "revoking"):
        revoked = f"{before}@revoked * {LINE}\n" if name == place else ""
        (tmp_path / name).write_text(f"10.0.0.1 {LINE}\n{revoked}")
    host = to(known_hosts=f"{tmp_path}/known_hosts", revoking=(f"{tmp_path}/revoking",), host_key=given)

    with pytest.raises(HostKeyMismatch, match=f"which {tmp_path}/{place} line 2 revokes"):
        verify(host, KEY, known_keys(host))


def test_system_trusts_nobody_beside_the_stack_file(tmp_path):
    """Only the revoking lines of the system's files count."""
    (tmp_path / "system").write_text(f"10.0.0.1 {LINE}\n")

    assert [] == known_keys(replace(to(), known_hosts=(), revoking=(f"{tmp_path}/system",)))


def test_rsa_key_that_is_too_short():
    """RequiredRSASize counts for a key that is known, too."""
    key = paramiko.RSAKey.generate(1024)
    host = to(host_key=f"ssh-rsa {key.get_base64()}", algorithms=replace(DEFAULT, rsa_bits=2048))

    with pytest.raises(HostKeyMismatch, match=r"of 1024 bits: give it one of at least 2048$"):
        verify(host, key, known_keys(host))


def test_known_types_come_first(known):
    """Then the server is asked for the others in their order, and for certificates last if no authority is known."""
    offered = ["ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519", "rsa-sha2-512", "ecdsa-sha2-nistp256"]

    assert [offered[each] for each in (3, 1, 2, 0)] == key_types(known(f"10.0.0.1 {LINE}"), offered)


# Algorithms

TAKEN_ONCE = {"3des-cbc", "aes256-cbc", "hmac-md5", "hmac-md5-96", "hmac-sha1-96"}


def offered(**changes):
    """Return what is left of OpenSSH's algorithms, by kind, with these in the place of some."""
    one, other = socket.socketpair()  # nobody listens there
    with one, other:
        transport = paramiko.Transport(one)
        restrict(transport, "h1", replace(DEFAULT, **changes))
        options = transport.get_security_options()
        return dict(zip(KINDS, (options.ciphers, options.digests, options.kex, options.key_types), strict=True))


KINDS = {"ciphers": "Ciphers", "macs": "MACs", "kex": "KexAlgorithms", "host_keys": "HostKeyAlgorithms"}
GROUP = "diffie-hellman-group-exchange-sha256"


def test_without_ssh_its_own_choice_counts():
    """All of it is known here, and what OpenSSH leaves out is left out."""
    allowed = {kind: getattr(DEFAULT, kind) for kind in KINDS}

    assert allowed == offered()
    assert TAKEN_ONCE.isdisjoint({name for names in allowed.values() for name in names})


def test_order_is_that_of_openssh():
    """Algorithms unknown here are left out, as are groups that a server chooses: it might choose one of 1024 bits."""
    ciphers = ("chacha20-poly1305@openssh.com", "aes256-ctr", "aes128-ctr")
    found = offered(ciphers=ciphers, kex=(GROUP, "ecdh-sha2-nistp256"))

    assert (("aes256-ctr", "aes128-ctr"), ("ecdh-sha2-nistp256",)) == (found["ciphers"], found["kex"])


@pytest.mark.parametrize(("kind", "keyword"), KINDS.items())
def test_nothing_is_left(kind, keyword):
    """One line names both."""
    told = rf"^h1: of ssh's {keyword} \(new@example\) none is known here \(.+\): allow one of those for this host$"
    with pytest.raises(HostError, match=told):
        offered(**{kind: ("new@example",)})


@pytest.mark.parametrize(
    ("kind", "name"), [("ciphers", "aes128-ctr"), ("macs", "hmac-sha1"), ("kex", "ecdh-sha2-nistp256")]
)
def test_nothing_in_common_with_the_host(host, kind, name):
    """The message names what was offered."""
    host.without = {"digests" if kind == "macs" else kind: name}
    to = replace(destination(host.access(), OpenSsh()), algorithms=replace(DEFAULT, **{kind: (name,)}))

    with pytest.raises(Unreachable, match=rf"its sshd supports none of the {KINDS[kind]} enabled here \({name}\): "):
        open_transport(to, dial(to))
