"""Drift made by hand: `swarmnet drift` and `preview --refresh` tell it per property, and `up --refresh` repairs it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from providers.explain.facts_file import Attached, FactsFile
from tests.stacks_on_hosts.conftest import Standing
from tests.stacks_on_hosts.drifts import ANY, OVERLAY, ROUNDS, Told, remove_bridge, remove_overlay, state_of
from tests.support import machines
from tests.support.machines import ROOT, Group, eventually
from tests.support.project import Project, Run
from tests.support.services import deploy
from tests.support.what_hosts_show import promised, shown, stack_of

pytestmark = pytest.mark.lab


@dataclass
class Stack:
    """A stack that is up, with all its properties declared. It is given back as it was."""

    hosts: Group
    project: Project

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`swarmnet <words> STACK`, while no host is written to."""
        command = [sys.executable, "-m", "cli", *words, self.project.stack]
        command += ["--dir", str(self.project.folder / "stacks")]
        before = [host.writes() for host in self.hosts]
        ended = subprocess.run(
            command, cwd=ROOT, env=self.project._environment(), capture_output=True, text=True, check=False
        )
        assert before == [host.writes() for host in self.hosts]
        return ended

    def drift(self) -> tuple[int, dict[str, Any]]:
        """Return the exit code of the command, and its report."""
        ended = self.run("drift", "--json")
        assert ended.stdout, ended.stderr
        return ended.returncode, json.loads(ended.stdout)

    def repair(self) -> None:
        """Bring it back by `up --refresh`."""
        repaired = self.project.up("--refresh")
        assert repaired.ok, repaired.told
        assert 0 == self.drift()[0]


@pytest.fixture(scope="module", params=["28", pytest.param("20.10", marks=pytest.mark.every_engine)])
def stack(request: pytest.FixtureRequest, new_project: Callable[..., Project]) -> Iterator[Stack]:
    """Three hosts with one manager, on two Engines that tell networks in different words."""
    hosts = machines.start("f", request.param)
    hosts.provide_image()
    project = new_project()
    project.declare(declared(hosts))
    first = project.up()
    assert first.ok, first.told
    for host in hosts:
        host.log_requests()
    yield Stack(hosts, project)
    machines.end("f")


def declared(hosts: Group) -> dict[str, Any]:
    """A stack file that says as much as it can."""
    sections = stack_of(hosts)
    sections["swarm"].update(
        autolock=False, data_path_port=4790, default_addr_pool=["10.210.0.0/16"], default_addr_pool_prefix=25
    )
    for section in (sections["gwbridge"], sections["ingress"], sections["overlays"]["app"]):
        section["labels"] = {"team": "net"}
    return sections


def by_place(rows: list[dict[str, Any]]) -> Told:
    """Return what drifted, by resource and host."""
    found: Told = {}
    for row in rows:
        found.setdefault((row["resource"], row["host"]), {})[row["property"]] = (row["recorded"], row["there"])
    return found


def masked(told: Told, expected: Told) -> Told:
    """Return what was told, with ANY in place of values that nobody can foresee."""
    return {
        place: {
            key: tuple(
                ANY if foreseen is ANY else value
                for value, foreseen in zip(values, expected.get(place, {}).get(key, (None, None)), strict=True)
            )
            for key, values in rows.items()
        }
        for place, rows in told.items()
    }


def test_settled_stack_is_clean(stack: Stack):
    """Right after its `up`, as `preview --refresh` says too."""
    code, report = stack.drift()

    assert (0, "clean", [], [], []) == (code, *(report[key] for key in ("status", "drifted", "unknown", "pending")))


