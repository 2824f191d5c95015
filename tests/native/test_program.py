"""The plugin as Pulumi starts it, for a program in which another resource says where the hosts are."""

import sys
from pathlib import Path

import pytest
import yaml

from tests.support.machines import ROOT
from tests.support.project import Project
from tools.setup import swarmnet_script

pytestmark = pytest.mark.whole

PROGRAM = """
import pulumi
from pulumi_command import local

class Networks(pulumi.ComponentResource):
    def __init__(self, name, inputs):
        outputs = {"swarmnet": None, "compose": None}
        super().__init__("swarmnet:index:Networks", name, {**outputs, **inputs}, remote=True)

echo = local.Command("h1", interpreter=["/bin/sh", "-c"], create="echo 127.0.0.2", logging=local.Logging.NONE)
hosts = {"h1": {"address": echo.stdout, "role": "manager", "port": 1, "connectTimeout": 2}}
nets = Networks("nets", {"hosts": hosts, "swarm": {}, "overlays": {"app": OVERLAY}})
pulumi.export("compose", nets.compose)
"""
MADE = ("nets", "nets/swarm", "nets/node/h1", "nets/overlay/app")


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
        (programs / "pulumi-resource-swarmnet").write_text(swarmnet_script(ROOT, Path(sys.executable), "plugin"))
        (programs / "pulumi-resource-swarmnet").chmod(0o755)
        (programs / "pulumi-resource-command").symlink_to(ROOT / "tools" / "pulumi-resource-command")

    def _environment(self) -> dict[str, str]:
        found = super()._environment()
        return found | {"PATH": f"{self.folder / 'bin'}:{found['PATH']}"}

    def declare_overlay(self, overlay: str) -> None:
        """Write the program, with an overlay that it declares."""
        (self.folder / "__main__.py").write_text(PROGRAM.replace("OVERLAY", overlay))


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A stack of such a project."""
    (tmp_path / "project").mkdir()
    return Program(tmp_path / "project", tmp_path / "home")


def test_preview_shows_the_networks_of_hosts_that_are_still_to_come(program: Program):
    """Every resource is there, and what waits is said."""
    program.declare_overlay('{"subnet": "10.3.0.0/24"}')
    shown = program.preview()

    assert shown.ok, shown.told
    assert {"stack", "h1", *MADE} == shown.steps.keys()
    assert {"nets": "not known before this is run, and checked before the first write: hosts.h1.address"} == shown.notes
