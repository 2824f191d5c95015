"""The first failure of a bridge change stops the rest: one host is left for a person to look at."""

from collections.abc import Callable

import pytest

from tests.live.conftest import Live

pytestmark = pytest.mark.lab


# A link that each host has: the Engine refuses to make a bridge of it, once the old one is gone.
OBSTACLE = "eth0"


def test_exactly_one_host_is_touched(live: Live, ranges: Callable[[], str]):
    """Of three hosts in one wave, two keep bridge and tasks as they were; the next `up` finishes all three."""
    former = {host.name: host.network("docker_gwbridge") for host in live.hosts}
    live.declare(gwbridge={"subnet": ranges(), "bridge_name": OBSTACLE})
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
