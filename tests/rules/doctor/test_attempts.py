"""Packets sent from host to host, and what their arrival means."""

from dataclasses import replace

import pytest

from providers.rules.doctor.attempts import (
    INGRESS,
    SAYS_NOTHING,
    Place,
    Standing,
    attempts,
    outcomes,
    own_link,
    parties,
    places,
    refused_of,
    sandbox_of,
    subnets,
)
from providers.rules.vocabulary.facts import Network, Task
from providers.rules.vocabulary.reach import EngineLog
from providers.rules.vocabulary.shape import NetworkShape, Pool
from tests.support.examined import ADDRESSES, host, seen, swarm, wants

OUT = {"state": "inactive", "node_id": "", "control": False, "node_address": ""}
WANTED = replace(wants(), managers=frozenset({"m1"}))


def hosts(*members):
    """Three hosts, of which these are members."""
    return [host(name, known_by=ADDRESSES[name], member={} if name in members else OUT) for name in ADDRESSES]


def network(name, network_id, subnet, **keys):
    """One of the swarm's."""
    shape = NetworkShape(name=name, driver="overlay", pools=(Pool(subnet=subnet),), **keys)
    return Network(id=network_id, scope="swarm", shape=shape)


MESH = network("ingress", "i1", "10.0.0.0/24", ingress=True)
SECRET = network("secret", "abcdefghijkl", "10.202.0.0/24", options=(("encrypted", ""),))


def sent(*members, networks=(MESH,), tasks=(), lacking=(), taken=()):
    """All that is sent, and by whom it is found."""
    examined = seen(*hosts(*members), swarm=swarm(networks=networks, tasks=tasks) if members else None)
    found = parties(examined, WANTED)
    wanted = places(found, examined, 4789)
    standing = {
        place: Standing(
            ports={each: "taken" if (place.host, *each) in taken else each[1] or 40000 for each in listen},
            address=f"10.0.0.{ord(place.host[1])}",
            mtu=1450,
        )
        for place, listen in wanted.items()
        if place not in lacking
    }
    return attempts(found, standing, 4789)


def told(rows, sender="w1", receiver="m1"):
    """Return what one host sends another."""
    return [
        (each.channel, each.kind, each.port, each.bytes)
        for each in rows
        if (each.sender.host, each.receiver.host) == (sender, receiver)
    ]


def test_before_a_swarm_exists():
    """Packets go where Engines are going to listen; to managers alone at 2377."""
    rows = sent()
    common = [
        ("gossip-tcp", "tcp", 7946, 100),
        ("gossip-udp", "udp", 7946, 100),
        ("data-path", "udp", 4789, 100),
        ("full-size", "udp", 4789, 1472),
    ]

    assert [("managers", "tcp", 2377, 100), *common] == told(rows)
    assert common == told(rows, "m1", "w1")


def test_between_members():
    """Engines are asked, and the data path is tried from sandbox to sandbox."""
    assert [
        ("managers", "connect", 2377, 100),
        ("gossip-tcp", "connect", 7946, 100),
        ("gossip-udp", "once", 7946, 100),
        ("data-path", "udp", 40000, 100),
        ("full-size", "udp", 40000, 1422),
        ("data", "tcp", 40000, 65536),
        ("ping", "ping", 0, 100),
    ] == told(sent("m1", "w1", "w2"))


def test_host_that_is_to_join():
    """It is tried both ways, as far as each side can hear."""
    rows = sent("m1", "w1")

    assert ["managers", "gossip-tcp", "gossip-udp"] == [each[0] for each in told(rows, "w2", "m1")]
    assert ["gossip-tcp", "gossip-udp", "data-path", "full-size"] == [each[0] for each in told(rows, "m1", "w2")]


def test_encrypted_overlay():
    """ESP is tried between the hosts that both have tasks on the encrypted overlay."""
    tasks = [
        Task(id=name, service_id="s1", node_id=f"id-{name}", state="running", desired="running", networks=(SECRET.id,))
        for name in ("m1", "w1")
    ]
    rows = sent("m1", "w1", "w2", networks=(MESH, SECRET), tasks=tuple(tasks))

    assert [("m1", "w1"), ("w1", "m1")] == [
        (each.sender.host, each.receiver.host) for each in rows if each.channel == "esp"
    ]
    assert {"lb_abcdefghi"} == {each.sender.sandbox for each in rows if each.channel == "esp"}


def test_what_grows_with_the_number_of_pairs():
    """One thing of each kind for each ordered pair, and one listener for all peers."""
    rows = sent("m1", "w1", "w2")

    assert 6 == sum(each.channel == "data-path" for each in rows)
    assert len(rows) == len(set(rows))


def test_port_of_another_program_is_not_tried():
    """A port of another program is not tried, since it isn't known who would answer."""
    rows = sent(taken=[("m1", "tcp", 7946)])

    assert "gossip-tcp" not in [each[0] for each in told(rows)]
    assert "gossip-tcp" in [each[0] for each in told(rows, "m1", "w1")]


def test_one_host_alone():
    """Nothing."""
    examined = seen(swarm=None)
    alone = replace(examined, hosts=(host("m1", known_by="10.9.0.1", member=OUT),))

    assert {} == places(parties(alone, WANTED), alone, 4789)


def test_host_without_an_ipv4_address_takes_no_part():
    """A host that is known by a name takes none either."""
    examined = seen(host("w1", known_by=""), host("w2", known_by="fd00::1"), swarm=swarm())

    assert [] == [each.host for each in parties(examined, WANTED) if each.host != "m1"]


