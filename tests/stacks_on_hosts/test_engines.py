"""The whole job, once on each other Engine and on a swarm of several: up, both previews, destroy."""

import pytest

from tests.support import machines
from tests.support.project import Project
from tests.support.what_hosts_show import is_bare, promised, shown, stack_of

# An Engine that is not in the cache yet is fetched, or built, first.
FETCH = 900.0

pytestmark = [pytest.mark.lab, pytest.mark.timeout(FETCH + 120)]


@pytest.fixture(params=["20.10", "26", "29", "28,26,28"])
def others(request: pytest.FixtureRequest):
    """Three bare hosts with another Engine than all other tests."""
    yield machines.start("u", request.param, seconds=FETCH)
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
