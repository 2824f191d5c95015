"""examples/bare-hosts on real hosts: `prepare` closes them, one `up` makes the swarm, doctor is well.

The lab's hosts have the machine's packages, so that `docker` finds docker.io installed and leaves it as it is.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.examples.test_bare_hosts import FILE
from tests.support import machines
from tests.support.machines import Group, eventually
from tests.support.project import Project
from tests.support.strangers import listening, member_sends, stranger_sends
from tests.support.what_hosts_show import SSH

pytestmark = pytest.mark.lab

ADDRESSES = ("10.1.16.11", "10.1.16.12", "10.1.16.13")
# The hosts share this machine's kernel.
IGNORED = [{"id": "kernel-ipvs", "why": "may be missing in the machine's kernel"}]
POLICY = ("nft", "list", "chain", "inet", "filter", "input")


@pytest.fixture
def group() -> Iterator[Group]:
    """Bare hosts of their own: their firewalls are changed."""
    yield machines.start("ya", "28")
    machines.end("ya")


def test_bare_hosts_become_a_swarm_behind_a_firewall(group: Group, project: Project):
    """The hosts are open again when it ends. Nothing is run twice; a stranger's datagram, sent first, never arrives."""
    group.provide_image()
    text = FILE.read_text()
    for address, host in zip(ADDRESSES, group, strict=True):
        text = text.replace(address, host.address)
    sections = {key.removeprefix("swarmnet:"): found for key, found in yaml.safe_load(text)["config"].items()}
    project.declare({**sections, "ssh": SSH, "doctor": {"ignore": IGNORED}})
    first, second, third = group

    assert (closed := project.up(*(f"--target={urn(project, name)}" for name in prepared(sections)))).ok, closed.told
    assert all("policy drop;" in host.run(*POLICY) for host in group)
    with listening(first) as came:
        stranger_sends(first, "a stranger")
        member_sends(second, first, "a member")
        assert "a member\n" == came.readline()

    assert (formed := project.up()).ok, formed.told
    assert {"create"} == {op for name, op in formed.steps.items() if name != "stack"}
    assert set(prepared(sections)).isdisjoint(formed.steps)
    assert project.is_settled()
    third.docker("run", "--detach", "--name=far", "--network=app", "busybox:lab")
    asks = ("run", "--rm", "--network=app", "busybox:lab", "ping", "-c", "1", "-w", "5", "far")
    eventually(lambda: "1 packets received" in first.docker(*asks, check=False))
    well = project.swarmnet("doctor")
    assert (0, "") == (well.returncode, well.stderr), well.stdout

    third.docker("rm", "--force", "far")
    assert (ended := project.destroy()).ok, ended.told
    assert ["", "", ""] == [host.run("nft", "list", "tables", "inet") for host in group]


def prepared(sections: dict[str, Any]) -> list[str]:
    """The names of the commands' resources."""
    shared = [each["name"] for each in sections["prepare"]]
    hosts = sections["hosts"].items()
    return [f"prepare/{name}/{each}" for name, host in hosts for each in (*shared, host["prepare"][0]["name"])]


def urn(project: Project, name: str) -> str:
    """A command's URN."""
    return f"urn:pulumi:{project.stack}::swarmnet::command:local:Command::{name}"
