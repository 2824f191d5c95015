"""The first failure of a bridge change stops the rest, and the host that it met is as it was before."""

from collections.abc import Callable

import pytest

from tests.changes_on_hosts.conftest import Live, both_faces

pytestmark = [pytest.mark.lab, both_faces]


@pytest.fixture
def obstacle(live: Live):
    """Give the new bridge's link to another network on each host: the Engine makes no second one."""
    link = "gwother"
    for host in live.hosts:
        host.docker("network", "create", "--opt", f"com.docker.network.bridge.name={link}", "other")
    yield link
    clear(live)


def clear(live: Live) -> None:
    """Remove the obstacle if it is still there."""
    for host in live.hosts:
        host.docker("network", "rm", "other", check=False)


def test_exactly_one_host_is_touched(live: Live, ranges: Callable[[], str], obstacle: str):
    """Two of three hosts in one batch keep bridge and tasks as they were. The new bridge is refused on the third: the
    old one is made again and the host given back. The next `up` finishes all three."""
    former = {host.name: host.network("docker_gwbridge") for host in live.hosts}
    live.declare(gwbridge={"subnet": ranges(), "bridge_name": obstacle})
    live.sections["order"] = [[host.name for host in live.hosts]]
    live.declare()

    run = live.project.up()

    assert not run.ok
    actual = {host.name: host.network("docker_gwbridge") or {} for host in live.hosts}
    kept = [name for name, bridge in actual.items() if bridge.get("Id") == former[name]["Id"]]
    drained = [name for name, node in live.manager.nodes().items() if node["Spec"]["Availability"] == "drain"]
    assert (2, 0) == (len(kept), len(drained))
    for key in ("IPAM", "Options", "Labels"):
        assert {name: bridge[key] for name, bridge in former.items()} == {
            name: each[key] for name, each in actual.items()
        }

    clear(live)
    live.declare(gwbridge={"bridge_name": "docker_gwbridge"})
    finish = live.project.up("--refresh")
    assert finish.ok, finish.told
    del live.sections["order"]
    live.is_whole()
