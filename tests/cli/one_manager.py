"""A manager by SSH whose Engine tells of a swarm of two: itself, and a worker that has no address."""

from tests.support.engine_answers import ANSWERS
from tests.support.fake_sshd import FakeHost
from tests.support.swarms import SPEC

SWARM = ANSWERS["/swarm"] | {"Spec": SPEC}
INFO = ANSWERS["/info"]["Swarm"] | {"NodeAddr": "127.0.0.1"}


def node(node_id, hostname, address, role="manager"):
    """A member as the Engine lists it."""
    spec = {"Role": role, "Availability": "active", "Labels": {}}
    listed = {"ID": node_id, "Spec": spec, "Description": {"Hostname": hostname}}
    manages = {} if role == "manager" else {"ManagerStatus": None}
    return ANSWERS["/nodes"][0] | listed | {"Status": {"State": "ready", "Addr": address}} | manages


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
