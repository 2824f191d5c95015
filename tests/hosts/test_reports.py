"""Reports are read from hosts before the first write, and believed only so far."""

import shlex
from datetime import UTC, datetime, timedelta

import pytest

from providers.hosts.hosts_api import Hosts
from providers.hosts.reports import COMMAND
from providers.loop.preflight import preflight
from providers.rules.stack_file import model
from providers.rules.stack_file.access import Roles
from providers.rules.stack_file.resolved import resolve
from tests.support.certificates import pem
from tests.support.engine_answers import network
from tests.support.fake_sshd import Ends

# As iproute2 6.1 and BusyBox 1.35 print it; the VPN's route is in a table of its own, as Tailscale's are.
ADDRESSES = """\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
2: eth0@if5: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000 link-netnsid 0
    inet 198.51.100.57/24 brd 198.51.100.255 scope global eth0
       valid_lft forever preferred_lft forever
9: wg0: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1420 qdisc noqueue state UNKNOWN group default qlen 1000
    inet 10.8.0.2 peer 10.9.0.1/32 scope global wg0
       valid_lft forever preferred_lft forever
"""
ROUTES = """\
default via 198.51.100.1 dev eth0
10.64.0.0/16 dev wg0 table 52 scope link
10.9.0.1 dev wg0 proto kernel scope link src 10.8.0.2
10.67.0.0/16 proto bgp metric 20
\tnexthop via 198.51.100.2 dev eth0 weight 1
\tnexthop via 10.9.0.1 dev wg0 weight 1
10.68.0.0/16  metric 20
blackhole 10.69.0.0/16 proto bird
unreachable 10.70.0.0/16 table 52
unreachable default metric 4278198272
throw 10.12.0.0/16 table 52
198.51.100.0/24 dev eth0 proto kernel scope link src 198.51.100.57
local 198.51.100.57 dev eth0 table local proto kernel scope host src 198.51.100.57
broadcast 198.51.100.255 dev eth0 table local proto kernel scope link src 198.51.100.57
"""
RESOLVERS = """\
# Dynamic resolv.conf(5) file
nameserver 127.0.0.53
nameserver 10.66.0.53
nameserver fd00::53
search lan
"""
SWARM = {"LocalNodeState": "active", "ControlAvailable": True, "Error": ""}


@pytest.fixture
def hosts(new_host):
    """Two hosts with the same VPN, the first a manager."""
    hosts = {name: new_host(name) for name in ("m1", "w1")}
    for host in hosts.values():
        host.commands[shlex.join(COMMAND)] = Ends(stdout=(ADDRESSES + ROUTES + RESOLVERS).encode())
        host.engine.answer("GET /networks", body=[network("bridge", "172.17.0.0/16", Scope="local", Driver="bridge")])
        host.engine.answer("GET /info", body={"Swarm": {}})
    hosts["m1"].engine.answer("GET /info", body={"Swarm": SWARM})
    return hosts


@pytest.fixture
def api(hosts, ended):
    """The hosts API to these hosts."""
    api = Hosts({name: host.access() for name, host in hosts.items()}, Roles(managers=frozenset({"m1"})))
    ended(api.fleet)
    return api


def found(api, **sections):
    """Return what clashes with these sections."""
    named = {name: {"address": "127.0.0.1"} for name in api.fleet.names}
    return preflight(api, resolve(model.parse({"hosts": named, **sections})), "infra/prod")


def clashes(api, subnet):
    """Return what a range of docker_gwbridge clashes with."""
    return [line.partition(", ")[2].partition(":")[0] for line in found(api, gwbridge={"subnet": subnet}).refused]


@pytest.mark.parametrize(
    ("subnet", "with_what"),
    [
        ("10.64.3.0/24", "the route by wg0 of m1 and w1"),
        ("10.8.0.0/24", "the address of wg0 of m1 and w1"),
        ("198.51.0.0/16", "the route by eth0 of m1 and w1"),
        ("10.67.3.0/24", "the route by eth0 of m1 and w1"),
        ("10.68.3.0/24", "the route by several links of m1 and w1"),
        ("10.69.3.0/24", "the blackhole route of m1 and w1"),
        ("10.70.3.0/24", "the unreachable route of m1 and w1"),
        ("10.66.0.0/24", "a resolver of m1 and w1"),
        ("172.17.0.0/16", "the docker network bridge of m1 and w1"),
    ],
)
def test_what_hosts_have_is_compared(api, subnet, with_what):
    """Routes of every table, addresses, resolvers, networks: of all hosts."""
    assert [with_what] == clashes(api, subnet)


def test_one_command_and_two_requests_a_host(hosts, api):
    """There is nothing to confirm if nothing clashes: the default route, the loopback, what a host sends to itself or
    to all, and exceptions are no ranges. The command needs no rights."""
    assert [] == clashes(api, "10.12.0.0/16")

    for host in hosts.values():
        assert [shlex.join(COMMAND)] == [each for each in host.ran if "dial-stdio" not in each]
        assert ["GET /v1.51/info", "GET /v1.51/networks"] == [
            each for each in host.engine.requests if "_ping" not in each
        ]


def ending(days):
    """A certificate that ends in so many days, and lasts for 90."""
    return pem(datetime.now(UTC) + timedelta(days=days), 90)


@pytest.mark.parametrize(
    ("days", "printed", "state"),
    [
        pytest.param(13, ending(13) + ending(5), "active", id="the member's own comes first"),
        pytest.param(None, ending(13), "inactive", id="left behind by a member that is none any more"),
        pytest.param(None, b"", "active", id="not to be read"),
        pytest.param(None, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "active", id="no sense"),
    ],
)
def test_certificate_is_read(hosts, api, days, printed, state):
    """It is read with the same command, if the login may read it."""
    hosts["w1"].commands[shlex.join(COMMAND)] = Ends(stdout=ADDRESSES.encode() + printed)
    hosts["w1"].engine.answer("GET /info", body={"Swarm": {"LocalNodeState": state}})
    found = next(each.certificate for each in api.reports()[0] if each.host == "w1")

    assert (days, days and 90) == (found and round(found.left / 86_400), found and round(found.lasts / 86_400))


def test_copy_of_a_network_that_the_swarm_has_no_more_does_not_count(hosts, api):
    """Hosts list a removed overlay for seconds, and a stuck ingress for good: a manager is asked before a refusal."""
    listed = [network("gone", "10.72.0.0/24"), network("there", "10.71.0.0/24")]
    hosts["w1"].engine.answer("GET /networks", body=listed)
    hosts["m1"].engine.answer("GET /networks/id-there", body=listed[1])

    assert [] == clashes(api, "10.72.0.0/24")
    assert ["the swarm's network there"] == clashes(api, "10.71.0.0/24")


def test_host_without_ip_is_compared_by_its_networks(hosts, api):
    """A warning says so."""
    hosts["w1"].commands[shlex.join(COMMAND)] = Ends(stderr=b"sh: ip: not found\n", status=127)

    assert ["the docker network bridge of m1 and w1"] == clashes(api, "172.17.0.0/16")
    (told,) = found(api).warnings
    assert "routes and resolvers were not compared: w1: " in told


def test_host_that_does_not_answer_is_only_named(hosts, api):
    """A resource that needs it is refused; the ranges of the others are compared."""
    hosts["w1"].close()

    assert ["the route by wg0 of m1"] == clashes(api, "10.64.0.0/16")
    (told,) = found(api).warnings
    assert "ranges were not compared: w1 (127.0.0.1" in told
