"""The workflows for GitHub: the same shell as docs/ci.md, which tests/stacks_on_hosts/test_ci.py runs."""

import os
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml

from providers.explain.report.page import MARKER

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
BLOCK = re.compile(r"^```sh\n# (\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
JOBS = ("preview", "comment", "check", "plan", "deploy", "drift")
# Stands for GitHub's command: says which comment is ours, and writes down what it is told to change.
GH = """#!/bin/sh
case "$*" in
  *--paginate*) echo "$*" >>asked; cat comments ;;
  *) echo "$*" >>changed ;;
esac
"""


@cache
def read(workflow):
    """A workflow as it is."""
    return yaml.safe_load(workflow.read_text())


def steps(workflow):
    """All steps of all jobs."""
    return [step for job in read(workflow)["jobs"].values() for step in job["steps"]]


def lines():
    """All lines of shell in the workflows."""
    return {line.rstrip() for path in WORKFLOWS for step in steps(path) for line in step.get("run", "").splitlines()}


def test_there_are_three():
    """Each found by its name."""
    assert ["deploy.yml", "drift.yml", "preview.yml"] == [path.name for path in WORKFLOWS]


@pytest.mark.parametrize("job", JOBS)
def test_workflows_run_the_shell_of_the_documentation(job):
    """Line by line."""
    told = dict(BLOCK.findall((ROOT / "docs" / "ci.md").read_text()))[job]

    assert [] == [line for line in told.splitlines() if line not in lines()]


@pytest.mark.parametrize("job", JOBS)
def test_jobs_look_at_the_state_before_pulumi_loads_it(job):
    """Whatever refreshes or deploys runs what stands in the state: the first line compares it."""
    told = dict(BLOCK.findall((ROOT / "docs" / "ci.md").read_text()))[job].splitlines()
    loads = any("--refresh" in line or re.match("pulumi (up|refresh|destroy)", line) for line in told)

    assert loads == (told[0] == 'swarmnet state check "$STACK"')


def test_workflows_look_at_the_state_before_pulumi_loads_it():
    """In each step, right after the environment is there; so does the demo."""
    scripts = [step["run"].splitlines() for path in WORKFLOWS for step in steps(path) if "run" in step]
    loading = [lines for lines in scripts if any("--refresh" in line for line in lines)]
    demo = [line for line in (ROOT / "tools" / "demo").read_text().splitlines() if line.startswith("show ")]

    assert [[". .tools/activate", 'swarmnet state check "$STACK"']] * 2 == [lines[:2] for lines in loading]
    assert demo.index("show swarmnet state check lab") < min(
        at for at, line in enumerate(demo) if line.startswith("show pulumi up")
    )


@pytest.mark.parametrize(
    ("changed", "comments"),
    [
        ("api --silent --method POST repos/a/b/issues/7/comments --field body=@comment.md", ""),
        ("api --silent --method PATCH repos/a/b/issues/comments/42 --field body=@comment.md", "42\n43\n"),
    ],
    ids=["first push", "later push"],
)
def test_a_pull_request_has_one_comment(tmp_path, changed, comments):
    """The one that begins with our line is edited; it says of which commit it is."""
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    (tmp_path / "comments").write_text(comments)
    (tmp_path / "comment.md").write_text(f"{MARKER}\n### Networks\n")
    shell = dict(BLOCK.findall((ROOT / "docs" / "ci.md").read_text()))["comment"]
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "ISSUES": "repos/a/b/issues", "NUMBER": "7"}

    done = subprocess.run(
        ["bash", "-e", "-c", shell],
        cwd=tmp_path,
        env=environment | {"COMMIT": "c0ffee"},
        capture_output=True,
        check=False,
    )

    assert (0, f"{changed}\n") == (done.returncode, (tmp_path / "changed").read_text()), done.stderr
    assert f'startswith("{MARKER}")' in (tmp_path / "asked").read_text()
    assert (tmp_path / "comment.md").read_text().endswith("\n\nAs of commit c0ffee.\n")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_nothing_of_a_job_but_its_own_step_sees_secrets(path):
    """Neither other people's actions nor the installation of packages do."""
    document = read(path)
    shared = [document.get("env", {}), *(job.get("env", {}) for job in document["jobs"].values())]

    assert [] == [value for each in shared for value in each.values() if "secrets." in value or "token" in value]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_pulumi_comes_by_its_own_action(path):
    """In each job, with the range of versions of Pulumi.yaml."""
    wanted = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["requiredPulumiVersion"].removeprefix(">=")
    found = [step for step in steps(path) if step.get("uses", "").startswith("pulumi/actions")]

    assert [{"uses": "pulumi/actions@v7", "with": {"pulumi-version": f"^{wanted}"}}] * len(found) == found
    assert len(read(path)["jobs"]) == len(found)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_value_of_others_is_pasted_into_shell(path):
    """An expression in a script would run what a branch is called: values come by the environment."""
    assert [] == [step["run"] for step in steps(path) if "${{" in step.get("run", "")]
