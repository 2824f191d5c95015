"""`pulumi refresh` with hosts that do not answer: what can't be read is an error, and is never taken for gone."""

import time
from collections.abc import Callable

import pytest

from tests.stacks_on_hosts.conftest import Standing
from tests.support.machines import Group, eventually
from tests.support.project import Project, Run
from tests.support.what_hosts_show import promised, shown, stack_of

pytestmark = pytest.mark.lab

Figure = Callable[[str, float], None]
# A refresh has to be over within 40 s on a machine of its own; this is where a test stops waiting.
PATIENCE = 60.0


def refreshed(project: Project, figure: Figure, what: str, *words: str) -> Run:
    """Refresh once, with hosts that do not answer; tells how long it took."""
    began = time.monotonic()
    run = project.refresh(*words, seconds=PATIENCE)
    figure(f"refresh with {what}", time.monotonic() - began)
    assert not run.ok
    for line in run.errors.values():
        assert "\n" not in line
    return run


def properties(project: Project, *left_out: str) -> dict[str, object]:
    """Inputs and outputs in the state, by resource."""
    return {
        name: (each.get("inputs"), each.get("outputs"))
        for name, each in project.state().items()
        if name not in left_out
    }


def test_with_the_managers_docker_stopped(standing: Standing, figure: Figure):
    """The only manager is silent: nothing of the swarm can be read, and all of it stays in the state as it was."""
    before = properties(standing.project)
    standing.hosts.fault("t1", "stop-docker")

    run = refreshed(standing.project, figure, "the manager's docker stopped")

    assert before == properties(standing.project)
    assert "t1: the Engine does not answer" in run.errors["swarm"]
    assert "t1: the Engine does not answer" in run.errors["overlay/app"]
    standing.hosts.fault("t1", "start-docker")
    assert eventually(standing.project.is_settled)


def test_with_a_worker_cut_off(standing: Standing, figure: Figure):
    """A worker's cable is pulled: its own resources are errors, and stay in the state as they were."""
    before = properties(standing.project)
    standing.hosts.fault("t3", "cut")

    bridge = refreshed(standing.project, figure, "a worker cut off")
    assert "no answer within 10 s" in bridge.errors["docker_gwbridge@t3"]

    # Once the managers call it down, nobody counts on it: what is the swarm's is read without it.
    manager = standing.hosts["t1"]
    eventually(lambda: "down" in {node["Status"]["State"] for node in manager.nodes().values()})
    ingress = standing.project.refresh("--target", "**::ingress")

    assert ingress.ok, ingress.told
    assert before == properties(standing.project)
    standing.hosts.fault("t3", "heal")
    assert eventually(standing.project.is_settled)


def test_with_two_of_three_managers_down(bare: Group, project: Project, figure: Figure):
    """A manager without a quorum answers 404 for overlays that exist: it is not believed."""
    sections = stack_of(bare, managers=3)
    project.declare(sections)
    up = project.up()
    assert up.ok, up.told
    before = properties(project)
    bare.fault("t2", "stop-docker")
    bare.fault("t3", "stop-docker")
    eventually(lambda: bare["t1"].swarm()["Error"])

    run = refreshed(project, figure, "two of three managers down")

    assert before == properties(project)
    assert {"swarm", "node/t1", "ingress", "overlay/app", "overlay/monitoring"} <= set(run.errors)
    bare.fault("t2", "start-docker")
    bare.fault("t3", "start-docker")
    assert eventually(project.is_settled)
    assert promised(sections) == shown(bare)
