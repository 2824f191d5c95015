"""What an Engine answers, read: JSON as facts; refusals by their meaning, statuses and words as measured
(measurements.md#refusals)."""

import json
from typing import Any, TypeVar

import pytest

from providers.hosts.engine_api.refusals import refusal
from providers.hosts.engine_api.schema import read_answer
from providers.hosts.perform import with_settings
from providers.rules.vocabulary.errors import Conflict, EngineError, InUse, NoQuorum, NotAManager, NotFound
from providers.rules.vocabulary.facts import Member, Node, Swarm, SwarmService, Task
from providers.rules.vocabulary.steps import SETTINGS, UpdateSwarm
from tests.support.swarms import SPEC
from tests.support.tables import cases

NODE: dict[str, Any] = {
    "ID": "n1",
    "Version": {"Index": 7},
    "Spec": {"Role": "worker", "Availability": "active"},
    "Status": {"State": "ready", "Addr": "198.51.100.11"},
}
SERVICE: dict[str, Any] = {"ID": "s1", "Version": {"Index": 7}, "Spec": {"Name": "web", "TaskTemplate": {}}}
SWARM: dict[str, Any] = {"ID": "s1", "Version": {"Index": 7}}
T = TypeVar("T")


def read(kind: type[T], answer: dict[str, Any]) -> T:
    """The fact in an answer."""
    return read_answer(kind, json.dumps(answer))


@cases(
    "expected, shown",
    {
        "in the units of reservations": (
            ("w1", 2_000_000_000, 1 << 30),
            {"Description": {"Hostname": "w1", "Resources": {"NanoCPUs": 2_000_000_000, "MemoryBytes": 1 << 30}}},
        ),
        "never heard of": (("", 0, 0), {}),
        "a name that a terminal would obey": (("m1 [2J", 0, 0), {"Description": {"Hostname": "m1\x1b[2J"}}),
    },
)
def test_name_and_resources_of_a_node(expected, shown):
    """A host names itself as it likes; one that was never heard of has nothing."""
    node = read(Node, NODE | shown)

    assert expected == (node.hostname, node.nano_cpus, node.memory_bytes)


def test_the_state_of_an_update():
    """The state of a service's last update is its own word."""
    assert "paused" == read(SwarmService, {**SERVICE, "UpdateStatus": {"State": "paused"}}).update_state


def test_why_a_task_waits():
    """Its slot, and the words on its state."""
    status = {"State": "pending", "Message": "pending task scheduling", "Err": "no suitable node"}
    task = read(Task, {"ID": "t1", "ServiceID": "s1", "Slot": 2, "Status": status, "DesiredState": "running"})

    assert (2, status["Message"], status["Err"]) == (task.slot, task.message, task.error)


def test_addresses_are_ip_addresses_or_nothing():
    """A name could lead anywhere, and be more than a name."""
    said = ["10.0.0.1", "10.0.0.1:2377", "[2001:db8::1]:2377", "m1.example.com", "$(touch x)", "fe80::1%$(x)"]

    found = [read(Node, {**NODE, "Status": {"State": "ready", "Addr": each}}).address for each in said]

    assert ["10.0.0.1", "10.0.0.1", "2001:db8::1", "", "", ""] == found


def test_whom_a_host_takes_for_managers():
    """They are told by node id, if it is known, in an order of ours: the Engine has none."""
    peers = [{"NodeID": "n2", "Addr": "10.0.0.2:2377"}, {"NodeID": "n1", "Addr": "m1:2377"}, {"Addr": "10.0.0.3:2377"}]
    member = read(Member, {"Swarm": {"LocalNodeState": "active", "RemoteManagers": peers}})

    assert (("", "10.0.0.3"), ("n1", ""), ("n2", "10.0.0.2")) == member.remote_managers


