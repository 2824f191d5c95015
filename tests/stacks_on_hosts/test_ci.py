"""The shell of docs/ci.md, run as a CI would: a preview, a plan, that plan carried out, drift."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stacks_on_hosts.conftest import Status
from tests.support.services import deploy
from tests.support.what_hosts_show import promised, shown
from tests.test_workflows import TOLD

pytestmark = pytest.mark.lab

HOSTS = "n"

WEB = {"web": "--replicas 2 --publish 8080:80 busybox:lab sleep 100000"}
SECONDS = 150.0

Job = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def job(status: Status) -> Job:
    """Runs a job of the page in the checkout of a project, by its name."""
    out(status).mkdir(exist_ok=True)
    shutil.rmtree(out(status) / "previews", ignore_errors=True)
    given = {"STACKS": status.project.stack, "OUT": str(out(status))}
    return lambda name: status.project.shell(TOLD[name], SECONDS, **given)


def out(status: Status) -> Path:
    """Return the folder in which jobs write what others read."""
    return status.project.folder / "out"


def state(status: Status) -> dict[Path, bytes]:
    """Every file of the state: a job that only reads it leaves all as they are."""
    return {path: path.read_bytes() for path in status.project.backend.rglob("*") if path.is_file()}


def validate(status: Status) -> str:
    """Return the first line of the comment."""
    return (out(status) / "comment.md").read_text().splitlines()[3]


def ended(done: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    """Return the exit code of a job, and its last words if it failed."""
    return done.returncode, (done.stdout + done.stderr)[-2000:] if done.returncode else ""


def test_a_change_is_reviewed_and_carried_out(status: Status, job: Job):
    """The preview asks no host, the plan names services and only reads the state, the deployment is what was planned;
    nothing drifts then."""
    status.stands = False
    deploy(next(iter(status.hosts)), WEB)
    changed = {**status.sections, "ingress": {"subnet": "10.230.0.0/20"}}
    status.project.declare(changed)
    asked = [host.requests() for host in status.hosts]

    assert (0, "") == ended(job("preview"))
    assert (0, "") == ended(job("report"))
    assert asked == [host.requests() for host in status.hosts]
    assert "every port published through it is unavailable for some seconds" in validate(status)

    before = state(status)
    assert (0, "") == ended(job("plan"))
    assert before == state(status)
    assert re.fullmatch(
        r"\*\*The ingress changes: no published ports for \d+ to \d+ s for service `web`\.\*\*", validate(status)
    )

    assert (0, "") == ended(job("deploy"))
    assert promised(changed) == shown(status.hosts)
    assert (0, "") == ended(job("drift"))
    assert (0, "") == ended(job("plan"))
    assert not (out(status) / "plan.json").exists(), "there is nothing to approve"


def test_only_what_was_reviewed_is_carried_out(status: Status, job: Job):
    """A stack file that changed after its plan is refused, and nothing is written to any host."""
    overlays = {**status.sections["overlays"], "data": {"subnet": "10.231.0.0/24"}}
    status.project.declare({**status.sections, "overlays": overlays})
    assert (0, "") == ended(job("plan"))
    writes = [host.writes() for host in status.hosts]

    status.project.declare({**status.sections, "overlays": {**overlays, "data": {"subnet": "10.232.0.0/24"}}})
    refused = job("deploy")

    assert (True, True) == (refused.returncode != 0, "violates plan" in refused.stdout)
    assert writes == [host.writes() for host in status.hosts]
    status.project.declare(status.sections)


def test_drift_fails_the_night_and_is_repaired_by_a_plan(status: Status, job: Job):
    """The job fails with 7, and has facts all the same; a plan made with a refresh holds against another one."""
    first, *_, last = status.hosts.hosts
    status.hosts[first].docker("node", "update", "--label-add", "rack=r9", last)

    assert 7 == job("drift").returncode
    assert "labels.rack: recorded r1, actual r9" in (out(status) / "drift.txt").read_text()
    facts = json.loads((out(status) / f"{status.project.stack}.facts.json").read_text())
    assert sorted(status.hosts.hosts) == sorted(facts["hosts"])

    assert (0, "") == ended(job("plan"))
    assert f"host `{last}` changed in place" in validate(status).replace("Host", "host")
    assert (0, "") == ended(job("deploy"))
    assert (0, "") == ended(job("drift"))
