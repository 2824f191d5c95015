"""Which plugin of pulumi-command is used."""

from importlib.metadata import version
from pathlib import Path

import pytest

from tests.tools.programs import program
from tools.pulumi_plugin import PLUGIN, provide_plugin

FETCHES = f'd="$PULUMI_HOME/plugins/resource-command-v$5"; mkdir -p "$d"; echo >"$d/{PLUGIN}"; chmod +x "$d/{PLUGIN}"'


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with an environment and a stand-in, and a PATH with some `pulumi` first."""
    monkeypatch.setenv("PATH", f"{tmp_path}/path:/usr/bin:/bin")
    root = tmp_path / "checkout"
    program(root / "tools" / PLUGIN)
    program(root / ".tools" / "venv" / "bin" / "python")
    return root


def used(root: Path) -> Path:
    """Where the environment's plugin really lies, from the checkout."""
    return (root / ".tools" / "venv" / "bin" / PLUGIN).resolve().relative_to(root)


def test_one_on_path_is_used(root: Path, tmp_path: Path) -> None:
    """Then none is put into the environment."""
    program(tmp_path / "path" / PLUGIN)

    provide_plugin(root, [str(tmp_path / "path")])

    assert not (root / ".tools" / "venv" / "bin" / PLUGIN).exists()


def test_official_one_where_it_can_be_fetched(root: Path, tmp_path: Path) -> None:
    """Into the checkout, not into the user's folder, and in the version of the Python package."""
    program(tmp_path / "path" / "pulumi", FETCHES)

    provide_plugin(root, [])

    assert Path(".tools/plugins/plugins", f"resource-command-v{version('pulumi-command')}", PLUGIN) == used(root)


def test_stand_in_where_it_cannot(root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """With the reason, in one line, and what is used now."""
    program(tmp_path / "path" / "pulumi", "echo trying; echo no such host; exit 1")

    provide_plugin(root, [])

    assert Path("tools", PLUGIN) == used(root)
    assert "no such host: tools/resource_command.py stands in for it" == capfd.readouterr().out.splitlines()[-1]


def test_what_was_chosen_stays(root: Path, tmp_path: Path) -> None:
    """A second time nothing is fetched; the environment's own is not mistaken for one that the user has."""
    pulumi = program(tmp_path / "path" / "pulumi", "exit 1")
    own = root / ".tools" / "venv" / "bin"
    provide_plugin(root, [str(own)])
    program(pulumi, FETCHES)

    provide_plugin(root, [str(own)])

    assert Path("tools", PLUGIN) == used(root)


def test_another_version_is_fetched_anew(root: Path, tmp_path: Path) -> None:
    """Where the link leads to that of an older package."""
    program(tmp_path / "path" / "pulumi", FETCHES)
    old = program(root / ".tools" / "plugins" / "plugins" / "resource-command-v1.0.0" / PLUGIN)
    (root / ".tools" / "venv" / "bin" / PLUGIN).symlink_to(old)

    provide_plugin(root, [])

    assert f"resource-command-v{version('pulumi-command')}" == used(root).parent.name