@pytest.mark.parametrize(
    ("given", "part", "expected"),
    [
        ({"autolock": True}, "EncryptionConfig", {"AutoLockManagers": True}),
        ({"task_history_limit": 0}, "Orchestration", {"TaskHistoryRetentionLimit": 0}),
        ({"cert_expiry": 2_592_000}, "CAConfig", {"NodeCertExpiry": 2_592_000_000_000_000}),
        ({"dispatcher_heartbeat": 15}, "Dispatcher", {"HeartbeatPeriod": 15_000_000_000}),
        ({"snapshot_interval": 500}, "Raft", {"SnapshotInterval": 500, "KeepOldSnapshots": 0}),
        ({"keep_old_snapshots": 2}, "Raft", {"SnapshotInterval": 10_000, "KeepOldSnapshots": 2}),
    ],
)
def test_setting_is_written_where_the_engine_has_it(given, part, expected):
    """Times are written in nanoseconds; what is not given stays as it is, since an empty spec would zero it."""
    written = with_settings(dict(SPEC), UpdateSwarm(version=7, **given))
    found = read(Swarm, {**SWARM, "Spec": written})

    assert {**SPEC, part: expected} == written
    assert given == {key: getattr(found, key) for key in SETTINGS if key in given}


def test_settings_that_an_engine_shows_as_none_are_nothing():
    """Engines take a zero, and then show no value at all (28.5)."""
    found = read(Swarm, {**SWARM, "Spec": {"CAConfig": {}, "Dispatcher": {}, "Raft": None}})

    assert (0, 0) == (found.cert_expiry, found.dispatcher_heartbeat)
    assert (0, 0) == (found.snapshot_interval, found.keep_old_snapshots)


# Refusals

GRPC = "rpc error: code = {} desc = {}".format
NO_LEADER = "The swarm does not have a leader. It's possible that too few managers are online."
ATTACHING = "attaching to network failed, make sure your network options are correct and check manager logs"
LOCKED = "Swarm is encrypted and needs to be unlocked before it can be used."

MEASURED = [
    (404, "network app not found", NotFound),
    (404, "endpoint gateway_ingress-sbox not found", NotFound),
    (500, "network nx2k1q8o7m3zq5v9 not found", NotFound),
    (409, "network with name app already exists", Conflict),
    (409, GRPC("AlreadyExists", "ingress network (x) is already present"), Conflict),
    (500, GRPC("Unknown", "update out of sequence"), Conflict),
    (500, GRPC("Unknown", "name conflicts with an existing object"), Conflict),
    (503, "This node is already part of a swarm. Use ...", Conflict),
    (503, "This node is not part of a swarm", Conflict),
    (500, GRPC("Unknown", NO_LEADER), NoQuorum),
    (500, GRPC("DeadlineExceeded", "context deadline exceeded"), NoQuorum),
    (503, GRPC("Unavailable", "connection error"), NoQuorum),
    (500, f"failed to set up container networking: {ATTACHING}: context deadline exceeded", EngineError),
    (503, "This node is not a swarm manager. Use ...", NotAManager),
    (403, "Cannot create a multi-host network from a worker node. Please ...", NotAManager),
    (503, LOCKED, NotAManager),
    (403, "error while removing network: network docker_gwbridge id x has active endpoints", InUse),
    (400, GRPC("FailedPrecondition", "network x is in use by service y"), InUse),
    (400, GRPC("FailedPrecondition", "network x is in use by task y"), InUse),
    (400, "ingress network cannot be removed because service x depends on it", InUse),
    (400, "invalid network config", EngineError),
    (403, "Pool overlaps with other one on this address space", EngineError),
    (500, "invalid join token", EngineError),
    (503, "Timeout was reached before node joined. ...", EngineError),
]


@pytest.mark.parametrize(("status", "words", "kind"), MEASURED)
def test_meaning(status, words, kind):
    """Each refusal has its one kind of error."""
    assert kind is type(refusal("h1", status, words))


@cases(
    "status, words, message",
    {
        "one line": (400, "invalid network config:\ninvalid subnet\n", "invalid network config: invalid subnet"),
        "a locked swarm, and what to do": (503, LOCKED, f"{LOCKED}: run `docker swarm unlock` there"),
        "no words": (502, "", "the Engine answered 502 without a message"),
    },
)
def test_message(status, words, message):
    """Host, then the Engine's words, on one line that is never empty."""
    assert f"h1: {message}" == str(refusal("h1", status, words))
