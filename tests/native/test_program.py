"""The plugin as Pulumi starts it, for a program in which another resource says where the hosts are."""

import os
import shutil
from pathlib import Path

import pytest

from cli import VERSION
from tests.support.any_program import LANGUAGES, InTypeScript, Program, begun
from tests.support.machines import ROOT
from tests.support.official import NODE, PYTHON, folders

pytestmark = pytest.mark.whole

PLUGIN = ROOT / "plugin" / "pulumi-resource-swarmnet"
HANGS = 400.0  # seconds
BRIDGES = {"docker_gwbridge@m1", "docker_gwbridge@w1"}
MADE = {f"networks/{name}" for name in (*BRIDGES, "swarm", "node/m1", "node/w1", "ingress", "overlay/app")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_preview_shows_the_networks_of_hosts_that_are_still_to_come(tmp_path: Path, language: type[Program]):
    """The program of the page, and the same in TypeScript: every resource is there, and what waits is said."""
    shows_what_is_to_come(begun(language, tmp_path))


def shows_what_is_to_come(program: Program) -> None:
    program.write(program.source.read_text())
    shown = program.preview()

    assert shown.ok, shown.told
    assert {"stack", "m1", "w1", "networks", *MADE} == shown.steps.keys()
    (said,) = (line for resource, line in shown.notes.items() if resource == "networks")
    assert f"networks create {said}\n" in (ROOT / "docs" / "any-program.md").read_text()


class WithSdk(Program):
    """In Python, with the whole SDK."""

    def add_sdk(self) -> None:
        """Have Pulumi's own language host make it of the schema, and install it as far as it looks for itself."""
        made = self.shell(
            f"pulumi package gen-sdk {PLUGIN} --language python --out sdk\nmv sdk/python/pulumi_swarmnet ."
        )
        assert made.returncode == 0, made.stderr
        known = self.folder / "pulumi_swarmnet.dist-info"
        known.mkdir()
        (known / "METADATA").write_text(f"Metadata-Version: 2.1\nName: pulumi_swarmnet\nVersion: {VERSION}\n")

    def _environment(self) -> dict[str, str]:
        return first_on_path(super()._environment(), folders([PYTHON]))


class InTypeScriptWithSdk(InTypeScript):
    """In TypeScript, with the whole SDK."""

    on_path = Program.on_path

    def add_sdk(self) -> None:
        """Do what the example's page says."""
        shutil.copy(self.source.with_name("package.json"), self.folder)
        made = self.shell(f"npm install --no-audit --no-fund\npulumi package add {PLUGIN}", seconds=HANGS)
        assert made.returncode == 0, made.stderr

    def _environment(self) -> dict[str, str]:
        return first_on_path(super()._environment(), folders([NODE]))


def first_on_path(environment: dict[str, str], places: list[str]) -> dict[str, str]:
    return environment | {"PATH": os.pathsep.join([*places, environment["PATH"]])}


@pytest.mark.parametrize(
    "language",
    [
        pytest.param(WithSdk, id="python", marks=pytest.mark.official(PYTHON)),
        pytest.param(InTypeScriptWithSdk, id="typescript", marks=[pytest.mark.official(NODE), pytest.mark.typescript]),
    ],
)
def test_sdk_that_pulumi_makes_has_what_the_program_needs(tmp_path: Path, language: type[Program]):
    """Typed, by Pulumi's own language hosts."""
    shows_what_is_to_come(begun(language, tmp_path))
