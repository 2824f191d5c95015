"""A state of the dynamic program, in a program that has the component in its place."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from plugin.provider import IN_PLACE
from tests.states import FormerState, former_states
from tests.support.any_program import OfSections

pytestmark = pytest.mark.whole


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


def test_import_file_of_a_preview_lacks_only_ids(tmp_path: Path):
    """Pulumi writes the component, the provider that reaches the hosts, and each resource: its name ends in its id."""
    state = former_states()[0]
    program = stack_with(None, tmp_path)
    program.declare(state.sections)
    found = import_file(program)

    assert {"networks", "networksSwarmnet", *(f"networks/{name}" for name in state.of_providers)} == {*found}
    assert {"networksSwarmnet"} == {each["provider"] for each in found.values() if "id" in each}
    assert state.sections["hosts"] == json.loads(found["networksSwarmnet"]["inputs"]["hosts"])


def import_file(program: OfSections) -> dict[str, Any]:
    """What `preview --import-file` writes, by name."""
    shown = program.run("preview", "--import-file", "import.json")
    assert shown.code == 0, shown.text
    return {each["name"]: each for each in json.loads((program.folder / "import.json").read_text())["resources"]}


def stack_with(state: FormerState | None, folder: Path) -> OfSections:
    """A program whose stack has the state that the dynamic program wrote, if there is one."""
    (folder / "project").mkdir()
    program = OfSections(folder / "project", folder / "home")
    settings = yaml.safe_load(program.project) | {"name": "swarmnet"}
    (program.folder / "Pulumi.yaml").write_text(yaml.safe_dump(settings))
    assert program.run("stack", "init").ok
    if state is None:
        return program
    (program.folder / "former.json").write_text(state.text)
    taken = program.run("stack", "import", "--file", "former.json")
    assert taken.ok, taken.text
    program.declare(state.sections)
    return program
