"""Faults that are made on real hosts, each found by its id, its host and its direction, and nothing else besides."""

import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest

from tests.support import machines
from tests.support.doctor import IGNORES, doctor, found, made
from tests.support.machines import Group, Host, eventually
from tests.support.project import Project
from tests.support.services import deploy
from tests.support.what_hosts_show import stack_of

pytestmark = pytest.mark.lab

# Ports that are closed one way: the protocol, the port, from whom to whom, and what is told. No two between one pair.
CLOSED = [
    ("tcp", 2377, "q2", "q1", "reach-managers"),
    ("tcp", 7946, "q3", "q1", "reach-gossip"),
    ("udp", 7946, "q2", "q3", "reach-gossip"),
    ("udp", 4789, "q3", "q2", "reach-data-path"),
]
PROBES = "pgrep -f 'python3 -[I]c' || true"
Row = tuple[str, str, str, str]


@pytest.fixture(scope="module")
def group() -> Iterator[Group]:
    """Three hosts that are in no swarm."""
    yield machines.start("q", "28")
    machines.end("q")


def declared(group: Group, project: Project) -> Project:
    """A stack file for them."""
    sections = stack_of(group)
    for each in ("swarm", "gwbridge"):
        sections.pop(each)
    project.declare({**sections, "doctor": IGNORES})
    return project


@pytest.fixture(scope="module")
def outside(group: Group, new_project: Callable[..., Project]) -> tuple[Group, Project]:
    """Hosts before a swarm exists."""
    return group, declared(group, new_project())


@pytest.fixture(scope="module")
def members(outside: tuple[Group, Project]) -> tuple[Group, Project]:
    """The same hosts as one swarm."""
    formed(outside[0])
    return outside


def formed(group: Iterable[Host]) -> None:
    """One swarm of these hosts, by hand, once each has its part of the ingress."""
    first, *others = group
    first.docker("swarm", "init", "--advertise-addr", first.address)
    first.let_join(*others)
    eventually(lambda: all(map(has_ingress, (first, *others))))


def has_ingress(host: Host) -> bool:
    """Whether its Engine runs, and has its part of the ingress."""
    return "ingress-sbox" in host.docker("network", "inspect", "docker_gwbridge", check=False)


def test_hosts_that_are_well(outside: tuple[Group, Project]):
    """Nothing, with every channel of every pair open, and no listener or process left."""
    hosts, project = outside
    code, told = doctor(project)

    assert (0, []) == (code, found(told))
    assert {"open"} == {each["status"] for each in told["matrix"]}
    assert 6 * 4 + 2 == len(told["matrix"])
    assert ["", "", ""] == [host.run("sh", "-c", PROBES) for host in hosts]
    assert ["", "", ""] == [host.run("ss", "-Hlntu", "sport = 7946 or sport = 4789 or sport = 2377") for host in hosts]


def test_ports_that_are_closed_one_way(outside: tuple[Group, Project]):
    """Each host's rule against another is found, and named as the cause."""
    seen = closed_one_way(outside)

    remedies = {(each["host"], each["peer"]): each["remedy"] for each in seen["findings"]}
    for _, port, source, actual, _ in CLOSED:
        assert f"--dport {port} -j DROP" in remedies[source, actual]


def closed_one_way(stack: tuple[Group, Project]) -> Any:
    """What doctor reports while all of CLOSED are: each is found."""
    hosts, project = stack
    with ExitStack() as rules:
        for protocol, port, source, actual, _ in CLOSED:
            rules.enter_context(closed(hosts, protocol, port, source, actual))
        _, seen = doctor(project)
    assert sorted((told, "failed", source, actual) for *_, source, actual, told in CLOSED) == found(seen)
    return seen


@contextmanager
def closed(hosts: Group, protocol: str, port: int, source: str = "q2", actual: str = "q1") -> Iterator[None]:
    """A host lets nothing of another in there."""
    words = f"INPUT --source {hosts[source].address} --protocol {protocol} --dport {port} --jump DROP"
    with made(hosts[actual], f"iptables --insert {words}", f"iptables --delete {words}"):
        yield


