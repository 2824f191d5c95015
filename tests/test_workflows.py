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
WORKFLOWS = {path.stem: path for path in sorted((GITHUB / "workflows").glob("*.yml"))}
PAGE = (ROOT / "docs" / "ci.md").read_text()
TOLD = dict(re.findall(r"^```sh\n# (\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
PINNED = re.compile(r"^([\w.-]+/[\w.-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$")
STAGES = ("dev", "staging", "prod")
# Each stands for GitHub's command. This one says which comment is ours, and writes down what it is told to change.
GH = 'case "$*" in *--paginate*) echo "$*" >>asked; cat comments ;; *) echo "$*" >>changed ;; esac'
# A run of last night, whose artifact of the stack `prod` has more in it than was asked for.
NIGHT = """
echo "$*" >>"$ASKED"
case "$*" in
  "run list"*) echo 42 ;;
  *facts-prod*) while [ "$1" != --dir ]; do shift; done; mkdir "$2"; cd "$2"; touch prod.facts.json yaml.py ;;
  *) exit 1 ;;
esac
"""
# What GitHub says of a repository's environments and branches, as its API has it.
REVIEWERS = {"type": "required_reviewers", "reviewers": [{"type": "User", "reviewer": {"login": "ann"}}]}
BY_NAME, PROTECTED = ({"custom_branch_policies": named, "protected_branches": not named} for named in (True, False))
ENVIRONMENTS = {
    "hosts": (BY_NAME, [], ["main"]),
    "prod": (BY_NAME, [REVIEWERS], ["main"]),
    "protected": (PROTECTED, [REVIEWERS], []),
    "nobody": (BY_NAME, [REVIEWERS | {"reviewers": []}, {"type": "wait_timer", "wait_timer": 30}], ["main"]),
    "open": (None, [REVIEWERS], []),
    "all": (BY_NAME, [REVIEWERS], ["main", "*"]),
    "other": (BY_NAME, [REVIEWERS], ["release"]),
    "none": (BY_NAME, [REVIEWERS], []),
}


def github(folder, main_is_protected):
    """Write what GitHub says into a folder; return its command, which reads it there."""
    told = {"branches/main": {"protected": main_is_protected}}
    for name, (policy, rules, branches) in ENVIRONMENTS.items():
        told[f"environments/{name}"] = {"name": name, "deployment_branch_policy": policy, "protection_rules": rules}
        named = [{"name": each, "type": "branch"} for each in branches]
        told[f"environments/{name}/deployment-branch-policies"] = {"branch_policies": named}
    for path, answer in told.items():
        file = folder / "repos/us/nets" / path / "answer"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(answer))
    missing = """echo '{"message": "Not Found"}'; exit 1"""
    return f"""if [ -e "{folder}/$2/answer" ]; then cat "{folder}/$2/answer"; else {missing}; fi"""


@cache
def read(workflow):
    """A workflow as it is."""
    return yaml.safe_load(WORKFLOWS[workflow].read_text())


def jobs():
    """All jobs, by the name of their workflow and their own."""
    return {(workflow, name): job for workflow in WORKFLOWS for name, job in read(workflow)["jobs"].items()}


def steps(*workflows):
    """All steps of all jobs, or of those of some workflows."""
    return [
        step for (workflow, _), job in jobs().items() if workflow in (workflows or WORKFLOWS) for step in job["steps"]
    ]


def shell_of(workflow, job, name):
    """The shell of one step, by its name or identifier."""
    return next(step for step in jobs()[workflow, job]["steps"] if name in (step.get("name"), step.get("id")))["run"]


def used():
    """Return all actions of others that steps use, with the comment behind each."""
    texts = [path.read_text() for path in WORKFLOWS.values()]
    return [line for text in texts for line in re.findall(r"^ *(?:- )?uses: (.*)$", text, re.MULTILINE)]


def run(shell, folder, programs=None, **environment):
    """Run a step in a folder, with these programs first on the PATH; return its status and what it printed."""
    for name, text in (programs or {}).items():
        program(folder / "bin" / name, text)
    program(folder / ".tools" / "activate", ":")
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", shell],
        cwd=folder,
        env={"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(folder), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("job", ["preview", "report", "comment", "check", "plan", "deploy", "drift"])
def test_workflows_run_the_shell_of_the_documentation(job):
    """Line by line."""
    actual = {line.rstrip() for step in steps() for line in step.get("run", "").splitlines()}

    assert [] == [line for line in TOLD[job].splitlines() if line not in actual]


@pytest.mark.parametrize("job", TOLD)
def test_jobs_look_at_the_state_before_pulumi_loads_it(job):
    """A job that refreshes or deploys runs what is in the state: its first line compares it."""
    told = TOLD[job].splitlines()
    loads = any("--refresh" in line or re.match("pulumi (up|refresh|destroy)", line) for line in told)

    assert loads == (told[0] == 'swarmnet state check "$STACK"')


def test_workflows_look_at_the_state_before_pulumi_loads_it():
    """Each step does so right after the environment is there; so does the demo."""
    loading = [step["run"].splitlines() for step in steps() if "--refresh" in step.get("run", "")]
    demo = (ROOT / "tools" / "demo").read_text()

    assert [[". .tools/activate", 'swarmnet state check "$STACK"']] * 2 == [lines[:2] for lines in loading]
    assert demo.index("\nshow swarmnet state check lab") < demo.index("\nshow pulumi up")


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
    (tmp_path / "comments").write_text(comments)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "comment.md").write_text(f"{MARKER}\n### Networks\n")

    of = {"OUT": "out", "ISSUES": "repos/a/b/issues", "NUMBER": "7", "COMMIT": "c0ffee"}
    assert (0, "") == run(TOLD["comment"], tmp_path, {"gh": GH}, **of)
    assert f"{changed}\n" == (tmp_path / "changed").read_text()
    assert f'startswith("{MARKER}")' in (tmp_path / "asked").read_text()
    assert (tmp_path / "out" / "comment.md").read_text().endswith("\n\nAs of commit c0ffee.\n")


def test_nothing_of_a_job_but_its_own_step_sees_secrets():
    """Other people's actions and the installation of packages do not."""
    shared = [each.get("env", {}) for each in (*map(read, WORKFLOWS), *jobs().values())]

    assert [] == [value for each in shared for value in each.values() if "secrets." in value or "token" in value]


def test_no_value_of_others_is_pasted_into_shell():
    """An expression in a script would run what a branch is called: values come by the environment."""
    assert [] == [step["run"] for step in steps() if "${{" in step.get("run", "")]


def test_others_code_is_pinned_by_commit():
    """Its release stands beside the commit, and each action has one release everywhere."""
    pins = {pin.groups() for each in used() if (pin := PINNED.match(each))}

    assert [] == [each for each in used() if not PINNED.match(each)]
    assert 5 == len(pins) == len({action for action, *_ in pins})


def test_no_checkout_leaves_a_token_behind():
    """Later steps of a job can't push with the token of the checkout."""
    found = [step["with"]["persist-credentials"] for step in steps() if "checkout@" in step.get("uses", "")]

    assert [False] * 13 == found


READS, KNOWS = "{contents: read}", "{contents: read, actions: read}"
COMMENTS = "{contents: read, actions: read, pull-requests: write}"
ON_MAIN = "github.ref == 'refs/heads/main'"
ONLY_MAIN = f"vars.SWARMNET_STACKS && vars.SWARMNET_RUNNER && {ON_MAIN}"
PLANNED = "needs.planned.outputs.stacks != '[]'"
OWN = "github.event.pull_request.head.repo.full_name == github.repository"
NO_BOT = "github.event.pull_request.user.login != 'dependabot[bot]'"
# What a job may do, the environment whose secrets it gets, and where it runs: all others wait for the first.
JOBS = yaml.safe_load(f"""
ci check: [{READS}, null, null]
ci test: [{READS}, null, vars.SWARMNET_DEBIAN_RUNNER && github.event_name == 'push' && {ON_MAIN}]
deploy environments: [{KNOWS}, null, {ONLY_MAIN}]
deploy plan: [{READS}, hosts, null]
deploy planned: [{{actions: read}}, null, "!cancelled() && needs.plan.result != 'skipped'"]
deploy deploy: [{READS}, "${{{{ matrix.stack }}}}", "!cancelled() && needs.planned.result == 'success' && {PLANNED}"]
drift environments: [{KNOWS}, null, {ONLY_MAIN}]
drift drift: [{READS}, hosts, null]
preview environments: [{KNOWS}, null, "vars.SWARMNET_STACKS && {OWN} && {NO_BOT}"]
preview preview: [{READS}, preview, null]
preview comment: [{COMMENTS}, null, "!cancelled() && needs.preview.result != 'skipped'"]
release check: [{READS}, null, vars.SWARMNET_RELEASES]
release release: [{{contents: write, id-token: write, attestations: write}}, null, null]
sdk newest: [{READS}, null, vars.SWARMNET_RELEASES]
""")
STATE = {"PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE"}
STATE |= {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def test_each_job_may_do_what_it_has_to_where_it_may():
    """Nothing by default; two jobs write: the comment, and a release, which is signed. Only main reaches hosts; forks
    and bots, which get no secrets, have no preview; nobody else's code gets root on the runner of the tests; copies,
    which get the tags too, release nothing; without a plan nothing is deployed."""
    assert JOBS == {
        " ".join(name): [job["permissions"], job.get("environment"), job.get("if")] for name, job in jobs().items()
    }
    assert [{}] * 6 == [read(workflow)["permissions"] for workflow in WORKFLOWS]
    assert "${{ vars.SWARMNET_DEBIAN_RUNNER }}" == jobs()["ci", "test"]["runs-on"]


@pytest.mark.parametrize("name", JOBS)
def test_secrets_are_those_of_environments(name):
    """That of the preview is its own, and has no host's key."""
    _, environment, _ = JOBS[name]
    of_it = {None: set(), "preview": STATE}.get(environment, {*STATE, "SWARMNET_SSH_KEY"})

    assert of_it == set(re.findall(r"secrets\.(\w+)", str(jobs()[tuple(name.split())])))


FACTS = "Facts of last night, if there are any"


def test_facts_are_one_file_of_the_night_on_main(tmp_path):
    """Other files of the artifact stay beside the checkout, where nothing is run."""
    checkout, out = tmp_path / "checkout", tmp_path / "out"
    checkout.mkdir()
    out.mkdir()
    shell = f"cd checkout\n{shell_of('preview', 'comment', FACTS)}"

    of = {"OUT": str(out), "STACKS": "prod staging", "ASKED": str(tmp_path / "asked")}
    assert (0, "no facts of staging: the report goes without\n") == run(shell, tmp_path, {"gh": NIGHT}, **of)
    listed = "run list --workflow drift.yml --event schedule --branch main --status completed --limit 1"
    assert (tmp_path / "asked").read_text().startswith(listed)
    assert ["facts-prod", "prod.facts.json"] == sorted(path.name for path in out.iterdir())
    assert [] == list(checkout.iterdir())


def test_without_a_night_the_report_goes_without_facts(tmp_path):
    """The job goes on."""
    ended = run(shell_of("preview", "comment", FACTS), tmp_path, {"gh": "exit 1"}, OUT=str(tmp_path), STACKS="prod")

    assert (0, "no facts of prod: the report goes without\n") == ended


def test_what_jobs_hand_over_lies_outside_of_the_checkout():
    """There it can't be taken for a module of the program."""
    handed = [step["with"]["path"] for step in steps() if "load-artifact@" in step.get("uses", "")]
    handed += [step["env"]["OUT"] for step in steps() if "OUT" in step.get("env", {})]

    assert ["${{ runner.temp }}"] * 21 == [each.partition("/")[0] for each in handed]


@pytest.mark.whole
def test_a_preview_needs_no_right_to_write_the_state(tmp_path):
    """It leaves every file of the state as it is, and makes none."""
    project = Project(tmp_path, tmp_path / "home")
    project.declare({"hosts": {"h1": {"address": "198.51.100.11"}}, "gwbridge": {"subnet": "10.200.0.0/20"}})
    before = {path: path.read_bytes() for path in project.backend.rglob("*") if path.is_file()}

    assert project.preview().ok
    assert before == {path: path.read_bytes() for path in project.backend.rglob("*") if path.is_file()}
    assert before


NOT_FOUND = "not found: make it before a job names it"
NOT_MAIN = "other branches than main may use it: limit it to main"
NO_REVIEW = "it has no required reviewers"


@pytest.mark.parametrize(
    ("problems", "words", "main_is_protected"),
    [
        ({}, "hosts --reviewed prod protected", True),
        ({"absent": NOT_FOUND}, "absent hosts", True),
        ({"absent": NOT_FOUND}, "--any-branch open absent", True),
        ({each: NOT_MAIN for each in ("open", "all", "other", "none")}, "hosts open all other none", True),
        ({"hosts": NO_REVIEW, "nobody": NO_REVIEW}, "hosts --reviewed hosts nobody prod", True),
        ({"protected": NOT_MAIN}, "protected", False),
    ],
    ids=["all right", "absent", "for every branch", "of other branches", "without reviewers", "nothing is protected"],
)
def test_environment_has_its_rules(problems, words, main_is_protected, tmp_path):
    """Main alone may use it, and somebody has to approve a deployment. One that GitHub makes has no rule at all."""
    said = "".join(f"::error::environment {name}: {why} (docs/ci.md)\n" for name, why in problems.items())
    gh = github(tmp_path, main_is_protected)

    assert (int(bool(problems)), said) == run(
        f"{GITHUB}/environments {words}", tmp_path, {"gh": gh}, GITHUB_REPOSITORY="us/nets"
    )


@pytest.mark.parametrize(
    ("workflow", "asked"),
    [("deploy", "hosts --reviewed $STACKS"), ("drift", "hosts"), ("preview", "--any-branch preview")],
)
def test_environments_are_looked_at_before_a_job_names_one(workflow, asked):
    """The first job looks at them, and all others wait for it."""
    first, *others = read(workflow)["jobs"].values()

    assert f".github/environments {asked}" == shell_of(workflow, "environments", "Environments")
    assert [False, *[True] * len(others)] == ["needs" in job for job in (first, *others)]


def test_comment_is_made_by_the_code_of_main():
    """The branch's code runs in a job that may write nothing; what it leaves is data to the other one."""
    comment = jobs()["preview", "comment"]
    checkout, setup, *_ = comment["steps"]

    assert ("main", "make setup", "preview") == (checkout["with"]["ref"], setup["run"], comment["needs"])
    assert "pull_request" == read("preview")[True]  # YAML reads `on` as true


def test_no_preview_of_a_stack_is_told(tmp_path):
    """It is told also if the branch's job left nothing: the report is asked about each stack. A link that it left is
    neither read nor written through, and counts as no preview."""
    (tmp_path / "prod.facts.json").touch()
    (tmp_path / "previews").mkdir()
    (tmp_path / "previews" / "prod.json").symlink_to(tmp_path / "elsewhere")

    shell, programs = shell_of("preview", "comment", "Report"), {"swarmnet": 'echo "$*"'}
    words = "report ./previews/prod.json --facts ./prod.facts.json ./previews/staging.json --out ./comment.md\n"
    assert (0, words) == run(shell, tmp_path, programs, OUT=".", STACKS="prod staging")
    assert [(False, 0)] * 2 == [(path.is_symlink(), path.stat().st_size) for path in (tmp_path / "previews").iterdir()]
    assert not (tmp_path / "elsewhere").exists()


def test_report_needs_no_folder_of_previews(tmp_path):
    """There is none if the branch's job did not come that far."""
    ended = run(shell_of("preview", "comment", "Report"), tmp_path, {"swarmnet": "exit 0"}, OUT=".", STACKS="prod")

    assert ((0, ""), True) == (ended, (tmp_path / "previews" / "prod.json").is_file())


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
    out = tmp_path / "output"
    of = {"RUN": "repos/us/nets/actions/runs/7", "STACKS": " ".join(STAGES), "GITHUB_OUTPUT": str(out)}

    assert (0, said) == run(shell_of("deploy", "planned", "planned"), tmp_path, {"gh": f"echo '{made}'"}, **of)
    assert f"stacks={stacks}\n" == out.read_text()


@pytest.mark.parametrize(
    ("ends", "changes", "left"),
    [(0, {"same": 9}, "nothing.json"), (0, {"same": 8, "update": 1}, "plan.json"), (255, {"same": 9}, "plan.json")],
    ids=["nothing to do", "a change", "an error"],
)
def test_plan_without_a_change_is_none(tmp_path, ends, changes, left):
    """It needs no approval. An error fails the job, which then hands nothing over."""
    pulumi = f"touch plan.json; echo '{json.dumps({'changeSummary': changes})}'; exit {ends}"
    status, _ = run(TOLD["plan"], tmp_path, {"swarmnet": "exit 0", "pulumi": pulumi}, OUT=".", STACK="prod")

    assert (ends, {left, "preview.json"}) == (status, {path.name for path in tmp_path.glob("*.json")})


def test_summary_of_a_night_says_what_drifted(tmp_path):
    """Line by line, as code: whatever a host calls its things is no markup."""
    programs = {"swarmnet": "echo 'overlay/app: **is** gone'; echo 'w1: unknown' >&2; exit 7"}
    known = {"OUT": ".", "STACK": "prod", "GITHUB_STEP_SUMMARY": "summary"}
    ended = [run(shell_of("drift", "drift", name), tmp_path, programs, **known) for name in ("Drift", "What drifted")]

    assert [(7, "overlay/app: **is** gone\nw1: unknown\n"), (0, "")] == ended
    assert "### Drift of prod\n\n    overlay/app: **is** gone\n    w1: unknown\n" == (tmp_path / "summary").read_text()
    assert "!cancelled()" == jobs()["drift", "drift"]["steps"][-1]["if"]


def test_every_step_with_the_state_takes_each_backend():
    """A user with a bucket or a database sets variables, and leaves the workflows as they are."""
    found = [step["env"] for step in steps() if "PULUMI_BACKEND_URL" in step.get("env", {})]
    of_state = [{key: value for key, value in each.items() if key.startswith(("PULUMI_", "AWS_"))} for each in found]

    assert [of_state[0]] * 5 == of_state
    assert {"PULUMI_BACKEND_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"} <= of_state[0].keys()


CHANGELOG = "## Unreleased\n\n## 0.2.1 - D\n\n- less\n\n## 0.2.0 - D\n\n- more\n\n## 0.1.0 - D\n"
NO_NOTES = "::error file=CHANGELOG.md::{0}: no heading '## {0} - DATE' with something below it\n".format
NO_STATE = "::error::{0}: no state of it: python -m tests.states {0} GROUP, and commit what it records\n".format
STRANGE = "::error file=stacks/Pulumi.prod.yaml::names there are users': samples are in stacks/samples\n"


@pytest.mark.parametrize(
    ("expected", "version", "file"),
    [
        ((0, "- more\n"), "0.2.0", "Pulumi.lab.yaml"),
        ((1, NO_NOTES("0.2") + NO_STATE("0.2")), "0.2", "Pulumi.lab.yaml"),
        ((1, NO_NOTES("0.1.0") + NO_STATE("0.1.0")), "0.1.0", "Pulumi.lab.yaml"),
        ((1, NO_STATE("0.2.1")), "0.2.1", "Pulumi.lab.yaml"),
        ((1, STRANGE), "0.2.0", "Pulumi.prod.yaml"),
    ],
    ids=["whole", "no heading", "nothing below it", "no state", "a stack file of a user's name"],
)
def test_release_has_its_notes_and_what_it_promises(tmp_path, expected, version, file):
    """The notes are all below its heading, down to the next. Later ones read the state; a merge would meet the file."""
    for path in (tmp_path / "tests" / "states" / "0.2.0" / "whole-stack.json", tmp_path / "stacks" / file):
        path.parent.mkdir(parents=True)
        path.touch()
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)

    assert expected == run(f"{GITHUB}/release-notes {version}", tmp_path)


def test_release_is_published_with_its_notes(tmp_path):
    """The publishing job runs none of the code that others wrote, and follows one that does."""
    program(tmp_path / ".github" / "release-notes", 'echo "notes of $1"')
    job, programs = jobs()["release", "release"], dict.fromkeys(("gh", "git"), 'echo "$*" >>"$OUT/asked"')
    for name in ("Notes", "Files", "Release"):
        shell = shell_of("release", "release", name)
        assert (0, "") == run(shell, tmp_path, programs, OUT=".", GITHUB_REF_NAME="v0.2.0")

    files = ["swarmnet.tar", "sbom.json"]
    words = (
        "archive --format=tar --output ./swarmnet.tar HEAD\n"
        "release create v0.2.0 ./swarmnet.tar ./sbom.json --verify-tag --title v0.2.0 --notes-file ./notes.md\n"
    )
    assert (words, "notes of 0.2.0\n") == tuple((tmp_path / name).read_text() for name in ("asked", "notes.md"))
    assert ("check", False) == (job["needs"], "make" in str(job["steps"]))
    assert {"push": {"tags": ["v*"]}} == read("release")[True]
    (signed,) = (step["with"]["subject-path"] for step in job["steps"] if "attest@" in step.get("uses", ""))
    assert [f"${{{{ runner.temp }}}}/{file}" for file in files] == signed.split("\n")[:-1]


@pytest.mark.parametrize(
    ("expected", "declared"),
    [
        ("w1 ssh-ed25519 NEW\nw2 ssh-ed25519 NEW\n", "w1 ssh-ed25519 NEW\nw2 ssh-ed25519 NEW"),
        ("w1 ssh-ed25519 OWN\n", ""),
    ],
    ids=["those that are declared", "the runner's own, if none are"],
)
def test_known_hosts(tmp_path, expected, declared):
    """Exactly those, in every run: a key that was declared once and is no more is not believed any longer."""
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").write_text("w1 ssh-ed25519 OWN\n")

    for _ in range(2):
        assert (0, "") == run(f"{GITHUB}/ssh", tmp_path, KNOWN_HOSTS=declared, KEY="")
    assert expected == (tmp_path / ".ssh" / "known_hosts").read_text()


def test_key_is_in_the_agent_alone(tmp_path):
    """Later steps get the agent's socket; the agent's own environment does not have the key."""
    agent = "env >inherited; echo 'SSH_AUTH_SOCK=/run/agent; export SSH_AUTH_SOCK;'"
    of = {"KNOWN_HOSTS": "", "KEY": "PRIVATE", "GITHUB_ENV": str(tmp_path / "environment")}

    assert (0, "") == run(f"{GITHUB}/ssh", tmp_path, {"ssh-agent": agent, "ssh-add": "cat >added"}, **of)
    assert "PRIVATE\n" == (tmp_path / "added").read_text()
    assert "PRIVATE" not in (tmp_path / "inherited").read_text()
    assert "SSH_AUTH_SOCK=/run/agent\n" == (tmp_path / "environment").read_text()
