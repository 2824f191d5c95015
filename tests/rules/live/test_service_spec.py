"""A service's raw spec, with the Engine's defaults for what it leaves out."""

from collections.abc import Callable
from json import dumps
from typing import Any

import pytest

from providers.rules.live import service_spec

SECOND = 1_000_000_000
BARE = dumps({"Name": "web"})


def template(**keys: Any) -> str:  # any JSON
    """A spec whose template has these keys."""
    return dumps({"Name": "web", "TaskTemplate": keys})


def checked(**health_check: Any) -> str:  # any JSON
    """A spec with a health check."""
    return template(ContainerSpec={"Healthcheck": health_check})


def updating(**keys: Any) -> str:  # any JSON
    """A spec with settings for its updates."""
    return dumps({"Name": "web", "UpdateConfig": keys})


@pytest.mark.parametrize(
    ("expected", "kinds"),
    [
        ("replicated", {"Replicated": {"Replicas": 2}}),
        ("global", {"Global": {}}),
        ("job", {"ReplicatedJob": {"TotalCompletions": 1}}),
        ("job", {"GlobalJob": {}}),
        ("replicated", None),
    ],
)
def test_mode(expected: str, kinds: object):
    """The way in which tasks are spread is the key of the mode."""
    assert expected == service_spec.mode(dumps({"Mode": kinds}))


@pytest.mark.parametrize(
    ("expected", "kinds"),
    [
        (2, {"Replicated": {"Replicas": 2}}),
        (0, {"Replicated": {"Replicas": 0}}),
        (1, {"Replicated": {}}),
        (None, {"Global": {}}),
        (None, {"ReplicatedJob": {"TotalCompletions": 3}}),
    ],
)
def test_replicas(expected: int | None, kinds: object):
    """A number is told apart from none, and none at all from zero."""
    assert expected == service_spec.replicas(dumps({"Mode": kinds}))


def test_virtual_address():
    """There is none if names lead to the tasks themselves."""
    assert service_spec.has_virtual_address(BARE)
    assert service_spec.has_virtual_address(dumps({"EndpointSpec": {"Mode": "vip"}}))
    assert not service_spec.has_virtual_address(dumps({"EndpointSpec": {"Mode": "dnsrr"}}))


def test_where_its_tasks_may_run():
    """Constraints, and how many one node takes."""
    spec = template(Placement={"Constraints": ["node.role == worker"], "MaxReplicas": 1})
    assert (("node.role == worker",), 1) == (service_spec.constraints(spec), service_spec.max_per_node(spec))


def test_reservations():
    """Limits are none: they keep nothing of a node."""
    limits = {"NanoCPUs": 9, "MemoryBytes": 9}
    spec = template(Resources={"Reservations": {"NanoCPUs": 500_000_000, "MemoryBytes": 1 << 20}, "Limits": limits})
    assert (500_000_000, 1 << 20) == service_spec.reservations(spec)
    assert (0, 0) == service_spec.reservations(template(Resources={"Limits": limits}))


def test_restarts():
    """The restart policy says when a task is followed by another, and after how long."""
    spec = template(RestartPolicy={"Condition": "on-failure", "Delay": 2 * SECOND})
    assert ("on-failure", 2) == (service_spec.restart_condition(spec), service_spec.restart_delay(spec))


@pytest.mark.parametrize(("expected", "grace"), [(40, 40 * SECOND), (0.5, SECOND // 2), (0, 0), (10, None)])
def test_stop_grace(expected: float, grace: int | None):
    """A grace of nothing is no grace, and not the default."""
    assert expected == service_spec.stop_grace(template(ContainerSpec={"StopGracePeriod": grace}))


def test_the_longest_until_a_health_check_has_judged():
    """Failures count from the end of the start period; each takes an interval and at most a timeout."""
    check = {"Test": ["CMD", "true"], "StartPeriod": 60 * SECOND, "Interval": 5 * SECOND, "Timeout": SECOND}
    assert 60 + 4 * 6 == service_spec.health_seconds(checked(**check, Retries=4))


def test_a_health_check_that_leaves_all_out():
    """It takes three times an interval and a timeout of 30 seconds."""
    assert 3 * 60 == service_spec.health_seconds(checked(Test=["CMD", "true"]))


@pytest.mark.parametrize("test", [["NONE"], [], None])
def test_no_health_check(test: list[str] | None):
    """One that is taken away takes no time, whatever else is written there."""
    spec = checked(Test=test, StartPeriod=60 * SECOND)
    assert (0, 0) == (service_spec.start_period(spec), service_spec.health_seconds(spec))


def test_settings_of_updates():
    """All of them, durations in seconds."""
    spec = updating(Parallelism=2, Delay=3 * SECOND, Monitor=4 * SECOND, Order="start-first", FailureAction="rollback")
    found = (
        service_spec.parallelism(spec),
        service_spec.update_delay(spec),
        service_spec.monitor(spec),
        service_spec.update_order(spec),
        service_spec.failure_action(spec),
    )
    assert (2, 3, 4, "start-first", "rollback") == found


@pytest.mark.parametrize(
    ("expected", "question"),
    [
        ("replicated", service_spec.mode),
        (1, service_spec.replicas),
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
    assert expected == question(BARE)


def test_settings_without_a_number_move_all_tasks():
    """An UpdateConfig that leaves its parallelism out has zero there, which is all at once."""
    assert 0 == service_spec.parallelism(updating(Order="stop-first"))
