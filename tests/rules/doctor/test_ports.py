"""Ports that must be open on each host, and to whom."""

import pytest

from providers.rules.doctor.ports import Opening, host_rules
from providers.rules.stack_file.model import parse
from providers.rules.stack_file.resolved import resolve
from providers.rules.vocabulary.errors import StackFileError

M1 = {"address": "10.9.0.1", "role": "manager"}
W1 = {"address": "10.9.0.2"}
W2 = {"address": "10.9.0.3"}
ENCRYPTED = {"app": {"subnet": "10.3.0.0/24", "encrypted": True}}


def rules(hosts=None, **sections):
    """The rules of a stack by host."""
    raw = {"hosts": {"m1": M1, "w1": W1, "w2": W2} if hosts is None else hosts, **sections}
    return {each.host: each for each in host_rules(resolve(parse(raw)))}


def opened(host, **sections):
    """Return the openings of a host: `protocol, port`, and to whom."""
    return {(each.protocol, each.port): each.sources for each in rules(**sections)[host].openings}


def problems(hosts):
    """Return the reasons why there are no rules for these hosts."""
    with pytest.raises(StackFileError) as caught:
        rules(hosts)
    return caught.value.problems


def test_unwatched_members_are_let_in():
    """They are members like others, though nothing is told to their own firewall."""
    hosts = {"m1": M1, "win": {"address": "10.9.0.9", "unwatched": True}}

    assert {"m1": {("10.9.0.9",)}} == {
        name: {each.sources for each in own.openings} for name, own in rules(hosts).items()
    }
    assert ["hosts.win.address: win.lan is no address that a rule can name; write the host's IP address"] == problems(
        {"m1": M1, "win": {"address": "win.lan", "unwatched": True}}
    )


def test_manager_is_open_to_all_other_members():
    """Its own address is none of them."""
    others = ("10.9.0.2", "10.9.0.3")

    assert (
        Opening(protocol="tcp", port=2377, sources=others),
        Opening(protocol="tcp", port=7946, sources=others),
        Opening(protocol="udp", port=7946, sources=others),
        Opening(protocol="udp", port=4789, sources=others),
    ) == rules()["m1"].openings


def test_worker_says_nothing_of_the_managers_port():
    """Nobody listens there, and a rule that closes it would be in the way of a promotion."""
    assert {("tcp", 7946), ("udp", 7946), ("udp", 4789)} == set(opened("w1"))
    assert {"tcp": (7946,), "udp": (7946, 4789)} == rules()["w1"].closed


def test_esp_is_open_where_an_overlay_is_encrypted_and_closed_to_nobody():
    """A VPN of the host's own may live by it."""
    assert ("10.9.0.1", "10.9.0.3") == opened("w1", overlays=ENCRYPTED)["esp", None]
    assert {"tcp": (7946,), "udp": (7946, 4789)} == rules(overlays=ENCRYPTED)["w1"].closed


def test_data_path_port_is_the_declared_one():
    """It is open in place of 4789."""
    assert {("tcp", 7946), ("udp", 7946), ("udp", 7789)} == set(opened("w1", swarm={"data_path_port": 7789}))


def test_members_are_known_by_the_address_they_advertise():
    """The way of SSH does not matter, nor a port beside the address."""
    hosts = {"m1": M1, "w1": {"address": "w1.example", "advertise_address": "10.9.9.2:2377"}}

    assert {("10.9.9.2",)} == set(opened("m1", hosts=hosts).values())


def test_overlay_traffic_comes_from_the_data_path_address():
    """Encrypted traffic does too."""
    hosts = {"m1": M1, "w1": {**W1, "data_path_address": "10.8.0.2"}}

    assert {
        ("tcp", 2377): ("10.9.0.2",),
        ("tcp", 7946): ("10.9.0.2",),
        ("udp", 7946): ("10.9.0.2",),
        ("udp", 4789): ("10.8.0.2",),
        ("esp", None): ("10.8.0.2",),
    } == opened("m1", hosts=hosts, overlays=ENCRYPTED)


def test_managers_port_is_the_one_it_listens_on():
    """The port is the one that the stack file names for the manager."""
    hosts = {"m1": {**M1, "listen_address": "0.0.0.0:2400"}, "w1": W1}

    assert ("tcp", 2400) in opened("m1", hosts=hosts)


def test_lost_host_is_nobody():
    """It gets no rules, and what has its address by now is a stranger."""
    assert ["m1", "w1"] == list(rules({"m1": M1, "w1": W1, "w2": {**W2, "lost": True}}))
    assert ("10.9.0.2",) == opened("m1", hosts={"m1": M1, "w1": W1, "w2": {**W2, "lost": True}})["tcp", 7946]


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        (
            {"address": "w1.example"},
            "hosts.w1.advertise_address: is required for rules: write the IP address that the other members see",
        ),
        (
            {"address": "10.9.0.2", "advertise_address": "eth1"},
            "hosts.w1.advertise_address: eth1 is no address that a rule can name; write the host's IP address",
        ),
        (
            {"address": "10.9.0.2", "data_path_address": "eth1"},
            "hosts.w1.data_path_address: eth1 is no address that a rule can name; write the host's IP address",
        ),
        (
            {"address": "10.9.0.2", "advertise_address": "fe80::2%eth1"},
            "hosts.w1.advertise_address: fe80::2%eth1 is no address that a rule can name; write the host's IP address",
        ),
    ],
)
def test_addresses_must_be_known(host, problem):
    """Rules that name none of a member would shut it out."""
    assert [problem] == problems({"m1": M1, "w1": host})


def test_somebody_must_be_a_manager():
    """A stack file without the section `swarm` may leave the roles out."""
    assert [
        "hosts: none is a manager, so that it is not known where TCP 2377 must be open; write role: manager"
    ] == problems({"w1": W1, "w2": W2})