# What became of it


def arrived(rows, *lost, whys=()):
    """The outcomes of what one host sent the other, but for what is open: `lost` are `(sender, receiver, channel)`."""
    whys = dict(whys)
    tried = {each: whys.get((each.sender.host, each.receiver.host, each.channel), "") for each in rows}
    heard: dict[Place, set[tuple[str, str]]] = {each.receiver: set() for each in rows}
    for each in rows:
        if each.kind in ("udp", "once") and (each.sender.host, each.receiver.host, each.channel) not in lost:
            heard[each.receiver].add((each.sender.host, each.label))
    return [
        (each.sender, each.receiver, each.channel, each.outcome, each.port, each.why)
        for each in outcomes(rows, tried, heard)
        if each.outcome != "open"
    ]


def test_all_arrives():
    """Nothing is closed."""
    assert [] == arrived(sent())
    assert [] == arrived(sent("m1", "w1", "w2"))


def test_direction_counts():
    """One way alone; what would have taken more is not told besides."""
    assert [("w1", "m1", "data-path", "closed", 4789, "nothing arrives")] == arrived(sent(), ("w1", "m1", "data-path"))


def test_from_sandbox_to_sandbox_ping_tells_why():
    """A checksum that is wrong lets it pass."""
    rows = sent("m1", "w1", "w2")
    lost = ("w1", "m1", "data-path")

    assert [("w1", "m1", "data-path", "closed", None, "ping passes, UDP does not")] == arrived(rows, lost)
    whys = {("w1", "m1", "ping"): "no answer"}.items()
    assert [("w1", "m1", "data-path", "closed", None, "nothing arrives")] == arrived(rows, lost, whys=whys)


def test_full_size_and_data_have_their_own():
    """Data over TCP needs both ways."""
    rows = sent("m1", "w1", "w2")
    dead = {("w1", "m1", "data"): "no answer"}.items()

    assert [("w1", "m1", "data", "closed", None, "no answer")] == arrived(rows, whys=dead)
    assert [("m1", "w1", "full-size", "closed", None, "nothing arrives")] == arrived(
        rows, ("m1", "w1", "full-size"), whys=dead
    )


def test_engines_log_counts_by_what_it_says_of_its_own_host():
    """The lack of other lines tells nothing without that line."""
    rows = sent("m1", "w1", "w2")
    lost = ("w1", "m1", "gossip-udp")

    assert [("w1", "m1", "gossip-udp", "closed", 7946, "nothing arrives")] == arrived(rows, lost)
    assert {("w1", "m1", "unknown", SAYS_NOTHING), ("w2", "m1", "unknown", SAYS_NOTHING)} == {
        (sender, receiver, outcome, why)
        for sender, receiver, _, outcome, _, why in arrived(
            rows, lost, ("w2", "m1", "gossip-udp"), ("m1", "m1", "gossip-udp")
        )
    }


def test_whose_datagram_an_engine_refused():
    """It is told by port and address of the sender's probe; one behind an address that is nobody's is known by its
    port."""
    standing = {
        Place("m1"): Standing(source=40001, addresses=("127.0.0.1", "10.9.0.1")),
        Place("w1"): Standing(source=40002, addresses=("10.9.0.2",)),
        Place("w2"): Standing(source=40001, addresses=("10.9.0.3",)),
        Place("w2", INGRESS): Standing(source=40009, addresses=("10.0.0.3",)),
    }
    refused = {("10.9.0.1", 40001), ("192.0.2.9", 40002), ("10.9.0.1", 40002), ("10.9.0.3", 40009)}
    logs: dict[str, EngineLog | str] = {"m1": EngineLog(refused=frozenset(refused)), "w1": "sudo: no"}

    assert {Place("m1"): {("m1", "gossip-udp"), ("w1", "gossip-udp")}, Place("w1"): set()} == refused_of(logs, standing)


def test_probe_that_has_ended_tells_nothing():
    """The port is unknown, not closed."""
    rows = [each for each in sent() if each.channel in ("gossip-udp", "gossip-tcp")]
    pair = [each for each in rows if (each.sender.host, each.receiver.host) == ("w1", "m1")]
    tried = dict.fromkeys(pair, "")

    (tcp, udp) = outcomes(pair, {}, {})
    assert ("unknown", "the probe on w1 has ended") == (tcp.outcome, tcp.why)
    (tcp, udp) = outcomes(pair, tried, {})
    assert ("open", "unknown", "the probe on m1 has ended") == (tcp.outcome, udp.outcome, udp.why)


def test_sandbox_has_its_address_in_the_range_of_its_network():
    """Beside that of docker_gwbridge."""
    examined = seen(*hosts("m1", "w1", "w2"), swarm=swarm(networks=(MESH, SECRET)))
    links = [("lo", "127.0.0.1", 65536), ("eth1", "172.18.0.2", 1500), ("eth0", "10.0.0.2", 1450)]

    assert ("10.0.0.2", 1450) == own_link(links, subnets(examined, INGRESS))
    assert ("", 0) == own_link(links, subnets(examined, sandbox_of(SECRET)))


@pytest.mark.parametrize("place", [Place("m1"), Place("m1", INGRESS)])
def test_host_without_a_probe_is_left_out(place):
    """It is left out of that place alone."""
    rows = sent("m1", "w1", "w2", lacking=[place])

    assert place not in {each.sender for each in rows} | {each.receiver for each in rows}
    assert 2 == sum(each.channel == ("gossip-tcp" if not place.sandbox else "data-path") for each in rows)
