"""The start of docker on a lab host that has a fault of that kind."""

import time

import pytest

from tests.support import machines
from tests.support.machines import Host, lab

pytestmark = pytest.mark.lab

GROUP = "b"
LIMIT = 3  # starts in a minute


@pytest.fixture(scope="module")
def only():
    """One host."""
    yield machines.start(GROUP, "28", count=1)["b1"]
    machines.end(GROUP)


@pytest.fixture
def host(only: Host):
    """The host without a fault, whose docker answers; afterwards as well."""
    yield only
    lab("up", "1", "--group", GROUP)


def is_active(host: Host) -> str:
    """Return what systemctl says of docker."""
    return host.run("systemctl", "is-active", "docker", check=False)


def restarted(host: Host, times: int) -> list[str]:
    """Docker's state after each of so many restarts."""
    states = []
    for _ in range(times):
        host.run("systemctl", "restart", "docker", check=False)
        states.append(is_active(host))
    return states


def test_host_without_the_fault_has_no_systemd(host: Host):
    """Its systemctl says what the real one says there, so that nobody takes the host for one with systemd."""
    with pytest.raises(AssertionError, match="System has not been booted with systemd"):
        host.run("systemctl", "restart", "docker")


def test_fourth_start_within_a_minute_is_refused(host: Host):
    """Docker is then stopped, and a plain start does not help; after `reset-failed`, as systemd's own message says, it
    answers."""
    lab("fault", "b1", "start-limit")

    assert ["active"] * LIMIT + ["failed"] == restarted(host, LIMIT + 1)
    with pytest.raises(AssertionError, match=r"docker\.service"):
        host.run("service", "docker", "start")
    assert "failed" == is_active(host)

    host.run("systemctl", "reset-failed", "docker")
    host.run("systemctl", "start", "docker")

    assert "active" == is_active(host)
    assert "" == host.docker("ps", "--quiet")


def test_start_of_what_runs_does_not_count(host: Host):
    """Only a start that begins something comes nearer to the limit."""
    lab("fault", "b1", "start-limit")
    for _ in range(LIMIT + 1):
        host.run("systemctl", "start", "docker")

    assert ["active"] == restarted(host, 1)


def test_up_takes_the_limit_back(host: Host):
    """A host that is mended has docker, and no systemd."""
    lab("fault", "b1", "start-limit")
    restarted(host, LIMIT + 1)

    lab("up", "1", "--group", GROUP)

    assert "Docker is running" in host.run("service", "docker", "status")


def test_slow_start_takes_so_much_longer(host: Host):
    """A restart is over two seconds later than it would be."""
    lab("fault", "b1", "slow-docker", "2")
    began = time.monotonic()

    host.run("service", "docker", "restart")

    assert 2 <= time.monotonic() - began


def test_slow_start_lacks_its_seconds(host: Host):
    """The fault slow-docker requires its seconds."""
    with pytest.raises(AssertionError, match="slow-docker: lacks the seconds"):
        lab("fault", "b1", "slow-docker")
