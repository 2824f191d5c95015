"""A change under services that would get stuck is refused before its first write."""

import json
from typing import Any

import pytest

from providers.rules.live import judgement
from providers.rules.vocabulary.facts import Node, SwarmService, Task

NODES = tuple(
    Node(id=name, hostname=name, role="worker", availability=availability, state="ready")
    for name, availability in (("w1", "active"), ("w2", "pause"), ("w3", "active"))
)
GLOBAL: dict[str, Any] = {"Global": {}}


def service(name: str = "web", state: str = "", mode: dict[str, Any] | None = None, **template: Any) -> SwarmService:
    """A service with two replicas, unless given."""
    mode = mode or {"Replicated": {"Replicas": 2}}
    spec = {"Name": name, "Mode": mode, "TaskTemplate": template, "UpdateConfig": {"Parallelism": 1}}
    job = "ReplicatedJob" in mode
    return SwarmService(id=name, name=name, update_state=state, job=job, spec=json.dumps(spec))


def task(node: str, state: str = "running", desired: str = "running", of: str = "web") -> Task:
    """A task on a node."""
    return Task(id=f"t-{node}", service_id=of, node_id=node, state=state, desired=desired)


ONCE = {"RestartPolicy": {"Condition": "none"}}


@pytest.mark.parametrize(
    ("words", "judged", "tasks"),
    [
        pytest.param("", service(), (task("w1"), task("w2")), id="nothing odd"),
        pytest.param("its rollout is paused", service(state="paused"), (), id="a paused rollout"),
        pytest.param("its rollout is rollback_paused", service(state="rollback_paused"), (), id="a paused rollback"),
        pytest.param("", service(state="rollback_completed"), (task("w1"),), id="a rollback that is over"),
        pytest.param(
            "its task on w2 can't move while w2 is paused: `docker node update --availability active w2`",
            service(mode=GLOBAL),
            (task("w1"), task("w2")),
            id="a global task on a paused host",
        ),
        pytest.param("", service(mode=GLOBAL), (task("w1"),), id="a global service without a task there"),
        pytest.param("the job web would run again", service(mode={"ReplicatedJob": {}}), (), id="a job"),
        pytest.param(
            "1 of its 2 tasks have ended for good",
            service(**ONCE),
            (task("w1"), task("w3", state="complete", desired="shutdown")),
            id="a task that ran to its end",
        ),
        pytest.param("", service(**ONCE), (task("w1"), task("w3")), id="tasks that run once and still do"),
        pytest.param("", service(), (task("w1", state="pending"),), id="a task that no host takes"),
    ],
)
def test_what_forbids_it(words: str, judged: SwarmService, tasks: tuple[Task, ...]):
    """The words name the service, the host and what to type; there are none if it may be."""
    found = judgement.refusal([judged], tasks, NODES)
    assert found is None if not words else words in (found or "")


@pytest.mark.parametrize(
    ("words", "seconds", "template"),
    [
        pytest.param(None, 60, {}, id="a grace of ten seconds, twice"),
        pytest.param(
            "set it to 140 or more", 75, {"ContainerSpec": {"StopGracePeriod": 40_000_000_000}}, id="forty, twice"
        ),
    ],
)
def test_time_that_does_not_do(words: str | None, seconds: float, template: dict[str, Any]):
    """If stops and starts of tasks may take longer than the resource has, the number to set is said."""
    found = judgement.too_long([service(**template)], seconds, "timeouts.ingress")
    assert found is None if words is None else words in (found or "")


def test_services_that_are_equally_slow():
    """All of them are named: none of them is the one to look at."""
    found = judgement.too_long([service(), service("api")], 1, "timeouts.ingress")
    assert "tasks of web, api may take 10 s to stop, twice, and those of web, api 6 s to start" in (found or "")


def test_no_service_takes_no_time():
    """Nothing has to stop if no service publishes a port."""
    assert judgement.too_long([], 1, "timeouts.ingress") is None


@pytest.mark.parametrize(
    ("words", "subnet", "order"),
    [
        pytest.param(None, "10.9.0.0/28", "stop-first", id="enough"),
        pytest.param("5 addresses to give", "10.9.0.0/29", "stop-first", id="too few"),
        pytest.param("use /28 or larger", "10.9.0.0/29", "start-first", id="the mask that would do"),
    ],
)
def test_a_range_has_to_hold_what_is_there(words: str | None, subnet: str, order: str):
    """An address for each node, service and task, and for those that an update starts before it stops others."""
    spec = json.loads(service().spec) | {"UpdateConfig": {"Parallelism": 1, "Order": order}}
    found = judgement.too_small(
        [subnet], None, [SwarmService(id="web", name="web", spec=json.dumps(spec))], (task("w1"), task("w3")), NODES
    )
    assert found is None if words is None else words in (found or "")


def test_rollouts_that_go_on_are_named_while_something_may_move():
    """One that moves nothing for longer than the swarm waits between tasks is left alone."""
    going = [service(state="updating")]
    assert ["web"] == judgement.rollouts(going, 0)
    assert [] == judgement.rollouts(going, 60)


def test_tasks_that_were_told_to_end_are_named_with_their_hosts():
    """One that only waits to run is none of them."""
    ending = (task("w1", desired="shutdown"), task("w3", state="ready", desired="ready"))
    assert ["t-w1 on w1"] == judgement.ending(ending, NODES)


DATA = {"Type": "volume", "Source": "data", "Target": "/data"}
SHARED = {**DATA, "VolumeOptions": {"DriverConfig": {"Name": "nfs"}}}
ONE: dict[str, Any] = {"Replicated": {"Replicas": 1}}
BOUND = {"Placement": {"Constraints": ["node.hostname == w1"]}}


@pytest.mark.parametrize(
    ("words", "judged"),
    [
        pytest.param(
            ["service db: its one task may start on another host, and would find volume data empty there"],
            service("db", mode=ONE, ContainerSpec={"Mounts": [DATA]}),
            id="one task with a volume of its host",
        ),
        pytest.param([], service("db", mode=ONE, ContainerSpec={"Mounts": [DATA]}, **BOUND), id="bound to its host"),
        pytest.param([], service("db", mode=ONE, ContainerSpec={"Mounts": [SHARED]}), id="a volume that hosts share"),
        pytest.param([], service("db", ContainerSpec={"Mounts": [DATA]}), id="two tasks"),
        pytest.param(
            ["service web: Traefik reaches it by overlay app (label traefik.docker.network)"],
            service(ContainerSpec={"Labels": {"traefik.docker.network": "app"}}),
            id="reached by an overlay that gives way to a twin",
        ),
        pytest.param([], service(ContainerSpec={"Labels": {"traefik.docker.network": "web"}}), id="by another one"),
    ],
)
def test_what_is_said_beforehand(words: list[str], judged: SwarmService):
    """It may be, and nobody else sees it coming."""
    found = judgement.warned(judged.name, judged.spec, {"app"})
    assert [True] * len(words) == [line.startswith(start) for line, start in zip(found, words, strict=True)]
