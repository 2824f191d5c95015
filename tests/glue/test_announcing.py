"""A row says how a change disturbs services or hosts, before its first write, in a line that stays."""

from providers.rules.resource_types.swarm import KEEP_THE_KEY
from providers.rules.vocabulary.snapshot import Snapshot
from providers.run.resource import Provider
from providers.simulate import elapse
from tests.glue.stack import (
    BRIDGE_RANGE,
    GWBRIDGE,
    INGRESS,
    INGRESS_RANGE,
    NODE,
    OVERLAY,
    OVERLAY_RANGE,
    SWARM,
    at_work,
    known,
)
from tests.support import lifecycle, others
from tests.support.simulated import SimulatedHosts
from tests.support.tables import cases


@cases(
    "spec, changes, said",
    {
        "ingress": (INGRESS, INGRESS_RANGE, "will unpublish ports: web (8080/tcp)"),
        "bridge": (GWBRIDGE, BRIDGE_RANGE, "will drain w1; restart docker on w1"),
        "overlay": (OVERLAY, {**OVERLAY_RANGE, "on_in_use": "migrate"}, "will unpublish ports: web (8080/tcp)"),
    },
)
def test_first_line_of_a_disturbing_change_says_what_it_disturbs(on, pulumi_engine, spec, changes, said):
    """No other line comes before it, and no step."""
    hosts = on(at_work(lifecycle.running()))
    stack = known(hosts, spec)
    stack.update(**changes)

    lines = [line for _, line in pulumi_engine.lines if not line.startswith("waiting for")]
    assert said == lines[0][: len(said)]
    assert hosts.steps


class Unforeseeable(SimulatedHosts):
    """Hosts of which no copy can be made."""

    def snapshot(self, *, stopped: bool = True) -> Snapshot:
        raise KeyError("TaskTemplate")


def test_change_goes_on_if_its_forecast_fails(on, pulumi_engine):
    """One warning names the resource and has the failure's words."""
    hosts = on(at_work(lifecycle.running()), Unforeseeable)
    known(hosts, INGRESS).update(**INGRESS_RANGE)

    warnings = [line for _, line in pulumi_engine.lines if line.startswith("warning")]
    assert [
        "warning: ingress: effect not predicted completely, and started all the same: KeyError: 'TaskTemplate'"
    ] == warnings
    assert "change finished: ingress on 3 of 3 hosts" in pulumi_engine.lines[-1][1]


def test_change_that_disturbs_nobody_is_not_announced(on, pulumi_engine):
    """An ingress through which nobody publishes."""
    known(on(lifecycle.running()), INGRESS).update(**INGRESS_RANGE)

    assert [] == [line for _, line in pulumi_engine.lines if line.startswith("will ")]


@cases(
    "spec, changes, result",
    {
        "node": (NODE, {"labels": {"rack": "a"}}, "w1 is a worker of the swarm"),
        "ingress": (INGRESS, INGRESS_RANGE, "change finished: ingress on 3 of 3 hosts"),
        "bridge": (GWBRIDGE, BRIDGE_RANGE, "w1 is in service again"),
        "overlay": (OVERLAY, OVERLAY_RANGE, "overlay app has 10.77.0.0/24"),
    },
)
def test_row_ends_with_its_result(on, pulumi_engine, spec, changes, result):
    """The last line of a row is what came of it, and no wait."""
    known(on(lifecycle.running()), spec).update(**changes)

    assert result == pulumi_engine.lines[-1][1]


def test_what_is_left_undone_on_a_host_that_is_down_is_said(on, pulumi_engine):
    """An ingress can't be brought there: the row names the host and what to type once it is back."""
    sim = elapse(others.cut(lifecycle.running(), "w1"), 60)
    known(on(sim), INGRESS).update(**INGRESS_RANGE)

    said = [line for _, line in pulumi_engine.lines if line.startswith("warning: left undone on w1: down, ")]
    assert ["once it is back run `pulumi up --refresh`" in line for line in said] == [True]


def test_row_of_a_removal_ends_with_its_result(on, pulumi_engine):
    """The last line in the row of a host that is no longer declared is that it has left."""
    node = known(on(lifecycle.running()), NODE)
    Provider.run.settings.accesses.pop("w1")
    node.delete()

    assert "w1 has left the swarm" == pulumi_engine.lines[-1][1]


def test_turning_autolock_on_tells_how_to_see_the_key(on, pulumi_engine):
    """The command is printed once, when it is turned on; the key never is."""
    locked = known(on(lifecycle.running()), SWARM).update(autolock=True)
    lines = [line for _, line in pulumi_engine.lines if "docker swarm unlock-key" in line]
    locked.update(task_history_limit=3)

    assert [KEEP_THE_KEY] == lines
    assert lines == [line for _, line in pulumi_engine.lines if "docker swarm unlock-key" in line]
