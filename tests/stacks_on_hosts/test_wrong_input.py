"""Errors in the stack file, or on the way to a host, end a run before anything is written."""

from typing import Any

import pytest

from tests.support.machines import Group
from tests.support.project import Project
from tests.support.what_hosts_show import is_bare, stack_of

pytestmark = pytest.mark.lab

NOBODY = "198.51.100.251"


def with_host(sections: dict[str, Any], name: str, **keys: Any) -> dict[str, Any]:
    """The sections with other keys for one host."""
    hosts = sections["hosts"]
    return sections | {"hosts": hosts | {name: hosts[name] | keys}}


def test_every_problem_of_the_stack_file_is_told_at_once(bare: Group, project: Project):
    """Each is told by its path on a line, in a preview as well; and no host is asked anything."""
    wrong = with_host(stack_of(bare), "t3", gwbridge={"subnet": "10.201.8.0/24"}, colour="red")
    project.declare(wrong)

    for run in (project.preview(), project.up()):
        assert not run.ok
        assert "hosts.t3.colour: " in run.text
        assert "hosts.t3.gwbridge.subnet: 10.201.8.0/24 lies inside ingress.subnet 10.201.0.0/20" in run.text
    assert [[], [], []] == [host.requests() for host in bare]


def test_a_host_that_cannot_be_used(bare: Group, project: Project):
    """One host of three is wrong: the error names it, and the two others stay bare."""
    project.declare(with_host(stack_of(bare), "t3", address=NOBODY, connect_timeout=2))

    refused = project.up()

    assert not refused.ok
    assert f"t3 ({NOBODY}:22): no answer within 2 s" in refused.told
    assert [[], [], []] == [host.writes() for host in bare]
    assert [True, True, True] == [is_bare(host) for host in bare]
