"""`swarmnet recover` on real hosts: two managers die, and the swarm goes on with what is left."""

import urllib.request
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.support import machines
from tests.support.machines import Group, Host, eventually
from tests.support.project import Project
from tests.support.what_hosts_show import SSH

pytestmark = pytest.mark.lab
FOUR = [pytest.param((each, 4), marks=pytest.mark.every_engine) for each in ("20.10", "28", "29")]
LOST = ("z3", "z2")
WEB = ("service", "create", "--detach", "--no-resolve-image", "--mode=global", "--name=web")
PORT = "--publish=mode=host,published=8080,target=80"


def page(host: Host) -> str | None:
    """What the service's port of a host answers, None if nothing."""
    try:
        with urllib.request.urlopen(f"http://{host.address}:8080/etc/hostname", timeout=2) as answer:
            return str(answer.read())
    except OSError:
        return None


def sections(hosts: Group, managers: int, lost: tuple[str, ...] = ()) -> dict[str, Any]:
    """The stack: so many managers, of which some are lost."""
    declared = {
        host.name: {
            "address": host.address,
            "role": "manager" if number < managers else "worker",
            "labels": {"zone": host.name},
            **({"lost": True} if host.name in lost else {}),
        }
        for number, host in enumerate(hosts)
    }
    return {
        "hosts": declared,
        "ssh": SSH,
        "swarm": {"default_addr_pool": ["10.60.0.0/16"], "data_path_port": 4790, "task_history_limit": 3},
        "ingress": {"subnet": "10.61.0.0/20"},
        "overlays": {"app": {"subnet": "10.62.0.0/24"}},
    }


def settings(host: Host) -> dict[str, Any]:
    """What a manager shows of the swarm, but for versions and times."""
    shown = host.swarm()["Cluster"]
    return {key: shown[key] for key in ("ID", "Spec", "DataPathPort", "DefaultAddrPool", "SubnetSize")}


@pytest.mark.parametrize("case", [("28", 3), *FOUR], ids=str)
def test_swarm_goes_on_after_the_loss_of_two_managers(case: tuple[str, int], new_project: Callable[..., Project]):
    """Two of three, or two of four, of which the other one joins again: settings, networks and ports are as before, and
    nothing is left to do."""
    engine, managers = case
    hosts = machines.start("z", engine, 4)
    try:
        project = new_project()
        hosts.provide_image()
        project.declare(sections(hosts, managers))
        up = project.up()
        assert up.ok, up.told
        hosts["z1"].docker(*WEB, PORT, "--network=app", "busybox:lab", "httpd", "-f", "-p", "80")
        for host in hosts:
            eventually(partial(page, host))
        before = settings(hosts["z1"])
        for name in LOST:
            hosts.fault(name, "stop-docker")

        eventually(lambda: "hosts.z2.lost: true" in project.swarmnet("recover", "--yes").stderr or None)
        project.declare(sections(hosts, managers, LOST))
        done = project.swarmnet("recover", "--yes")
        assert 0 == done.returncode, done
        after = project.up("--refresh")
        assert after.ok, after.told

        assert before == settings(hosts["z1"])
        assert project.is_settled()
        assert [("z1", "manager"), ("z4", "manager" if managers == 4 else "worker")] == sorted(
            (name, entry["Spec"]["Role"]) for name, entry in hosts["z1"].nodes().items()
        )
        assert all(eventually(partial(page, host)) for host in map(hosts.__getitem__, ("z1", "z4")))
    finally:
        machines.end("z")
