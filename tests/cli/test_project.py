"""The project of stack files: the command line reads what Pulumi hands to the program, or says that it can't."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.project import owner
from cli.stack_files import declared
from providers.rules.vocabulary.errors import StackFileError
from tests.support.command_line import Ended, swarmnet

FILE = "config:\n  swarmnet:hosts: {m1: {address: 10.9.0.1}}\n  swarmnet:overlays: {app: {subnet: 10.3.0.0/24}}\n"
KEYS = {"swarmnet:hosts": '{"m1": {"address": "10.9.0.1"}}', "swarmnet:overlays": '{"app": {"subnet": "10.3.0.0/24"}}'}
WELL = "t: 1 host, 1 overlay, no problem\n"
ADOPT = "config:\n  swarmnet:adopt: {value: refuse}\n"
NOT_LOOKED_AT = "t: warning: what Pulumi.yaml or an environment adds to the stack file was not checked: "


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project named `nets` with one stack file; there is no Pulumi on this machine."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.t.yaml").write_text(FILE)
    named(tmp_path, "")
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def named(folder: Path, more: str) -> None:
    """The project's own file."""
    (folder / "Pulumi.yaml").write_text(f"name: nets\nruntime: python\nstackConfigDir: stacks\n{more}")


def says(folder: Path, **keys: Any) -> None:
    """Make a `pulumi` whose `config --json` answers the keys of the stack file and these."""
    told = {key: {"value": value, "secret": False} for key, value in KEYS.items()} | keys
    (folder / "told").write_text(json.dumps(told))
    (folder / "pulumi").write_text(
        f'#!/bin/sh\necho "$5" >> {folder}/asked\n[ "$1 $2" = \'config --json\' ] && exec /bin/cat {folder}/told\n'
    )
    (folder / "pulumi").chmod(0o755)


def run(folder: Path, command: str, *words: str) -> Ended:
    """`swarmnet COMMAND` with the folder's stack files."""
    return swarmnet(command, "--dir", str(folder / "stacks"), *words)


def checked(folder: Path, *words: str) -> tuple[object, str]:
    """How `swarmnet check` of the folder's stack files ended, and what it said."""
    ended = run(folder, "check", *words)
    return ended.exit_code, ended.stdout


@pytest.mark.parametrize("command", ["drift", "facts", "plan"])
def test_wrong_stack_file_is_told_before_any_host_is_asked(folder: Path, command: str):
    """On standard error, as `swarmnet check` tells it: one line for each problem."""
    (folder / "stacks" / "Pulumi.t.yaml").write_text("config:\n  swarmnet:hosts: {}\n")
    ended = run(folder, command, "t")

    line = f"t: {folder}/stacks/Pulumi.t.yaml:2:3: hosts: is empty; a stack needs at least one\n"
    assert (1, "", line) == (ended.exit_code, ended.stdout, ended.stderr)


def test_unknown_state_is_one_line(folder: Path):
    """There is nothing to compare without a state."""
    ended = run(folder, "drift", "t")

    assert (1, "t: there is no `pulumi` on PATH\n") == (ended.exit_code, ended.stderr)


@pytest.mark.parametrize("here", [".", "stacks", "providers/rules"])
def test_stack_files_are_those_of_the_project_around(folder: Path, monkeypatch: pytest.MonkeyPatch, here: str):
    """Pulumi and git find theirs in the same way, wherever the command lies; Pulumi.yaml says in which folder."""
    (folder / here).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(folder / here)
    (folder / "stacks").rename(folder / "environments")
    (folder / "Pulumi.yaml").write_text("name: nets\nruntime: python\nstackConfigDir: environments\n")

    assert WELL == swarmnet("check").stdout


def test_outside_of_any_project_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Another project's files are not taken instead."""
    monkeypatch.chdir(tmp_path)
    ended = swarmnet("check")

    line = f"neither {tmp_path} nor a folder above it has a Pulumi.yaml: go into the project, or say where its stack "
    assert (1, f"{line}files are (--dir)\n") == (ended.exit_code, ended.stderr)


