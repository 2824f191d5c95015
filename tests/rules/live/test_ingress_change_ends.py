"""A service's journal is closed as soon as its update only watches new tasks."""

import json
from dataclasses import replace

import pytest

from providers.rules.live import published_ports
from providers.rules.live.journal import Journal
from providers.rules.vocabulary.facts import IngressFacts, Node, Port, SwarmService, Task
from providers.rules.vocabulary.labels import JOURNAL
from providers.rules.vocabulary.steps import Decision, Steps, Wait
from tests.support.networks import a_network
from tests.support.swarms import a_swarm

NEW = a_network(id="new", name="ingress", driver="overlay", scope="swarm", subnets=("10.11.0.0/16",), ingress=True)
PORT = '{"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 8080, "PublishMode": "ingress"}'
RUNNING = Task(id="t1", service_id="s1", node_id="n1", state="running", desired="running", networks=("new",))


def closing(*tasks: Task, update_state: str = "updating", mode: str = "Replicated") -> Decision | None:
    """Return the decision on a service whose port is back, with these tasks left. Node n2 is down, n3 paused;
    nothing has changed for a while."""
    opened = Journal(service_id="s1", network="old", ports=(PORT,), numbers=(PORT,), update="null")
    labels = {JOURNAL: opened.text()}
    ports = {"Ports": [json.loads(PORT)]}
    template: dict[str, object] = {"Placement": {}}
    spec = {"Name": "web", "Labels": labels, "Mode": {mode: {}}, "TaskTemplate": template, "EndpointSpec": ports}
    service = SwarmService(
        id="s1",
        name="web",
        ports=(Port(protocol="tcp", target=80, published=8080, mode="ingress"),),
        update_state=update_state,
        labels=tuple(labels.items()),
        spec=json.dumps(spec),
    )
    states = {"n1": ("active", "ready"), "n2": ("active", "down"), "n3": ("pause", "ready")}
    nodes = tuple(
        Node(id=id_, hostname=id_, role="worker", availability=availability, state=state)
        for id_, (availability, state) in states.items()
    )
    facts = IngressFacts(
        network=NEW, swarm=a_swarm(id="swarm"), hosts=(), nodes=nodes, services=(service,), tasks=tasks
    )
    return published_ports.put_back(replace(facts, unchanged_for=published_ports.MOVES), NEW, pin=True)


def but(**changes: object) -> Task:
    """The running task with changes."""
    return Task(**{**RUNNING.__dict__, "id": "t2", **changes})


@pytest.mark.parametrize("state", ["completed", "paused", ""])
def test_an_update_that_has_ended(state: str):
    """Nothing is waited for, however it ended."""
    assert isinstance(closing(update_state=state), Steps)


@pytest.mark.parametrize(
    "old",
    [but(state="shutdown", desired="shutdown", networks=()), but(node_id="n2", desired="shutdown", networks=("old",))],
    ids=["ended", "on a host that is down"],
)
def test_an_update_that_only_watches(old: Task):
    """All that is left are new tasks, running on the new ingress: the five seconds of watching are not waited for."""
    assert isinstance(closing(RUNNING, old), Steps)


@pytest.mark.parametrize(
    "other",
    [
        but(state="starting"),
        but(desired="shutdown", networks=("old",)),
        but(desired="ready", state="ready"),
        but(networks=()),
    ],
    ids=["starting", "leaving", "to be restarted", "not on the new ingress"],
)
def test_an_update_that_goes_on(other: Task):
    """It might yet roll back with the service's own way of updating."""
    assert isinstance(closing(RUNNING, other), Wait)


def test_an_update_without_tasks():
    """No task is no proof."""
    assert isinstance(closing(), Wait)


def test_a_task_that_its_paused_host_keeps():
    """One of a global service stays without its port until the host is active again: nothing moves it before, and the
    others would be moved again and again with it."""
    decided = closing(RUNNING, but(node_id="n3", networks=()), update_state="completed", mode="Global")

    assert isinstance(decided, Steps)
    assert "remove the notes of the ports of web" == decided.doing


def test_a_replica_on_a_paused_host():
    """It moves like any other."""
    decided = closing(RUNNING, but(node_id="n3", networks=()), update_state="completed")

    assert isinstance(decided, Steps)
    assert "move the tasks of web" == decided.doing
