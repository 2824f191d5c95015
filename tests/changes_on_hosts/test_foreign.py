"""Others go on using the swarm while it changes, and what can't be moved blocks by name before the first write."""

import json
from collections.abc import Callable
from shlex import quote

import pytest

from tests.changes_on_hosts.conftest import Live, simulated_too
from tests.support.cutting import ended, killed
from tests.support.machines import eventually, is_quiet
from tests.support.services import FOREVER, all_run, create, create_by_api, lost, specs

pytestmark = pytest.mark.lab


@pytest.fixture
def alone(live: Live):
    """A container on a worker that is no task and uses an overlay of the stack."""
    live.hosts["l3"].docker(
        "run", "--detach", "--name=alone", "--network=app", "--stop-timeout=1", "busybox:lab", *FOREVER.split()
    )
    yield "alone"
    live.hosts["l3"].docker("rm", "--force", "alone")


@simulated_too
def test_a_service_made_in_the_middle_is_taken_along(live: Live, ranges: Callable[[], str]):
    """It publishes a port while the others' are off: it moves with them and keeps it."""
    live.declare(ingress={"subnet": ranges()})

    with ended(killed(live.project, "plugin", "unpublish ports")):
        create(live.manager, "late", f"--publish=8098:80 busybox:lab {FOREVER}")
        before = specs(live.manager)["late"]
        run = live.project.up()

    assert run.ok, run.told
    assert before == specs(live.manager)["late"]
    live.manager.docker("service", "rm", "late")
    live.is_whole()


def test_ports_that_were_taken_meanwhile_keep_no_other_away(live: Live, ranges: Callable[[], str]):
    """One through the ingress, one on hosts: each is named with both services, and all others are back. `up` brings the
    last ones once the thieves are gone."""
    create(live.manager, "two", f"--publish=8443:443 --publish=8444:444 busybox:lab {FOREVER}")
    eventually(lambda: all_run(live.manager))
    before = specs(live.manager)
    live.declare(ingress={"subnet": ranges()})

    with ended(killed(live.project, "plugin", "bring the ingress to")):
        eventually(lambda: is_quiet(live.hosts))  # the plugin's last calls may still be on their way
        create(live.manager, "thief", f"--publish=8080:80 busybox:lab {FOREVER}")
        create(live.manager, "other", f"--publish=mode=host,published=8444,target=80 busybox:lab {FOREVER}")
        run = live.project.up()

    assert not run.ok
    assert "service web: its port 8080 can't be published again: service thief now publishes it" in run.error
    assert "service two: its port 8444 can't be published again: service other now publishes it" in run.error
    stripped = [name for name, spec in specs(live.manager).items() if "swarmnet.journal" in (spec["Labels"] or {})]
    assert ["two", "web"] == sorted(stripped)
    assert [8443] == numbers(live, "two")
    live.manager.docker("service", "rm", "thief", "other")
    assert live.project.up().ok
    assert [] == lost(before, specs(live.manager))
    live.manager.docker("service", "rm", "two")
    live.is_whole()


def deploy_stack(live: Live, ports: list[str]) -> None:
    """Deploy a stack of one service by `docker stack deploy`, on an overlay of ours."""
    service = {"image": "busybox:lab", "command": FOREVER, "stop_grace_period": "1s", "networks": ["app"]}
    stack = {
        "version": "3.8",
        "services": {"web": {**service, "ports": ports}},
        "networks": {"app": {"external": True}},
    }
    deploy = "docker stack deploy --resolve-image=never --compose-file=- shop"
    live.manager.run("sh", "-c", f"echo {quote(json.dumps(stack))} | {deploy}")
    eventually(lambda: all_run(live.manager))


@simulated_too
def test_a_deployment_without_ports_in_the_middle_is_the_last_word(live: Live, ranges: Callable[[], str]):
    """The port that its service had before stays off, and no note of it is left."""
    deploy_stack(live, ["8097:80"])
    live.declare(ingress={"subnet": ranges()})

    with ended(killed(live.project, "plugin", "remove the old ingress")):
        eventually(lambda: is_quiet(live.hosts))  # the plugin's last calls may still be on their way
        deploy_stack(live, [])
        run = live.project.up()

    assert run.ok, run.told
    assert [] == numbers(live, "shop_web")
    live.manager.docker("stack", "rm", "shop")
    live.is_whole()


def numbers(live: Live, service: str) -> list[int]:
    """The numbers that a service publishes, by its Endpoint."""
    shown = live.manager.docker("service", "inspect", "--format={{json .Endpoint.Ports}}", service)
    return sorted(port["PublishedPort"] for port in json.loads(shown) or [])


@simulated_too
def test_ports_that_only_the_api_can_write(live: Live, ranges: Callable[[], str]):
    """Two to one target without numbers, protocol or mode: each comes back with the number that it had."""
    ports = [{"TargetPort": 80}, {"TargetPort": 80}]
    container = {"Image": "busybox:lab", "Command": FOREVER.split()}
    create_by_api(
        live.manager,
        {"Name": "twice", "TaskTemplate": {"ContainerSpec": container}, "EndpointSpec": {"Ports": ports}},
    )
    eventually(lambda: all_run(live.manager))
    before = numbers(live, "twice")
    live.declare(ingress={"subnet": ranges()})

    run = live.project.up()

    assert run.ok, run.told
    assert (2, before) == (len(set(before)), numbers(live, "twice"))
    live.manager.docker("service", "rm", "twice")
    live.is_whole()


def test_standalone_containers_block_a_bridge_change(live: Live, ranges: Callable[[], str], alone: str):
    """They are named. With `disturb: true` one is stopped, started again and paused as it was; one that was started
    with `--rm` needs a word of its own."""
    host = live.hosts["l3"]
    host.docker("pause", alone)
    host.docker("run", "--detach", "--rm", "--name=brief", "--stop-timeout=1", "busybox:lab", *FOREVER.split())
    started = host.docker("inspect", "--format={{.State.StartedAt}}", alone)
    live.declare(gwbridge={"subnet": ranges()})
    assert f"{alone}, brief would stop with its docker" in live.project.up().told
    live.declare(gwbridge={"disturb": True})
    assert "brief was started with --rm and would be removed for good" in live.project.up().told
    live.declare(gwbridge={"lose_auto_removed": True})

    run = live.project.up()

    assert run.ok, run.told
    state = host.docker("inspect", "--format={{.State.Status}} {{.State.StartedAt}}", alone)
    assert state.startswith("paused")
    assert started not in state
    assert alone == host.docker("ps", "--format={{.Names}}", "--filter=name=alone", "--filter=name=brief")
    live.is_whole()


def test_a_standalone_container_blocks_a_migration(live: Live, alone: str):
    """Its place on the overlay can't be moved: it is named by host."""
    live.declare(overlays={"app": {**live.sections["overlays"]["app"], "subnet": "10.202.8.0/24"}})

    run = live.project.up()

    assert not run.ok
    assert "containers without a service use it" in run.error
    assert "on l3" in run.error
    live.hosts["l3"].docker("stop", alone)
    assert f"{alone} on l3 (stopped)" in live.project.up().error
    live.hosts["l3"].docker("start", alone)
    live.declare(overlays={"app": {**live.sections["overlays"]["app"], "subnet": "10.202.0.0/24"}})
    assert live.project.up().ok
    live.is_whole()