def test_files_of_no_project_are_swarmnets(folder: Path):
    """The name is Swarmnet's if nothing says another."""
    (folder / "Pulumi.yaml").unlink()

    assert "swarmnet/t" == owner(folder / "stacks", "t")


@pytest.mark.parametrize("stack", ["t", "acme/t", "acme/nets/t"])
def test_qualified_name_is_the_same_stack(folder: Path, stack: str):
    """The name may have an organization, or organization and project, before it."""
    assert "nets/t" == owner(folder / "stacks", stack)
    assert (0, WELL) == checked(folder, stack)


def test_pulumi_is_asked_by_the_qualified_name(folder: Path):
    """The bare name may be another stack, or none; Pulumi is asked once."""
    named(folder, ADOPT)
    says(folder)

    assert 0 == checked(folder, "acme/nets/t")[0]
    assert "acme/nets/t\n" == (folder / "asked").read_text()


@pytest.mark.parametrize("command", ["check", "facts", "map", "plan"])
def test_stack_of_another_project_is_refused_unasked(folder: Path, command: str):
    """Its files are elsewhere: no command takes the file of this project's stack for it."""
    named(folder, ADOPT)
    says(folder)
    ended = run(folder, command, "acme/other/t")
    line = f": acme/other/t is of the project other, and {folder}/stacks of nets\n"

    assert (1, True) == (ended.exit_code, line in ended.output), ended.output
    assert not (folder / "asked").exists()


def test_project_that_cannot_be_read_is_no_problem_of_a_line(folder: Path):
    """A Pulumi.yaml without a name is told as a problem of that file, and not of the stack file."""
    (folder / "Pulumi.yaml").write_text("runtime: python\n")
    line = f"t: {folder}/Pulumi.yaml is not a valid Pulumi project file: it has no readable name\n"

    assert (1, line) == checked(folder)


@pytest.mark.parametrize(
    ("project", "file"),
    [
        pytest.param(ADOPT, FILE, id="Pulumi.yaml"),
        pytest.param("", f"environment: [nets]\n{FILE}", id="an environment"),
    ],
)
def test_settings_from_elsewhere_come_through_pulumi(folder: Path, project: str, file: str):
    """The project's settings for all stacks and those of environments are merged by Pulumi itself."""
    named(folder, project)
    (folder / "stacks" / "Pulumi.t.yaml").write_text(file)
    says(folder, **{"swarmnet:adopt": {"value": "refuse", "secret": False}})
    plan, _ = declared(folder / "stacks", "t")

    assert {"refuse"} == {spec.adopt for spec in plan.specs}


def test_check_says_where_it_cannot_tell(folder: Path):
    """It judges the file alone then, and the line says so."""
    named(folder, ADOPT)

    assert (0, f"{WELL}{NOT_LOOKED_AT}there is no `pulumi` on PATH\n") == checked(folder)


def test_doubt_is_in_every_format(folder: Path):
    """A warning of no line: it is of no place in the stack file."""
    named(folder, ADOPT)
    line = f"{NOT_LOOKED_AT.removeprefix('t: warning: ')}there is no `pulumi` on PATH"
    found = {"stack": "t", "file": None, "line": None, "column": None, "level": "warning", "path": "", "message": line}

    assert f"::warning::t: {line}\n" == checked(folder, "--format", "github")[1]
    assert [found] == json.loads(checked(folder, "--format", "json")[1])["findings"]


def test_encrypted_value_from_elsewhere_is_refused(folder: Path):
    """It is refused as in the program, and its value is not asked for."""
    named(folder, ADOPT)
    says(folder, **{"swarmnet:reserved": {"secret": True}})
    with pytest.raises(StackFileError, match="reserved: has an encrypted value"):
        declared(folder / "stacks", "t")
    assert 1 == checked(folder)[0]
