"""Ports that must be open on each host, and to whom."""

import pytest

from providers.rules.doctor.ports import Opening, host_rules
from providers.rules.stack_file.model import parse
from providers.rules.stack_file.resolved import resolve
from providers.rules.vocabulary.errors import StackFileError
from tests.support.stackfiles import stating

W2 = "hosts.w2.address 10.99.0.3"
ENCRYPTED = "overlays.app {subnet: 10.3.0.0/24, encrypted: true}"
GOSSIP_AND_DATA = {("tcp", 7946), ("udp", 7946), ("udp", 4789)}
CLOSED = {"tcp": (7946,), "udp": (7946, 4789)}


def rules(*keys):
    """The rules of a stack of a manager and a worker with these keys besides, by host."""
    return {each.host: each for each in host_rules(resolve(parse(stating(*keys))))}


def opened(host, *keys):
    """Return the openings of a host: `protocol, port`, and to whom."""
    return {(each.protocol, each.port): each.sources for each in rules(*keys)[host].openings}


def test_manager_is_open_to_all_other_members():
    """Its own address is none of them."""
    ports = (("tcp", 2377), ("tcp", 7946), ("udp", 7946), ("udp", 4789))
    others = ("10.99.0.2", "10.99.0.3")

    assert tuple(Opening(protocol=protocol, port=port, sources=others) for protocol, port in ports) == (
        rules(W2)["m1"].openings
    )


def test_worker_says_nothing_of_the_managers_port():
    """Nobody listens there, and a rule that closes it would be in the way of a promotion."""
    assert GOSSIP_AND_DATA == set(opened("w1"))
    assert CLOSED == rules()["w1"].closed


def test_esp_is_open_where_an_overlay_is_encrypted_and_closed_to_nobody():
    """A VPN of the host's own may live by it."""
    assert ("10.99.0.1", "10.99.0.3") == opened("w1", W2, ENCRYPTED)["esp", None]
    assert CLOSED == rules(ENCRYPTED)["w1"].closed


@pytest.mark.parametrize(
    ("host", "key", "port"),
    [
        ("w1", "swarm.data_path_port 7789", ("udp", 7789)),
        ("m1", "hosts.m1.listen_address 0.0.0.0:2400", ("tcp", 2400)),
    ],
)
def test_port_is_the_declared_one(host, key, port):
    """It is open in place of the usual one."""
    usual, declared = set(opened(host)), set(opened(host, key))

    assert ({port}, 1) == (declared - usual, len(usual - declared))


def test_members_are_known_by_the_address_they_advertise():
    """The way of SSH does not matter, nor a port beside the address."""
    assert {("10.9.9.2",)} == set(opened("m1", "hosts.w1.advertise_address 10.9.9.2:2377").values())


def test_overlay_traffic_comes_from_the_data_path_address():
    """Encrypted traffic does too."""
    known, sends = ("10.99.0.2",), ("10.8.0.2",)

    assert {
        ("tcp", 2377): known,
        ("tcp", 7946): known,
        ("udp", 7946): known,
        ("udp", 4789): sends,
        ("esp", None): sends,
    } == opened("m1", "hosts.w1.data_path_address 10.8.0.2", ENCRYPTED)


def test_lost_host_is_nobody():
    """It gets no rules, and what has its address by now is a stranger."""
    assert ["m1", "w1"] == list(rules(W2, "hosts.w2.lost true"))
    assert ("10.99.0.2",) == opened("m1", W2, "hosts.w2.lost true")["tcp", 7946]


def test_unwatched_members_are_let_in():
    """They are members like others, though nothing is told to their own firewall."""
    assert ["m1"] == list(rules("hosts.w1.unwatched true"))
    assert {("10.99.0.2",)} == set(opened("m1", "hosts.w1.unwatched true").values())


NO_ADDRESS = "can't be used in a firewall rule; write the host's IP address"
REQUIRED = "is required for rules: write the IP address that the other members see"
NO_MANAGER = "none is a manager, so that it is not known where TCP 2377 must be open; write role: manager"


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("hosts.w1.address w1.example", f"hosts.w1.advertise_address: {REQUIRED}"),
        ("hosts.w1.advertise_address eth1", f"hosts.w1.advertise_address: eth1 {NO_ADDRESS}"),
        ("hosts.w1.data_path_address eth1", f"hosts.w1.data_path_address: eth1 {NO_ADDRESS}"),
        ("hosts.win {address: win.lan, unwatched: true}", f"hosts.win.address: win.lan {NO_ADDRESS}"),
        ("hosts.m1.role worker", f"hosts: {NO_MANAGER}"),
    ],
)
def test_members_must_be_known(key, problem):
    """Rules that name none of a member would shut it out; the roles may be left out without the section `swarm`."""
    with pytest.raises(StackFileError) as caught:
        rules(key)

    assert [problem] == caught.value.problems
