"""Every live change on three managers and two workers with ten services, once on each Engine: nothing is lost.

`make engines` runs these; they take minutes for each Engine.
"""

from typing import Any

import pytest

from tests.support import machines
from tests.support.machines import Group, eventually
from tests.support.project import CHANGE, Project, Run
from tests.support.services import FOREVER, SERVICES, all_run, deploy, differences, journals, lost, specs
from tests.support.what_hosts_show import promised, shown, stack_of

Json = Any
CHANGED = 600.0
FAILING = "failing"
# With those of the other live tests, one of every kind that has a trap of its own.
TEN = SERVICES | {
    "hosted": f"--mode global --publish mode=host,published=8090,target=80 busybox:lab {FOREVER}",
    "placed": f"--replicas 2 --network name=app,alias=second --publish 8084:80 busybox:lab {FOREVER}",
    FAILING: "--update-failure-action rollback --update-monitor 2s --publish 8085:80 "
    f"--mount type=bind,source=/srv/here,target=/here busybox:lab {FOREVER}",
    "none": f"--replicas 0 --network app --publish 8086:80 busybox:lab {FOREVER}",
    "job": "--mode replicated-job busybox:lab true",
}

pytestmark = pytest.mark.every_engine


@pytest.fixture(params=["20.10", "26", "28", "29", "26,28,26,28,26"])
def five(request: pytest.FixtureRequest):
    """Five bare hosts."""
    hosts = machines.start("w", request.param, count=5)
    hosts.provide_image()
    yield hosts
    machines.end("w")


def deploy_ten(hosts: Group) -> None:
    """Ten services: one was moved by a placement-only update, new tasks of another fail from now on."""
    manager = next(iter(hosts))
    for host in hosts:
        host.run("mkdir", "-p", "/srv/here")
    deploy(manager, TEN)
    moved = ("--detach", "--quiet", "--no-resolve-image", "--constraint-add", "node.platform.os==linux", "placed")
    manager.docker("service", "update", *moved)
    eventually(lambda: all_run(manager, apart=FAILING))
    for host in hosts:
        host.run("rmdir", "/srv/here")


def test_ten_services_keep_what_they_had(five: Group, tmp_path_factory: pytest.TempPathFactory):
    """Another ingress (range, name, MTU) and back, another bridge on each host, another range for a used overlay."""
    project = Project(tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("pulumi-home"))
    manager = next(iter(five))
    sections = stack_of(five, managers=3)
    sections["overlays"]["app"]["on_in_use"] = "migrate"

    def up(**changes: Json) -> Run:
        sections.update(changes)
        project.declare(sections)
        run = project.run("up", *CHANGE, "--json", seconds=CHANGED)
        assert run.ok, run.told
        assert promised(sections) == shown(five, ingress=sections["ingress"].get("name", "ingress"))
        assert [] == journals(manager)
        return run

    up()
    deploy_ten(five)
    before = specs(manager)
    for ingress in ({"subnet": "10.203.0.0/20", "name": "my-ingress", "mtu": 1400}, sections["ingress"]):
        up(ingress=ingress)
        assert [] == lost(before, specs(manager))
    locked = up(swarm={**sections["swarm"], "autolock": True})
    assert "docker swarm unlock-key" in locked.text
    assert manager.docker("swarm", "unlock-key", "--quiet") not in locked.text
    up(gwbridge={**sections["gwbridge"], "subnet": "10.204.0.0/20"})
    assert [] == lost(before, specs(manager))
    pinned = specs(manager)
    up(overlays={**sections["overlays"], "app": {**sections["overlays"]["app"], "subnet": "10.202.8.0/24"}})

    moved = [path for path, _ in differences(pinned, specs(manager), "") if not path.endswith(".ForceUpdate")]
    assert [".none.TaskTemplate.Networks[0].Target", ".placed.TaskTemplate.Networks[0].Target"] == moved
    targets = {specs(manager)[name]["TaskTemplate"]["Networks"][0]["Target"] for name in ("none", "placed")}
    assert {manager.network("app")["Id"]} == targets
    eventually(lambda: all_run(manager, apart=FAILING))
    assert project.is_settled()
