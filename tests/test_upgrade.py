"""A repository that began as a copy of this one and follows its tags: the shell of docs/upgrade.md, by git itself."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.stackfiles import SHIPPED

ROOT = Path(__file__).resolve().parent.parent
SHELL = dict(
    re.findall(r"^```sh\n# (\w+)\n(.*?)^```$", (ROOT / "docs" / "upgrade.md").read_text(), re.MULTILINE | re.DOTALL)
)
WHO = {f"GIT_{who}_{what}": "u@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
pytestmark = pytest.mark.whole


def run(folder: Path, shell: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run some shell in a folder, with no settings of git but the project's."""
    return subprocess.run(
        ["bash", "-e", "-c", shell],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", **WHO, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def committed(folder: Path, then: str = "true") -> None:
    """All that is in a folder, and what comes then."""
    done = run(folder, f"git add --all && git commit --quiet --message x && {then}")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """The project at v0.1.0, as far as users' files may meet its own."""
    folder = tmp_path / "upstream"
    (folder / "stacks" / "samples").mkdir(parents=True)
    for path in (*(ROOT / name for name in ("CHANGELOG.md", "__main__.py", ".gitignore")), *SHIPPED.values()):
        shutil.copy(path, folder / path.relative_to(ROOT))
    (folder / "stacks" / "Pulumi.lab.yaml").touch()
    run(folder, "git init --quiet --initial-branch main")
    committed(folder, "git tag v0.1.0")
    return folder


@pytest.fixture
def own(upstream: Path, tmp_path: Path) -> Path:
    """A user's repository with two files of their own, and without the stack of the demo."""
    run(tmp_path, "git init --quiet --bare origin.git")
    done = run(tmp_path, SHELL["begin"], UPSTREAM=str(upstream), ORIGIN=str(tmp_path / "origin.git"))
    assert done.returncode == 0, done.stderr
    for stack in ("prod", "shop"):
        (tmp_path / "nets" / "stacks" / f"Pulumi.{stack}.yaml").write_text("config: {}\n")
    (tmp_path / "nets" / "stacks" / "Pulumi.lab.yaml").unlink()
    committed(tmp_path / "nets")
    return tmp_path / "nets"


def released(upstream: Path, *changed: str) -> None:
    """The project's next version, which changes these files."""
    for name in changed:
        path = upstream / name
        path.write_text(f"# changed\n{path.read_text()}")
    committed(upstream, "git tag v0.2.0")


def test_merge_of_a_release_leaves_own_files_alone(upstream: Path, own: Path):
    """It asks nothing, changes what is the project's, and what was deleted stays so."""
    released(upstream, "CHANGELOG.md", "__main__.py", "stacks/samples/Pulumi.prod.yaml")
    done = run(own, SHELL["upgrade"], TAG="v0.2.0")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "+# changed" in done.stdout
    assert ["Pulumi.prod.yaml", "Pulumi.shop.yaml"] == sorted(path.name for path in (own / "stacks").glob("*.yaml"))
    assert "config: {}\n" == (own / "stacks" / "Pulumi.prod.yaml").read_text()
    assert (own / "__main__.py").read_text().startswith("# changed")


def test_what_was_deleted_and_changes_is_asked_about(upstream: Path, own: Path):
    """It is asked about by that name alone, as the page says; `git rm` and `git commit` go on."""
    released(upstream, "__main__.py", "stacks/Pulumi.lab.yaml")
    done = run(own, SHELL["upgrade"], TAG="v0.2.0")

    assert 1 == done.returncode
    assert "stacks/Pulumi.lab.yaml\n" == run(own, "git diff --name-only --diff-filter=U").stdout
    assert 0 == run(own, "git rm --quiet stacks/Pulumi.lab.yaml && git commit --quiet --no-edit").returncode
    assert not (own / "stacks" / "Pulumi.lab.yaml").exists()
