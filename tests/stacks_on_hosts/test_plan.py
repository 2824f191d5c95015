"""`swarmnet plan` on real hosts: it writes nothing, and the `up` that follows does what it said."""

import json
from typing import Any

import pytest

from tests.stacks_on_hosts.conftest import Status
from tests.support.project import Project, Run, name
from tests.support.services import deploy, specs

pytestmark = pytest.mark.lab

KICKED = "bring the ingress to "
SERVICES = {
    "web": "--replicas 2 --publish 8080:80 busybox:lab sleep 100000",
    "inside": "--replicas 1 --network monitoring busybox:lab sleep 100000",
}


def planned(project: Project) -> tuple[int, dict[str, Any]]:
    """Return the exit code of the command, and its forecast for each resource."""
    ended = project.swarmnet("plan", "--json")
    assert ended.stdout, ended.stderr
    report = json.loads(ended.stdout)
    assert "known" == report["state"]
    return ended.returncode, {each["resource"]: each for each in report["resources"]}


def begun(run: Run) -> dict[str, list[str]]:
    """The progress lines of a run that are no waiting, by resource; a host that is slow to attach is kicked again,
    which no plan can know, so that is no line of its own."""
    found: dict[str, list[str]] = {}
    told = (event["diagnosticEvent"] for event in run.events if "diagnosticEvent" in event)
    for line in (each for each in told if each.get("ephemeral")):
        text, lines = line["message"].strip(), found.setdefault(name(line["urn"]), [])
        again = lines and text.startswith(KICKED) and lines[-1].startswith(KICKED)
        if not text.startswith("waiting for") and not again:
            lines.append(untimed(text))
    return found


def untimed(line: str) -> str:
    """A line without how long ports were away, which is foretold in seconds and then measured."""
    return line.partition("; ports unavailable")[0]


def announced(run: Run) -> dict[str, str]:
    """Return what a run said that it will disturb, by resource."""
    told = (event["diagnosticEvent"] for event in run.events if "diagnosticEvent" in event)
    return {name(each["urn"]): each["message"].strip() for each in told if each["message"].startswith("will ")}


def test_up_does_what_plan_said(status: Status):
    """Nothing is written for the plan; then the ingress moves under a service, stage by stage as it was said."""
    status.stands = False
    manager = next(iter(status.hosts))
    deploy(manager, SERVICES)
    status.project.declare({**status.sections, "ingress": {"subnet": "10.220.0.0/20"}})
    before = [len(host.writes()) for host in status.hosts], specs(manager)

    code, found = planned(status.project)
    assert before == ([len(host.writes()) for host in status.hosts], specs(manager))
    assert (0, ["ingress"]) == (code, [name for name, each in found.items() if each["stages"]])

    run = status.project.up()
    assert run.ok, run.told
    assert [untimed(stage["doing"]) for stage in found["ingress"]["stages"]] == begun(run)["ingress"]
    assert announced(run)["ingress"].startswith("will unpublish ports: web (8080/tcp) for ")


def test_what_blocks_is_the_error_of_up(status: Status):
    """An overlay in use that may not be migrated."""
    status.stands = False
    deploy(next(iter(status.hosts)), {"held": SERVICES["inside"]})
    overlays = {**status.sections["overlays"], "monitoring": {"subnet": "10.221.0.0/24"}}
    status.project.declare({**status.sections, "overlays": overlays})

    code, found = planned(status.project)

    why = "while it is used by service held on"
    assert 1 == code
    assert why in found["overlay/monitoring"]["problem"]
    assert why in status.project.up().errors["overlay/monitoring"]
