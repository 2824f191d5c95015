"""A second state of the stack, and names that change in the state: nothing on hosts is destroyed."""

from typing import Any

import pytest

from tests.stacks_on_hosts.conftest import Status
from tests.support.machines import identities
from tests.support.project import Project
from tests.support.what_hosts_show import shown

pytestmark = pytest.mark.lab

HOSTS = "n"

OTHERWISE: dict[str, dict[str, Any]] = {
    "gwbridge": {"subnet": "10.210.0.0/20"},
    "ingress": {"subnet": "10.211.0.0/20"},
    "overlays": {"app": {"subnet": "10.212.0.0/24"}, "monitoring": {"subnet": "10.212.1.0/24"}},
    "swarm": {"task_history_limit": 2},
}


def test_an_empty_state_takes_over_what_is_ours_without_a_write(status: Status, project: Project):
    """A user who lost the state runs `up` again: every resource is in the state, and no host was written to."""
    project.declare(status.sections)
    before = identities(status.hosts), [host.writes() for host in status.hosts]

    again = project.up()

    assert (True, status.first.steps) == (again.ok, again.steps), again.told
    assert before == (identities(status.hosts), [host.writes() for host in status.hosts])
    assert status.project.output() == project.output()


def test_an_empty_state_with_another_file_changes_nothing(status: Status, project: Project):
    """A colleague's checkout, another file: it is refused by name, with both ways out; no host is written to."""
    before = identities(status.hosts), shown(status.hosts), [host.writes() for host in status.hosts]
    project.declare(status.sections | OTHERWISE | {"adopt": "converge"})

    refused = project.up()

    assert (False, True) == (refused.ok, "missing from the current state" in refused.told), refused.told
    assert "`pulumi login` where the state that has it is, or write what is there into the stack file" in refused.told
    assert before == (identities(status.hosts), shown(status.hosts), [host.writes() for host in status.hosts])
    assert status.project.is_settled()


ONE_OF_EACH = ["overlay/app", "ingress", "node/n2", "docker_gwbridge@n3", "swarm"]


def test_what_is_renamed_in_the_state_stays_after_a_cut(status: Status):
    """`pulumi state rename` of one of each kind: the declared names come, the others go; no host is written to."""
    project = status.project
    before = identities(status.hosts), [host.writes() for host in status.hosts]
    state = project.state()
    renamed = {name: f"renamed-{place}" for place, name in enumerate(ONE_OF_EACH)}
    for name, other in renamed.items():
        done = project.run("state", "rename", state[name]["urn"], other, "--yes")
        assert done.ok, done.text

    come = project.up(*(f"--target={state[name]['urn']}" for name in renamed))
    gone = project.up("--refresh")

    assert (True, dict.fromkeys(renamed, "create")) == (come.ok, come.steps), come.told
    assert (True, dict.fromkeys(renamed.values(), "delete")) == (gone.ok, gone.steps), gone.told
    assert before == (identities(status.hosts), [host.writes() for host in status.hosts])
    assert project.is_settled()
