"""The page docs/live-changes.md on finishing by hand, done on real hosts after a change was cut for good."""

import shlex
from collections.abc import Callable

import pytest

from tests.stacks_on_hosts.conftest import Status
from tests.support.cutting import ended, killed
from tests.support.machines import ROOT, Host, eventually
from tests.support.services import all_run, deploy, journals, lost, specs
from tests.support.what_hosts_show import promised, shown

pytestmark = pytest.mark.lab

HOSTS = "n"

BLOCKS = {
    block.partition("\n")[0].removeprefix("# "): block.partition("```")[0]
    for block in (ROOT / "docs" / "live-changes.md").read_text().split("```sh\n")[1:]
}
SERVICES = {
    "web": "--replicas 2 --publish 8080:80 busybox:lab sleep 100000",
    "careful": "--update-parallelism 1 --update-failure-action rollback --publish 8083:80 busybox:lab sleep 100000",
    "inside": "--replicas 2 --network monitoring busybox:lab sleep 100000",
}
OWNER = "swarmnet/t"


def by_hand(host: Host, block: str, **variables: str) -> None:
    """Run one block of the page on a host, its variables set as its reader would."""
    given = "".join(f"{key}={shlex.quote(value)}\n" for key, value in variables.items())
    host.run("sh", "-euc", f"{BLOCKS['everywhere first']}{given}{BLOCKS[block]}")


def cut(status: Status, line: str) -> None:
    """An `up` of which pulumi and its plugin end for good at a progress line."""
    with ended(killed(status.project, "both", line)):
        pass


@pytest.fixture
def at_work(status: Status) -> Status:
    """A stack with services, which is not given back."""
    status.stands = False
    deploy(next(iter(status.hosts)), SERVICES)
    return status


def test_ingress_is_finished_by_hand(at_work: Status):
    """Cut when the old one was removed: no ingress, and all ports in journals."""
    manager = next(iter(at_work.hosts))
    sections = {**at_work.sections, "ingress": {"subnet": "10.230.0.0/20"}}
    before = specs(manager)
    at_work.project.declare(sections)
    cut(at_work, "create ingress")
    if manager.network("ingress") is None:
        by_hand(manager, "a new ingress", SUBNET="10.230.0.0/20", GATEWAY="10.230.0.1", OWNER=OWNER)

    eventually(kicked(at_work, manager))
    by_hand(manager, "put ports back")
    by_hand(manager, "take the kicks away")
    by_hand(manager, "the labels of the swarm away")

    eventually(lambda: all_run(manager))
    assert [] == lost(before, specs(manager))
    assert [] == journals(manager)
    eventually(lambda: promised(sections) == shown(at_work.hosts))


def kicked(status: Status, manager: Host) -> Callable[[], bool]:
    """Kicks all nodes; says whether the ingress is on every host."""

    def look() -> bool:
        by_hand(manager, "kick all nodes")
        manager.run("sleep", "1.5")
        return all("ingress-sbox" in (host.network("ingress") or {}).get("Containers", {}) for host in status.hosts)

    return look


def test_bridge_is_finished_by_hand(at_work: Status):
    """Cut when the old one was removed: the host is drained and has no bridge."""
    manager = next(iter(at_work.hosts))
    host = list(at_work.hosts)[1]
    before = specs(manager)
    at_work.project.declare(
        {
            **at_work.sections,
            "hosts": {
                name: {**keys, "gwbridge": {"subnet": "10.231.0.0/20"}} if name == host.name else keys
                for name, keys in at_work.sections["hosts"].items()
            },
        }
    )
    cut(at_work, "create docker_gwbridge")
    node = manager.nodes()[host.name]["ID"]

    by_hand(host, "a new docker_gwbridge", SUBNET="10.231.0.0/20", GATEWAY="10.231.0.1", OWNER=OWNER)
    eventually(lambda: "gateway_ingress-sbox" in str((host.network("docker_gwbridge") or {}).get("Containers")))
    by_hand(manager, "give a node back", NODE=node)
    by_hand(manager, "the labels of the swarm away")

    assert [] == lost(before, specs(manager))
    assert [] == journals(manager)
    assert "active" == manager.nodes()[host.name]["Spec"]["Availability"]
    assert "10.231.0.0/20" == shown(at_work.hosts)["hosts"][host.name]["bridge"]


def test_overlay_is_finished_by_hand(at_work: Status):
    """Cut when the old one was removed: the service is on the twin."""
    manager = next(iter(at_work.hosts))
    changed = {"subnet": "10.232.0.0/24", "labels": {"team": "ops"}, "on_in_use": "migrate"}
    sections = {**at_work.sections, "overlays": {**at_work.sections["overlays"], "monitoring": changed}}
    before = specs(manager)
    at_work.project.declare(sections)
    cut(at_work, "create overlay monitoring")

    by_hand(
        manager,
        "an overlay in place of its twin",
        NAME="monitoring",
        SUBNET="10.232.0.0/24",
        GATEWAY="10.232.0.1",
        OWNER=OWNER,
    )
    eventually(lambda: manager.docker("network", "rm", "monitoring-swarmnet-twin", check=False))
    by_hand(manager, "the labels of the swarm away")

    eventually(lambda: all_run(manager))
    after = specs(manager)
    for spec in (before, after):
        spec["inside"]["TaskTemplate"].pop("Networks")
    assert [] == lost(before, after)
    assert [] == journals(manager)
    assert "10.232.0.0/24" == shown(at_work.hosts)["overlays"]["monitoring"][1]
