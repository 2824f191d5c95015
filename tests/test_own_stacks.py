"""A project that somebody lives with: stack files of one's own beside what comes with the project."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.stackfiles import SHIPPED

ROOT = Path(__file__).resolve().parent.parent
PARTS = (".github", "cli", "docs", "examples", "lab", "providers", "stacks", "tests", "tools")
# Those that look at stack files of this checkout.
TESTS = (
    "tests/test_stacks.py",
    "tests/test_program.py::test_stack_is_declared_whole",
    "tests/test_docs.py::test_discovered_file_is_none_that_comes_with_the_project",
    "tests/rules/stack_file/test_reference.py",
    "tests/explain/map/test_blocks.py",
    "tests/cli/test_check.py",
    "tests/cli/test_map.py",
)
QUICK = "not (lab or every_engine or vms or exploration or whole or network)"


def failures(folder: Path) -> str:
    """Run the quick tests in a copy of this checkout, and return what they print if they fail."""
    command = [sys.executable, "-m", "pytest", "-q", "-m", QUICK, "-p", "no:cacheprovider", *TESTS]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout[-3000:]


@pytest.mark.whole
def test_tests_take_a_users_files_as_they_are(tmp_path: Path):
    """Names and content do not matter: torn files, other people's form, hosts and ranges of the tests.

    What may be deleted is: the stack of `make demo`.
    """
    for part in PARTS:
        shutil.copytree(ROOT / part, tmp_path / part, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ROOT.iterdir():
        if file.is_file():
            shutil.copy(file, tmp_path)
    stacks = tmp_path / "stacks"
    (stacks / "Pulumi.torn.yaml").write_text("config: {")
    shutil.copy(SHIPPED["prod"], stacks / "Pulumi.prod.yaml")
    (stacks / "Pulumi.shop.yaml").write_text(
        "config:\n\n  swarmnet:hosts: {m1: {address: 10.9.0.1, role: manager}}\n  swarmnet:swarm: {}\n"
        "  swarmnet:gwbridge: {subnet: 10.200.0.0/20}\n"
    )
    (stacks / "Pulumi.lab.yaml").unlink(missing_ok=True)

    assert "" == failures(tmp_path)
