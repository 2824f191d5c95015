"""Members as declared, on real hosts: what lands on one that joins, and addresses that it keeps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support import machines
from tests.support.machines import Group, eventually
from tests.support.project import Project
from tests.support.what_hosts_show import stack_of

pytestmark = pytest.mark.lab
OTHERS = [pytest.param(engine, marks=pytest.mark.every_engine) for engine in ("20.10,28,20.10", "26,28,26", "29,28,29")]
# Each has a task on every host that it may: one on any, one on hosts that have no label `zone: b`.
GLOBAL = ("service", "create", "--detach", "--mode", "global", "--no-resolve-image")
SETTINGS = {"cert_expiry": 86_400, "dispatcher_heartbeat": 10, "snapshot_interval": 5000, "keep_old_snapshots": 1}


@dataclass
class Swarm:
    """A swarm of m1 with two global services, to which m2 and m3 are to come."""

    hosts: Group
    project: Project
    sections: dict[str, Any]

    def declared(self, **hosts: dict[str, Any]) -> Project:
        """The project, with more keys for these hosts."""
        of_hosts = {name: {**keys, **hosts.get(name, {})} for name, keys in self.sections["hosts"].items()}
        self.project.declare({**self.sections, "hosts": of_hosts})
        return self.project

    def nodes_of(self, service: str) -> set[str]:
        """The hosts that have, or had, a task of a service."""
        listed = self.hosts["m1"].docker("service", "ps", service, "--format", "{{.Node}}")
        return set(listed.split())


@pytest.fixture(scope="module", params=["28", *OTHERS])
def swarm(request: pytest.FixtureRequest, new_project: Callable[..., Project]):
    """m1 alone, and then m2 with a label and m3 drained."""
    hosts = machines.start("m", request.param)
    hosts.provide_image()
    sections: dict[str, Any] = {key: stack_of(hosts)[key] for key in ("hosts", "ssh", "ingress")}
    sections["swarm"] = {**SETTINGS}
    begun = Swarm(hosts, new_project(), {**sections, "hosts": {"m1": sections["hosts"]["m1"]}})
    first = begun.declared().up()
    assert first.ok, first.told
    manager = hosts["m1"]
    manager.docker(*GLOBAL, "--name", "anywhere", "busybox:lab")
    manager.docker(*GLOBAL, "--name", "not-in-b", "--constraint", "node.labels.zone!=b", "busybox:lab")
    for host in hosts:
        host.log_requests()
    sections["hosts"]["m2"]["labels"] = {"zone": "b"}
    sections["hosts"]["m3"]["availability"] = "drain"
    yield Swarm(hosts, begun.project, sections)
    machines.end("m")


def test_no_task_lands_on_a_host_that_is_not_yet_as_declared(swarm: Swarm):
    """No task lands of a service that its labels keep away, and none at all if it is to be drained."""
    joined = swarm.declared().up()
    assert joined.ok, joined.told
    eventually(lambda: {"m1", "m2"} <= swarm.nodes_of("anywhere"))

    assert ({"m1", "m2"}, {"m1"}) == (swarm.nodes_of("anywhere"), swarm.nodes_of("not-in-b"))
    assert swarm.project.is_settled()


def test_ingress_changes_beside_an_unwatched_member(swarm: Swarm):
    """It stays a member, nobody asks it, and the ingress comes to it."""
    member, before = swarm.hosts["m3"], swarm.hosts["m3"].writes()
    swarm.sections["ingress"] = {"subnet": "10.203.0.0/20"}
    swarm.sections["hosts"]["m3"] = {"address": member.address, "unwatched": True}
    changed = swarm.declared().up()

    assert changed.ok, changed.told
    eventually(lambda: member.network("ingress")["IPAM"]["Config"][0]["Subnet"] == "10.203.0.0/20")
    assert ("active", before) == (member.swarm()["LocalNodeState"], member.writes())
    assert swarm.project.is_settled()
