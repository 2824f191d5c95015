"""The plugin as Pulumi starts it, for a program in which another resource says where the hosts are."""

import re
from pathlib import Path

import pytest
import yaml

from tests.support.machines import ROOT
from tests.support.project import Project

pytestmark = pytest.mark.whole

PAGE = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "any-program.md").read_text(), re.DOTALL)
# What `pulumi package add` makes of the schema, as far as a program with dicts needs it.
SDK = """
import pulumi

class Networks(pulumi.ComponentResource):
    def __init__(self, name, **inputs):
        outputs = {"swarmnet": None, "compose": None}
        super().__init__("swarmnet:index:Networks", name, {**outputs, **inputs}, remote=True)
"""
BRIDGES = {"docker_gwbridge@m1", "docker_gwbridge@w1"}
MADE = {f"networks/{name}" for name in (*BRIDGES, "swarm", "node/m1", "node/w1", "ingress", "overlay/app")}


class Program(Project):
    """A user's own project, with the plugin on the PATH and nothing else of ours."""

    def __post_init__(self) -> None:
        project = {"name": "shop", "runtime": {"name": "python", "options": {"virtualenv": str(ROOT / ".tools/venv")}}}
        self.project = yaml.safe_dump({**project, "stackConfigDir": "stacks"})
        super().__post_init__()
        for part in ("__main__.py", "providers", "requirements.txt", ".tools"):
            (self.folder / part).unlink()
        programs = self.folder / "bin"
        programs.mkdir()
        (programs / "pulumi-resource-swarmnet").symlink_to(ROOT / "plugin" / "pulumi-resource-swarmnet")
        (programs / "pulumi-resource-command").symlink_to(ROOT / "tools" / "pulumi-resource-command")

    def _environment(self) -> dict[str, str]:
        found = super()._environment()
        return found | {"PATH": f"{self.folder / 'bin'}:{found['PATH']}"}


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A stack of such a project."""
    (tmp_path / "project").mkdir()
    return Program(tmp_path / "project", tmp_path / "home")


def test_preview_shows_the_networks_of_hosts_that_are_still_to_come(program: Program):
    """The program of the page: every resource is there, and what waits is said."""
    (program.folder / "pulumi_swarmnet.py").write_text(SDK)
    # What stands in for pulumi-command's plugin where that can't be downloaded takes no other commands.
    quiet = ', interpreter=["/bin/sh", "-c"], logging=local.Logging.NONE, create='
    (program.folder / "__main__.py").write_text(PAGE[0].replace(", create=", quiet))
    shown = program.preview()

    assert shown.ok, shown.told
    assert {"stack", "m1", "w1", "networks", *MADE} == shown.steps.keys()
    waits = "not known before this is run, and checked before the first write: "
    (said,) = (line for resource, line in shown.notes.items() if resource == "networks")
    assert {"hosts.m1.address", "hosts.w1.address"} == {*said.removeprefix(waits).split(", ")}
