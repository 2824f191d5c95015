"""The first failure of a bridge change stops the rest: one host is left for a person to look at."""

from collections.abc import Callable

import pytest

from tests.live.conftest import Live

pytestmark = pytest.mark.lab


@pytest.fixture
def obstacle(live: Live):
    """On each host a network that takes the name which the new bridge's link is to have, so that creating it fails."""
    for host in live.hosts:
        host.run("ip", "link", "add", "gwother", "type", "dummy")
    yield "gwother"
    for host in live.hosts:
        host.run("ip", "link", "del", "gwother", check=False)


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

    live.declare(gwbridge={"bridge_name": "docker_gwbridge"})
    finish = live.project.up("--refresh")
    assert finish.ok, finish.told
    del live.sections["order"]
    live.is_whole()
