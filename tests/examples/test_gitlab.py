"""The jobs for GitLab: the same shell as docs/ci.md; its API is a server on loopback."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from providers.explain.report.page import MARKER
from tests.test_workflows import TOLD, run

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "examples" / "gitlab" / ".gitlab-ci.yml").read_text()
FILE: dict[str, Any] = yaml.safe_load(TEXT)
TOKEN = "token-of-the-comment"
ME, OTHER = 7, 8


def lines(name: str) -> list[str]:
    """All lines of a job's script."""
    return "\n".join(FILE[name]["script"]).splitlines()


class GitLab(ThreadingHTTPServer):
    """What the API answers, by path; `notes` are those of the merge request, two to a page.

    changed: what was written, as method, path and body.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/api/v4"
        self.answers: dict[str, object] = {"/user": {"id": ME}, "/projects/3/pipelines": []}
        self.notes: list[dict[str, object]] = []
        self.changed: list[tuple[str, str, str]] = []


class Answers(BaseHTTPRequestHandler):
    """Answers of the server."""

    server: GitLab

    def do_GET(self) -> None:
        """Return what is there, to whoever has the token."""
        url = urlsplit(self.path)
        path = url.path.removeprefix("/api/v4")
        found = self.server.answers.get(path)
        if path.endswith("/notes"):
            at = 2 * (int(parse_qs(url.query)["page"][0]) - 1)
            found = self.server.notes[at : at + 2]
        status = 404 if found is None else 200
        self.give(status if self.headers["Authorization"] == f"Bearer {TOKEN}" else 401, found)

    def do_POST(self) -> None:
        """Note what is written."""
        body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["body"][0]
        self.server.changed.append((self.command, self.path.removeprefix("/api/v4"), body))
        self.give(201, {})

    do_PUT = do_POST

    def give(self, status: int, body: object) -> None:
        """Answer with JSON."""
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    """A server of its own."""
    server = GitLab()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


REPORT = 'while [ "$1" != --out ]; do echo "$1" >>"$ASKED"; shift; done; printf "%s\\nnetworks\\n" "$MARK" >"$2"'


def comment(gitlab: GitLab, folder: Path, report: str = REPORT) -> tuple[int, str]:
    """Run the script of the comment."""
    (folder / "out").mkdir()
    project = f"{gitlab.url}/projects/3"
    known = {"CI_API_V4_URL": gitlab.url, "API": project, "NOTES": f"{project}/merge_requests/5/notes"}
    known |= {"OUT": str(folder / "out"), "STACKS": "prod", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_SHA": "c0ffee"}
    known |= {"SWARMNET_GITLAB_TOKEN": TOKEN, "ASKED": str(folder / "asked"), "MARK": MARKER}
    status, said = run("\n".join(FILE["comment"]["script"]), folder, {"swarmnet": report}, **known)
    return status, said


@pytest.mark.parametrize("job", ["preview", "report", "plan", "deploy", "drift"])
def test_jobs_run_the_shell_of_the_documentation(job: str):
    """Line by line; the report's status waits until the comment is made."""
    actual = lines({"report": "comment", "plan": ".plan", "deploy": ".deploy", "drift": ".drift"}.get(job, job))
    facts = [line for line in lines(".facts") if job == "drift"]

    assert [] == [line for line in TOLD[job].splitlines() if not any(each.startswith(line) for each in actual + facts)]


def note(number: int, author: int, body: str) -> dict[str, object]:
    """A comment in the merge request."""
    return {"id": number, "author": {"id": author}, "body": body}


@pytest.mark.whole
@pytest.mark.parametrize(
    ("expected", "notes"),
    [
        (("POST", ""), []),
        (("POST", ""), [note(1, OTHER, MARKER), note(2, ME, f"about {MARKER}"), note(3, OTHER, "x")]),
        (("PUT", "/42"), [note(1, OTHER, MARKER), note(2, OTHER, "x"), note(42, ME, f"{MARKER}\nold")]),
    ],
    ids=["first push", "comments of others", "later push, on another page"],
)
def test_merge_request_has_one_comment(gitlab: GitLab, tmp_path: Path, expected: tuple[str, str], notes: list[Any]):
    """The one of ours that begins with our line is edited; it says of which commit it is."""
    gitlab.notes = notes
    ended = comment(gitlab, tmp_path)

    method, path = expected
    body = f"{MARKER}\nnetworks\n\nAs of commit c0ffee.\n"
    assert (0, [(method, f"/projects/3/merge_requests/5/notes{path}", body)]) == (ended[0], gitlab.changed), ended


@pytest.mark.whole
def test_comment_has_the_facts_of_the_night_on_main(gitlab: GitLab, tmp_path: Path):
    """They are those of the newest scheduled pipeline; without them the report goes without."""
    night = {"": [{"id": 11}], "/11/jobs": [{"id": 8, "name": "drift-prod"}, {"id": 9, "name": "facts-prod"}]}
    gitlab.answers |= {f"/projects/3/pipelines{path}": found for path, found in night.items()}
    gitlab.answers["/projects/3/jobs/9/artifacts/out/prod.facts.json"] = {"schema": 1}
    assert 0 == comment(gitlab, tmp_path)[0]

    asked = (tmp_path / "asked").read_text().splitlines()
    assert ["report", f"{tmp_path}/out/previews/prod.json", "--facts", f"{tmp_path}/out/prod.facts.json"] == asked
    assert {"schema": 1} == json.loads((tmp_path / "out" / "prod.facts.json").read_text())


