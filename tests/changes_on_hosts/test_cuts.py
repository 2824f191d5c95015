"""A live change that is cut is finished by the documented commands, and nothing that existed before is lost.

Some moments on real hosts; tests of rules cut the simulated swarm between any two steps, and `make chaos` real ones.
"""

from collections.abc import Callable

import pytest

from tests.changes_on_hosts.conftest import Live, both_faces
from tests.support.cutting import ended, killed

pytestmark = [pytest.mark.lab, both_faces]


def finish(live: Live, victim: str) -> None:
    """Run `pulumi cancel` if pulumi was killed, then `up`."""
    if victim == "pulumi":
        assert live.project.run("cancel", "--yes").ok
    run = live.project.up()
    assert run.ok, run.told


def test_an_ingress_change(live: Live, ranges: Callable[[], str]):
    """It is finished with all ports of five services back."""
    live.declare(ingress={"subnet": ranges()})

    with ended(killed(live.project, "pulumi", "unpublish ports")):
        finish(live, "pulumi")

    live.is_whole()


def test_a_bridge_change(live: Live, ranges: Callable[[], str]):
    """All three hosts end with the new bridge and their former availability."""
    live.declare(gwbridge={"subnet": ranges()})

    with ended(killed(live.project, "plugin", "restart docker")):
        finish(live, "plugin")

    live.is_whole()


def test_a_change_taken_back(live: Live, ranges: Callable[[], str]):
    """The former stack file and `up --refresh` bring the former ingress back, and every port with it."""
    former = live.sections["ingress"]["subnet"]
    live.declare(ingress={"subnet": ranges()})

    with ended(killed(live.project, "pulumi", "remove the old ingress")):
        assert live.project.run("cancel", "--yes").ok
        live.declare(ingress={"subnet": former})
        run = live.project.up("--refresh")

    assert run.ok, run.told
    live.is_whole()
