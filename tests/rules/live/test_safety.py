"""A change under services that would get stuck is refused before its first write."""

import json
from dataclasses import replace
from typing import Any

from providers.rules.live import safety
from providers.rules.vocabulary.facts import Node, SwarmService, Task
from tests.support.tables import cases

NODES = tuple(
    Node(id=name, hostname=name, role="worker", availability=availability, state="ready", arch="x86_64")
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
TWICE = {"RestartPolicy": {"Condition": "any", "MaxAttempts": 2}}
JOB: dict[str, Any] = {"ReplicatedJob": {}}
ELSEWHERE = {"Placement": {"Platforms": [{"Architecture": "arm64", "OS": "linux"}]}}
FAILED = task("w3", state="failed", desired="shutdown")
ENDED = task("w3", state="complete", desired="shutdown")
FAILS = {"RestartPolicy": {"Condition": "on-failure"}}
PAUSED = (
    "its task on w2 could not start again: w2 is paused, and no other node has a place for it: "
    "`docker node update --availability active w2`"
)


def bound(to: str, **more: Any) -> SwarmService:
    """A service whose tasks may run on some nodes only."""
    return service(Placement={"Constraints": [to], **more})


@cases(
    "words, judged, tasks",
    {
        "nothing odd": ("", service(), (task("w1"), task("w2"))),
        "a paused rollout": ("its rollout is paused", service(state="paused"), ()),
        "a paused rollback": ("its rollout is rollback_paused", service(state="rollback_paused"), ()),
        "a rollback that is over": ("", service(state="rollback_completed"), (task("w1"),)),
        "a global task on a paused host": (PAUSED, service(mode=GLOBAL), (task("w1"), task("w2"))),
        "a global service without a task there": ("", service(mode=GLOBAL), (task("w1"),)),
        "a task that may run on the paused host alone": (PAUSED, bound("node.hostname == w2"), (task("w2"),)),
        "a task of a paused host for which others have a place": ("", bound("node.role==worker"), (task("w2"),)),
        "as many tasks as nodes take": (PAUSED, bound("node.id!=w3", MaxReplicas=1), (task("w1"), task("w2"))),
        "an image for processors that no other node has": (PAUSED, service(**ELSEWHERE), (task("w2"),)),
        "a job": ("the job web would run again", service(mode={"ReplicatedJob": {}}), ()),
        "a task that ran to its end": ("1 of its 2 tasks have ended for good", service(**ONCE), (task("w1"), ENDED)),
        "a task that failed and is followed by another": ("", service(**FAILS), (task("w1"), task("w3", "failed"))),
        "restarts all used": ("(restart condition any, at most 2 restarts)", service(**TWICE), (task("w1"), FAILED)),
        "restarts left": ("", service(**TWICE), (task("w1"), FAILED, task("w3", state="ready", desired="ready"))),
        "tasks that run once and still do": ("", service(**ONCE), (task("w1"), task("w3"))),
        "a task that no host takes": ("", service(), (task("w1", state="pending"),)),
    },
)
def test_what_forbids_it(words: str, judged: SwarmService, tasks: tuple[Task, ...]):
    """The words name the service, the host and what to type; there are none if it may be."""
    found = safety.move_refusal([judged], tasks, NODES)
    assert found is None if not words else words in (found or "")


@cases(
    "words, judged, paused, actual",
    {
        "tasks that go elsewhere, and come back": ("", bound("node.hostname == w1"), False, task("w1")),
        "a paused host that alone may have it": ("w1 is paused", bound("node.hostname == w1"), True, task("w1")),
        "a global service of a paused host": ("w1 is paused", service(mode=GLOBAL), True, task("w1")),
        "one that runs once": ("(restart condition none): move them", service(**ONCE), False, task("w1")),
        "everywhere, once": ("(restart condition none): move them", service(mode=GLOBAL, **ONCE), False, task("w1")),
        "one that starts again twice": ("(at most 2 restarts)", service(**TWICE), False, task("w1")),
        "everywhere, again twice": ("", service(mode=GLOBAL, **TWICE), False, task("w1")),
        "one that starts again after failures": ("", service(**FAILS), False, task("w1")),
        "one that runs once on another host": ("", service(**ONCE), False, task("w3")),
        "a job that runs": ("the job web runs on it", service(mode=JOB), False, task("w1", desired="complete")),
        "a job that is done": ("", service(mode=JOB), False, task("w1", "complete", "complete")),
    },
)
def test_what_forbids_to_drain_a_host(words: str, judged: SwarmService, paused: bool, actual: Task):
    """Every task of it can start again, there or elsewhere; else the words name the service and what to type."""
    node = replace(NODES[0], availability="pause" if paused else "active")
    found = safety.drain_refusal(node, [judged], [actual], (node, *NODES[1:]))
    assert found is None if not words else words in (found or "")


FIRST = {"Parallelism": 1, "Order": "start-first"}


@cases(
    "words, judged, tasks",
    {
        "room for one more": ("", service(), (task("w1"), task("w3"))),
        "no room": ("(start-first), and no node has a place", bound("node.id==w1", MaxReplicas=1), (task("w1"),)),
        "a task that waits": ("1 of its tasks wait for a node", service(), (task("", "pending"), task("w1"))),
    },
)
def test_an_update_that_would_never_end(words: str, judged: SwarmService, tasks: tuple[Task, ...]):
    """It is named with what to type."""
    order = replace(judged, spec=json.dumps({**json.loads(judged.spec), "UpdateConfig": FIRST}))
    found = safety.endless_refusal([order], tasks, NODES)
    assert found is None if not words else words in (found or "")


BOTH = "tasks of web, api may take 10 s to stop, twice, and those of web, api 6 s to start"
FORTY = {"ContainerSpec": {"StopGracePeriod": 40_000_000_000}}


@cases(
    "words, seconds, services",
    {
        "a grace of ten seconds, twice": (None, 60, [service()]),
        "forty, twice": ("set it to 140 or more", 75, [service(**FORTY)]),
        # None of them is the one to look at.
        "two that are equally slow": (BOTH, 1, [service(), service("api")]),
        "nothing has to stop": (None, 1, []),
    },
)
def test_time_that_does_not_do(words: str | None, seconds: float, services: list[SwarmService]):
    """If stops and starts of tasks may take longer than the resource has, the number to set is said."""
    found = safety.too_long_refusal(services, seconds, "timeouts.ingress")
    assert found is None if words is None else words in (found or "")


@cases(
    "words, subnet, order",
    {
        "enough": (None, "10.9.0.0/28", "stop-first"),
        "too few": ("5 addresses to give", "10.9.0.0/29", "stop-first"),
        "the mask that would do": ("use /28 or larger", "10.9.0.0/29", "start-first"),
    },
)
def test_a_range_has_to_hold_what_is_there(words: str | None, subnet: str, order: str):
    """An address for each node, service and task, and for those that an update starts before it stops others."""
    spec = json.loads(service().spec) | {"UpdateConfig": {"Parallelism": 1, "Order": order}}
    found = safety.too_small_refusal(
        [subnet], None, [replace(service(), spec=json.dumps(spec))], (task("w1"), task("w3")), NODES
    )
    assert found is None if words is None else words in (found or "")


def test_rollouts_that_go_on_are_named_while_something_may_move():
    """One that moves nothing for longer than the swarm waits between tasks is left alone."""
    going = [service(state="updating")]
    assert ["web"] == safety.running_rollouts(going, 0)
    assert [] == safety.running_rollouts(going, 60)


def test_tasks_that_were_told_to_end_are_named_with_their_hosts():
    """One that only waits to run is none of them."""
    ending = (task("w1", desired="shutdown"), task("w3", state="ready", desired="ready"))
    assert ["t-w1 on w1"] == safety.ending_tasks(ending, NODES)


def one(volume: dict[str, Any], **template: Any) -> SwarmService:
    """A service with one task, which has a volume."""
    return service("db", mode={"Replicated": {"Replicas": 1}}, ContainerSpec={"Mounts": [volume]}, **template)


DATA = {"Type": "volume", "Source": "data", "Target": "/data"}
SHARED = {**DATA, "VolumeOptions": {"DriverConfig": {"Name": "nfs"}}}
BOUND = {"Placement": {"Constraints": ["node.hostname == w1"]}}


@cases(
    "words, judged",
    {
        "one task with a volume of its host": (
            ["service db: its one task may start on another host, and would find volume data empty there"],
            one(DATA),
        ),
        "bound to its host": ([], one(DATA, **BOUND)),
        "a volume that hosts share": ([], one(SHARED)),
        "two tasks": ([], service("db", ContainerSpec={"Mounts": [DATA]})),
        "reached by an overlay that gives way to a twin": (
            ["service web: Traefik reaches it by overlay app (label traefik.docker.network)"],
            service(ContainerSpec={"Labels": {"traefik.docker.network": "app"}}),
        ),
        "by another one": ([], service(ContainerSpec={"Labels": {"traefik.docker.network": "web"}})),
    },
)
def test_what_is_said_beforehand(words: list[str], judged: SwarmService):
    """It may be, and nobody else sees it coming."""
    found = safety.warnings(judged.name, judged.spec, {"app"})
    assert [True] * len(words) == [line.startswith(start) for line, start in zip(found, words, strict=True)]
