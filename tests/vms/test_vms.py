"""The whole job, and live changes under two services, on hosts with a kernel and a systemd of their own.

Each change leaves docker active, every host's mesh answering, the encrypted overlay carrying packets, tasks with a way
out. The tests follow on one another: a host that one leaves broken is broken for the next.
"""

import pytest

from tests.vms.conftest import Work

pytestmark = [pytest.mark.vms, pytest.mark.timeout(3600)]


def test_whole_job(work: Work):
    """One `up` does it from bare hosts."""
    work.is_whole("whole job")


def test_another_ingress(work: Work):
    """Another range for the ingress, under both services."""
    work.sections["ingress"]["subnet"] = "10.203.0.0/20"

    work.up("ingress change")

    work.is_whole("ingress change")


def test_another_bridge_on_a_worker(work: Work):
    """Another range for docker_gwbridge on one worker, under both services."""
    work.sections["hosts"]["vm2"]["gwbridge"] = {"subnet": "10.204.0.0/20"}

    work.up("bridge change on a worker")

    work.is_whole("bridge change on a worker")


def test_another_bridge_on_the_manager(work: Work):
    """Another range for docker_gwbridge on the one manager, under both services."""
    work.sections["hosts"]["vm1"]["gwbridge"] = {"subnet": "10.205.0.0/20"}

    work.up("bridge change on the manager")

    work.is_whole("bridge change on the manager")
