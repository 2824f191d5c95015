"""A section that goes away: what it said before decides what stays on the hosts."""

import pytest

from tests.stacks_on_hosts.conftest import Standing
from tests.support.machines import Group, identities
from tests.support.project import Project
from tests.support.what_hosts_show import networks_of, promised, shown, stack_of

pytestmark = pytest.mark.lab


def test_what_is_to_be_kept_is_forgotten_and_taken_over_again(standing: Standing):
    """An ingress (`on_remove: keep`, the default) and an overlay with `retain` stay on the hosts just as they are."""
    project, sections = standing.project, standing.sections
    retained = sections["overlays"] | {"app": sections["overlays"]["app"] | {"retain": True}}
    project.declare(sections | {"overlays": retained})
    assert project.up().ok
    before = identities(standing.hosts)

    less = {key: value for key, value in sections.items() if key != "ingress"}
    project.declare(less | {"overlays": {"monitoring": retained["monitoring"]}})
    gone = project.up()
    assert (True, {"ingress": "delete", "overlay/app": "delete"}) == (gone.ok, gone.steps), gone.told
    assert before == identities(standing.hosts)

    project.declare(sections)
    back = project.up()
    assert (True, {"ingress": "create", "overlay/app": "create"}) == (back.ok, back.steps), back.told
    assert before == identities(standing.hosts)
    assert project.is_settled()


def test_an_ingress_gives_way_to_the_engines_own(standing: Standing):
    """Every host gets the one that Docker would have made with `on_remove: restore_default`."""
    project, sections = standing.project, standing.sections
    project.declare(sections | {"ingress": sections["ingress"] | {"on_remove": "restore_default"}})
    assert project.up().ok

    project.declare({key: value for key, value in sections.items() if key != "ingress"})
    gone = project.up()

    assert (True, {"ingress": "delete"}) == (gone.ok, gone.steps), gone.told
    default = promised(sections | {"ingress": {"subnet": "10.0.0.0/24"}})
    assert default["hosts"] == {host.name: networks_of(host) for host in standing.hosts}
    project.declare(sections)
    assert project.up().ok
    assert promised(sections) == shown(standing.hosts)


def test_destroy_keeps_bridges_that_are_to_be_kept(bare: Group, project: Project):
    """`on_remove: keep`, the default, leaves each host its docker_gwbridge, for its next swarm."""
    sections = stack_of(bare) | {"gwbridge": {"subnet": "10.200.0.0/20"}}
    project.declare(sections)
    assert project.up().ok

    assert project.destroy().ok

    for host in bare:
        assert ("inactive", "10.200.0.0/20") == (host.swarm()["LocalNodeState"], networks_of(host)["bridge"])
        assert {"docker_gwbridge"} == set(host.networks())
