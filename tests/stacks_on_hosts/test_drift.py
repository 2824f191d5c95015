"""Drift made by hand is shown per property by `preview --refresh`, and repaired by `up --refresh`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.stacks_on_hosts.conftest import Standing
from tests.support.machines import Group, eventually
from tests.support.project import Project
from tests.support.what_hosts_show import promised, shown, stack_of

pytestmark = pytest.mark.lab

OVERLAY = ("network", "create", "--driver=overlay")


@dataclass
class Drift:
    """Something done by hand, and what a preview has to say about it."""

    by_hand: Callable[[Group], object]
    steps: dict[str, str]
    differences: dict[str, dict[str, tuple[Any, Any]]] = field(default_factory=dict)


def remove_ingress(hosts: Group) -> None:
    """Remove the ingress as an operator does: the docker command asks whether one is sure."""
    hosts["t1"].run("sh", "-c", "yes | docker network rm ingress")
    eventually(lambda: not any(host.network("ingress") for host in hosts))


def replace_ingress(hosts: Group) -> None:
    """Another one in its place, which no idle host gets by itself."""
    remove_ingress(hosts)
    hosts["t1"].docker(*OVERLAY, "--ingress", "--subnet=10.99.0.0/24", "ingress")


def leave(hosts: Group) -> None:
    """A worker leaves by itself, and the manager has noticed."""
    hosts["t3"].docker("swarm", "leave")
    eventually(lambda: hosts["t1"].nodes()["t3"]["Status"]["State"] == "down")


def end_swarm(hosts: Group) -> None:
    """All leave, the manager last."""
    for name in ("t3", "t2", "t1"):
        hosts[name].docker("swarm", "leave", "--force")


# Each on another object, so that one preview has to show them all.
SMALL_DRIFTS = [
    Drift(
        lambda hosts: hosts["t1"].docker("network", "rm", "monitoring"),
        {"overlay/monitoring": "create"},
    ),
    Drift(
        lambda hosts: hosts["t1"].docker("node", "update", "--availability=drain", "t3"),
        {"node/t3": "update"},
        {"node/t3": {"availability": ("drain", "active")}},
    ),
    Drift(
        lambda hosts: hosts["t1"].docker("node", "promote", "t2"),
        {"node/t2": "update"},
        {"node/t2": {"role": ("manager", "worker")}},
    ),
    Drift(
        lambda hosts: hosts["t1"].docker("node", "update", "--label-rm=rack", "t1"),
        {"node/t1": "update"},
        {"node/t1": {"labels.rack": (None, "r1")}},
    ),
    Drift(
        lambda hosts: hosts["t1"].update_swarm(
            lambda spec: spec.update(
                Labels={**spec["Labels"], "team": "other"},
                Orchestration={"TaskHistoryRetentionLimit": 9},
            )
        ),
        {"swarm": "update"},
        {"swarm": {"labels.team": ("other", "net"), "task_history_limit": (9, 4)}},
    ),
]

GREAT_DRIFTS = {
    "ingress removed": Drift(remove_ingress, {"ingress": "create"}),
    "ingress replaced": Drift(
        replace_ingress,
        {"ingress": "update"},
        {
            "ingress": {
                "subnet": ("10.99.0.0/24", "10.201.0.0/20"),
                "gateway": ("10.99.0.1", "10.201.0.1"),
                "settled": (
                    "t1, t2, t3 are not attached to the ingress: their sandbox or gateway endpoint is missing",
                    None,
                ),
            }
        },
    ),
    "node left": Drift(
        leave,
        {"node/t3": "update"},
        {"node/t3": {"settled": ("the managers say down", None)}},
    ),
    "swarm ended": Drift(
        end_swarm,
        dict.fromkeys(
            ("swarm", "node/t1", "node/t2", "node/t3", "ingress", "overlay/app", "overlay/monitoring"), "create"
        ),
    ),
}


def test_small_drifts_are_shown_per_property_and_repaired(standing: Standing):
    """A removed overlay; a node's role, availability and label; the swarm's label and setting: all in one preview."""
    for drift in SMALL_DRIFTS:
        drift.by_hand(standing.hosts)

    preview = standing.project.preview("--refresh")
    assert merged(drift.steps for drift in SMALL_DRIFTS) == preview.steps
    assert merged(drift.differences for drift in SMALL_DRIFTS) == preview.differences

    repair = standing.project.up("--refresh")
    assert (True, preview.steps) == (repair.ok, repair.steps), repair.told
    assert promised(standing.sections) == shown(standing.hosts)
    assert standing.project.is_settled()


@pytest.mark.parametrize("drift", GREAT_DRIFTS.values(), ids=list(GREAT_DRIFTS))
def test_great_drift_is_shown_and_repaired(standing: Standing, drift: Drift):
    """Lost nodes, a lost ingress or a lost swarm come back with one `up --refresh`."""
    drift.by_hand(standing.hosts)

    preview = standing.project.preview("--refresh")
    assert (drift.steps, drift.differences) == (preview.steps, preview.differences)

    repair = standing.project.up("--refresh")
    assert (True, drift.steps) == (repair.ok, repair.steps), repair.told
    assert promised(standing.sections) == shown(standing.hosts)
    assert standing.project.is_settled()


def test_a_user_reads_both_values(standing: Standing):
    """They are in plain text, as `pulumi preview --refresh --diff` prints it."""
    standing.hosts["t1"].docker("node", "update", "--availability=drain", "t3")

    text = standing.project.run("preview", "--refresh", "--diff").text

    assert '~ availability: "drain" => "active"' in text
    assert standing.project.up("--refresh").ok


def test_what_nobody_declared_is_no_drift_and_stays(standing: Standing):
    """Labels, networks and options of others are shown to nobody and touched by nothing."""
    manager, worker = standing.hosts["t1"], standing.hosts["t2"]
    manager.update_swarm(lambda spec: spec["Labels"].update(theirs="1"))
    manager.docker("node", "update", "--label-add=theirs=1", "t2")
    manager.docker(*OVERLAY, "--subnet=10.209.0.0/24", "theirs")
    worker.docker("network", "create", "own")

    assert standing.project.is_settled()

    assert "theirs" in manager.swarm()["Cluster"]["Spec"]["Labels"]
    assert "theirs" in manager.nodes()["t2"]["Spec"]["Labels"]
    assert ("theirs" in manager.networks(), "own" in worker.networks()) == (True, True)
    manager.update_swarm(lambda spec: spec["Labels"].pop("theirs"))
    manager.docker("node", "update", "--label-rm=theirs", "t2")
    manager.docker("network", "rm", "theirs")
    worker.docker("network", "rm", "own")


def test_an_overlay_made_again_alike_is_adopted(standing: Standing):
    """One of the same name and settings, made by hand, is taken over as it is, and said to be another's."""
    manager = standing.hosts["t1"]
    manager.docker("network", "rm", "monitoring")
    manager.docker(*OVERLAY, "--subnet=10.202.1.0/24", "--label=team=ops", "monitoring")
    by_hand = manager.network("monitoring")["Id"]

    assert {"overlay/monitoring": "create"} == standing.project.preview("--refresh").steps
    assert standing.project.up("--refresh").ok

    assert by_hand == manager.network("monitoring")["Id"]
    assert standing.project.state()["overlay/monitoring"]["outputs"]["adopted"]
    manager.docker("network", "rm", "monitoring")
    assert standing.project.up("--refresh").ok


