"""Packets sent from host to host, and what their arrival means."""

from dataclasses import replace

import pytest

from providers.rules.doctor import probes
from providers.rules.doctor.case import Case
from providers.rules.doctor.probes import INGRESS, SAYS_NOTHING, Endpoint, Status
from providers.rules.vocabulary.diagnosis import EngineLog
from providers.rules.vocabulary.facts import Task
from tests.support.examined import ADDRESSES, host, seen, swarm, wants
from tests.support.networks import a_network

OUT = {"state": "inactive", "node_id": "", "control": False, "node_address": ""}
DESIRED = replace(wants(), managers=frozenset({"m1"}))


def hosts(*members, bridge=None):
    """Three hosts, of which these are members."""
    every = {"bridge": bridge}
    return [host(name, known_by=ADDRESSES[name], member={} if name in members else OUT, **every) for name in ADDRESSES]


OVERLAY = {"driver": "overlay", "scope": "swarm"}
MESH = a_network(id="i1", name="ingress", subnets=("10.0.0.0/24",), ingress=True, **OVERLAY)
SECRET = a_network(
    id="abcdefghijkl", name="secret", subnets=("10.202.0.0/24",), options=(("encrypted", ""),), **OVERLAY
)


def sent(*members, networks=(MESH,), tasks=(), lacking=(), taken=(), bridge=None):
    """All that is sent, and by whom it is found."""
    formed = swarm(networks=networks, tasks=tasks) if members else None
    case = Case(seen(*hosts(*members, bridge=bridge), swarm=formed), DESIRED)
    status = {
        place: Status(
            ports={each: "taken" if (place.host, *each) in taken else each[1] or 40000 for each in listen},
            address=f"10.0.0.{ord(place.host[1])}",
            mtu=1450,
        )
        for place, listen in probes.endpoints(case).items()
        if place not in lacking
    }
    return probes.probes(case, status)


def of_pair(rows, sender="w1", receiver="m1"):
    """Return the attempts of one host at another."""
    return [each for each in rows if (each.sender.host, each.receiver.host) == (sender, receiver)]


OUTSIDE = ["gossip-tcp tcp 7946 100", "gossip-udp udp 7946 100", "data-path udp 4789 100", "full-size udp 4789 1472"]
OF_ENGINE = ["managers connect 2377 100", "gossip-tcp connect 7946 100", "gossip-udp once 7946 100"]
INSIDE = ["data-path udp 40000 100", "full-size udp 40000 1422", "data tcp 40000 65536", "ping ping 0 100"]
OUTWARD = ["egress connect 7946 100"]
BRIDGE = {"id": "b1", "scope": "local", "name": "docker_gwbridge", "driver": "bridge"}
BRIDGED = {"bridge": a_network(**BRIDGE)}
ROUTED = {"bridge": a_network(**BRIDGE, options=(("com.docker.network.bridge.enable_ip_masquerade", "false"),))}
TAKEN = {"taken": [("m1", "tcp", 7946)]}


@pytest.mark.parametrize(
    ("members", "keys", "pair", "expected"),
    [
        # Before a swarm exists packets go where Engines are going to listen; to managers alone at 2377.
        ("", {}, ("w1", "m1"), ["managers tcp 2377 100", *OUTSIDE]),
        ("", {}, ("m1", "w1"), OUTSIDE),
        # Between members Engines are asked, and the data path is tried from sandbox to sandbox.
        ("m1 w1 w2", {}, ("w1", "m1"), [*OF_ENGINE, *INSIDE]),
        # Containers' way outside is tried where they have the host's own address there.
        ("m1 w1 w2", BRIDGED, ("w1", "m1"), [*OF_ENGINE, *INSIDE, *OUTWARD]),
        ("m1 w1 w2", ROUTED, ("w1", "m1"), [*OF_ENGINE, *INSIDE]),
        ("", BRIDGED, ("m1", "w1"), OUTSIDE),
        # A host that is to join is tried both ways, as far as each side can hear.
        ("m1 w1", {}, ("w2", "m1"), OF_ENGINE),
        ("m1 w1", {}, ("m1", "w2"), OUTSIDE),
        # A port of another program is not tried, since it isn't known who would answer.
        ("", TAKEN, ("w1", "m1"), ["managers tcp 2377 100", *OUTSIDE[1:]]),
        ("", TAKEN, ("m1", "w1"), OUTSIDE),
    ],
)
def test_what_one_host_sends_another(members, keys, pair, expected):
    """Each as `channel kind port bytes`."""
    rows = of_pair(sent(*members.split(), **keys), *pair)

    assert expected == [f"{each.channel} {each.kind} {each.port} {each.bytes}" for each in rows]


def test_encrypted_overlay():
    """ESP is tried between the hosts that both have tasks on the encrypted overlay."""
    task = Task(id="t", service_id="s1", node_id="id-m1", state="running", desired="running", networks=(SECRET.id,))
    rows = sent("m1", "w1", "w2", networks=(MESH, SECRET), tasks=(task, replace(task, node_id="id-w1")))

    assert [("m1", "w1", "lb_abcdefghi"), ("w1", "m1", "lb_abcdefghi")] == [
        (each.sender.host, each.receiver.host, each.sender.sandbox) for each in rows if each.channel == "esp"
    ]


@pytest.mark.parametrize(
    "examined",
    [
        replace(seen(swarm=None), hosts=(host("m1", member=OUT),)),
        seen(host("m1"), host("w1", known_by=""), host("w2", known_by="fd00::1")),
    ],
    ids=["one host alone", "the others have no IPv4 address"],
)
def test_nothing_is_tried_without_a_second_host(examined):
    """A host that is known by a name takes no part."""
    assert {} == probes.endpoints(Case(examined, DESIRED))


