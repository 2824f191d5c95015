"""What stand-ins of this checkout do elsewhere, done by Pulumi's own programs: users with downloads have those."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.official import folders
from tests.support.project import CHANGE, SECONDS, Project

pytestmark = [pytest.mark.official, pytest.mark.whole]

SECTIONS: dict[str, Any] = {
    "hosts": {"m1": {"local": True, "role": "manager"}},
    "swarm": {},
    "overlays": {"app": {"subnet": "10.3.0.0/24"}},
}
# `up` of what reaches no Engine.
COMMANDS = ("--target", "**prepare/**")


class Downloaded(Project):
    """A machine with Pulumi's own programs, which fetches no others."""

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join([*folders(), "/usr/bin", "/bin"])
        return super()._environment() | {"PATH": path, "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A stack on such a machine."""
    (tmp_path / "project").mkdir()
    return Downloaded(tmp_path / "project", tmp_path / "home")


def with_commands(tmp_path: Path, *names: str, **more: str) -> dict[str, Any]:
    """The sections with commands that write down that they ran, or were undone."""
    log = tmp_path / "log"
    prepare = [
        {"name": name, "run": f"echo {name} >>{log}", "undo": f"echo no {name} >>{log}", **more} for name in names
    ]
    return {**SECTIONS, "prepare": prepare}


def test_preview_shows_the_program(project: Project):
    """The language host runs it, and shows every resource."""
    project.declare(SECTIONS)

    expected = dict.fromkeys(("stack", "swarm", "node/m1", "overlay/app"), "create")
    assert expected == project.preview().steps


def test_error_of_the_stack_file_is_one_line(project: Project):
    """The program has told it, and the language host adds nothing."""
    project.declare({**SECTIONS, "colour": "red"})

    refused = project.preview()
    assert (False, [""]) == (refused.ok, list(refused.errors)), refused.told
    assert refused.errors[""].startswith("colour: unknown key")


def test_life_of_a_command(project: Project, tmp_path: Path):
    """It runs once, again when it has changed, and is undone when it is gone."""
    project.declare(with_commands(tmp_path, "a", "b"))
    assert project.up(*COMMANDS).ok
    assert {} == project.up(*COMMANDS).steps
    project.declare(with_commands(tmp_path, "a", when_changed="2"))
    assert project.up(*COMMANDS).ok
    assert project.destroy(*COMMANDS).ok

    assert ["a", "b", "a", "no b", "no a"] == (tmp_path / "log").read_text().split("\n")[:-1]


def test_interrupt_ends_in_words(project: Project, tmp_path: Path):
    """No program of Python answers Ctrl-C with a traceback."""
    project.declare(
        {**SECTIONS, "prepare": [{"name": "long", "run": f"echo begun >{tmp_path}/begun; sleep {SECONDS}"}]}
    )
    with project.start("up", *CHANGE, *COMMANDS) as process:
        while not (tmp_path / "begun").exists():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        told = "".join(process.communicate(timeout=SECONDS))

    assert (True, False) == (process.returncode != 0, "Traceback" in told), told