def test_an_overlay_made_again_otherwise_is_refused_with_both_values(standing: Standing):
    """`adopt: identical` changes nothing that somebody else made: one line says what differs and what to do."""
    manager = standing.hosts["t1"]
    manager.docker("network", "rm", "monitoring")
    manager.docker(*OVERLAY, "--subnet=10.209.0.0/24", "--label=team=ops", "monitoring")
    by_hand = manager.network("monitoring")["Id"]

    refused = standing.project.up("--refresh")

    assert not refused.ok
    assert refused.error.startswith("Blocked: overlay monitoring (10.209.0.0/24) exists already and differs")
    assert "subnet: 10.209.0.0/24, wanted 10.202.1.0/24" in refused.error
    assert by_hand == manager.network("monitoring")["Id"]
    manager.docker("network", "rm", "monitoring")
    assert standing.project.up("--refresh").ok


def test_the_bridge_of_a_member_is_repaired(standing: Standing):
    """One replaced by hand on a live member, which leaves the ingress cut off there."""
    host = standing.hosts["t3"]
    host.docker("network", "disconnect", "--force", "docker_gwbridge", "gateway_ingress-sbox")
    host.docker("network", "rm", "docker_gwbridge")
    host.docker("network", "create", "--subnet=172.31.0.0/16", "docker_gwbridge")

    preview = standing.project.preview("--refresh")
    assert ("172.31.0.0/16", "10.200.0.0/20") == preview.differences["docker_gwbridge@t3"]["subnet"]

    repair = standing.project.up("--refresh")
    assert repair.ok, repair.told
    assert promised(standing.sections) == shown(standing.hosts)
    assert standing.project.is_settled()


def test_bridges_of_bare_hosts_are_repaired(bare: Group, project: Project):
    """Replaced on one host, pruned on another before it joins: shown, repaired, and the swarm comes about on them."""
    sections = stack_of(bare)
    alone = {key: value for key, value in sections.items() if key in ("hosts", "ssh", "gwbridge")}
    project.declare(alone)
    assert project.up().ok
    bare["t2"].docker("network", "rm", "docker_gwbridge")
    bare["t2"].docker("network", "create", "--subnet=172.31.0.0/16", "docker_gwbridge")
    bare["t3"].docker("network", "prune", "--force")

    preview = project.preview("--refresh")
    assert {"docker_gwbridge@t2": "update", "docker_gwbridge@t3": "create"} == preview.steps
    assert ("172.31.0.0/16", "10.200.0.0/20") == preview.differences["docker_gwbridge@t2"]["subnet"]

    project.declare(sections)
    assert project.up("--refresh").ok
    assert promised(sections) == shown(bare)


def merged(found: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Several dictionaries as one."""
    return {key: value for each in found for key, value in each.items()}
