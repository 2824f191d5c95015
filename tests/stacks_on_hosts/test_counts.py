"""The cost of a run to the hosts, by their own logs: logins to sshd and requests to the Engine."""

from collections import Counter

import pytest

from tests.stacks_on_hosts.conftest import Standing
from tests.support.machines import Group
from tests.support.project import Project
from tests.support.what_hosts_show import stack_of

pytestmark = pytest.mark.lab

MANY = 20


def log_logins(hosts: Group) -> None:
    """Let each host's sshd write down who logs in."""
    for host in hosts:
        host.end_sshd()
        host.start_sshd("-E", "/run/sshd.log")


def logins(hosts: Group) -> list[int]:
    """Count the logins to each host in its sshd's log."""
    return [host.run("cat", "/run/sshd.log").count("Accepted publickey") for host in hosts]


def test_one_connection_for_each_host_and_process(bare: Group, project: Project):
    """It is so from bare hosts to a swarm with its networks, whatever the number of resources, and in a refresh."""
    project.declare(stack_of(bare))
    log_logins(bare)

    assert project.up().ok
    assert [1, 1, 1] == logins(bare)

    assert project.refresh().ok
    assert [2, 2, 2] == logins(bare)


def test_two_requests_for_each_overlay(standing: Standing):
    """Create it, and look whether it has its addresses: looking again is waiting. Take it away, and look whether it is
    gone. Which names are taken, what a cut run left and who uses which network is asked once for all.
    """
    standing.stands = False
    manager = standing.hosts["t1"]
    more = {f"net{number}": {"subnet": f"10.203.{number}.0/24"} for number in range(MANY)}
    standing.project.declare({**standing.sections, "overlays": {**standing.sections["overlays"], **more}})
    before = len(manager.requests())
    assert standing.project.up().ok

    asked = Counter(manager.requests()[before:])
    of_each = [count for request, count in asked.items() if request.startswith("GET /networks/")]
    others = asked.total() - asked["POST /networks/create"] - sum(of_each)
    assert (MANY, MANY) == (asked["POST /networks/create"], len(of_each)), asked
    # Whatever their number: who is a manager, which ranges hosts have before the first write, which names are taken.
    assert others <= 10, asked

    standing.project.declare(standing.sections)
    before = len(manager.requests())
    assert standing.project.up().ok

    asked = Counter(request.partition(" /networks/")[0] for request in manager.requests()[before:])
    assert (MANY, MANY) == (asked.pop("DELETE"), asked.pop("GET"))
    assert asked.total() <= MANY, asked
