"""Services that roll back or stop in a migration, and the network to which a later rollback goes."""

import json
from dataclasses import replace
from typing import Any

import pytest

from providers.rules.live import overlay_migration
from providers.rules.vocabulary.facts import Network, OverlayFacts, SwarmService, Task
from providers.rules.vocabulary.steps import Decision, UpdateService, UpdateSwarm
from tests.support.decisions import kinds, reason, steps
from tests.support.networks import a_network
from tests.support.swarms import a_swarm

SWARM = a_swarm(id="s")
OLD = a_network(id="old", name="app", driver="overlay", scope="swarm")
TWIN = a_network(id="twin", name="app-swarmnet-twin", driver="overlay", scope="swarm")


WEB = SwarmService(id="s1", name="web", version=7)


def service(target: Network, **given: Any) -> SwarmService:
    """A service whose spec names this network."""
    spec = json.dumps({"Name": "web", "TaskTemplate": {"Networks": [{"Target": target.id}]}})
    return replace(WEB, **{"networks": (target.id,), "spec": spec, **given})


def renewed(rollback_network: str) -> Decision | None:
    """Return the decision on a service whose former spec names this network."""
    user = replace(WEB, networks=("new",), rollback_networks=(rollback_network,), spec='{"Name": "web"}')
    return overlay_migration.refresh_rollback_specs(OverlayFacts(network=None, services=(user,)), TWIN)


def test_a_rollback_to_the_twin_is_replaced():
    """One unchanged update replaces it; another rollback is the service's own affair."""
    assert (UpdateService(service_id="s1", version=7, spec='{"Name": "web"}'),) == steps(renewed("twin"))
    assert None is renewed("new")


def moving(state: str, noted: str = "", *, version: int = 7, actual: bool = False) -> Decision | None:
    """Return the decision on a service with an update in this state, on its way to the twin: before it moves, or
    once its spec names the twin and a task is on it."""
    user = service(TWIN if actual else OLD, update_state=state, version=version)
    task = Task(id="t", service_id="s1", node_id="n1", state="running", desired="running", networks=(OLD.id,))
    swarm = replace(SWARM, labels=(("swarmnet.moved.s1", noted),) if noted else ())
    found = OverlayFacts(network=OLD, services=(user,), tasks=(task,), swarm=swarm)
    moved = overlay_migration.move_services(overlay_migration.services_on(OLD, found), OLD, TWIN, swarm)
    return moved or overlay_migration.wait_until_left(found, OLD)


@pytest.mark.parametrize(
    ("expected", "state"),
    [("twin", ""), ("twin.7", "rollback_completed"), ("twin.7", "paused")],
    ids=["no update", "an old rollback", "an old pause"],
)
def test_what_failed_before_is_noted_apart(expected: str, state: str):
    """It is noted with the version that the service has now."""
    (step,) = steps(moving(state))
    assert isinstance(step, UpdateSwarm)
    assert (("swarmnet.moved.s1", expected),) == step.set_labels


def test_an_old_rollback_is_no_word_on_the_move():
    """The service is moved."""
    assert ["UpdateService"] == kinds(moving("rollback_completed", "twin.7"))


@pytest.mark.parametrize("noted", ["twin", "twin.7"])
def test_a_service_that_came_back_is_named(noted: str):
    """Its tasks failed on the twin."""
    expected = "service web was moved to app-swarmnet-twin and came back"
    assert expected in reason(moving("rollback_completed", noted, version=9))


def test_a_service_that_stopped_on_the_way_is_named():
    """Its first new task failed, and the update paused: nothing moves any more."""
    assert "service web stopped on the way off overlay app" in reason(moving("paused", "twin", actual=True))


@pytest.mark.parametrize(
    ("expected", "state"), [("the updates of web to end", "updating"), (None, "completed"), (None, "")]
)
def test_new_tasks_are_watched_to_the_end(expected: str | None, state: str):
    """A task that fails before takes its service back to the network that is about to be removed."""
    user = service(TWIN, update_state=state)
    swarm = replace(SWARM, labels=(("swarmnet.moved.s1", TWIN.id),))
    found = overlay_migration.wait_for_updates(OverlayFacts(network=OLD, services=(user,)), TWIN, swarm)

    assert expected == (found and found.for_what)