# What became of it

ALL = sent("m1", "w1", "w2", **BRIDGED)


def arrived(rows, *lost, whys=()):
    """The results of what one host sent the other, but for what is open: `lost` are `sender receiver channel`."""
    whys = dict(whys)
    names = {each: f"{each.sender.host} {each.receiver.host} {each.channel}" for each in rows}
    heard: dict[Endpoint, set[tuple[str, str]]] = {each.receiver: set() for each in rows}
    for each, name in names.items():
        if each.kind in ("udp", "once") and name not in lost:
            heard[each.receiver].add((each.sender.host, each.channel))
    found = probes.results(rows, {each: whys.get(name, "") for each, name in names.items()}, heard)
    return [
        f"{each.sender} {each.receiver} {each.channel} {each.outcome} {each.port}: {each.why}"
        for each in found
        if each.outcome != "open"
    ]


NO_PING, NO_DATA = {"w1 m1 ping": "no answer"}, {"w1 m1 data": "no answer"}


@pytest.mark.parametrize(
    ("lost", "whys", "expected"),
    [
        ([], {}, []),
        # A checksum that is wrong lets ping pass.
        (["w1 m1 data-path"], {}, ["w1 m1 data-path closed None: ping passes, UDP does not"]),
        (["w1 m1 data-path"], NO_PING, ["w1 m1 data-path closed None: nothing arrives"]),
        # Data over TCP needs both ways.
        ([], NO_DATA, ["w1 m1 data closed None: no answer"]),
        (["m1 w1 full-size"], NO_DATA, ["m1 w1 full-size closed None: nothing arrives"]),
        # What containers do not reach their host reaches.
        ([], {"w1 m1 egress": "no answer"}, ["w1 m1 egress closed 7946: no answer"]),
        ([], {"w1 m1 egress": "x", "w1 m1 gossip-tcp": "no answer"}, ["w1 m1 gossip-tcp closed 7946: no answer"]),
        (["w1 m1 gossip-udp"], {}, ["w1 m1 gossip-udp closed 7946: nothing arrives"]),
    ],
)
def test_what_does_not_arrive_is_told_by_its_cause(lost, whys, expected):
    """It is told in its direction, and once: not what would have taken more."""
    assert expected == arrived(ALL, *lost, whys=whys)


def test_before_a_swarm_exists_direction_counts():
    """One way alone; what would have taken more is not told besides."""
    assert ["w1 m1 data-path closed 4789: nothing arrives"] == arrived(sent(), "w1 m1 data-path")


def test_engines_log_counts_by_what_it_says_of_its_own_host():
    """The lack of other lines tells nothing without that line."""
    assert [f"{sender} m1 gossip-udp unknown 7946: {SAYS_NOTHING}" for sender in ("w1", "w2")] == arrived(
        ALL, *(f"{sender} m1 gossip-udp" for sender in ("m1", "w1", "w2"))
    )


def test_whose_datagram_an_engine_refused():
    """It is told by port and address of the sender's probe; one behind an address that is nobody's is known by its
    port."""
    status = {
        Endpoint("m1"): Status(source=40001, addresses=("127.0.0.1", "10.9.0.1")),
        Endpoint("w1"): Status(source=40002, addresses=("10.9.0.2",)),
        Endpoint("w2"): Status(source=40001, addresses=("10.9.0.3",)),
        Endpoint("w2", INGRESS): Status(source=40009, addresses=("10.0.0.3",)),
    }
    refused = {("10.9.0.1", 40001), ("192.0.2.9", 40002), ("10.9.0.1", 40002), ("10.9.0.3", 40009)}
    logs: dict[str, EngineLog | str] = {"m1": EngineLog(refused=frozenset(refused)), "w1": "sudo: no"}

    assert {Endpoint("m1"): {("m1", "gossip-udp"), ("w1", "gossip-udp")}, Endpoint("w1"): set()} == probes.refused_of(
        logs, status
    )


def test_probe_that_has_ended_tells_nothing():
    """The port is unknown, not closed."""
    pair = [each for each in of_pair(sent()) if each.channel in ("gossip-udp", "gossip-tcp")]

    assert [("unknown", "the probe on w1 has ended")] * 2 == [
        (each.outcome, each.why) for each in probes.results(pair, {}, {})
    ]
    assert [("open", ""), ("unknown", "the probe on m1 has ended")] == [
        (each.outcome, each.why) for each in probes.results(pair, dict.fromkeys(pair, ""), {})
    ]


def test_sandbox_has_its_address_in_the_range_of_its_network():
    """Beside that of docker_gwbridge."""
    case = Case(seen(swarm=swarm(networks=(MESH, SECRET))), DESIRED)
    links = [("lo", "127.0.0.1", 65536), ("eth1", "172.18.0.2", 1500), ("eth0", "10.0.0.2", 1450)]

    assert ("10.0.0.2", 1450) == probes.own_link(case, INGRESS, links)
    assert ("", 0) == probes.own_link(case, probes.sandbox_of(SECRET), links)


@pytest.mark.parametrize("place", [Endpoint("m1"), Endpoint("m1", INGRESS)])
def test_host_without_a_probe_is_left_out(place):
    """It is left out of that place alone."""
    rows = sent("m1", "w1", "w2", lacking=[place])

    assert place not in {each.sender for each in rows} | {each.receiver for each in rows}
    assert 2 == sum(each.channel == ("gossip-tcp" if not place.sandbox else "data-path") for each in rows)