def test_facts_are_what_is_there(stack: Stack):
    """Bridges, who is attached, and what a change of the ingress would do to a service."""
    manager = stack.hosts["f1"]
    before = stack.project.stack_file.read_text()
    deploy(manager, {"web": "--replicas 2 --network app --publish 8080:80 busybox:lab sleep 100000"})
    stack.project.declare({**declared(stack.hosts), "ingress": {"subnet": "10.230.0.0/20"}})
    out = stack.project.folder / "facts.json"
    assert 0 == stack.run("facts", "--out", str(out)).returncode
    stack.project.stack_file.write_text(before)
    facts = FactsFile.parse(out.read_text())
    manager.docker("service", "rm", "web")
    # A host that is cut keeps its tasks, and they their bridge.
    eventually(lambda: not any(host.docker("ps", "--all", "--quiet") for host in stack.hosts))

    assert datetime.now(UTC) - facts.taken_at < timedelta(minutes=5)
    assert {"f1": "10.200.0.0/20", "f2": "10.200.0.0/20", "f3": "10.200.0.0/20"} == {
        name: host.bridge.subnet if host.bridge else "" for name, host in facts.hosts.items()
    }
    web = Attached(name="web", ports=("8080/tcp",), tasks=2)
    assert {"app": (web,), "ingress": (web,), "monitoring": ()} == {
        name: network.services for name, network in facts.networks.items()
    }
    (ingress,) = (each for each in facts.forecast if each.stages)
    assert ("ingress", [("web", ("8080/tcp",))]) == (
        ingress.resource,
        [(each.service, each.ports) for each in ingress.absences],
    )
    assert "SWMTKN" not in out.read_text()


def test_host_that_is_cut_is_unknown(stack: Stack):
    """Its own rows, before and after the managers call it down; the rest is compared."""
    stack.hosts.fault("f3", "cut")
    rows = [("docker_gwbridge@f3", "f3"), ("ingress", "f3"), ("node/f3", "f3")]

    for _ in range(2):
        code, report = stack.drift()
        assert (1, "unknown", []) == (code, report["status"], report["drifted"])
        assert rows == [(each["resource"], each["host"]) for each in report["unknown"]]
        eventually(lambda: state_of(stack.hosts, "f3") == "down")

    remove_overlay(stack.hosts)
    code, report = stack.drift()
    assert (7, ["overlay/monitoring"]) == (code, [each["resource"] for each in report["drifted"]])
    assert rows == [(each["resource"], each["host"]) for each in report["unknown"]]
    stack.hosts.mend()
    eventually(lambda: state_of(stack.hosts, "f3") == "ready")
    stack.repair()


def test_bridges_are_compared_while_the_manager_is_cut(stack: Stack):
    """Their own hosts tell of them; all that is the swarm's is unknown."""
    remove_bridge(stack.hosts)
    stack.hosts.fault("f1", "cut")
    code, report = stack.drift()
    stack.hosts.mend()
    eventually(lambda: all(node["Status"]["State"] == "ready" for node in stack.hosts["f1"].nodes().values()))

    assert (7, [("docker_gwbridge@f3", "exists")]) == (
        code,
        [(each["resource"], each["property"]) for each in report["drifted"]],
    )
    assert {"swarm", "overlay/app", "overlay/monitoring", "node/f1"} < {each["resource"] for each in report["unknown"]}
    stack.repair()


@pytest.mark.parametrize("name", ROUNDS)
def test_each_property_is_told_by_name_and_repaired(stack: Stack, name: str):
    """From what to what, and who wins, by the command and by a preview; then the next `up` does as it was told."""
    told: Told = {}
    for drift in ROUNDS[name]:
        drift.by_hand(stack.hosts)
        told |= drift.told
    refused = frozenset().union(*(drift.refused for drift in ROUNDS[name]))

    code, report = stack.drift()
    assert told == masked(by_place(report["drifted"]), told)
    assert (7, refused) == (
        code,
        frozenset(row["resource"] for row in report["drifted"] if row["wins"] == "refused"),
    )
    preview = stack.project.preview("--refresh")
    assert {resource for resource, _ in told} == preview.steps.keys()
    assert [] == unlike(preview, report["drifted"])

    assert bool(refused) != stack.project.up("--refresh").ok
    for drift in ROUNDS[name]:
        drift.undo(stack.hosts)
    if refused:
        stack.repair()
    assert 0 == stack.drift()[0]


def unlike(preview: Run, rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return inputs of which a preview that updates tells other values than the command: what is there, then what is
    declared."""
    inputs = [row for row in rows if row["property"] not in ("exists", "settled", "adopted", *IDS)]
    updated = [row for row in inputs if preview.steps[row["resource"]] == "update"]
    return [
        (row["resource"], row["property"])
        for row in updated
        if (row["there"], row["recorded"]) != preview.differences[row["resource"]].get(row["property"])
    ]


IDS = ("network_id", "node_id", "swarm_id")


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
