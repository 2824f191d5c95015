"""The workflows for GitHub: the same shell as docs/ci.md, which tests/real/test_ci.py runs."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
BLOCK = re.compile(r"^```sh\n# (\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
JOBS = ("preview", "plan", "deploy", "drift")


def steps(workflow):
    """All steps of all jobs."""
    return [step for job in yaml.safe_load(workflow.read_text())["jobs"].values() for step in job["steps"]]


def lines():
    """All lines of shell in the workflows."""
    return {line.strip() for path in WORKFLOWS for step in steps(path) for line in step.get("run", "").splitlines()}


def test_there_are_three():
    """Each found by its name."""
    assert ["deploy.yml", "drift.yml", "preview.yml"] == [path.name for path in WORKFLOWS]


@pytest.mark.parametrize("job", JOBS)
def test_workflows_run_the_shell_of_the_documentation(job):
    """Line by line."""
    told = dict(BLOCK.findall((ROOT / "docs" / "ci.md").read_text()))[job]

    assert [] == [line for line in told.splitlines() if line not in lines()]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_pulumi_comes_by_its_own_action(path):
    """In each job, with the range of versions of Pulumi.yaml."""
    wanted = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["requiredPulumiVersion"].removeprefix(">=")
    found = [step for step in steps(path) if step.get("uses", "").startswith("pulumi/actions")]

    assert [{"uses": "pulumi/actions@v7", "with": {"pulumi-version": f"^{wanted}"}}] * len(found) == found
    assert len(yaml.safe_load(path.read_text())["jobs"]) == len(found)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_value_of_others_is_pasted_into_shell(path):
    """An expression in a script would run what a branch is called: values come by the environment."""
    assert [] == [step["run"] for step in steps(path) if "${{" in step.get("run", "")]
