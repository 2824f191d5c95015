"""The stack files that come with the project, and those of somebody who lives with it."""

import shutil
import subprocess
import sys
from ipaddress import IPv4Network
from itertools import combinations
from pathlib import Path

import pytest

from providers.rules.plan import plan_of
from providers.rules.stack_file.reading import from_yaml
from tests.support.stackfiles import SHIPPED

STACKS = {stack: path.read_text(encoding="utf-8") for stack, path in SHIPPED.items()}


def ranges(stack):
    """Every range that a stack gives to its networks."""
    plan = plan_of(from_yaml(STACKS[stack]), f"swarmnet/{stack}")
    bridges = [spec.subnet for batch in plan.gwbridges for spec in batch]
    pools = plan.swarm.default_addr_pool if plan.swarm else ()
    ingress = [plan.ingress.subnet] if plan.ingress else []
    return [IPv4Network(subnet) for subnet in (*bridges, *pools, *ingress, *(spec.subnet for spec in plan.overlays))]


def test_there_is_a_sample_for_each_environment():
    """It is in a folder where no command looks for stacks by itself."""
    assert {"dev", "prod", "staging"} == STACKS.keys() - {"lab"}


@pytest.mark.parametrize(("one", "other"), list(combinations(STACKS, 2)))
def test_environments_have_plans_of_their_own(one, other):
    """No range of one environment meets one of another."""
    assert [] == [(ours, theirs) for ours in ranges(one) for theirs in ranges(other) if ours.overlaps(theirs)]


@pytest.mark.parametrize("stack", STACKS)
def test_file_is_as_pulumi_would_write_it(stack):
    """Pulumi drops empty lines when it writes a stack file, as `pulumi stack init` does; there are none to drop."""
    assert "" not in STACKS[stack].splitlines()


@pytest.mark.skipif("lab" not in STACKS, reason="stacks/Pulumi.lab.yaml was deleted")
def test_making_the_lab_stack_changes_no_file():
    """`pulumi stack init lab` has nothing to write into a file with a salt."""
    assert "\nencryptionsalt: v1:" in STACKS["lab"]


# Stack files of one's own beside them

ROOT = Path(__file__).resolve().parent.parent
PARTS = (".github", "cli", "docs", "examples", "lab", "providers", "stacks", "tests", "tools")
# Those that look at stack files of this checkout.
TESTS = (
    "tests/test_stacks.py",
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