SECOND = "ip link add eth1 type veth peer name eth1-end && ip link set eth1 up && ip link set eth1-end up"
# It neither answers ARP requests for the host's address nor asks in its name: others would send to it when it is gone.
ASTRAY = (
    "ip link add link eth0 name eth1 type macvlan mode bridge && ip address add 198.51.100.251/32 dev eth1 "
    "&& sysctl -qw net.ipv4.conf.eth1.arp_ignore=1 net.ipv4.conf.eth1.arp_announce=2 && ip link set eth1 up"
)
FAULTS: dict[str, tuple[str, str, list[Row]]] = {
    "live-restore": (
        """echo '{"live-restore": true}' >/etc/docker/daemon.json; kill -HUP "$(cat /run/docker.pid)"; sleep 1""",
        """echo '{"live-restore": false}' >/etc/docker/daemon.json; kill -HUP "$(cat /run/docker.pid)"; sleep 1""",
        [("live-restore", "failed", "q2", "")],
    ),
    "default-network-opts": (
        """echo '{"default-network-opts": {"overlay": {"com.docker.network.driver.mtu": "1400"}}}' """
        ">/etc/docker/daemon.json",
        "rm /etc/docker/daemon.json",
        [("daemon-settings", "warning", "q2", "")],
    ),
    "a wrong source address on a host with two links": (
        f"{SECOND} && ip address add 198.51.100.250/32 dev eth1 && ip route add $q1/32 dev eth0 src 198.51.100.250",
        "ip route delete $q1/32 && ip link delete eth1",
        [("source-address", "failed", "q2", "q1")],
    ),
    "a route that is not the way back": (
        f"{ASTRAY} && ip route add $q1/32 dev eth1 src $q2",
        "ip link delete eth1",
        [("asymmetric-route", "warning", "q2", "q1")],
    ),
    "a port of another program": (
        "setsid python3 -c 'import socket, time; s = socket.create_server((\"\", 7946)); time.sleep(600)' "
        "</dev/null >/dev/null 2>&1 & sleep 1",
        "pkill -f 'create_serve[r]'",
        [("port-taken", "failed", "q2", "")],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_of_a_host(outside: tuple[Group, Project], fault: str):
    """The fault of the second host is found."""
    hosts, project = outside
    done, undone, expected = FAULTS[fault]
    known = "".join(f"{host.name}={host.address}; " for host in hosts)
    with made(hosts["q2"], known + done, known + undone):
        _, told = doctor(project)

    assert sorted(expected) == found(told)


def test_doctor_that_is_cut_off_leaves_nothing(outside: tuple[Group, Project]):
    """The host is told by nobody; its probe ends by itself."""
    hosts, project = outside
    with closed(hosts, "tcp", 7946), project.begin("doctor", stdout=subprocess.DEVNULL) as run:
        eventually(lambda: hosts["q2"].run("sh", "-c", PROBES))
        hosts.fault("q2", "cut")
        run.kill()
    try:
        eventually(lambda: "" == hosts["q2"].run("sh", "-c", PROBES))
        assert "" == hosts["q2"].run("ss", "-Hlntu", "sport = 7946")
    finally:
        hosts.mend()


def test_up_begins_nothing_where_a_port_is_closed(outside: tuple[Group, Project], project: Project):
    """Neither a bridge nor a membership is begun, until the stack file says that it is meant so."""
    hosts, _ = outside
    project.declare(stack_of(hosts))
    with closed(hosts, "tcp", 2377):
        up = project.up()

    assert not up.ok
    assert "no changes were made: q2, q1: q1 is not reached at TCP 2377: no answer: remove this rule on q1" in up.told
    assert [None, None, None] == [host.network("docker_gwbridge") for host in hosts]
    assert ["inactive"] * 3 == [host.swarm()["LocalNodeState"] for host in hosts]


def test_members_that_are_well(members: tuple[Group, Project]):
    """Nothing, and the data path is tried inside."""
    _, told = doctor(members[1])

    assert [] == found(told)
    tried = ("managers", "gossip-tcp", "gossip-udp", "data-path", "full-size", "data", "egress")
    assert {(channel, "open") for channel in tried} == {cell(row) for row in told["matrix"]}


def test_ports_that_are_closed_between_members(members: tuple[Group, Project]):
    """One way alone."""
    closed_one_way(members)


def test_gossip_that_is_closed_out_of_sight(members: tuple[Group, Project]):
    """A table that docker's own tool does not show closes it, while the third member helps out and no Engine
    complains."""
    hosts, project = members
    drops = f"ip saddr {hosts['q2'].address} udp dport 7946 drop"
    table = f"table inet out_of_sight {{ chain input {{ type filter hook input priority filter; {drops}; }}; }}"
    with made(hosts["q1"], f"nft '{table}'", "nft delete table inet out_of_sight"):
        _, seen = doctor(project)

    assert [("reach-gossip", "failed", "q2", "q1")] == found(seen)
    (row,) = (each for each in seen["findings"] if each["id"] == "reach-gossip")
    assert drops in row["remedy"]


FORWARD = "table inet own { chain forward { type filter hook forward priority filter; %s; }; }"
OUTSIDE = {  # of one host's containers, and of what they get back: by rules, and by what no rule of a firewall shows
    "a rule for what leaves": (f"nft '{FORWARD % 'iifname docker_gwbridge drop'}'", "nftables-forward"),
    "a rule for what comes in": (f"nft '{FORWARD % 'oifname docker_gwbridge drop'}'", "nftables-forward"),
    "a chain that drops by default": (f"nft '{FORWARD % 'policy drop'}'", "nftables-forward"),
    "a rule that is not understood": (f"nft '{FORWARD % 'oifname docker_gwbridge ct mark 0 drop'}'", "reach-egress"),
}


@pytest.mark.parametrize("fault", OUTSIDE)
def test_containers_without_a_way_outside(members: tuple[Group, Project], fault: str):
    """Only that host is told, once."""
    hosts, project = members
    done, expected = OUTSIDE[fault]
    with made(hosts["q3"], done, "nft delete table inet own"):
        _, seen = doctor(project)

    assert [(expected, "failed", "q3", "")] == found(seen)


def test_engine_that_logs_no_warnings(members: tuple[Group, Project]):
    """Its own gossip is unknown, with the reason; that of the others is not."""
    hosts, project = members
    anew = "service docker stop; : >/var/log/docker.log; service docker start"  # without what it said before
    quiet = f"""echo '{{"log-level": "error"}}' >/etc/docker/daemon.json; {anew}"""
    with made(hosts["q3"], quiet, f"rm /etc/docker/daemon.json; {anew}"):
        eventually(partial(has_ingress, hosts["q3"]))
        _, seen = doctor(project, "--only=reach-gossip")
    eventually(partial(has_ingress, hosts["q3"]))

    # Whether the others noticed that its docker was away is a matter of chance.
    assert [("reach-gossip", "unknown", "q3", "")] == [row for row in found(seen) if row[2] == "q3"]
    assert {"q1": "open", "q2": "open", "q3": "unknown"} == {
        row["to"]: row["status"] for row in seen["matrix"] if row["channel"] == "gossip-udp"
    }


def test_docker_that_has_just_restarted(members: tuple[Group, Project]):
    """Its sandbox is waited for."""
    hosts, project = members
    hosts["q3"].run("service", "docker", "restart")
    _, seen = doctor(project, "--only=probes")
    eventually(partial(has_ingress, hosts["q3"]))

    assert [] == found(seen)
    assert 4 == sum(row["channel"] == "data-path" and "q3" in (row["from"], row["to"]) for row in seen["matrix"])


IN_SANDBOX = ("nsenter", "--net=/run/docker/netns/ingress_sbox", "ss", "-Hlntu")


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_doctor_that_is_ended_leaves_nothing(members: tuple[Group, Project], sent: signal.Signals):
    """Killed or by Ctrl-C, while it waits for a connection that gets no answer: neither on a host nor in its ingress's
    sandbox, where a probe listens as well."""
    hosts, project = members
    before = [host.run(*IN_SANDBOX) for host in hosts]
    ended(hosts, project, sent)

    assert before == [host.run(*IN_SANDBOX) for host in hosts]


def ended(hosts: Group, project: Project, sent: signal.Signals) -> None:
    """A run that is ended while it waits, and no process of it on any host a moment later."""
    with closed(hosts, "tcp", 7946), project.begin("doctor") as run:
        eventually(lambda: all(host.run("sh", "-c", PROBES) for host in hosts))
        run.send_signal(sent)
    eventually(lambda: not any(host.run("sh", "-c", PROBES) for host in hosts))


def test_low_mtu_between_members(members: tuple[Group, Project]):
    """Small packets pass; the matrix shows between whom large ones do not."""
    hosts, project = members
    with made(hosts["q2"], "ip link set eth0 mtu 1400", "ip link set eth0 mtu 1500"):
        _, told = doctor(project)

    assert [("link-mtu", "failed", "q2", "")] == found(told)
    pairs = {(row["from"], row["to"]) for row in told["matrix"] if ("full-size", "closed") == cell(row)}
    assert {("q1", "q2"), ("q2", "q1"), ("q2", "q3"), ("q3", "q2")} == pairs


def cell(row: dict[str, str]) -> tuple[str, str]:
    """A channel, and what became of it."""
    return row["channel"], row["status"]


def test_rules_of_docker_that_were_flushed(members: tuple[Group, Project]):
    """They are flushed as by a firewall's reload."""
    hosts, project = members
    with made(hosts["q3"], "iptables-save >/run/kept; iptables --flush DOCKER-FORWARD", "iptables-restore </run/kept"):
        _, told = doctor(project)

    assert [("docker-chains", "failed", "q3", "")] == found(told)


def test_tasks_that_wait_for_an_address_are_found(members: tuple[Group, Project]):
    """A /28 with one service on three hosts is full at nine tasks."""
    hosts, project = members
    hosts.provide_image()
    manager = hosts["q1"]
    looks: list[tuple[int, Any]] = []
    manager.docker("network", "create", "--driver=overlay", "--subnet=10.203.0.0/28", "small")
    deploy(manager, {"many": "--replicas 9 --network small busybox:lab sleep 100000"})
    manager.docker("service", "scale", "--detach", "many=12")

    def is_found() -> bool:
        looks.append(doctor(project))
        return len(found(looks[-1][1])) > 1

    eventually(is_found)
    manager.docker("service", "rm", "many")
    eventually(lambda: manager.docker("network", "rm", "small", check=False))
    code, told = looks[-1]

    assert 7 == code
    assert [("network-addresses", "failed", "", ""), ("waiting-tasks", "failed", "", "")] == found(told)
    (row,) = (each for each in told["findings"] if each["id"] == "waiting-tasks")
    assert "3 tasks of many stay `new`: small has no address left" == row["fact"]


@pytest.fixture
def copied(project: Project) -> Iterator[tuple[Group, Project]]:
    """A swarm of two hosts, and a third with the key of the second."""
    group = machines.start("qa", "28", count=3)
    declared(group, project)
    first, second, third = group
    formed([first, second])
    packed = second.run("sh", "-c", "tar -C /var/lib/docker -cz swarm | base64 -w0").strip()
    third.run("service", "docker", "stop")
    third.run("sh", "-c", f"rm -rf /var/lib/docker/swarm; echo {packed} | base64 -d | tar -C /var/lib/docker -xz")
    third.run("service", "docker", "start")
    eventually(lambda: second.swarm()["NodeID"] == third.swarm()["NodeID"])
    yield group, project
    machines.end("qa")


def test_machine_that_was_copied(copied: tuple[Group, Project]):
    """It is named as that; no port or card is."""
    _, told = doctor(copied[1])

    assert [("cloned-member", "failed", "qa3", "qa2")] == found(told)


@pytest.fixture
def others(request: pytest.FixtureRequest) -> Iterator[Group]:
    """Two hosts with other Engines."""
    yield machines.start("qa", request.param, count=2)
    machines.end("qa")


@pytest.mark.every_engine
@pytest.mark.parametrize("others", ["20.10", "26", "29"], indirect=True)
def test_hosts_with_another_engine_that_are_well(others: Group, project: Project):
    """They are well before and after a swarm exists. The lab's Engine 29 has no number of Docker's, which is told."""
    declared(others, project)
    before, (first, _) = found(doctor(project)[1]), others
    formed(others)
    after: Any = doctor(project)[1]

    built = first.docker("version", "--format", "{{.Server.Version}}").startswith("2.0.0")
    expected = [("engine-release", "unknown", host.name, "") for host in others] if built else []
    assert (expected, expected) == (before, found(after))
    assert {"open"} == {each["status"] for each in after["matrix"]}


@pytest.mark.every_engine
@pytest.mark.parametrize("others", ["28,29"], indirect=True)
def test_engines_of_two_releases_with_an_encrypted_network(others: Group, project: Project):
    """Two releases are told. Whether this 29 is a bad one is unknown if its number is none of Docker's."""
    declared(others, project)
    formed(others)
    first, second = others
    first.docker("network", "create", "--driver", "overlay", "--opt", "encrypted", "secret")
    code, told = doctor(project)

    number = second.docker("version", "--format", "{{.Server.Version}}")
    release = [("engine-release", "unknown", "qa2", "")] if number.startswith("2.0.0") else []
    assert [*release, ("mixed-releases", "warning", "", "")] == found(told)
    assert len(release) == code
