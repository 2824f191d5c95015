"""The reads of `doctor`: requests that change nothing, and unreadable answers returned as a value."""

from datetime import UTC, datetime

import pytest

from providers.hosts.examine import observe_hosts
from providers.hosts.fleet import Fleet
from providers.rules.stack_file.access import Roles
from providers.rules.vocabulary.diagnosis import ObservedSwarm, Room, Unread
from tests.support.certificates import pem
from tests.support.swarms import SPEC
from tests.support.tables import cases

SUBNET = "10.202.0.0/24"
ENDS = datetime(2040, 1, 2, 3, 4, 5, tzinfo=UTC)
ACTIVE = {"LocalNodeState": "active", "ControlAvailable": True, "NodeID": "n1", "NodeAddr": "10.0.0.1", "Error": ""}
INFO = {"ServerVersion": "28.5.2", "SystemTime": "2026-11-26T10:57:50.123456789+01:00", "LiveRestoreEnabled": True}


def swarm(**more):
    """The swarm as a manager shows it."""
    return {"ID": "s1", "Version": {"Index": 9}, "DataPathPort": 4789, "SubnetSize": 24, "Spec": SPEC, **more}


@pytest.fixture
def host(new_host):
    """A manager of a swarm of one."""
    host = new_host("h1")
    host.engine.answer("GET /info", body={**INFO, "Swarm": ACTIVE})
    host.engine.answer("GET /swarm", body=swarm(TLSInfo={"TrustRoot": pem(ENDS, 365).decode()}))
    for path in ("/nodes", "/networks", "/services", "/tasks"):
        host.engine.answer(f"GET {path}", body=[])
    return host


@pytest.fixture
def look(host, ended):
    """Examines the host."""
    fleet = ended(Fleet({"h1": host.access()}, Roles(managers=frozenset({"h1"}))))
    return lambda: observe_hosts(fleet)


def test_what_is_said_is_read(look):
    """A host's release, its settings, its clock with its zone, what its commands show; when the authority ends."""
    found = look()
    (host,) = found.hosts

    assert ("h1", "28.5.2", True, "") == (host.host, host.release, host.live_restore, host.unfit)
    assert datetime(2026, 11, 26, 9, 57, 50, 123456, tzinfo=UTC).timestamp() == host.clock.shown
    assert host.clock.asked <= host.clock.answered
    assert (True, {}) == (host.forwarding, host.unread)
    assert ENDS.timestamp() == found.swarm.ca_ends


@pytest.mark.parametrize("shown", [{}, {"TLSInfo": None}, {"TLSInfo": {"TrustRoot": "none"}}])
@pytest.mark.parametrize("time", ["", "soon"])
def test_time_that_can_not_be_read(host, look, shown, time):
    """Neither that of the clock nor that at which the authority ends; all else is."""
    host.engine.answer("GET /swarm", body=swarm(**shown))
    host.engine.answer("GET /info", body={**INFO, "SystemTime": time, "Swarm": ACTIVE})
    found = look()

    assert isinstance(found.swarm, ObservedSwarm)
    assert ("28.5.2", None, None) == (found.hosts[0].release, found.hosts[0].clock, found.swarm.ca_ends)


def test_nothing_is_written(host, look):
    """Requests that read, and one script that does."""
    look()

    assert [] == [each for each in host.engine.requests if not each.startswith("GET ")]
    assert ["sh -s"] == [each for each in host.ran if "dial-stdio" not in each]


def test_host_that_runs_no_command(host, look):
    """The reason is kept."""
    del host.commands["sh -s"]

    (found,) = look().hosts
    assert found.unread["commands"].startswith("sh -s: exit status 127: ")


def test_host_on_which_swarm_networks_do_not_work_is_told(host, look):
    """It is asked for the rest all the same."""
    host.engine.answer("GET /info", body={**INFO, "OperatingSystem": "Docker Desktop", "Swarm": {}})

    (found,) = look().hosts
    assert found.unfit.startswith("this is Docker Desktop")


def test_host_in_no_swarm(host, look):
    """Then there is none, which is no fault."""
    host.engine.answer("GET /info", body={**INFO, "Swarm": {"LocalNodeState": "inactive"}})

    assert look().swarm is None


def test_swarm_that_does_not_answer(host, look):
    """The reason is kept."""
    host.engine.answer("GET /swarm", status=500, body={"message": "The swarm does not have a leader."})

    assert isinstance(found := look().swarm, Unread)
    assert "The swarm does not have a leader." in found.why


def test_host_that_does_not_answer(host, look):
    """It is silent, and so is the swarm."""
    host.close()
    found = look()

    assert ((), ["h1"], Unread) == (found.hosts, [each.host for each in found.unreachable], type(found.swarm))


# Addresses

APP = {"Id": "id-app", "Name": "app", "Scope": "swarm", "Driver": "overlay", "IPAM": {"Config": [{"Subnet": SUBNET}]}}


def test_bridge_of_a_host_is_read(host, look):
    """It is read with the containers on it."""
    bridge = {"Id": "b1", "Name": "docker_gwbridge", "Scope": "local", "Containers": {"c1": {"Name": "one"}}}
    host.engine.answer("GET /networks/docker_gwbridge", body=bridge)

    (found,) = look().hosts
    assert ["one"] == [each.name for each in found.bridge.endpoints]


@cases(
    "api, shown, rooms",
    {
        "its own count": ("1.52", {}, (Room(network="app", subnet=SUBNET, used=5, left=251),)),
        "an older Engine": ("1.51", {}, ()),
        "no count": ("1.52", {"Status": None}, ()),
        "another of that name": ("1.52", {"Id": "another"}, ()),
    },
)
def test_count_of_the_swarm_is_read(host, look, api, shown, rooms):
    """It is read by the network's name; if the swarm keeps none, addresses are counted."""
    host.engine.answers = {key.replace("/v1.51/", f"/v{api}/"): value for key, value in host.engine.answers.items()}
    host.engine.api_version = api
    count = {"IPAM": {"Subnets": {SUBNET: {"IPsInUse": 5, "DynamicIPsAvailable": 251}}}}
    host.engine.answer("GET /networks", body=[APP])
    host.engine.answer("GET /networks/id-app", body=APP)
    host.engine.answer("GET /networks/app", body={**APP, "Status": count, **shown})

    assert rooms == look().swarm.rooms
