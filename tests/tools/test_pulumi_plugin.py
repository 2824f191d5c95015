"""The choice of a plugin of pulumi-command."""

import shutil
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.tools.programs import program
from tools.console import SetupError
from tools.go_build import built_plugin
from tools.pulumi_plugin import PLUGIN, provide_plugin

DESIRED = version("pulumi-command")
REAL = Path(".tools/plugins/plugins", f"resource-command-v{DESIRED}", PLUGIN)
STAND_IN = Path("tools", PLUGIN)
FETCHES = f'd="$PULUMI_HOME/plugins/resource-command-v$5"; mkdir -p "$d"; echo >"$d/{PLUGIN}"; chmod +x "$d/{PLUGIN}"'
BUILDS = f'mkdir -p "$GOBIN" && echo "$*" >"$GOBIN/{PLUGIN}"'


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with an environment and a stand-in, and a PATH with a `pulumi` that fetches and a Go that builds
    nothing."""
    monkeypatch.setenv("PATH", f"{tmp_path}/path:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # nothing that goes wrong here may reach the real cache
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    program(tmp_path / "path" / "pulumi", "echo trying; echo no such host; exit 1")
    program(
        tmp_path / "path" / "go", 'echo trying; echo "	server response: no such module."; exit 1'
    )  # as Go words it
    root = tmp_path / "checkout"
    program(root / STAND_IN)
    program(root / ".tools" / "venv" / "bin" / "python")
    return root


def used(root: Path) -> Path:
    """Return the place of the environment's plugin, from the checkout."""
    return (root / ".tools" / "venv" / "bin" / PLUGIN).resolve().relative_to(root)


def test_one_on_path_is_used(root: Path, tmp_path: Path) -> None:
    """Then none is put into the environment."""
    program(tmp_path / "path" / PLUGIN)

    provide_plugin(root, [str(tmp_path / "path")])

    assert not (root / ".tools" / "venv" / "bin" / PLUGIN).exists()


def test_official_one_where_it_can_be_fetched(root: Path, tmp_path: Path) -> None:
    """Into the checkout, not into the user's folder, and in the version of the Python package. The environment's own
    link to an older one is replaced: it is not mistaken for one that the user has."""
    program(tmp_path / "path" / "pulumi", FETCHES)
    old = program(root / ".tools" / "plugins" / "plugins" / "resource-command-v1.0.0" / PLUGIN)
    own = root / ".tools" / "venv" / "bin" / PLUGIN
    own.symlink_to(old)

    provide_plugin(root, [str(own.parent)])

    assert REAL == used(root)


def test_built_where_it_cannot(root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Go builds it, after the reason in one line; it tells its version, and is in the place of the official one."""
    program(tmp_path / "path" / "go", BUILDS)

    provide_plugin(root, [])

    module = "github.com/pulumi/pulumi-command/provider"
    words = f"install -ldflags -s -w -X {module}/pkg/version.Version={DESIRED} {module}/cmd/{PLUGIN}@v0"
    assert (REAL, True) == (used(root), (root / REAL).read_text().startswith(words))
    assert "no such host: a build takes its place" == capfd.readouterr().out.splitlines()[1]


def test_build_of_another_checkout_is_used(root: Path, tmp_path: Path) -> None:
    """It is kept for all checkouts of a user, and stays in this one when it is gone there."""
    kept = program(tmp_path / "cache" / "swarmnet" / f"{PLUGIN}-{DESIRED}" / PLUGIN, "echo kept")

    provide_plugin(root, [])
    shutil.rmtree(kept.parent)

    assert "#!/bin/sh\necho kept\n" == (root / used(root)).read_text()


def test_stand_in_where_it_can_be_neither_fetched_nor_built(
    root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """One line has the reason, and what is used now. A second time nothing is fetched."""
    own = [str(root / ".tools" / "venv" / "bin")]
    provide_plugin(root, own)
    last = capfd.readouterr().out.splitlines()[-1]
    program(tmp_path / "path" / "pulumi", FETCHES)
    provide_plugin(root, own)

    assert "server response: no such module: tools/resource_command.py stands in for it" == last
    assert STAND_IN == used(root)


def test_release_of_unknown_commit_is_not_built(tmp_path: Path) -> None:
    """Its module has no version of its own, and none is guessed."""
    with pytest.raises(SetupError, match=rf"^{PLUGIN} 9\.9\.9 can't be built: its commit is not known; add it to .*$"):
        built_plugin("9.9.9", tmp_path / "cache")
