"""Drift made by hand: `swarmnet drift` and `preview --refresh` tell it per property, and `up --refresh` repairs it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.stacks_on_hosts.drifts import ANY, ROUNDS, Told, remove_overlay, state_of
from tests.support import machines
from tests.support.machines import Group, eventually
from tests.support.project import Project, Run
from tests.support.what_hosts_show import stack_of

pytestmark = pytest.mark.lab


@dataclass
class Stack:
    """A stack that is up, with all its properties declared. It is given back as it was."""

    hosts: Group
    project: Project

    def drift(self) -> tuple[int, dict[str, Any]]:
        """Return the exit code of the command, and its report. No host is written to."""
        before = [host.writes() for host in self.hosts]
        ended = self.project.swarmnet("drift", "--json")
        assert before == [host.writes() for host in self.hosts]
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
