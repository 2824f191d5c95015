"""The workflows for GitHub: the same shell as docs/ci.md, which tests/stacks_on_hosts/test_ci.py runs.

Their steps are run here with a stand-in for GitHub's command; what a job may do is read from the files.
"""

import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml

from providers.explain.report.page import MARKER
from tests.support.project import Project
from tests.tools.programs import program

ROOT = Path(__file__).resolve().parent.parent
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
CI, DEPLOY, DRIFT, PREVIEW, RELEASE = WORKFLOWS
PAGE = (ROOT / "docs" / "ci.md").read_text()
BLOCK = re.compile(r"^```sh\n# (\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOLD = dict(BLOCK.findall(PAGE))
JOBS = ("preview", "report", "comment", "check", "plan", "deploy", "drift")
PINNED = re.compile(r"^([\w.-]+/[\w.-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$")
STAGES = ("dev", "staging", "prod")
# Stands for GitHub's command: says which comment is ours, and writes down what it is told to change.
GH = """
case "$*" in
  *--paginate*) echo "$*" >>asked; cat comments ;;
  *) echo "$*" >>changed ;;
esac
"""
# Stands for it as well: a run of last night, whose artifact of the stack `prod` has more in it than was asked for.
NIGHT = """
echo "$*" >>"$ASKED"
case "$*" in
  "run list"*) echo 42 ;;
  *facts-prod*) while [ "$1" != --dir ]; do shift; done; mkdir "$2"; cd "$2"; touch prod.facts.json yaml.py ;;
  *) exit 1 ;;
esac
"""
# And here: what GitHub knows of environments, to whoever asks for the branches that may use them.
ENVIRONMENTS = """
case "$2" in
  repos/us/nets/environments/hosts) echo true ;;
  repos/us/nets/environments/open) [ "$4" = true ] && echo true || echo false ;;
  *) echo "Not Found (HTTP 404)" >&2; exit 1 ;;
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


def jobs():
    """All jobs, by the name of their workflow and their own."""
    return {(path.stem, name): job for path in WORKFLOWS for name, job in read(path)["jobs"].items()}


def used():
    """Return all actions of others that steps and the page use, with the comment behind each."""
    texts = [*(path.read_text() for path in WORKFLOWS), PAGE]
    return [line for text in texts for line in re.findall(r"^ *(?:- )?uses: (.*)$", text, re.MULTILINE)]


def step_of(workflow, job, name):
    """One step, by its name or identifier."""
    return next(step for step in read(workflow)["jobs"][job]["steps"] if name in (step.get("name"), step.get("id")))


def run(shell, folder, **environment):
    """Run a step in a folder, with the programs in its folder `bin` first on the PATH."""
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", shell],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_there_are_five():
    """Each found by its name."""
    assert ["ci.yml", "deploy.yml", "drift.yml", "preview.yml", "release.yml"] == [path.name for path in WORKFLOWS]


@pytest.mark.parametrize("job", JOBS)
def test_workflows_run_the_shell_of_the_documentation(job):
    """Line by line."""
    assert [] == [line for line in TOLD[job].splitlines() if line not in lines()]


@pytest.mark.parametrize("job", JOBS)
def test_jobs_look_at_the_state_before_pulumi_loads_it(job):
    """A job that refreshes or deploys runs what is in the state: its first line compares it."""
    told = dict(BLOCK.findall((ROOT / "docs" / "ci.md").read_text()))[job].splitlines()
    loads = any("--refresh" in line or re.match("pulumi (up|refresh|destroy)", line) for line in told)

    assert loads == (told[0] == 'swarmnet state check "$STACK"')


def test_workflows_look_at_the_state_before_pulumi_loads_it():
    """Each step does so right after the environment is there; so does the demo."""
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
        ("api --silent --method POST repos/a/b/issues/7/comments --field body=@out/comment.md", ""),
        ("api --silent --method PATCH repos/a/b/issues/comments/42 --field body=@out/comment.md", "42\n43\n"),
    ],
    ids=["first push", "later push"],
)
def test_a_pull_request_has_one_comment(tmp_path, changed, comments):
    """The one that begins with our line is edited; it says of which commit it is."""
    program(tmp_path / "bin" / "gh", GH)
    (tmp_path / "comments").write_text(comments)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "comment.md").write_text(f"{MARKER}\n### Networks\n")

    done = run(TOLD["comment"], tmp_path, OUT="out", ISSUES="repos/a/b/issues", NUMBER="7", COMMIT="c0ffee")

    assert (0, f"{changed}\n") == (done.returncode, (tmp_path / "changed").read_text()), done.stderr
    assert f'startswith("{MARKER}")' in (tmp_path / "asked").read_text()
    assert (tmp_path / "out" / "comment.md").read_text().endswith("\n\nAs of commit c0ffee.\n")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_nothing_of_a_job_but_its_own_step_sees_secrets(path):
    """Other people's actions and the installation of packages do not."""
    document = read(path)
    shared = [document.get("env", {}), *(job.get("env", {}) for job in document["jobs"].values())]

    assert [] == [value for each in shared for value in each.values() if "secrets." in value or "token" in value]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_value_of_others_is_pasted_into_shell(path):
    """An expression in a script would run what a branch is called: values come by the environment."""
    assert [] == [step["run"] for step in steps(path) if "${{" in step.get("run", "")]


def test_others_code_is_pinned_by_commit():
    """Its release stands beside the commit, and each action has one release everywhere."""
    pins = {pin.groups() for each in used() if (pin := PINNED.match(each))}

    assert [] == [each for each in used() if not PINNED.match(each)]
    assert 5 == len(pins) == len({action for action, *_ in pins})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_package_is_built(path):
    """A build would take tools that are not locked."""
    assert {"PIP_ONLY_BINARY": ":all:"} == read(path)["env"]


def test_bot_moves_what_is_pinned():
    """Actions, and the packages of each folder that has a locked file, a week after their release."""
    updates = yaml.safe_load((GITHUB / "dependabot.yml").read_text())["updates"]

    moved = {each["package-ecosystem"]: each.get("directories", each.get("directory")) for each in updates}
    assert {"github-actions": "/", "uv": ["/", "/tools"]} == moved
    assert [7, 7] == [each["cooldown"]["default-days"] for each in updates]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_checkout_leaves_a_token_behind(path):
    """Later steps of a job can't push with the token of the checkout."""
    found = [step["with"]["persist-credentials"] for step in steps(path) if "checkout@" in step.get("uses", "")]

    assert [False] * len(found) == found
    assert found


def test_each_job_may_do_what_it_has_to():
    """Nothing by default; two jobs write: the comment, and a release."""
    reads = {"contents": "read"}
    knows = {**reads, "actions": "read"}

    assert [{}] * 5 == [read(path)["permissions"] for path in WORKFLOWS]
    assert {
        ("ci", "check"): reads,
        ("ci", "test"): reads,
        ("deploy", "environments"): knows,
        ("deploy", "plan"): reads,
        ("deploy", "planned"): {"actions": "read"},
        ("deploy", "deploy"): reads,
        ("drift", "environments"): knows,
        ("drift", "drift"): reads,
        ("preview", "environments"): knows,
        ("preview", "preview"): reads,
        ("preview", "comment"): {**knows, "pull-requests": "write"},
        ("release", "check"): reads,
        ("release", "release"): {"contents": "write"},
    } == {name: job["permissions"] for name, job in jobs().items()}


def test_each_job_ends():
    """After six hours at most, which is for a deployment; the tests on real hosts have an hour and a half."""
    minutes = {name: job["timeout-minutes"] for name, job in jobs().items()}

    assert (360, 90) == (minutes.pop(("deploy", "deploy")), minutes.pop(("ci", "test")))
    assert 60 == max(minutes.values())


def test_nobody_elses_code_gets_root_on_the_runner_of_the_tests():
    """Only code that is on main already runs there, and only if the project has such a runner."""
    job = read(CI)["jobs"]["test"]

    assert "vars.SWARMNET_DEBIAN_RUNNER && github.event_name == 'push' && github.ref == 'refs/heads/main'" == job["if"]
    assert "${{ vars.SWARMNET_DEBIAN_RUNNER }}" == job["runs-on"]


def test_runs_do_not_meet():
    """A push ends the preview of the one before; a deployment that began is never cut by another of its stack."""
    assert read(PREVIEW)["concurrency"] == {"group": "preview-${{ github.ref }}", "cancel-in-progress": True}
    assert read(CI)["concurrency"] == {"group": "ci-${{ github.ref }}", "cancel-in-progress": True}
    assert read(DRIFT)["concurrency"] == {"group": "drift"}
    assert jobs()["deploy", "deploy"]["concurrency"] == {
        "group": "deploy-${{ matrix.stack }}",
        "cancel-in-progress": False,
    }


def test_facts_are_one_file_of_the_night_on_main(tmp_path):
    """Other files of the artifact stay beside the checkout, where nothing is run."""
    program(tmp_path / "bin" / "gh", NIGHT)
    checkout, out = tmp_path / "checkout", tmp_path / "out"
    checkout.mkdir()
    out.mkdir()
    shell = step_of(PREVIEW, "comment", "Facts of last night, if there are any")["run"]

    done = run(f"cd checkout\n{shell}", tmp_path, OUT=str(out), STACKS="prod staging", ASKED=str(tmp_path / "asked"))

    listed = "run list --workflow drift.yml --event schedule --branch main --status completed --limit 1"
    assert (0, "no facts of staging: the report goes without\n") == (done.returncode, done.stdout)
    assert (tmp_path / "asked").read_text().startswith(listed)
    assert ["facts-prod", "prod.facts.json"] == sorted(path.name for path in out.iterdir())
    assert [] == list(checkout.iterdir())


def test_without_a_night_the_report_goes_without_facts(tmp_path):
    """The job goes on."""
    program(tmp_path / "bin" / "gh", "exit 1")
    shell = step_of(PREVIEW, "comment", "Facts of last night, if there are any")["run"]

    done = run(shell, tmp_path, OUT=str(tmp_path), STACKS="prod")

    assert (0, "no facts of prod: the report goes without\n") == (done.returncode, done.stdout)


@pytest.mark.parametrize("path", [DEPLOY, DRIFT, PREVIEW], ids=lambda path: path.stem)
def test_what_jobs_hand_over_lies_outside_of_the_checkout(path):
    """There it can't be taken for a module of the program."""
    handed = [step["with"]["path"] for step in steps(path) if "load-artifact@" in step.get("uses", "")]

    assert [] == [each for each in handed if not each.startswith("${{ runner.temp }}")]
    assert {"${{ runner.temp }}"} == {step["env"]["OUT"] for step in steps(path) if "OUT" in step.get("env", {})}
    assert handed


def test_secrets_are_those_of_environments():
    """Each job that names one has an environment, and the preview's is its own; no host's key is there."""
    by_job = {name: set(re.findall(r"secrets\.(\w+)", str(job["steps"]))) for name, job in jobs().items()}
    state = {"PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE"}
    state |= {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}

    assert {
        ("deploy", "plan"): ("hosts", {*state, "SWARMNET_SSH_KEY"}),
        ("deploy", "deploy"): ("${{ matrix.stack }}", {*state, "SWARMNET_SSH_KEY"}),
        ("drift", "drift"): ("hosts", {*state, "SWARMNET_SSH_KEY"}),
        ("preview", "preview"): ("preview", state),
    } == {name: (jobs()[name].get("environment"), found) for name, found in by_job.items() if found}


@pytest.mark.whole
def test_a_preview_needs_no_right_to_write_the_state(tmp_path):
    """It leaves every file of the state as it is, and makes none."""
    project = Project(tmp_path, tmp_path / "home")
    project.declare({"hosts": {"h1": {"address": "198.51.100.11"}}, "gwbridge": {"subnet": "10.200.0.0/20"}})
    before = {path: path.read_bytes() for path in project.backend.rglob("*") if path.is_file()}

    assert project.preview().ok
    assert before == {path: path.read_bytes() for path in project.backend.rglob("*") if path.is_file()}
    assert before


@pytest.mark.parametrize(
    ("expected", "names"),
    [
        ((0, ""), "hosts"),
        ((1, "::error::environment prod: not found: make it before a job names it (docs/ci.md)\n"), "prod hosts"),
        ((1, "::error::environment open: every branch may use it: limit it to main (docs/ci.md)\n"), "hosts open"),
        ((0, ""), "--any-branch open"),
        (
            (1, "::error::environment prod: not found: make it before a job names it (docs/ci.md)\n"),
            "--any-branch prod",
        ),
    ],
)
def test_environment_that_is_not_there_fails(expected, names, tmp_path):
    """One that every branch may use, as GitHub makes it for a job that names one, fails too."""
    program(tmp_path / "bin" / "gh", ENVIRONMENTS)

    done = run(f"{GITHUB}/environments {names}", tmp_path, GITHUB_REPOSITORY="us/nets")

    assert expected == (done.returncode, done.stdout)


@pytest.mark.parametrize(
    ("path", "asked", "of"),
    [
        (DEPLOY, "hosts $STACKS", ["hosts", "${{ matrix.stack }}"]),
        (DRIFT, "hosts", ["hosts"]),
        (PREVIEW, "--any-branch preview", ["preview"]),
    ],
    ids=lambda each: getattr(each, "stem", ""),
)
def test_environments_are_looked_at_before_a_job_names_one(path, asked, of):
    """The first job looks at them: it has none itself, and all others wait for it."""
    first, *others = read(path)["jobs"].values()

    assert f".github/environments {asked}" == step_of(path, "environments", "Environments")["run"]
    assert [None, *of] == [job.get("environment") for job in (first, *others) if job is first or "environment" in job]
    assert [False, *[True] * len(others)] == ["needs" in job for job in (first, *others)]


def test_comment_is_made_by_the_code_of_main():
    """The branch's code runs in a job that may write nothing; what it leaves is data to the other one."""
    comment = jobs()["preview", "comment"]
    checkout, setup, *_ = comment["steps"]

    assert ("main", "make setup") == (checkout["with"]["ref"], setup["run"])
    assert "preview" == comment["needs"]
    assert "secrets." not in str(comment)
    assert "pull_request" == read(PREVIEW)[True]  # YAML reads `on` as true


def test_no_preview_of_a_stack_is_told(tmp_path):
    """It is told also if the branch's job left nothing: the report is asked about each stack."""
    program(tmp_path / ".tools" / "activate", ":")
    program(tmp_path / "bin" / "swarmnet", 'echo "$*"')
    (tmp_path / "prod.facts.json").touch()

    done = run(step_of(PREVIEW, "comment", "Report")["run"], tmp_path, OUT=".", STACKS="prod staging")

    words = "report ./previews/prod.json --facts ./prod.facts.json ./previews/staging.json --out ./comment.md\n"
    assert (0, words) == (done.returncode, done.stdout)
    assert [0, 0] == [path.stat().st_size for path in (tmp_path / "previews").iterdir()]


def test_link_that_a_branch_left_is_not_followed(tmp_path):
    """It is neither read nor written through: it counts as no preview."""
    program(tmp_path / ".tools" / "activate", ":")
    program(tmp_path / "bin" / "swarmnet")
    (tmp_path / "previews").mkdir()
    (tmp_path / "previews" / "prod.json").symlink_to(tmp_path / "elsewhere")

    done = run(step_of(PREVIEW, "comment", "Report")["run"], tmp_path, OUT=".", STACKS="prod")

    assert (0, False) == (done.returncode, (tmp_path / "elsewhere").exists())
    assert (tmp_path / "previews" / "prod.json").is_file()


def test_forks_and_bots_have_no_preview():
    """They get no secrets."""
    assert (
        "vars.SWARMNET_STACKS && github.event.pull_request.head.repo.full_name == github.repository &&"
        " github.event.pull_request.user.login != 'dependabot[bot]'"
    ) == jobs()["preview", "environments"]["if"]


@pytest.mark.parametrize(
    ("made", "stacks", "said"),
    [
        ("plan-prod plan-staging plan-dev", '["dev","staging","prod"]', ""),
        ("plan-prod nothing-staging plan-dev", '["dev","prod"]', "staging: nothing to do\n"),
        ("nothing-dev nothing-staging nothing-prod", "[]", "".join(f"{name}: nothing to do\n" for name in STAGES)),
        (
            "plan-prod plan-dev",
            '["dev"]',
            "::error::staging has no plan: what stands behind it in SWARMNET_STACKS is not deployed\n",
        ),
    ],
    ids=["all", "one without a change", "none with a change", "one without a plan"],
)
def test_changes_go_through_the_stacks_in_order(tmp_path, made, stacks, said):
    """They go as SWARMNET_STACKS has them: nothing to do asks for no approval, no plan holds those behind it."""
    program(tmp_path / "bin" / "gh", f"echo '{made}'")
    asked = {"RUN": "repos/us/nets/actions/runs/7", "STACKS": " ".join(STAGES)}

    done = run(step_of(DEPLOY, "planned", "planned")["run"], tmp_path, **asked, GITHUB_OUTPUT=str(tmp_path / "output"))

    assert (0, said, f"stacks={stacks}\n") == (done.returncode, done.stdout, (tmp_path / "output").read_text())


def test_stack_waits_for_the_one_before_it():
    """One at a time, and none after one that failed; all plans are made side by side, beforehand."""
    plan, deploy = (jobs()["deploy", name]["strategy"] for name in ("plan", "deploy"))

    assert (1, True) == (deploy["max-parallel"], deploy["fail-fast"])
    assert "${{ fromJSON(needs.planned.outputs.stacks) }}" == deploy["matrix"]["stack"]
    assert {"fail-fast", "matrix"} == plan.keys()
    assert "!cancelled() && needs.plan.result != 'skipped'" == jobs()["deploy", "planned"]["if"]
    assert jobs()["deploy", "deploy"]["if"].endswith("needs.planned.outputs.stacks != '[]'")
    assert "concurrency" not in read(DEPLOY)


@pytest.mark.parametrize(
    ("ends", "changes", "left"),
    [(0, {"same": 9}, "nothing.json"), (0, {"same": 8, "update": 1}, "plan.json"), (255, {"same": 9}, "plan.json")],
    ids=["nothing to do", "a change", "an error"],
)
def test_plan_without_a_change_is_none(tmp_path, ends, changes, left):
    """It needs no approval. An error fails the job, which then hands nothing over."""
    program(tmp_path / "bin" / "swarmnet")
    program(
        tmp_path / "bin" / "pulumi", f"touch plan.json; echo '{json.dumps({'changeSummary': changes})}'; exit {ends}"
    )
    done = run(TOLD["plan"], tmp_path, OUT=".", STACK="prod")

    assert (ends, [left]) == (
        done.returncode,
        sorted({path.name for path in tmp_path.glob("*.json")} - {"preview.json"}),
    )


def test_summary_of_a_night_says_what_drifted(tmp_path):
    """Line by line, as code: whatever a host calls its things is no markup."""
    program(tmp_path / ".tools" / "activate", ":")
    program(tmp_path / "bin" / "swarmnet", "echo 'overlay/app: **is** gone'; echo 'w1: unknown' >&2; exit 7")
    known = {"OUT": ".", "STACK": "prod", "GITHUB_STEP_SUMMARY": "summary"}
    ended = [run(step_of(DRIFT, "drift", name)["run"], tmp_path, **known) for name in ("Drift", "What drifted")]

    assert [7, 0] == [done.returncode for done in ended]
    assert "overlay/app: **is** gone\nw1: unknown\n" == ended[0].stdout
    assert "### Drift of prod\n\n    overlay/app: **is** gone\n    w1: unknown\n" == (tmp_path / "summary").read_text()
    assert "!cancelled()" == step_of(DRIFT, "drift", "What drifted")["if"]


def test_every_step_with_the_state_takes_each_backend():
    """A user with a bucket or a database sets variables, and leaves the workflows as they are."""
    found = [step["env"] for path in WORKFLOWS for step in steps(path) if "PULUMI_BACKEND_URL" in step.get("env", {})]
    of_state = [{key: value for key, value in each.items() if key.startswith(("PULUMI_", "AWS_"))} for each in found]

    assert 5 == len(of_state)
    assert [of_state[0]] * 5 == of_state
    assert {"PULUMI_BACKEND_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"} <= of_state[0].keys()


def test_downloads_are_kept_where_nothing_can_be_written():
    """A branch fills the cache that later jobs of its pull request read: not the one whose code is main's."""
    cached = {name for name, job in jobs().items() if any("cache@" in step.get("uses", "") for step in job["steps"])}
    keys = {step["with"]["key"] for path in WORKFLOWS for step in steps(path) if "cache@" in step.get("uses", "")}

    assert {("ci", "check"), ("preview", "preview")} == cached
    assert {"pip-${{ hashFiles('requirements-dev.txt') }}"} == keys


def test_only_main_reaches_hosts():
    """A workflow that is started by hand on another branch starts nothing."""
    where = {name: jobs()[name]["if"] for name in (("deploy", "environments"), ("drift", "environments"))}

    assert {"vars.SWARMNET_STACKS && vars.SWARMNET_RUNNER && github.ref == 'refs/heads/main'"} == set(where.values())


def release(
    folder, version="0.2.0", changelog="## Unreleased\n\n## 0.2.0 - 2026-12-01\n\n- more\n\n## 0.1.0 - 2026-11-01\n"
):
    """Write the notes of a version in a checkout that has a state of 0.2.0."""
    for path in (folder / "tests" / "states" / "0.2.0" / "whole-stack.json", folder / "stacks" / "Pulumi.lab.yaml"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (folder / "CHANGELOG.md").write_text(changelog)
    return run(f"{GITHUB}/release-notes {version}", folder)


def test_release_has_what_the_changelog_says_of_it(tmp_path):
    """All below its heading, down to the next."""
    done = release(tmp_path)

    assert (0, "- more\n") == (done.returncode, done.stdout), done.stderr


@pytest.mark.parametrize(
    ("version", "problem"),
    [
        ("0.2", "::error file=CHANGELOG.md::0.2: no heading '## 0.2 - DATE' with something below it"),
        ("0.1.0", "::error::0.1.0: no state of it: python -m tests.states 0.1.0 GROUP, and commit what it records"),
    ],
)
def test_release_without_what_it_promises_is_none(tmp_path, version, problem):
    """Its notes, and the state that it writes."""
    done = release(tmp_path, version)

    assert (1, True) == (done.returncode, problem in done.stdout.splitlines()), done.stdout


def test_release_brings_no_stack_file_of_a_users_name(tmp_path):
    """A merge would meet it."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.prod.yaml").touch()
    done = release(tmp_path)

    line = "::error file=stacks/Pulumi.prod.yaml::names there are users': samples are in stacks/samples"
    assert (1, f"{line}\n") == (done.returncode, done.stdout)


def test_release_is_published_with_its_notes(tmp_path):
    """The publishing job runs none of the code that others wrote, and follows one that does."""
    program(tmp_path / "bin" / "gh", 'echo "$*" >>"$OUT/asked"')
    program(tmp_path / ".github" / "release-notes", 'echo "notes of $1"')
    job = jobs()["release", "release"]
    for name in ("Notes", "Release"):
        done = run(step_of(RELEASE, "release", name)["run"], tmp_path, OUT=".", GITHUB_REF_NAME="v0.2.0")
        assert (0, "") == (done.returncode, done.stdout + done.stderr)

    assert (
        "release create v0.2.0 --verify-tag --title v0.2.0 --notes-file ./notes.md\n"
        == (tmp_path / "asked").read_text()
    )
    assert "notes of 0.2.0\n" == (tmp_path / "notes.md").read_text()
    assert ("check", False) == (job["needs"], "make" in str(job["steps"]))


def test_copies_release_nothing():
    """They get the tags of the project, and may push them."""
    assert "vars.SWARMNET_RELEASES" == jobs()["release", "check"]["if"]
    assert {"push": {"tags": ["v*"]}} == read(RELEASE)[True]


def test_public_repository_is_warned_about_its_runner():
    """The page warns, and so does every deployment."""
    warns = step_of(DEPLOY, "environments", "A runner of one's own is for private repositories")

    assert "!github.event.repository.private" == warns["if"]
    assert warns["run"].startswith('echo "::warning::this repository is public, ')
    assert "only in a private repository" in PAGE


def test_known_hosts_are_those_that_are_declared(tmp_path):
    """Exactly those, in every run: a key that was declared once and is no more is not believed any longer."""
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").write_text("w1 ssh-ed25519 OLD\n")

    for _ in range(2):
        done = run(f"{GITHUB}/ssh", tmp_path, KNOWN_HOSTS="w1 ssh-ed25519 NEW\nw2 ssh-ed25519 NEW", KEY="")
        assert (0, "") == (done.returncode, done.stderr)

    assert "w1 ssh-ed25519 NEW\nw2 ssh-ed25519 NEW\n" == (tmp_path / ".ssh" / "known_hosts").read_text()


def test_runner_has_known_hosts_of_its_own_where_none_are_declared(tmp_path):
    """They stay as they are."""
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").write_text("w1 ssh-ed25519 OWN\n")

    assert 0 == run(f"{GITHUB}/ssh", tmp_path, KNOWN_HOSTS="", KEY="").returncode
    assert "w1 ssh-ed25519 OWN\n" == (tmp_path / ".ssh" / "known_hosts").read_text()


def test_key_is_in_the_agent_alone(tmp_path):
    """Later steps get the agent's socket; the agent's own environment does not have the key."""
    program(tmp_path / "bin" / "ssh-agent", "env >inherited; echo 'SSH_AUTH_SOCK=/run/agent; export SSH_AUTH_SOCK;'")
    program(tmp_path / "bin" / "ssh-add", "cat >added")

    done = run(f"{GITHUB}/ssh", tmp_path, KNOWN_HOSTS="", KEY="PRIVATE", GITHUB_ENV=str(tmp_path / "environment"))

    assert (0, "") == (done.returncode, done.stdout + done.stderr)
    assert "PRIVATE\n" == (tmp_path / "added").read_text()
    assert "PRIVATE" not in (tmp_path / "inherited").read_text()
    assert "SSH_AUTH_SOCK=/run/agent\n" == (tmp_path / "environment").read_text()


def test_page_shows_a_state_in_s3_without_a_secret():
    """A token of the run's own, for a role of its environment; what reads has no right to write."""
    shown = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]
    policies = [json.loads(text) for text in re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]
    (job,), (trust, reading) = shown, policies

    assert {"contents": "read", "id-token": "write"} == job["permissions"]
    assert "secrets." not in str(job)
    assert (True, False) == tuple(job["steps"][0]["with"][f"output-{name}credentials"] for name in ("", "env-"))
    (condition,) = (each["Condition"]["StringEquals"] for each in trust["Statement"])
    assert "repo:OWNER/NAME:environment:preview" == condition["token.actions.githubusercontent.com:sub"]
    assert {"s3:ListBucket", "s3:GetObject"} == {each["Action"] for each in reading["Statement"]}