def test_comment_is_made_of_no_preview_and_the_job_fails(gitlab: GitLab, tmp_path: Path):
    """The comment is never that of an earlier push."""
    status, said = comment(gitlab, tmp_path, f"{REPORT}; exit 1")

    assert (1, 1, True) == (status, len(gitlab.changed), "no facts of prod" in said)


def test_comment_runs_the_code_of_main(tmp_path: Path):
    """Only the previews of what the branch left are taken, to where no code lies."""
    (tmp_path / "left" / "previews").mkdir(parents=True)
    (tmp_path / "left" / "comment.md").touch()
    git = 'echo "$*" >>"$ASKED"'
    shell = "\n".join(FILE["comment"]["before_script"][:3]) + '\nls "$OUT"'
    known = {"OUT": str(tmp_path / "left"), "ASKED": str(tmp_path / "asked"), "CI_DEFAULT_BRANCH": "main"}

    assert (0, "previews\n") == run(shell, tmp_path, {"git": git}, CI_REPOSITORY_URL="URL", **known)
    assert (tmp_path / "asked").read_text().startswith("clone --quiet --depth 1 --branch main URL /")
    assert "none" == FILE["comment"]["variables"]["GIT_STRATEGY"]


@pytest.mark.parametrize(
    ("expected", "file"),
    [("", "nothing.json"), ("state check prod\nup --stack prod --plan out/plan.json", "plan.json")],
    ids=["nothing to do", "a plan"],
)
def test_deployment_carries_out_a_plan(tmp_path: Path, expected: str, file: str):
    """It looks at the state first; without a change it does nothing."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / file).touch()
    (tmp_path / "asked").touch()
    programs = dict.fromkeys(("swarmnet", "pulumi"), 'echo "$*" >>asked')

    assert 0 == run("\n".join(FILE[".deploy"]["script"]), tmp_path, programs, OUT="out", STACK="prod")[0]
    assert (tmp_path / "asked").read_text().startswith(expected)
    assert bool(expected) == bool((tmp_path / "asked").read_text())


def test_key_is_in_the_agent_alone(tmp_path: Path):
    """The shell of later steps has the agent's socket, and no key."""
    shell = "\n".join(FILE[".reaches-hosts"]["before_script"]) + '\necho "$SSH_AUTH_SOCK${SWARMNET_SSH_KEY:-}"'
    (tmp_path / ".github").symlink_to(ROOT / ".github")
    agent = "echo 'SSH_AUTH_SOCK=/run/agent; export SSH_AUTH_SOCK;'"
    programs = {"ssh-agent": agent, "ssh-add": "cat >added", "make": "exit 0"}

    of = {"OUT": "out", "SWARMNET_SSH_KEY": "PRIVATE", "SWARMNET_KNOWN_HOSTS": ""}
    assert (0, "/run/agent\n") == run(shell, tmp_path, programs, **of)
    assert "PRIVATE\n" == (tmp_path / "added").read_text()


def test_jobs_run_only_where_they_may():
    """Merge requests of the project alone have a preview; main alone reaches hosts, one job of a stack at a time; a
    human starts what writes, in the stack's own environment."""
    only = [rule["if"].partition(" && ")[2] for rule in FILE["workflow"]["rules"]]
    on_main = "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"
    assert ["$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID", on_main, on_main] == only
    for name in (".plan", ".deploy", ".facts", ".drift"):
        assert ".reaches-hosts" == FILE[name]["extends"]
        assert "merge_request" not in str(FILE[name]["rules"])
    assert "$STACK" == FILE[".reaches-hosts"]["resource_group"]
    assert [("manual", False)] * 2 == [(rule["when"], rule["allow_failure"]) for rule in FILE[".deploy"]["rules"]]
    assert [{"name": "$STACK"}, *[{"name": "hosts", "action": "access"}] * 3] == [
        FILE[name]["environment"] for name in (".deploy", ".plan", ".facts", ".drift")
    ]
    assert ["plan-prod", {"job": "deploy-staging", "artifacts": False}] == FILE["deploy-prod"]["needs"]


def test_secrets_are_variables_of_gitlab_alone():
    """The file sets none, and no program gets one as an argument."""
    assert not re.findall(r"^ *(PULUMI|AWS|SWARMNET)_\w+:", TEXT, re.MULTILINE)
    assert ['KEY="$SWARMNET_SSH_KEY"', '"$SWARMNET_GITLAB_TOKEN" |'] == re.findall(
        r'KEY="\$SWARMNET_SSH_KEY"|"\$SWARMNET_GITLAB_TOKEN" \|', TEXT
    )
