"""What goes: a section of the stack file, the whole stack, what somebody asks to be replaced. What stays is said."""

import pytest

from tests.stacks_on_hosts.conftest import Status
from tests.support.machines import Group, eventually
from tests.support.project import CHANGE, Project
from tests.support.what_hosts_show import networks_of, promised, shown, stack_of

pytestmark = pytest.mark.lab


def test_an_ingress_gives_way_to_the_engines_own(status: Status):
    """Every host gets the one that Docker would have made with `on_remove: restore_default`."""
    project, sections = status.project, status.sections
    project.declare(sections | {"ingress": sections["ingress"] | {"on_remove": "restore_default"}})
    assert project.up().ok

    project.declare({key: value for key, value in sections.items() if key != "ingress"})
    gone = project.up()

    assert (True, {"ingress": "delete"}) == (gone.ok, gone.steps), gone.told
    default = promised(sections | {"ingress": {"subnet": "10.0.0.0/24"}})
    assert default["hosts"] == {host.name: networks_of(host) for host in status.hosts}
    project.declare(sections)
    assert project.up().ok
    assert promised(sections) == shown(status.hosts)


def test_destroy_keeps_bridges_that_are_to_be_kept(bare: Group, project: Project):
    """`on_remove: keep`, the default, leaves each host its docker_gwbridge, for its next swarm; a line for each says
    so."""
    sections = stack_of(bare) | {"gwbridge": {"subnet": "10.200.0.0/20"}}
    project.declare(sections)
    assert project.up().ok

    end = project.run("destroy", *CHANGE)

    assert end.ok, end.text
    for host in bare:
        assert (
            f"docker_gwbridge@{host.name} is left in place and removed from the state only: on_remove is keep"
            in end.text
        )
        assert ("inactive", "10.200.0.0/20") == (host.swarm()["LocalNodeState"], networks_of(host)["bridge"])
        assert {"docker_gwbridge"} == set(host.networks())


def test_what_is_replaced_on_demand_is_there_afterwards(status: Status):
    """It goes first and comes then, with all that the stack file says of it."""
    resources = ("ingress", "overlay/app")
    state = status.project.state()
    replaced = status.project.up(*(f"--replace={state[name]['urn']}" for name in resources))

    assert (True, set(resources)) == (replaced.ok, set(replaced.steps)), replaced.told
    assert [True, True] == ["replace" in op for op in replaced.steps.values()]  # its last half
    assert eventually(lambda: promised(status.sections) == shown(status.hosts))
    assert eventually(status.project.is_settled)


# Belongings of others in a swarm of ours, by what a refusal calls them: how each is made, and taken away again.
THEIRS = {
    "service web": ("service create --detach --no-resolve-image --name=web busybox:lab", "service rm web"),
    "network theirs": ("network create --driver=overlay theirs", "network rm theirs"),
    "secret theirs": ("secret create theirs /etc/hostname", "secret rm theirs"),
}


def test_a_swarm_that_holds_what_others_need_is_not_ended(status: Status):
    """`destroy` names every service, overlay and secret of others at once; no host has left."""
    status.stands = False
    manager = status.hosts["t1"]
    for made, _ in THEIRS.values():
        manager.docker(*made.split())

    refused = status.project.destroy()

    assert (False, []) == (refused.ok, [name for name in THEIRS if name not in refused.told])
    assert {"t1", "t2", "t3"} == set(manager.nodes())
    assert "theirs" in manager.networks()
    assert ("web", "theirs") == (
        manager.docker("service", "ls", "--format={{.Name}}"),
        manager.docker("secret", "ls", "--format={{.Name}}"),
    )

    for _, removed in THEIRS.values():
        manager.docker(*removed.split())
    assert status.project.destroy().ok
