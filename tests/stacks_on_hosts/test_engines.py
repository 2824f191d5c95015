"""The whole job, once on each other Engine and on a swarm of several: up, both previews, destroy."""

import pytest

from tests.support import machines
from tests.support.project import Project
from tests.support.what_hosts_show import is_bare, promised, shown, stack_of

pytestmark = pytest.mark.lab


# The oldest beside the lab's own; `make engines` has the others.
ENGINES = ["20.10,28,20.10", *(pytest.param(each, marks=pytest.mark.every_engine) for each in ("26", "29", "29,26,28"))]


@pytest.fixture(params=ENGINES)
def others(request: pytest.FixtureRequest):
    """Three bare hosts with another Engine than all other tests."""
    yield machines.start("u", request.param)
    machines.end("u")


def test_up_previews_and_destroy(others: machines.Group, project: Project):
    """One `up` makes every host right, nothing is left to do then, and `destroy` leaves bare hosts."""
    sections = stack_of(others)
    project.declare(sections)

    up = project.up()
    assert up.ok, up.told
    assert promised(sections) == shown(others)
    assert project.is_settled()

    end = project.destroy()
    assert end.ok, end.told
    assert [True, True, True] == [is_bare(host) for host in others]
