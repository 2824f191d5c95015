"""A service's raw spec, with the Engine's defaults for what it leaves out."""

from collections.abc import Callable
from json import dumps
from typing import Any

import pytest

from providers.rules.live import service_spec
from tests.support.tables import cases

SECOND = 1_000_000_000
CHECK = {"Test": ["CMD", "true"]}


def template(**keys: Any) -> str:
    """A spec whose template has these keys."""
    return dumps({"TaskTemplate": keys})


def checked(**health_check: Any) -> str:
    """A spec with a health check."""
    return template(ContainerSpec={"Healthcheck": health_check})


LIMITS = {"Limits": {"NanoCPUs": 9, "MemoryBytes": 9}}  # which keep nothing of a node
RESERVED = {"Reservations": {"NanoCPUs": 500_000_000, "MemoryBytes": 1 << 20}, **LIMITS}
UPDATES = dumps(
    {
        "UpdateConfig": {
            "Parallelism": 2,
            "Delay": 3 * SECOND,
            "Monitor": 4 * SECOND,
            "Order": "start-first",
            "FailureAction": "rollback",
        }
    }
)
TIMED = {"StartPeriod": 60 * SECOND, "Interval": 5 * SECOND, "Timeout": SECOND}


@cases(
    "expected, question, spec",
    {
        # The way in which tasks are spread is the key of the mode.
        "replicated": ("replicated", service_spec.mode, dumps({"Mode": {"Replicated": {"Replicas": 2}}})),
        "global": ("global", service_spec.mode, dumps({"Mode": {"Global": {}}})),
        "a job": ("job", service_spec.mode, dumps({"Mode": {"ReplicatedJob": {"TotalCompletions": 1}}})),
        "a global job": ("job", service_spec.mode, dumps({"Mode": {"GlobalJob": {}}})),
        "no mode": ("replicated", service_spec.mode, dumps({"Mode": None})),
        # A number is told apart from none, and none at all from zero.
        "two": (2, service_spec.replicas, dumps({"Mode": {"Replicated": {"Replicas": 2}}})),
        "zero": (0, service_spec.replicas, dumps({"Mode": {"Replicated": {"Replicas": 0}}})),
        "no number": (1, service_spec.replicas, dumps({"Mode": {"Replicated": {}}})),
        "one on each node": (None, service_spec.replicas, dumps({"Mode": {"Global": {}}})),
        "so many that end": (None, service_spec.replicas, dumps({"Mode": {"ReplicatedJob": {"TotalCompletions": 3}}})),
        # There is none if names lead to the tasks themselves.
        "a virtual address": (True, service_spec.has_virtual_address, dumps({"EndpointSpec": {"Mode": "vip"}})),
        "none": (False, service_spec.has_virtual_address, dumps({"EndpointSpec": {"Mode": "dnsrr"}})),
        "constraints": (
            ("node.role == worker",),
            service_spec.constraints,
            template(Placement={"Constraints": ["node.role == worker"]}),
        ),
        "at most one a node": (1, service_spec.max_per_node, template(Placement={"MaxReplicas": 1})),
        "reservations": ((500_000_000, 1 << 20), service_spec.reservations, template(Resources=RESERVED)),
        "limits": ((0, 0), service_spec.reservations, template(Resources=LIMITS)),
        # When a task is followed by another, and after how long.
        "restarts": ("on-failure", service_spec.restart_condition, template(RestartPolicy={"Condition": "on-failure"})),
        "their delay": (2, service_spec.restart_delay, template(RestartPolicy={"Delay": 2 * SECOND})),
        # Failures count from the end of the start period; each takes an interval and at most a timeout.
        "a health check": (60 + 4 * 6, service_spec.health_seconds, checked(**CHECK, **TIMED, Retries=4)),
        "one that leaves all out": (3 * 60, service_spec.health_seconds, checked(**CHECK)),
        "parallelism": (2, service_spec.parallelism, UPDATES),
        # An UpdateConfig without one has zero there, which is all at once.
        "no parallelism": (0, service_spec.parallelism, dumps({"UpdateConfig": {"Order": "stop-first"}})),
        "delay": (3, service_spec.update_delay, UPDATES),
        "monitor": (4, service_spec.monitor, UPDATES),
        "order": ("start-first", service_spec.update_order, UPDATES),
        "failures": ("rollback", service_spec.failure_action, UPDATES),
    },
)
def test_what_it_says(expected: object, question: Callable[[str], object], spec: str):
    """Each is read from its place, durations in seconds."""
    assert expected == question(spec)


@pytest.mark.parametrize(("expected", "grace"), [(40, 40 * SECOND), (0.5, SECOND // 2), (0, 0), (10, None)])
def test_stop_grace(expected: float, grace: int | None):
    """A grace of nothing is no grace, and not the default."""
    assert expected == service_spec.stop_grace(template(ContainerSpec={"StopGracePeriod": grace}))


@pytest.mark.parametrize("test", [["NONE"], [], None])
def test_no_health_check(test: list[str] | None):
    """One that is taken away takes no time, whatever else is written there."""
    spec = checked(Test=test, StartPeriod=60 * SECOND)
    assert (0, 0) == (service_spec.start_period(spec), service_spec.health_seconds(spec))


@pytest.mark.parametrize(
    ("expected", "question"),
    [
        ("replicated", service_spec.mode),
        (1, service_spec.replicas),
        (True, service_spec.has_virtual_address),
        ((), service_spec.constraints),
        (0, service_spec.max_per_node),
        ((0, 0), service_spec.reservations),
        ("any", service_spec.restart_condition),
        (5, service_spec.restart_delay),
        (10, service_spec.stop_grace),
        (0, service_spec.start_period),
        (0, service_spec.health_seconds),
        ("stop-first", service_spec.update_order),
        (1, service_spec.parallelism),
        (0, service_spec.update_delay),
        (5, service_spec.monitor),
        ("pause", service_spec.failure_action),
    ],
)
def test_a_spec_that_says_nothing(expected: object, question: Callable[[str], object]):
    """Each has the Engine's default."""
    assert expected == question(dumps({"Name": "web"}))
