"""The first failure of a bridge change stops the rest: one host is left for a person to look at."""

from collections.abc import Callable

import pytest

from tests.changes_on_hosts.conftest import Live

pytestmark = pytest.mark.lab


@pytest.fixture
def obstacle(live: Live):
    """On each host another network has the link that the new bridge is to have: the Engine makes no second one."""
    link = "gwother"
    for host in live.hosts:
        host.docker("network", "create", "--opt", f"com.docker.network.bridge.name={link}", "other")
    yield link
    clear(live)


def clear(live: Live) -> None:
    """Take the obstacle away, where it is still there."""
    for host in live.hosts:
        host.docker("network", "rm", "other", check=False)


def test_exactly_one_host_is_touched(live: Live, ranges: Callable[[], str], obstacle: str):
    """Of three hosts in one wave, two keep bridge and tasks as they were; the next `up` finishes all three."""
    former = {host.name: host.network("docker_gwbridge") for host in live.hosts}
    live.declare(gwbridge={"subnet": ranges(), "bridge_name": obstacle})
    live.sections["order"] = [[host.name for host in live.hosts]]
    live.declare()

    run = live.project.up()

    assert not run.ok
    kept = [host for host in live.hosts if (host.network("docker_gwbridge") or {}).get("Id") == former[host.name]["Id"]]
    drained = [name for name, node in live.manager.nodes().items() if node["Spec"]["Availability"] == "drain"]
    assert (2, 1) == (len(kept), len(drained))

    clear(live)
    live.declare(gwbridge={"bridge_name": "docker_gwbridge"})
    finish = live.project.up("--refresh")
    assert finish.ok, finish.told
    del live.sections["order"]
    live.is_whole()
