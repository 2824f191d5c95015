"""`swarmnet facts`: the file, as it is written and read."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from providers.explain.facts_file import Attached, Bridge, FactsFile, HostFacts, NoFacts, facts_file
from providers.simulate import SimulatorState
from providers.simulate.hosts import SimulatedHosts as Simulated
from tests.cli.test_plan import NEW_INGRESS, at_work, foretold
from tests.support import lifecycle, others
from tests.support.others import create_service, run_container, service_spec
from tests.support.simulated import after, elapsed

TAKEN_AT = datetime(2026, 11, 24, 3, 40, tzinfo=UTC)


def with_shell(sim: SimulatorState) -> SimulatorState:
    """Return the simulation with a container on w1 that is no task, on the overlay."""
    host = run_container(sim, "w1", lifecycle.id_of(sim, lifecycle.overlay_spec())).host("w1")
    return sim.with_host(replace(host, containers=tuple(replace(each, name="shell") for each in host.containers)))


SIM = with_shell(at_work())


def facts(sim: SimulatorState = SIM) -> FactsFile:
    """The facts of a stack whose ingress is about to change."""
    return facts_file("prod", TAKEN_AT, Simulated(sim).snapshot(), foretold(SIM, NEW_INGRESS))


def test_file_is_read_as_it_was_written():
    """All of it."""
    assert facts() == FactsFile.parse(facts().text())


def test_file_says_of_what_and_when():
    """The file says it under keys that stay."""
    found = json.loads(facts().text())
    said = {"schema": 1, "stack": "prod", "taken_at": "2026-11-24T03:40:00Z", "state": "known"}

    assert [*said, "hosts", "networks", "forecast"] == list(found)
    assert said == {key: found[key] for key in said}


def test_hosts_have_their_bridges():
    """A host has its bridge, its role for the managers, and its tasks by service."""
    bridge = Bridge(subnet="10.12.0.0/16", gateway="10.12.0.1")
    member = {"role": "worker", "availability": "active", "tasks": {"api": 1, "web": 1}}

    assert HostFacts(state="active", bridge=bridge, **member) == facts().hosts["w1"]


def test_unreachable_host_is_there_with_the_reason():
    """An unreachable host has what the managers know of it; its bridge is unknown."""
    found = facts(others.cut(SIM, "w1")).hosts["w1"]

    assert ("worker", None, "") == (found.role, found.bridge, found.state)
    assert found.silent.startswith("w1: ")


def test_networks_have_who_is_attached():
    """Services with tasks and published ports, and containers that are no tasks; the ingress who publishes, alone."""
    found = facts().networks
    app, ingress = found["app"], found["ingress"]

    assert (Attached(name="api", ports=("8081/tcp",), tasks=3),) == app.services
    assert ("shell on w1",) == app.containers
    assert ("10.20.0.0/24", "10.20.0.1", True, False) == (app.subnet, app.gateway, app.attachable, app.ingress)
    assert (True, ["api", "web"]) == (ingress.ingress, [service.name for service in ingress.services])


def test_nothing_of_a_services_spec_is_in_it():
    """Such as the password in its environment."""
    spec = service_spec("db", TaskTemplate={"ContainerSpec": {"Env": ["PASSWORD=hunter2"]}, "Placement": {}})
    sim = after(SIM, lambda sim: create_service(sim, spec), elapsed(5))

    assert "hunter2" not in facts(sim).text()


def test_keys_of_a_later_version_are_passed_over():
    """They may be added under the same number."""
    found = json.loads(facts().text())
    found["networks"]["app"]["colour"] = found["weather"] = "fine"

    assert facts() == FactsFile.parse(json.dumps(found))


WRITTEN = facts().text()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "it: ", id="empty"),
        pytest.param("[]", "it: ", id="no object"),
        pytest.param(WRITTEN.replace('"schema": 1', '"schema": 2'), "schema: input should be 1", id="version"),
        pytest.param(WRITTEN.replace("03:40:00Z", "03:40:00"), "taken_at: ", id="no zone"),
    ],
)
def test_other_files_are_no_facts(text, problem):
    """One line says where the file is wrong."""
    with pytest.raises(NoFacts, match="not facts of schema 1 as `swarmnet facts` writes them: ") as refused:
        FactsFile.parse(text)

    assert problem in str(refused.value)
    assert 1 == len(str(refused.value).splitlines())
