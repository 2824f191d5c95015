"""Ways to a host other than root's own login."""

import pytest

from tests.support.machines import Group
from tests.support.project import Project
from tests.support.what_hosts_show import is_bare, promised, shown, stack_of

pytestmark = pytest.mark.lab


def test_the_whole_job_with_sudo_and_through_a_bastion(bare: Group, project: Project):
    """A user who needs sudo, and two hosts that are reached through the third."""
    sections = stack_of(bare)
    sections["ssh"] |= {"user": "deploy", "sudo": True}
    for name in ("t2", "t3"):
        sections["hosts"][name]["bastion"] = bare["t1"].address
    project.declare(sections)

    up = project.up()
    assert up.ok, up.told
    assert promised(sections) == shown(bare)
    assert project.is_settled()

    end = project.destroy()
    assert end.ok, end.told
    assert [True, True, True] == [is_bare(host) for host in bare]
