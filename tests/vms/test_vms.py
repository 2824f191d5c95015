"""The whole job, and live changes under two services, on hosts with a kernel and a systemd of their own.

Each change leaves docker active, every host's mesh answering, the encrypted overlay carrying packets, tasks with a way
out. The tests follow on one another: a host that one leaves broken is broken for the next.
"""

import pytest

from tests.vms.conftest import Work, everything_answers, soon

pytestmark = [pytest.mark.vms, pytest.mark.timeout(3600)]


def test_whole_job(work: Work):
    """One `up` does it from bare hosts."""
    work.is_whole("whole job")


# What changes, by its name among the figures: where in the stack file, and its range.
CHANGES = {
    "ingress change": (("ingress",), "10.203.0.0/20"),
    "bridge change on a worker": (("hosts", "vm2", "gwbridge"), "10.204.0.0/20"),
    "bridge change on the manager": (("hosts", "vm1", "gwbridge"), "10.205.0.0/20"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_another_range(work: Work, what: str):
    """It comes under both services."""
    path, subnet = CHANGES[what]
    section = work.sections
    for key in path:
        section = section.setdefault(key, {})
    section["subnet"] = subnet

    work.up(what)

    work.is_whole(what)


def test_dead_worker_is_removed_and_replaced(work: Work):
    """Its membership ends by `lost: true`; under the same name it joins anew, and nobody's ports are lost."""
    dead, declared = work.hosts["vm3"], work.sections["hosts"]["vm3"]
    dead.run("systemctl", "stop", "docker.socket", "docker")
    declared["lost"] = True
    work.up("removal as lost")
    assert ["vm1", "vm2"] == sorted(work.manager.nodes())
    soon(lambda: everything_answers(host for host in work.hosts if host is not dead))

    del declared["lost"]
    dead.run("systemctl", "start", "docker")
    dead.docker("swarm", "leave", "--force")
    work.up("join under the same name")
    work.is_whole("join under the same name")
