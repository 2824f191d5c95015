"""The plugin takes over what is there: a stack of the dynamic program in place, and resources by their ids."""

from pathlib import Path

import pytest

from plugin.schema import token
from providers.rules.resource_types.table import RESOURCE_TYPES
from tests.native.test_takeover import stack_with
from tests.stacks_on_hosts.test_former_state import on_these_hosts, with_ids
from tests.states import FormerState, former_states
from tests.support.machines import Group
from tests.support.project import Project

pytestmark = pytest.mark.lab

OUTPUTS = {token(each.name): each.output for each in RESOURCE_TYPES}


@pytest.mark.parametrize("state", former_states(), ids=lambda state: state.version)
def test_stack_of_the_dynamic_program_moves_over_with_hosts_untouched(
    bare: Group, project: Project, tmp_path: Path, state: FormerState
):
    """Its resources become the component's by one `up`, which only reads on every host. Nothing is left to do, and
    nothing has drifted; what was one's own is removed as before."""
    here = on_these_hosts(state, bare)
    project.declare(here.sections)
    begun = project.up()
    assert begun.ok, begun.told
    program = stack_with(with_ids(here, project), tmp_path)
    before = {host.name: len(host.requests()) for host in bare}
    moved = program.up()
    written = [each for host in bare for each in host.requests()[before[host.name] :] if not each.startswith("GET ")]

    assert (True, []) == (moved.ok, written), moved.told
    ours = {f"networks/{name}": "update" for name in here.of_providers}
    assert {**ours, "networks": "create"} == moved.steps
    assert [True, True] == [program.preview("--expect-no-changes").ok, program.is_settled()]
    assert program.destroy().ok


def test_five_types_are_imported_by_either_id(bare: Group, project: Project, tmp_path: Path):
    """Without inputs, and nothing is written; the state has the logical id."""
    state = on_these_hosts(former_states()[0], bare)
    project.declare(state.sections)
    assert project.up().ok
    made = {name: each for name, each in project.state().items() if "__provider" in each.get("inputs", {})}
    program = stack_with(None, tmp_path)
    Project.declare(program, state.sections)  # the configuration, by which an import reaches hosts
    before = {host.name: len(host.requests()) for host in bare}
    for name, each in made.items():
        kind = f"swarmnet:index:{each['type'].rpartition(':')[2]}"
        for id_ in (name, each["outputs"][OUTPUTS[kind]]):
            told = program.run("import", kind, f"by-{id_}".replace("/", "-"), id_, "--yes", "--generate-code=false")
            assert told.ok, told.text
    written = [each for host in bare for each in host.requests()[before[host.name] :] if not each.startswith("GET ")]

    ours = [each["id"] for each in program.state().values() if each["type"] in OUTPUTS]
    assert sorted([*made, *made]) == sorted(ours)
    assert [] == written
