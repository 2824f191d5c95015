"""A second state of the stack, names that change in the state, odd states: nothing on hosts is destroyed."""

import json
from typing import Any

import pytest

from tests.stacks_on_hosts.conftest import Standing
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


@pytest.mark.parametrize("adopt", ["refuse", "converge"])
def test_an_empty_state_changes_nothing_of_the_first(standing: Standing, project: Project, adopt: str):
    """A colleague's checkout, another file: it is refused by name, with both ways out; no host is written to."""
    before = identities(standing.hosts), shown(standing.hosts), [host.writes() for host in standing.hosts]
    project.declare(standing.sections | OTHERWISE | {"adopt": adopt})

    refused = project.up()

    assert (False, True) == (refused.ok, "made by this stack from another state" in refused.told), refused.told
    assert "`pulumi login` where that state is, or write what is there into the stack file" in refused.told
    assert before == (identities(standing.hosts), shown(standing.hosts), [host.writes() for host in standing.hosts])
    assert standing.project.is_settled()


ONE_OF_EACH = ["overlay/app", "ingress", "node/n2", "docker_gwbridge@n3", "swarm"]


def test_a_cut_change_of_the_first_state_is_left_to_it(standing: Standing, project: Project):
    """The swarm says that a change with another stack file goes on: an empty state is refused until it is finished."""
    manager = standing.hosts["n1"]
    change = "swarmnet/t 0123456789ab"
    manager.update_swarm(lambda spec: spec["Labels"].update({"swarmnet.change": change}))
    project.declare(standing.sections)
    before = identities(standing.hosts)

    refused = project.up()

    assert not refused.ok
    assert "swarmnet/t is in the middle of a change that is not in this state" in refused.told
    assert before == identities(standing.hosts)
    assert standing.project.up("--refresh").ok
    assert standing.project.is_settled()


def test_what_is_renamed_in_the_state_stays_after_a_cut(standing: Standing):
    """`pulumi state rename` of one of each kind: the declared names come, the others go; no host is written to."""
    project = standing.project
    before = identities(standing.hosts), [host.writes() for host in standing.hosts]
    state = project.state()
    renamed = {name: f"renamed-{place}" for place, name in enumerate(ONE_OF_EACH)}
    for name, other in renamed.items():
        done = project.run("state", "rename", state[name]["urn"], other, "--yes")
        assert done.ok, done.text

    come = project.up(*(f"--target={state[name]['urn']}" for name in renamed))
    gone = project.up("--refresh")

    assert (True, dict.fromkeys(renamed, "create")) == (come.ok, come.steps), come.told
    assert (True, dict.fromkeys(renamed.values(), "delete")) == (gone.ok, gone.steps), gone.told
    assert before == (identities(standing.hosts), [host.writes() for host in standing.hosts])
    assert project.is_settled()


def test_an_odd_state_is_refreshed_and_destroyed(standing: Standing):
    """A range as Engine 20.10 shows it, an IPv6 one and a key of another version: nobody has to edit the state."""
    standing.stands = False
    project = standing.project
    state = json.loads(project.run("stack", "export").text)
    odd = {"overlay/app": "10.202.0.5/24", "ingress": "fd00:77::/64", "overlay/monitoring": ""}
    for each in state["deployment"]["resources"]:
        name = each["urn"].rpartition("::")[2]
        for values in (each.get("inputs", {}), each.get("outputs", {})) if name in odd else ():
            values |= {"subnet": odd[name], "colour": "blue"}
    (project.folder / "odd.json").write_text(json.dumps(state))
    assert project.run("stack", "import", "--file", "odd.json").ok

    assert project.preview().ok
    assert project.refresh().ok
    assert project.is_settled()
    assert project.run("stack", "import", "--file", "odd.json").ok
    end = project.destroy()
    assert end.ok, end.told


def test_a_renamed_stack_is_destroyed_under_its_new_name(standing: Standing):
    """The preview refuses it with both ways out; one of them is this."""
    standing.stands = False
    project = standing.project
    assert project.run("stack", "rename", "u").ok
    project.stack = "u"

    refused = project.preview()
    assert (False, True) == (refused.ok, "swarmnet/t was renamed to swarmnet/u" in refused.text)
    end = project.destroy()
    assert end.ok, end.told
    assert project.run("stack", "rename", "t").ok
    project.stack = "t"


def test_what_destroy_keeps_it_says(standing: Standing):
    """A line for each docker_gwbridge that stays, with the reason."""
    standing.stands = False
    standing.project.declare(standing.sections | {"gwbridge": {**standing.sections["gwbridge"], "on_remove": "keep"}})
    assert standing.project.up().ok

    end = standing.project.run("destroy", "--yes", "--skip-preview")

    assert end.ok, end.text
    for host in standing.hosts:
        assert f"docker_gwbridge@{host.name} is kept on the hosts, and forgotten here: on_remove is keep" in end.text
