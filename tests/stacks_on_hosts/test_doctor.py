"""`swarmnet doctor` on real hosts: silent where all is well, and what is wrong is found by its id."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.stacks_on_hosts.conftest import Standing
from tests.support.machines import ROOT, eventually
from tests.support.services import deploy

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]


def doctor(stack: Standing, *words: str) -> tuple[int, Any]:
    """How the command ends, and what it tells programs."""
    folder = stack.project.stack_file.parent
    command = [sys.executable, "-m", "cli", "doctor", stack.project.stack, f"--dir={folder}", "--json", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "" == done.stderr
    return done.returncode, json.loads(done.stdout)


def test_stack_that_was_just_brought_up_is_well(standing: Standing):
    """Nothing is found, and nothing is written."""
    before = [host.writes() for host in standing.hosts]
    code, told = doctor(standing)

    assert (0, "well", []) == (code, told["status"], told["findings"])
    assert {"app", "ingress", "monitoring"} <= {each["network"] for each in told["networks"]}
    assert before == [host.writes() for host in standing.hosts]


def test_tasks_that_wait_for_an_address_are_found(standing: Standing):
    """A /28 with one service on three hosts is full at nine tasks."""
    standing.stands = False
    manager, *_ = standing.hosts
    manager.docker("network", "create", "--driver=overlay", "--subnet=10.203.0.0/28", "small")
    deploy(manager, {"many": "--replicas 9 --network small busybox:lab sleep 100000"})
    manager.docker("service", "scale", "--detach", "many=12")

    told = eventually(lambda: (found := doctor(standing))[1]["findings"][1:] and found)

    assert 7 == told[0]
    assert [("network-addresses", "failed"), ("waiting-tasks", "failed")] == [
        (each["id"], each["status"]) for each in told[1]["findings"]
    ]
    assert "3 tasks of many stay `new`: small has no address left" == told[1]["findings"][1]["fact"]
