"""Services that roll back or stop in a migration, and the network to which a later rollback goes."""

import json
from dataclasses import replace

import pytest

from providers.rules.live import overlay_migration
from providers.rules.vocabulary.facts import OverlayFacts, SwarmService, Task
from providers.rules.vocabulary.steps import Decision, UpdateService, UpdateSwarm
from tests.support.decisions import kinds, reason, steps
from tests.support.networks import a_network
from tests.support.swarms import a_swarm

SWARM = a_swarm(id="s")
OLD = a_network(id="old", name="app", driver="overlay", scope="swarm")
TWIN = a_network(id="twin", name="app-swarmnet-twin", driver="overlay", scope="swarm")


def facts(rollback_network: str) -> OverlayFacts:
    """A service on the new overlay whose former spec names this network."""
    service = SwarmService(
        id="s1", name="web", networks=("new",), rollback_networks=(rollback_network,), spec='{"Name": "web"}', version=7
    )
    return OverlayFacts(network=None, services=(service,))


def test_a_rollback_to_the_twin_is_replaced():
    """One unchanged update replaces it."""
    decision = overlay_migration.renewed(facts("twin"), TWIN)

    assert decision is not None
    assert (UpdateService(service_id="s1", version=7, spec='{"Name": "web"}'),) == steps(decision)


def test_another_rollback_is_left():
    """It is the service's own affair."""
    assert overlay_migration.renewed(facts("new"), TWIN) is None


def moving(update_state: str, *labels: tuple[str, str], version: int = 7, there: bool = False) -> Decision | None:
    """Return the decision on a service with an update in this state, on its way to the twin: before it moves, or
    once its spec names the twin and a task is on it."""
    target = TWIN.id if there else OLD.id
    spec = json.dumps({"Name": "web", "TaskTemplate": {"Networks": [{"Target": target}]}})
    service = SwarmService(
        id="s1", name="web", networks=(target,), update_state=update_state, spec=spec, version=version
    )
    task = Task(id="t", service_id="s1", node_id="n1", state="running", desired="running", networks=(OLD.id,))
    found = OverlayFacts(network=OLD, services=(service,), tasks=(task,), swarm=replace(SWARM, labels=labels))
    users = overlay_migration.on(OLD, found)
    moved = overlay_migration.moved(users, OLD, TWIN, replace(SWARM, labels=labels))
    return moved or overlay_migration.left(found, OLD)


@pytest.mark.parametrize(
    ("expected", "label"),
    [("twin", ""), ("twin.7", "rollback_completed"), ("twin.7", "paused")],
    ids=["no update", "an old rollback", "an old pause"],
)
def test_what_failed_before_is_noted_apart(expected: str, label: str):
    """It is noted with the version that the service has now."""
    decision = moving(label)

    assert decision is not None
    (step,) = steps(decision)
    assert isinstance(step, UpdateSwarm)
    assert (("swarmnet.moved.s1", expected),) == step.set_labels


def test_an_old_rollback_is_no_word_on_the_move():
    """The service is moved."""
    decision = moving("rollback_completed", ("swarmnet.moved.s1", "twin.7"))

    assert decision is not None
    assert ["UpdateService"] == kinds(decision)


@pytest.mark.parametrize("label", ["twin", "twin.7"])
def test_a_service_that_came_back_is_named(label: str):
    """Its tasks failed on the twin."""
    decision = moving("rollback_completed", ("swarmnet.moved.s1", label), version=9)

    assert decision is not None
    assert "service web was moved to app-swarmnet-twin and came back" in reason(decision)


def test_a_service_that_stopped_on_the_way_is_named():
    """Its first new task failed, and the update paused: nothing moves any more."""
    decision = moving("paused", ("swarmnet.moved.s1", "twin"), there=True)

    assert decision is not None
    assert "service web stopped on the way off overlay app" in reason(decision)


@pytest.mark.parametrize(
    ("expected", "state"), [("the updates of web to end", "updating"), (None, "completed"), (None, "")]
)
def test_new_tasks_are_watched_to_the_end(expected: str | None, state: str):
    """A task that fails before takes its service back to the network that is about to be removed."""
    spec = json.dumps({"Name": "web", "TaskTemplate": {"Networks": [{"Target": TWIN.id}]}})
    service = SwarmService(id="s1", name="web", networks=(TWIN.id,), update_state=state, spec=spec)
    swarm = replace(SWARM, labels=(("swarmnet.moved.s1", TWIN.id),))
    found = overlay_migration.watched(OverlayFacts(network=OLD, services=(service,)), TWIN, swarm)

    assert expected == (found and found.for_what)
