"""A service's raw spec, with the Engine's defaults for what it leaves out."""

from json import dumps
from operator import attrgetter
from typing import Any

import pytest

from providers.rules.vocabulary.service_spec import read_spec
from tests.support.tables import cases

SECOND = 1_000_000_000
CHECK = {"Test": ["CMD", "true"]}


def spec(**keys: Any) -> str:
    """A spec with an empty template, and these keys."""
    return dumps({"TaskTemplate": {}, **keys})


def template(**keys: Any) -> str:
    """A spec whose template has these keys."""
    return spec(TaskTemplate=keys)


def told(question: str, text: str) -> Any:
    """What a spec says to that."""
    return attrgetter(question)(read_spec(text))


def checked(**health_check: Any) -> str:
    """A spec with a health check."""
    return template(ContainerSpec={"Healthcheck": health_check})


LIMITS = {"Limits": {"NanoCPUs": 9, "MemoryBytes": 9}}  # which keep nothing of a node
RESERVED = {"Reservations": {"NanoCPUs": 500_000_000, "MemoryBytes": 1 << 20}, **LIMITS}
UPDATES = spec(
    UpdateConfig={
        "Parallelism": 2,
        "Delay": 3 * SECOND,
        "Monitor": 4 * SECOND,
        "Order": "start-first",
        "FailureAction": "rollback",
    }
)
TIMED = {"StartPeriod": 60 * SECOND, "Interval": 5 * SECOND, "Timeout": SECOND}


@cases(
    "expected, question, text",
    {
        # The way in which tasks are spread is the key of the mode.
        "replicated": ("replicated", "mode", spec(Mode={"Replicated": {"Replicas": 2}})),
        "global": ("global", "mode", spec(Mode={"Global": {}})),
        "a job": ("job", "mode", spec(Mode={"ReplicatedJob": {"TotalCompletions": 1}})),
        "a global job": ("job", "mode", spec(Mode={"GlobalJob": {}})),
        "no mode": ("replicated", "mode", spec(Mode=None)),
        # A number is told apart from none, and none at all from zero.
        "two": (2, "replicas", spec(Mode={"Replicated": {"Replicas": 2}})),
        "zero": (0, "replicas", spec(Mode={"Replicated": {"Replicas": 0}})),
        "no number": (1, "replicas", spec(Mode={"Replicated": {}})),
        "one on each node": (None, "replicas", spec(Mode={"Global": {}})),
        "so many that end": (
            None,
            "replicas",
            spec(Mode={"ReplicatedJob": {"TotalCompletions": 3}}),
        ),
        # There is none if names lead to the tasks themselves.
        "a virtual address": (
            True,
            "has_virtual_address",
            spec(EndpointSpec={"Mode": "vip"}),
        ),
        "none": (False, "has_virtual_address", spec(EndpointSpec={"Mode": "dnsrr"})),
        "constraints": (
            ("node.role == worker",),
            "placement.constraints",
            template(Placement={"Constraints": ["node.role == worker"]}),
        ),
        "at most one a node": (1, "placement.max_per_node", template(Placement={"MaxReplicas": 1})),
        "reservations": (500_000_000, "nano_cpus", template(Resources=RESERVED)),
        "reserved memory": (1 << 20, "memory_bytes", template(Resources=RESERVED)),
        "limits": (0, "nano_cpus", template(Resources=LIMITS)),
        # When a task is followed by another, and after how long.
        "restarts": ("on-failure", "restart_condition", template(RestartPolicy={"Condition": "on-failure"})),
        "their delay": (2, "restart_delay", template(RestartPolicy={"Delay": 2 * SECOND})),
        # Failures count from the end of the start period; each takes an interval and at most a timeout.
        "a health check": (60 + 4 * 6, "health_seconds", checked(**CHECK, **TIMED, Retries=4)),
        "one that leaves all out": (3 * 60, "health_seconds", checked(**CHECK)),
        "parallelism": (2, "parallelism", UPDATES),
        # An UpdateConfig without one has zero there, which is all at once.
        "no parallelism": (0, "parallelism", spec(UpdateConfig={"Order": "stop-first"})),
        "delay": (3, "update_delay", UPDATES),
        "monitor": (4, "monitor", UPDATES),
        "order": ("start-first", "update_order", UPDATES),
        "failures": ("rollback", "failure_action", UPDATES),
    },
)
def test_what_it_says(expected: object, question: str, text: str):
    """Each is read from its place, durations in seconds."""
    assert expected == told(question, text)


@pytest.mark.parametrize(("expected", "grace"), [(40, 40 * SECOND), (0.5, SECOND // 2), (0, 0), (10, None)])
def test_stop_grace(expected: float, grace: int | None):
    """A grace of nothing is no grace, and not the default."""
    assert expected == told("stop_grace", template(ContainerSpec={"StopGracePeriod": grace}))


@pytest.mark.parametrize("test", [["NONE"], [], None])
def test_no_health_check(test: list[str] | None):
    """One that is taken away takes no time, whatever else is written there."""
    assert 0 == told("health_seconds", checked(Test=test, StartPeriod=60 * SECOND))


@pytest.mark.parametrize(
    ("expected", "question"),
    [
        ("replicated", "mode"),
        (1, "replicas"),
        (True, "has_virtual_address"),
        ((), "placement.constraints"),
        (0, "placement.max_per_node"),
        (0, "nano_cpus"),
        (0, "memory_bytes"),
        ("any", "restart_condition"),
        (5, "restart_delay"),
        (10, "stop_grace"),
        (0, "health_seconds"),
        ("stop-first", "update_order"),
        (1, "parallelism"),
        (0, "update_delay"),
        (5, "monitor"),
        ("pause", "failure_action"),
    ],
)
def test_a_spec_that_says_nothing(expected: object, question: str):
    """Each has the Engine's default."""
    assert expected == told(question, spec())
