"""The algorithms that a host is offered."""

import socket
from dataclasses import replace

import paramiko
import pytest

from providers.hosts.ssh.algorithms import DEFAULT, restrict
from providers.hosts.ssh.destination import destination
from providers.hosts.ssh.openssh import OpenSsh
from providers.hosts.ssh.transport import dial, open_transport
from providers.rules.stack_file.access import HostAccess
from providers.rules.vocabulary.errors import HostError, Unreachable

TAKEN_ONCE = {"3des-cbc", "aes256-cbc", "hmac-md5", "hmac-md5-96", "hmac-sha1-96"}


@pytest.fixture
def offered():
    """Return a function that tells what is left of these algorithms, by kind."""
    one, other = socket.socketpair()  # nobody listens there

    def offered(allowed):
        transport = paramiko.Transport(one)
        restrict(transport, "h1", allowed)
        options = transport.get_security_options()
        return options.ciphers, options.digests, options.kex, options.key_types

    yield offered
    one.close()
    other.close()


def test_without_ssh_its_own_choice_counts(offered):
    """All of it is known here, and what OpenSSH leaves out is left out."""
    allowed = (DEFAULT.ciphers, DEFAULT.macs, DEFAULT.kex, DEFAULT.host_keys)

    assert allowed == offered(DEFAULT)
    assert TAKEN_ONCE.isdisjoint({name for names in allowed for name in names})


def test_choice_of_this_ssh():
    """The ssh of this machine does not take those either."""
    said = destination(HostAccess(name="h1", address="w1"), OpenSsh()).algorithms

    assert TAKEN_ONCE.isdisjoint({*said.ciphers, *said.macs})


def test_order_is_that_of_openssh(offered):
    """The order is OpenSSH's; algorithms unknown here are left out."""
    allowed = replace(DEFAULT, ciphers=("chacha20-poly1305@openssh.com", "aes256-ctr", "aes128-ctr"))

    assert ("aes256-ctr", "aes128-ctr") == offered(allowed)[0]


@pytest.mark.parametrize(
    ("keyword", "field"),
    [("Ciphers", "ciphers"), ("MACs", "macs"), ("KexAlgorithms", "kex"), ("HostKeyAlgorithms", "host_keys")],
)
def test_nothing_is_left(offered, keyword, field):
    """One line names both."""
    with pytest.raises(HostError) as caught:
        offered(replace(DEFAULT, **{field: ("new@example",)}))

    assert str(caught.value).startswith(f"h1: of ssh's {keyword} (new@example) none is known here (")
    assert str(caught.value).endswith("): allow one of those for this host")


@pytest.mark.parametrize(
    ("field", "keyword", "name"),
    [
        ("ciphers", "Ciphers", "aes128-ctr"),
        ("macs", "MACs", "hmac-sha1"),
        ("kex", "KexAlgorithms", "ecdh-sha2-nistp256"),
    ],
)
def test_nothing_in_common_with_the_host(host, field, keyword, name):
    """The message names what was offered."""
    host.without = {"digests" if field == "macs" else field: name}
    to = replace(destination(host.access(), OpenSsh()), algorithms=replace(DEFAULT, **{field: (name,)}))

    with pytest.raises(Unreachable, match=rf"its sshd takes none of the {keyword} that count here \({name}\): "):
        open_transport(to, dial(to))
