"""Belongings of others: they are named if they stand in the way, and are still there afterwards."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.stacks_on_hosts.conftest import Standing
from tests.support.machines import Group, eventually
from tests.support.project import Project
from tests.support.what_hosts_show import promised, shown, stack_of

pytestmark = pytest.mark.lab

SERVICE = ("service", "create", "--detach", "--no-resolve-image", "--name=web")


def running(hosts: Group, service: str) -> bool:
    """Tell whether a service has a task that runs."""
    shown = hosts["t1"].docker("service", "ps", "--filter=desired-state=running", "--format={{.CurrentState}}", service)
    return shown.startswith("Running")


def test_an_overlay_in_use_is_neither_replaced_nor_removed(standing: Standing):
    """A service on it is named, and goes on running on the network as it was."""
    manager = standing.hosts["t1"]
    manager.docker(*SERVICE, "--network=monitoring", "busybox:lab")
    eventually(lambda: running(standing.hosts, "web"))
    overlays = standing.sections["overlays"]
    moved = overlays | {"monitoring": overlays["monitoring"] | {"subnet": "10.208.0.0/24"}}

    for wanted in (moved, {"app": overlays["app"]}):
        standing.project.declare(standing.sections | {"overlays": wanted})
        refused = standing.project.up()
        assert not refused.ok
        assert "overlay monitoring (10.202.1.0/24): can't" in refused.error
        assert "service web" in refused.error

    assert promised(standing.sections) == shown(standing.hosts)
    assert running(standing.hosts, "web")
    manager.docker("service", "rm", "web")
    standing.project.declare(standing.sections)
    assert eventually(lambda: standing.project.up("--refresh").ok)


def test_an_overlay_that_a_container_uses_is_not_removed(standing: Standing):
    """A container that somebody attached on a worker is named with its host."""
    worker = standing.hosts["t2"]
    container = worker.docker("run", "--detach", "--rm", "--network=app", "busybox:lab")
    overlays = standing.sections["overlays"]
    standing.project.declare(standing.sections | {"overlays": {"monitoring": overlays["monitoring"]}})

    refused = standing.project.up()

    assert not refused.ok
    assert f"container {container[:12]} on t2" in refused.error
    assert "true" == worker.docker("inspect", "--format={{.State.Running}}", container)
    worker.docker("stop", container)
    standing.project.declare(standing.sections)
    assert standing.project.up("--refresh").ok


@dataclass
class Foreign:
    """Something of others in a swarm of ours: made, named in the refusal, and taken away again."""

    make: Callable[[Group], object]
    name: str
    remove: Callable[[Group], object]


def make_secret(hosts: Group) -> None:
    """A secret that only the swarm holds."""
    hosts["t1"].run("sh", "-c", "echo value | docker secret create theirs -")


THEIRS = {
    "service": Foreign(
        lambda hosts: hosts["t1"].docker(*SERVICE, "busybox:lab"),
        "service web",
        lambda hosts: hosts["t1"].docker("service", "rm", "web"),
    ),
    "overlay": Foreign(
        lambda hosts: hosts["t1"].docker("network", "create", "--driver=overlay", "theirs"),
        "network theirs",
        lambda hosts: hosts["t1"].docker("network", "rm", "theirs"),
    ),
    "secret": Foreign(
        make_secret,
        "secret theirs",
        lambda hosts: hosts["t1"].docker("secret", "rm", "theirs"),
    ),
}


def test_a_swarm_that_holds_what_others_need_is_not_ended(standing: Standing):
    """`destroy` names every service, overlay and secret of others at once; no host has left."""
    standing.stands = False
    for foreign in THEIRS.values():
        foreign.make(standing.hosts)

    refused = standing.project.destroy()

    assert not refused.ok
    for foreign in THEIRS.values():
        assert foreign.name in refused.told
    assert {"t1", "t2", "t3"} == set(standing.hosts["t1"].nodes())
    assert "theirs" in standing.hosts["t1"].networks()
    assert ("web", "theirs") == (
        standing.hosts["t1"].docker("service", "ls", "--format={{.Name}}"),
        standing.hosts["t1"].docker("secret", "ls", "--format={{.Name}}"),
    )

    for foreign in THEIRS.values():
        foreign.remove(standing.hosts)
    assert standing.project.destroy().ok


def test_a_swarm_with_a_member_of_others_is_not_ended(bare: Group, project: Project):
    """A host that the stack does not declare, and that somebody let join, is named; it stays a member."""
    sections = stack_of(bare)
    stranger = bare["t3"]
    del sections["hosts"]["t3"]
    project.declare(sections)
    assert project.up().ok
    token = bare["t1"].docker("swarm", "join-token", "--quiet", "worker")
    stranger.docker("swarm", "join", f"--token={token}", f"{bare['t1'].address}:2377")

    refused = project.destroy()

    assert not refused.ok
    assert "member t3" in refused.told
    assert "active" == stranger.swarm()["LocalNodeState"]
    assert "t3" in bare["t1"].nodes()


def test_what_another_stack_owns_is_left_alone(standing: Standing, new_project: Callable[..., Project]):
    """A second stack with the same hosts is refused by the first one's name, whatever it wants."""
    project = new_project("second")
    project.declare(standing.sections | {"adopt": "converge", "gwbridge": {"subnet": "10.204.0.0/20"}})
    before = shown(standing.hosts), [host.writes() for host in standing.hosts]

    refused = project.up()

    assert not refused.ok
    assert "belongs to swarmnet/t" in refused.told
    assert before == (shown(standing.hosts), [host.writes() for host in standing.hosts])
