"""The shell of docs/ci.md, run as a CI would: a preview, a plan, that plan carried out, drift."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stacks_on_hosts.conftest import Standing
from tests.support.services import deploy
from tests.support.what_hosts_show import promised, shown
from tests.test_workflows import TOLD

pytestmark = pytest.mark.lab

HOSTS = "n"

WEB = {"web": "--replicas 2 --publish 8080:80 busybox:lab sleep 100000"}
SECONDS = 150.0

Job = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def job(standing: Standing) -> Job:
    """Runs a job of the page in the checkout of a project, by its name."""
    out(standing).mkdir(exist_ok=True)
    shutil.rmtree(out(standing) / "previews", ignore_errors=True)
    given = {"STACKS": standing.project.stack, "OUT": str(out(standing))}
    return lambda name: standing.project.shell(TOLD[name], SECONDS, **given)


def out(standing: Standing) -> Path:
    """Return the folder in which jobs write what others read."""
    return standing.project.folder / "out"


def state(standing: Standing) -> dict[Path, bytes]:
    """Every file of the state: a job that only reads it leaves all as they are."""
    return {path: path.read_bytes() for path in standing.project.backend.rglob("*") if path.is_file()}


def verdict(standing: Standing) -> str:
    """Return the first line of the comment."""
    return (out(standing) / "comment.md").read_text().splitlines()[3]


def ended(done: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    """Return the exit code of a job, and its last words if it failed."""
    return done.returncode, (done.stdout + done.stderr)[-2000:] if done.returncode else ""


def test_a_change_is_reviewed_and_carried_out(standing: Standing, job: Job):
    """The preview asks no host, the plan names services and only reads the state, the deployment is what was planned;
    nothing drifts then."""
    standing.stands = False
    deploy(next(iter(standing.hosts)), WEB)
    changed = {**standing.sections, "ingress": {"subnet": "10.230.0.0/20"}}
    standing.project.declare(changed)
    asked = [host.requests() for host in standing.hosts]

    assert (0, "") == ended(job("preview"))
    assert (0, "") == ended(job("report"))
    assert asked == [host.requests() for host in standing.hosts]
    assert "every port published through it goes away for seconds" in verdict(standing)

    before = state(standing)
    assert (0, "") == ended(job("plan"))
    assert before == state(standing)
    assert re.fullmatch(
        r"\*\*The ingress changes: no published ports for \d+ to \d+ s for service `web`\.\*\*", verdict(standing)
    )

    assert (0, "") == ended(job("deploy"))
    assert promised(changed) == shown(standing.hosts)
    assert (0, "") == ended(job("drift"))
    assert (0, "") == ended(job("plan"))
    assert not (out(standing) / "plan.json").exists(), "there is nothing to approve"


def test_only_what_was_reviewed_is_carried_out(standing: Standing, job: Job):
    """A stack file that changed after its plan is refused, and nothing is written to any host."""
    overlays = {**standing.sections["overlays"], "data": {"subnet": "10.231.0.0/24"}}
    standing.project.declare({**standing.sections, "overlays": overlays})
    assert (0, "") == ended(job("plan"))
    writes = [host.writes() for host in standing.hosts]

    standing.project.declare({**standing.sections, "overlays": {**overlays, "data": {"subnet": "10.232.0.0/24"}}})
    refused = job("deploy")

    assert (True, True) == (refused.returncode != 0, "violates plan" in refused.stdout)
    assert writes == [host.writes() for host in standing.hosts]
    standing.project.declare(standing.sections)


def test_drift_fails_the_night_and_is_repaired_by_a_plan(standing: Standing, job: Job):
    """The job fails with 7, and has facts all the same; a plan made with a refresh holds against another one."""
    first, *_, last = standing.hosts.hosts
    standing.hosts[first].docker("node", "update", "--label-add", "rack=r9", last)

    assert 7 == job("drift").returncode
    assert "labels.rack: recorded r1, there r9" in (out(standing) / "drift.txt").read_text()
    facts = json.loads((out(standing) / f"{standing.project.stack}.facts.json").read_text())
    assert sorted(standing.hosts.hosts) == sorted(facts["hosts"])

    assert (0, "") == ended(job("plan"))
    assert f"host `{last}` changed in place" in verdict(standing).replace("Host", "host")
    assert (0, "") == ended(job("deploy"))
    assert (0, "") == ended(job("drift"))
