"""What an Engine's JSON says of nodes, services and tasks, as facts."""

from typing import Any

from providers.hosts.engine_api.json_to_facts import to_node, to_service, to_task

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


def test_the_words_on_an_update():
    """The state of an update, and why it is so."""
    status = {"State": "paused", "Message": "update paused due to failure or early termination of task t1"}
    service = to_service({**SERVICE, "UpdateStatus": status})
    assert (status["State"], status["Message"]) == (service.update_state, service.update_message)


def test_why_a_task_waits():
    """Its slot, and the words on its state."""
    status = {"State": "pending", "Message": "pending task scheduling", "Err": "no suitable node"}
    task = to_task({"ID": "t1", "ServiceID": "s1", "Slot": 2, "Status": status, "DesiredState": "running"})
    assert (2, status["Message"], status["Err"]) == (task.slot, task.message, task.error)
