"""`swarmnet doctor` on real hosts: it is silent if all is well, and finds each fault by its id."""

from typing import Any

import pytest

from tests.stacks_on_hosts.conftest import Standing
from tests.support.doctor import IGNORES, found
from tests.support.doctor import doctor as run
from tests.support.machines import eventually
from tests.support.services import deploy

pytestmark = pytest.mark.lab


def doctor(stack: Standing) -> tuple[int, Any]:
    """Return the exit code of the command, and its report for programs."""
    stack.project.declare({**stack.sections, "doctor": IGNORES})
    return run(stack.project)


def test_stack_that_was_just_brought_up_is_well(standing: Standing):
    """Nothing is found, and nothing is written."""
    before = [host.writes() for host in standing.hosts]
    code, told = doctor(standing)

    assert (0, "well", []) == (code, told["status"], found(told))
    assert {"app", "ingress", "monitoring"} <= {each["network"] for each in told["networks"]}
    assert before == [host.writes() for host in standing.hosts]


def test_tasks_that_wait_for_an_address_are_found(standing: Standing):
    """A /28 with one service on three hosts is full at nine tasks."""
    standing.stands = False
    manager, *_ = standing.hosts
    manager.docker("network", "create", "--driver=overlay", "--subnet=10.203.0.0/28", "small")
    deploy(manager, {"many": "--replicas 9 --network small busybox:lab sleep 100000"})
    manager.docker("service", "scale", "--detach", "many=12")

    ended: list[tuple[int, Any]] = []

    def is_found() -> bool:
        ended.append(doctor(standing))
        return len(found(ended[-1][1])) > 1

    eventually(is_found)
    code, told = ended[-1]

    assert 7 == code
    assert [("network-addresses", "failed", "", ""), ("waiting-tasks", "failed", "", "")] == found(told)
    (row,) = (each for each in told["findings"] if each["id"] == "waiting-tasks")
    assert "3 tasks of many stay `new`: small has no address left" == row["fact"]
