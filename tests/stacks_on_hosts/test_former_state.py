"""A stack that a former release brought up, carried on by today's code."""

import pytest

from tests.states import FormerState, former_states
from tests.support.machines import Group
from tests.support.project import Project
from tests.support.what_hosts_show import is_bare

pytestmark = pytest.mark.lab


def test_a_former_state_is_read_refreshed_changed_and_destroyed(bare: Group, project: Project):
    """The state finds what it names, says no difference, takes a change of one label, and leaves bare hosts.

    Of the recorded state only names, addresses and the Engines' ids are replaced: by those of these hosts.
    """
    recorded = former_states()[0]  # the oldest; others are read in tests/glue and tests/plugin
    here = on_these_hosts(recorded, bare)
    project.declare(here.sections)
    begun = project.up()
    assert begun.ok, begun.told
    former = with_ids(here, project)
    (project.folder / "former.json").write_text(former.text)
    taken = project.run("stack", "import", "--file", "former.json")
    assert taken.ok, taken.text

    looks = [
        project.preview("--expect-no-changes"),
        project.preview("--refresh", "--expect-no-changes"),
        project.refresh("--expect-no-changes"),
    ]
    assert [True, True, True] == [look.ok for look in looks], "\n".join(look.told for look in looks)

    first, *_, last = bare
    hosts = here.sections["hosts"]
    project.declare(here.sections | {"hosts": hosts | {last.name: hosts[last.name] | {"labels": {"rack": "r9"}}}})
    changed = project.up()
    assert (True, {f"node/{last.name}": "update"}) == (changed.ok, changed.steps), changed.told
    assert "r9" == first.nodes()[last.name]["Spec"]["Labels"]["rack"]

    end = project.destroy()
    assert (True, {*former.of_providers, "stack"}) == (end.ok, set(end.steps)), end.told
    assert [True, True, True] == [is_bare(host) for host in bare]


def on_these_hosts(recorded: FormerState, hosts: Group) -> FormerState:
    """The state with the names and addresses of these hosts."""
    words: dict[str, str] = {}
    for (name, keys), host in zip(recorded.sections["hosts"].items(), hosts, strict=True):
        words |= {name: host.name, keys["address"]: host.address}
    return recorded.with_words(words)


def with_ids(former: FormerState, project: Project) -> FormerState:
    """The state with the Engines' ids that a project's state has for the same resources."""
    today = project.state()
    return former.with_words(
        {
            value: today[name]["outputs"][key]
            for name, resource in former.of_providers.items()
            for key, value in resource["outputs"].items()
            if key.endswith("_id")
        }
    )
