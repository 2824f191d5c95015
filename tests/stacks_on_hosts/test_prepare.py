"""Commands of `prepare` on real hosts: before all else, once, in order, undone, and what they read stays there."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import machines
from tests.support.machines import Group
from tests.support.project import Project
from tests.support.what_hosts_show import SSH

pytestmark = pytest.mark.lab

CANARY = "correct-horse-battery-staple"
LOG = "/var/log/prepared"
FIRST = {
    "name": "first",
    "run": f"cat /root/token\ncat /root/token >&2\nps -e -o args >/var/log/arguments\necho first >>{LOG}",
    "undo": f"echo first undone >>{LOG}",
}
SECOND = {"name": "second", "run": f"echo second >>{LOG}", "undo": f"echo second undone >>{LOG}"}


@pytest.fixture
def hosts() -> Iterator[Group]:
    """Hosts of their own, with a secret on each."""
    group = machines.start("k", "28")
    for host in group:
        host.run("sh", "-c", f"echo {CANARY} >/root/token")
    yield group
    machines.end("k")


def stack(group: Group, *shared: dict[str, Any], **own: list[dict[str, Any]]) -> dict[str, Any]:
    """A swarm on these hosts, after these commands."""
    names = list(group.hosts)
    return {
        "hosts": {
            name: {
                "address": group[name].address,
                "role": "manager" if name == names[0] else "worker",
                "prepare": own.get(name, []),
            }
            for name in names
        },
        "ssh": {**SSH, "user": "deploy", "sudo": True, "connect_timeout": 3},
        "swarm": {},
        "prepare": list(shared),
    }


def log(group: Group) -> list[list[str]]:
    """Return the commands that ran on each host."""
    return [host.run("cat", LOG, check=False).splitlines() for host in group]


def test_commands_of_hosts(hosts: Group, project: Project):
    """One life of two of them, by a user who needs sudo: from a host that is not reached to the end of the stack."""
    last = {"k3": [{"name": "last", "run": f"echo last >>{LOG}"}]}
    project.declare(stack(hosts, FIRST, SECOND, **last))
    hosts.fault("k3", "cut")
    assert (seen := project.preview()).ok, seen.told
    assert {"prepare/k1/first": "create", "prepare/k3/last": "create"}.items() <= seen.steps.items()
    assert [[], [], []] == log(hosts)

    # A host that is not reached: one line, and nothing of ours on any host.
    refused = project.up()
    assert {"prepare/k3/first"} == {name for name, line in refused.errors.items() if line != "update failed"}
    assert refused.errors["prepare/k3/first"].splitlines()[1:] == [
        f"k3: first: not reached, and nothing was run: ssh: connect to host {hosts['k3'].address} port 22: "
        "Connection timed out"
    ]
    assert ["inactive"] * 3 == [host.swarm()["LocalNodeState"] for host in hosts]
    assert [["first", "second"], ["first", "second"], []] == log(hosts)

    # The next run goes on with it; what ran before does not run again.
    hosts.mend()
    formed = project.up()
    assert formed.ok, formed.told
    assert [["first", "second"], ["first", "second"], ["first", "second", "last"]] == log(hosts)
    assert {"ready"} == {node["Status"]["State"] for node in hosts["k1"].nodes().values()}
    assert project.is_settled()

    # What a command writes is nowhere, nor is its script among the arguments of a process.
    assert CANARY not in refused.text + formed.text
    kept = [path.read_text(errors="replace") for path in project.backend.rglob("*") if path.is_file()]
    assert (True, True) == ("/root/token" in "".join(kept), all(CANARY not in text for text in kept))
    assert "/root/token" not in hosts["k1"].run("cat", "/var/log/arguments")

    # It runs again when it changes, and that one alone; another way to the host changes nothing there.
    changed = stack(hosts, FIRST, {**SECOND, "when_changed": "2"}, **last)
    project.declare({**changed, "ssh": {**SSH, "connect_timeout": 5}})
    assert (again := project.up()).ok, again.told
    assert [["first", "second", "second"]] * 2 == log(hosts)[:2]

    # It is undone when it goes, and what is left when the stack goes.
    project.declare(stack(hosts, FIRST, **last))
    assert (gone := project.up()).ok, gone.told
    assert (ended := project.destroy()).ok, ended.told
    assert [["first", "second", "second", "second undone", "first undone"]] * 2 == log(hosts)[:2]
