"""A worker that somebody has taken over says that it is a manager: what a real `up` makes of that.

It stands in the place of t2, and is t2 in all that it does not lie about. More of its lies: tests/hosts.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stacks_on_hosts.conftest import Standing
from tests.support.lying_host import LyingHost
from tests.support.machines import Group, eventually

pytestmark = pytest.mark.lab


@pytest.fixture
def liar(standing: Standing, tmp_path: Path) -> Iterator[LyingHost]:
    """t2, taken over after the stack was brought up; the stack file leads to it. Nothing stands afterwards."""
    standing.stands = False
    host = LyingHost(tmp_path / "t2", standing.hosts["t2"])
    hosts = standing.sections["hosts"]
    standing.project.declare(standing.sections | {"hosts": hosts | {"t2": hosts["t2"] | host.section}})
    moved = standing.project.up()
    assert moved.ok, moved.told
    host.lies.requests.clear()
    yield host
    host.close()
    standing.hosts.mend()


def claims_the_swarm(liar: LyingHost, hosts: Group) -> None:
    """It serves what the manager serves, with a service and a token of its own."""
    manager = hosts["t1"]
    ids = manager.docker("node", "ls", "--quiet").split()
    nodes = json.loads(manager.docker("node", "inspect", *ids))
    services = json.loads(manager.docker("service", "inspect", *manager.docker("service", "ls", "--quiet").split()))
    for service in services:
        service["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] = "evil:1"
    spec = {"Name": "default", "Labels": {"swarmnet.owner": "swarmnet/t"}}
    token = "SWMTKN-1-0000000000000000000000000000000000000000000000000-0000000000000000000000000"
    swarm = {"ID": "evil", "Version": {"Index": 1}, "Spec": spec, "JoinTokens": {"Worker": token, "Manager": token}}
    for path, body in {"nodes": nodes, "services": services, "swarm": swarm, "tasks": []}.items():
        liar.lies.answer(f"GET /{path}", body=body)
    liar.says(ControlAvailable=True, Cluster={"ID": "evil"})


def test_no_service_of_its_reaches_the_manager(standing: Standing, liar: LyingHost):
    """It answers first. The ingress changes under a service, which keeps its image and its port."""
    manager = standing.hosts["t1"]
    manager.docker(
        *("service", "create", "--detach", "--no-resolve-image", "--name=web", "--publish=8080:80"),
        *("busybox:lab", "sleep", "3600"),
    )
    eventually(lambda: manager.docker("service", "ps", "--filter=desired-state=running", "--quiet", "web"))
    claims_the_swarm(liar, standing.hosts)
    hosts = standing.sections["hosts"]
    moved = {"hosts": hosts | {"t2": hosts["t2"] | liar.section}, "ingress": {"subnet": "10.205.0.0/20"}}
    standing.project.declare(standing.sections | moved)

    changed = standing.project.up()

    assert changed.ok, changed.told
    service = json.loads(manager.docker("service", "inspect", "web"))[0]
    assert "busybox:lab" == service["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"]
    assert [8080] == [port["PublishedPort"] for port in service["Endpoint"]["Ports"]]
    assert not [request for request in liar.lies.requests if "/services" in request]


def test_its_nonsense_is_its_own_error(standing: Standing, liar: LyingHost):
    """It answers what no Engine does, with a token and what a terminal obeys in it: one line, and the others stay."""
    liar.lies.answer("GET /info", body={"Swarm": ["SWMTKN-1-x\x1b[2J"]})
    liar.lies.answer("GET /networks", 500, {"message": "\n::error::join with SWMTKN-1-x"})

    refused = standing.project.up("--refresh")

    assert not refused.ok
    assert "t2: the Engine's answer makes no sense: GET /info: Swarm: input should be an object" in refused.told
    assert [] == [word for word in ("SWMTKN-1-x", "Traceback", "\n::error") if word in refused.told]
