"""A manager by SSH whose Engine tells of a swarm of two: itself, and a worker that has no address."""

from tests.support.fake_sshd import FakeHost
from tests.support.swarms import SPEC

INFO = {"LocalNodeState": "active", "NodeID": "n1", "NodeAddr": "127.0.0.1", "ControlAvailable": True, "Error": ""}
SWARM = {"ID": "s1", "Version": {"Index": 9}, "DataPathPort": 4789, "SubnetSize": 24, "Spec": SPEC}


def node(node_id, hostname, address, role="manager"):
    """A member as the Engine lists it."""
    return {
        "ID": node_id,
        "Version": {"Index": 9},
        "Spec": {"Role": role, "Availability": "active", "Labels": {}},
        "Description": {"Hostname": hostname},
        "Status": {"State": "ready", "Addr": address},
        "ManagerStatus": {"Leader": True, "Reachability": "reachable"} if role == "manager" else None,
    }


def manages(host: FakeHost, networks=()):
    """Let it be the manager of such a swarm, with these networks."""
    nodes = [node("n1", "m1", "127.0.0.1"), node("n2", "w1.invalid", "0.0.0.0", role="worker")]
    answers = {"swarm": SWARM, "nodes": nodes, "networks": networks, "services": [], "tasks": [], "containers/json": []}
    for path, body in answers.items():
        host.engine.answer(f"GET /{path}", body=body)


def way(host: FakeHost) -> tuple[str, ...]:
    """The manager on the command line, and how it is reached."""
    keys = (f"--key-file={host.folder / 'key'}", f"--known-hosts={host.folder / 'known_hosts'}")
    return f"ssh://root@127.0.0.1:{host.port}", *keys
