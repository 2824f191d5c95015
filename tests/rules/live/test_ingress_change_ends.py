"""A service's journal is closed as soon as its update only watches new tasks."""

import json
from dataclasses import replace

import pytest

from providers.rules.live import published_ports
from providers.rules.live.journal import Journal
from providers.rules.vocabulary.facts import IngressFacts, Node, SwarmService, Task
from providers.rules.vocabulary.labels import JOURNAL
from providers.rules.vocabulary.service_spec import Port
from providers.rules.vocabulary.steps import Decision, Steps, Wait
from tests.support.networks import a_network
from tests.support.swarms import a_swarm
from tests.support.tables import cases

NEW = a_network(id="new", name="ingress", driver="overlay", scope="swarm", subnets=("10.11.0.0/16",), ingress=True)
PORT = '{"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 8080, "PublishMode": "ingress"}'
RUNNING = Task(id="t1", service_id="s1", node_id="n1", state="running", desired="running", networks=("new",))


NODES = tuple(
    Node(id=name, hostname=name, role="worker", availability=availability, state=state)
    for name, availability, state in (("n1", "active", "ready"), ("n2", "active", "down"), ("n3", "pause", "ready"))
)


def closing(*tasks: Task, update_state: str = "updating", mode: str = "Replicated") -> Decision | None:
    """Return the decision on a service whose port is back, with these tasks left. Nothing has changed for a while."""
    opened = Journal(service_id="s1", network="old", ports=(PORT,), numbers=(PORT,), update="null")
    ports = {"Ports": [json.loads(PORT)]}
    spec: dict[str, object] = {
        "Name": "web",
        "Mode": {mode: {}},
        "TaskTemplate": {"Placement": {}},
        "EndpointSpec": ports,
    }
    service = SwarmService(
        id="s1",
        name="web",
        ports=(Port(protocol="tcp", target=80, published=8080, mode="ingress"),),
        update_state=update_state,
        labels=((JOURNAL, opened.text()),),
        spec=json.dumps(spec),
    )
    facts = IngressFacts(network=NEW, swarm=a_swarm(), hosts=(), nodes=NODES, services=(service,), tasks=tasks)
    return published_ports.restore_ports(replace(facts, unchanged_for=published_ports.MOVES), NEW, pin=True)


def but(**changes: object) -> Task:
    """The running task with changes."""
    return replace(RUNNING, id="t2", **changes)


@pytest.mark.parametrize("state", ["completed", "paused", ""])
def test_an_update_that_has_ended(state: str):
    """Nothing is waited for, however it ended."""
    assert isinstance(closing(update_state=state), Steps)


@cases(
    "old",
    {
        "ended": but(state="shutdown", desired="shutdown", networks=()),
        "on a host that is down": but(node_id="n2", desired="shutdown", networks=("old",)),
    },
)
def test_an_update_that_only_watches(old: Task):
    """All that is left are new tasks, running on the new ingress: the five seconds of watching are not waited for."""
    assert isinstance(closing(RUNNING, old), Steps)


@cases(
    "tasks",
    {
        "starting": (RUNNING, but(state="starting")),
        "leaving": (RUNNING, but(desired="shutdown", networks=("old",))),
        "to be restarted": (RUNNING, but(desired="ready", state="ready")),
        "not on the new ingress": (RUNNING, but(networks=())),
        "no task is no proof": (),
    },
)
def test_an_update_that_goes_on(tasks: tuple[Task, ...]):
    """It might yet roll back with the service's own way of updating."""
    assert isinstance(closing(*tasks), Wait)


@pytest.mark.parametrize(
    ("mode", "doing"), [("Global", "remove the saved ports of web"), ("Replicated", "move the tasks of web")]
)
def test_a_task_on_a_paused_host(mode: str, doing: str):
    """One of a global service stays without its port until the host is active again: nothing moves it before, and the
    others would be moved again and again with it. A replica moves like any other."""
    decided = closing(RUNNING, but(node_id="n3", networks=()), update_state="completed", mode=mode)

    assert isinstance(decided, Steps)
    assert doing == decided.doing
