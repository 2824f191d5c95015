"""JSON of nodes, services and tasks, read as facts."""

from typing import Any

from providers.hosts.engine_api.json_to_facts import to_member, to_node, to_service, to_task

NODE: dict[str, Any] = {
    "ID": "n1",
    "Version": {"Index": 7},
    "Spec": {"Role": "worker", "Availability": "active"},
    "Status": {"State": "ready", "Addr": "198.51.100.11"},
}
SERVICE: dict[str, Any] = {"ID": "s1", "Version": {"Index": 7}, "Spec": {"Name": "web"}}


def test_the_resources_of_a_node():
    """All that it has, in the units of reservations."""
    described = {"Hostname": "w1", "Resources": {"NanoCPUs": 2_000_000_000, "MemoryBytes": 1 << 30}}
    node = to_node({**NODE, "Description": described})
    assert (2_000_000_000, 1 << 30) == (node.nano_cpus, node.memory_bytes)


def test_a_node_that_was_never_heard_of():
    """It has nothing, and no name."""
    node = to_node(NODE)
    assert ("", 0, 0) == (node.hostname, node.nano_cpus, node.memory_bytes)


def test_the_state_of_an_update():
    """The state of a service's last update is its own word."""
    assert "paused" == to_service({**SERVICE, "UpdateStatus": {"State": "paused"}}).update_state


def test_why_a_task_waits():
    """Its slot, and the words on its state."""
    status = {"State": "pending", "Message": "pending task scheduling", "Err": "no suitable node"}
    task = to_task({"ID": "t1", "ServiceID": "s1", "Slot": 2, "Status": status, "DesiredState": "running"})
    assert (2, status["Message"], status["Err"]) == (task.slot, task.message, task.error)


def test_addresses_are_ip_addresses_or_nothing():
    """A name could lead anywhere, and be more than a name."""
    said = ["10.0.0.1", "10.0.0.1:2377", "[2001:db8::1]:2377", "m1.example.com", "$(touch x)", "fe80::1%$(x)", None, 7]

    found = [to_node({**NODE, "Status": {"State": "ready", "Addr": each}}).address for each in said]

    assert ["10.0.0.1", "10.0.0.1", "2001:db8::1", "", "", "", "", ""] == found


def test_whom_a_host_takes_for_managers():
    """They are told by node id, if it is known, in an order of ours: the Engine has none."""
    peers = [{"NodeID": "n2", "Addr": "10.0.0.2:2377"}, {"NodeID": "n1", "Addr": "m1:2377"}, {"Addr": "10.0.0.3:2377"}]
    member = to_member("w1", {"Swarm": {"LocalNodeState": "active", "RemoteManagers": peers}})

    assert (("", "10.0.0.3"), ("n1", ""), ("n2", "10.0.0.2")) == member.remote_managers


def test_names_hold_nothing_that_a_terminal_obeys():
    """A host names itself as it likes."""
    assert "m1 [2J" == to_node({**NODE, "Description": {"Hostname": "m1\x1b[2J"}}).hostname
