"""A run may be cut at any instant: the documented commands finish it, and nobody else goes on writing."""

import itertools
import random
from typing import Any

import pytest

from tests.stacks_on_hosts.conftest import Status
from tests.support.cutting import ended, killed
from tests.support.machines import Group, eventually, is_quiet
from tests.support.project import Project
from tests.support.what_hosts_show import promised, shown, stack_of

pytestmark = pytest.mark.lab

HOSTS = "n"


def changed(sections: dict[str, Any]) -> dict[str, Any]:
    """Another stack file for the same hosts: ranges, a label, a setting and one overlay more."""
    overlays = sections["overlays"]
    return sections | {
        "swarm": {"task_history_limit": 3, "labels": {"team": "net3"}},
        "ingress": {"subnet": "10.201.48.0/20"},
        "overlays": {
            "app": overlays["app"],
            "monitoring": overlays["monitoring"] | {"subnet": "10.202.3.0/24"},
            "extra": {"subnet": "10.202.103.0/24"},
        },
    }


# Who is killed, and the seed of the moment.
CUTS = {"plugin": 0, "both": 2}


@pytest.mark.parametrize("victim", CUTS)
def test_the_documented_commands_finish_a_cut_run(bare: Group, project: Project, victim: str):
    """From bare hosts: `up` with the same file if the plugin ended; `pulumi cancel`, and `up --refresh` with another
    file, if pulumi did. tests/changes_on_hosts/test_cuts.py cuts changes."""
    chance = random.Random(CUTS[victim])
    desired = stack_of(bare)
    project.declare(desired)
    lines = itertools.count(1)
    last = chance.randint(1, 8)

    with ended(killed(project, victim, lambda _: next(lines) == last, delay=chance.uniform(0, 0.3))):
        if victim == "plugin":
            finish = project.up()
        else:
            cancelled = project.run("cancel", "--yes")
            assert cancelled.ok, cancelled.told
            desired, begun = changed(desired), desired
            project.declare(desired)
            finish = project.up("--refresh")
            if "was missing from the current state" in finish.told:  # it is in no state yet
                project.declare(begun)
                assert project.up().ok
                project.declare(desired)
                finish = project.up()

    assert finish.ok, finish.told
    assert promised(desired) == shown(bare)
    assert project.is_settled()


@pytest.fixture
def moving(status: Status) -> tuple[Status, dict[str, Any]]:
    """A stack of which the ingress is to move, and the new stack file. It is not given back."""
    status.stands = False
    moved = status.sections | {"ingress": {"subnet": "10.205.0.0/20"}}
    status.project.declare(moved)
    return status, moved


def test_a_plugin_whose_pulumi_was_killed_starts_nothing_more(moving: tuple[Status, dict[str, Any]]):
    """Cut while an old ingress goes, it does not make the new one; the next `up` says what to type, and then does."""
    status, moved = moving
    project, hosts = status.project, status.hosts

    with ended(killed(project, "pulumi", "remove the old ingress")):
        eventually(lambda: not any(host.network("ingress") for host in hosts))
        eventually(lambda: is_quiet(hosts))
        assert not hosts["n1"].network("ingress")

        locked = project.up()
        assert not locked.ok
        assert "`pulumi cancel`" in locked.text
        assert project.run("cancel", "--yes").ok
        assert project.up().ok

    assert promised(moved) == shown(hosts)
    assert project.is_settled()
