"""`swarmnet facts`: the file, as it is written and read."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from providers.explain.facts_file import Attached, Bridge, FactsFile, HostFacts, NetworkFacts, NoFacts, facts_file
from providers.simulate import World, bare, members
from providers.simulate.hosts import SimulatedHosts as Simulated
from providers.simulate.others import create_service, run_container, service_spec
from tests.cli.test_plan import NEW_INGRESS, at_work, foretold
from tests.support import lifecycle
from tests.support.command_line import swarmnet
from tests.support.simulated import after, elapsed

TAKEN_AT = datetime(2026, 11, 24, 3, 40, tzinfo=UTC)


def with_shell(world: World) -> World:
    """Return the world with a container on w1 that is no task, on the overlay."""
    host = run_container(world, "w1", lifecycle.id_of(world, lifecycle.overlay_spec())).host("w1")
    return world.with_host(replace(host, containers=tuple(replace(each, name="shell") for each in host.containers)))


WORLD = with_shell(at_work())


def facts(world: World = WORLD) -> FactsFile:
    """The facts of a stack whose ingress is about to change."""
    return facts_file("prod", TAKEN_AT, Simulated(world).survey(), foretold(WORLD, NEW_INGRESS))


def test_file_is_read_as_it_was_written():
    """All of it."""
    assert facts() == FactsFile.parse(facts().text())


def test_file_says_of_what_and_when():
    """The file says it under keys that stay."""
    found = json.loads(facts().text())

    assert ["schema", "stack", "taken_at", "state", "hosts", "networks", "forecast"] == list(found)
    assert (1, "prod", "2026-11-24T03:40:00Z", "known") == (
        found["schema"],
        found["stack"],
        found["taken_at"],
        found["state"],
    )


def test_hosts_have_their_bridges():
    """A host has its bridge, its role for the managers, and its tasks by service."""
    tasks = {"api": 1, "web": 1}
    bridge = Bridge(subnet="10.12.0.0/16", gateway="10.12.0.1")

    assert (
        HostFacts(state="active", role="worker", availability="active", bridge=bridge, tasks=tasks)
        == (facts().hosts["w1"])
    )


def test_silent_host_is_there_with_the_reason():
    """A silent host has what the managers know of it; its bridge is unknown."""
    found = facts(members.cut(WORLD, "w1")).hosts["w1"]

    assert ("worker", None, "") == (found.role, found.bridge, found.state)
    assert found.silent.startswith("w1: ")


def test_hosts_outside_any_swarm_have_no_networks():
    """There is no swarm to have them."""
    found = facts(bare(*lifecycle.HOSTS))

    assert ({}, HostFacts(state="inactive")) == (found.networks, found.hosts["m1"])


def test_overlay_has_who_is_attached():
    """Services with their tasks and published ports, and containers that are no tasks."""
    found = facts().networks["app"]

    assert (Attached(name="api", ports=("8081/tcp",), tasks=3),) == found.services
    assert ("shell on w1",) == found.containers
    assert ("10.20.0.0/24", "10.20.0.1", True, False) == (
        found.subnet,
        found.gateway,
        found.attachable,
        found.ingress,
    )


def test_ingress_has_who_publishes():
    """Anything else attached to it is no service's port."""
    found = facts().networks["ingress"]

    assert ["api", "web"] == [service.name for service in found.services]
    assert found.ingress


def test_forecast_has_what_plan_says():
    """The ports that each service loses, and how many of its tasks restart."""
    (found,) = FactsFile.parse(facts().text()).forecast

    assert [("api", ("8081/tcp",)), ("web", ("8080/tcp",))] == [(each.service, each.ports) for each in found.absences]
    assert [("api", 6), ("web", 4)] == [(each.service, each.times) for each in found.restarts]
    assert foretold(WORLD, NEW_INGRESS)[0].disturbs == found.disturbs


def test_nothing_of_a_services_spec_is_in_it():
    """Such as the password in its environment."""
    spec = service_spec("db", TaskTemplate={"ContainerSpec": {"Env": ["PASSWORD=hunter2"]}, "Placement": {}})
    world = after(WORLD, lambda world: create_service(world, spec), elapsed(5))

    assert "hunter2" not in facts(world).text()


def test_keys_of_a_later_version_are_passed_over():
    """They may be added under the same number."""
    found = json.loads(facts().text())
    found["networks"]["app"]["colour"] = found["weather"] = "fine"

    assert facts() == FactsFile.parse(json.dumps(found))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "it: ", id="empty"),
        pytest.param("[]", "it: ", id="no object"),
        pytest.param(facts().text().replace('"schema": 1', '"schema": 2'), "schema: input should be 1", id="version"),
        pytest.param(facts().text().replace("2026-11-24T03:40:00Z", "2026-11-24T03:40:00"), "taken_at: ", id="no zone"),
    ],
)
def test_other_files_are_no_facts(text, problem):
    """One line says where the file is wrong."""
    with pytest.raises(NoFacts, match="no facts of schema 1 as `swarmnet facts` writes them: ") as refused:
        FactsFile.parse(text)

    assert problem in str(refused.value)
    assert 1 == len(str(refused.value).splitlines())


def test_empty_network_is_no_error():
    """One that the swarm gave no addresses."""
    assert NetworkFacts(id="dead") == NetworkFacts.model_validate_json('{"id": "dead"}')


def test_wrong_stack_file_is_told_on_stderr(tmp_path: Path):
    """One line for each problem; standard output is for the facts."""
    (tmp_path / "Pulumi.bad.yaml").write_text("config:\n  swarmnet:hosts: {}\n")
    ended = swarmnet("facts", "--dir", str(tmp_path), "bad")

    assert (1, "", f"bad: {tmp_path}/Pulumi.bad.yaml:2:3: hosts: is empty; a stack needs at least one\n") == (
        ended.exit_code,
        ended.stdout,
        ended.stderr,
    )
