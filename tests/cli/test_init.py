"""`swarmnet init`: the files of a project of one's own. tests/tools/test_wheel.py runs Pulumi on them."""

from pathlib import Path

import pytest
import yaml

from tests.support.command_line import swarmnet
from tests.support.machines import ROOT

FILES = ("Pulumi.yaml", "__main__.py", "stacks/schema.json", "stacks/Pulumi.prod.yaml")


def written(folder: Path) -> set[str]:
    """The files in a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_project_is_written_and_the_next_commands_are_said(tmp_path: Path):
    """All goes on with the stack file, which is checked first."""
    folder = tmp_path / "nets"
    ended = swarmnet("init", str(folder))
    *files, about, commands = ended.stdout.splitlines()

    assert (0, set(FILES)) == (ended.exit_code, written(folder))
    assert [str(folder / name) for name in FILES] == files
    assert f"next, with your own hosts and ranges in {folder}/stacks/Pulumi.prod.yaml:" == about
    assert "`swarmnet check prod`, then `pulumi stack init prod` and `pulumi preview --stack prod`" == commands


def test_stack_file_is_one_that_check_accepts(tmp_path: Path):
    """Its first line names the schema beside it."""
    swarmnet("init", str(tmp_path), "--stack", "dev")
    ended = swarmnet("check", str(tmp_path / "stacks" / "Pulumi.dev.yaml"))

    assert (0, "dev: 2 hosts, 1 overlay, no problem\n") == (ended.exit_code, ended.output)
    first = (tmp_path / "stacks" / "Pulumi.dev.yaml").read_text().partition("\n")[0]
    assert "# yaml-language-server: $schema=schema.json" == first
    assert (ROOT / "stacks" / "schema.json").read_text() == (tmp_path / "stacks" / "schema.json").read_text()


def test_project_is_that_of_a_checkout(tmp_path: Path):
    """But for the virtual environment, which a checkout has of its own; so either takes the other's state over."""
    swarmnet("init", str(tmp_path))
    ours, made = (yaml.safe_load((folder / "Pulumi.yaml").read_text()) for folder in (ROOT, tmp_path))

    assert {**ours, "runtime": ours["runtime"]["name"]} == made
    assert (ROOT / "__main__.py").read_text().endswith((tmp_path / "__main__.py").read_text())


@pytest.mark.parametrize("there", [*FILES, "Pulumi.yml", "Pulumi.json"])
def test_nothing_is_written_over(tmp_path: Path, there: str):
    """One file that is there already is named, and no other is written."""
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text("mine")
    ended = swarmnet("init", str(tmp_path))

    assert (1, "", {there}) == (ended.exit_code, ended.stdout, written(tmp_path))
    assert f"{tmp_path / there} exists: choose another folder, or remove it\n" == ended.stderr


def test_name_of_a_stack_is_no_path(tmp_path: Path):
    """It would be written elsewhere."""
    ended = swarmnet("init", str(tmp_path), "--stack", "../prod", COLUMNS="250")

    assert (2, set()) == (ended.exit_code, written(tmp_path))
    assert "letters, digits, `-`, `_` and `.` only" in ended.stderr
