"""A state of the dynamic program, in a program that has the component in its place."""

import json
from pathlib import Path

import pytest
import yaml

from plugin.provider import IN_PLACE
from tests.states import FormerState, former_states
from tests.support.any_program import Program

pytestmark = pytest.mark.whole

PROGRAM = """
import json
import pulumi_swarmnet as swarmnet

swarmnet.Networks("networks", **json.load(open("sections.json")))
"""


@pytest.mark.parametrize("state", former_states(), ids=lambda state: state.version)
def test_preview_updates_each_resource_in_place_and_says_so(tmp_path: Path, state: FormerState):
    """None is created, replaced or removed; on each row is that nothing on a host changes."""
    program = stack_with(state, tmp_path)
    shown = program.preview()

    assert shown.ok, shown.told
    ours = {f"networks/{name}" for name in state.of_providers}
    assert dict.fromkeys(ours, "update") == {name: op for name, op in shown.steps.items() if name in ours}
    assert {"create"} == {op for name, op in shown.steps.items() if name not in ours}
    assert dict.fromkeys(ours, IN_PLACE) == shown.notes


def stack_with(state: FormerState, folder: Path) -> Program:
    """A program whose stack has the state that the dynamic program wrote."""
    (folder / "project").mkdir()
    program = Program(folder / "project", folder / "home")
    settings = yaml.safe_load(program.project) | {"name": "swarmnet"}
    (program.folder / "Pulumi.yaml").write_text(yaml.safe_dump(settings))
    assert program.run("stack", "init").ok
    (program.folder / "former.json").write_text(state.text)
    taken = program.run("stack", "import", "--file", "former.json")
    assert taken.ok, taken.text
    (program.folder / "sections.json").write_text(json.dumps(state.sections))
    program.write(PROGRAM)
    return program
