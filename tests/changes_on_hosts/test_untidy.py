"""The ingress changes while something is odd: it comes to its end, or is refused and nothing has changed.

However an `up` ends: what was published is published, what ran and can run runs, and no host stays drained. Scenes that
the simulated swarm shows as well are left to `make engines`.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from tests.changes_on_hosts.conftest import Live, both_faces, simulated_too
from tests.support import bounds
from tests.support.cutting import ended, killed, progress
from tests.support.machines import Host, becomes, eventually
from tests.support.project import CHANGE, Run, events
from tests.support.services import FOREVER, ROW, all_run, create, deploy, journals, lost, specs
from tests.support.what_hosts_show import networks_of

Json = Any
# Seconds that the program has for a change of the ingress: fewer than the test gives a run, so that it is the program
# that ends what hangs, and says what it waits for.
SECONDS = int(bounds.RUN) - 30
START_FIRST, BUSY = "--update-order start-first", f"busybox:lab {FOREVER}"
# Three that may not stand beside another of theirs, and one for a label that no host has.
SPREAD = f"--replicas 3 --replicas-max-per-node 1 {START_FIRST} --publish 8071:80 {BUSY}"
NOWHERE = f"--constraint node.labels.there==nowhere {START_FIRST} --publish 8073:80 {BUSY}"

pytestmark = pytest.mark.lab


@dataclass(frozen=True)
class Picture:
    """Everything that has to be as it was: specs, running tasks per service, each host's networks and availability."""

    specs: Mapping[str, Json]
    running: Mapping[str, str]
    availability: Mapping[str, str]
    networks: Mapping[str, Json]
    writes: Mapping[str, int]


@dataclass
class Scene:
    """The swarm at work, and what it was like before the change."""

    live: Live
    ranges: Callable[[], str]

    @property
    def manager(self) -> Host:
        """The first host."""
        found: Host = self.live.manager
        return found

    @property
    def last(self) -> Host:
        """A worker."""
        found: Host = list(self.live.hosts)[-1]
        return found

    def picture(self) -> Picture:
        """Take a picture of the hosts as they are now."""
        return Picture(
            specs=specs(self.manager),
            running=task_counts(self.manager),
            availability={name: node["Spec"]["Availability"] for name, node in self.manager.nodes().items()},
            networks={host.name: networks_of(host) for host in self.live.hosts},
            writes={host.name: len(host.writes()) for host in self.live.hosts},
        )

    def kept(self, before: Picture, ingress: str) -> None:
        """All is as it was, the ingress apart; nothing of a change is left, and docker is at work on each host."""
        assert [] == lost(before.specs, specs(self.manager))
        assert [] == journals(self.manager)
        becomes(before.running, lambda: task_counts(self.manager))
        after = self.picture()
        assert before.availability == after.availability
        assert {name: each | {"ingress": ingress} for name, each in before.networks.items()} == after.networks
        assert {"active"} == {host.swarm()["LocalNodeState"] for host in self.live.hosts}

    def done(self, **sections: Json) -> None:
        """Another ingress comes, and everything else is as it was."""
        before, subnet = self.picture(), self.ranges()
        self.live.declare(ingress={"subnet": subnet}, **sections)
        run = self.live.project.up()
        assert run.ok, run.told
        self.kept(before, subnet)

    def refused(self, **sections: Json) -> str:
        """A change is refused twice, in the same words, without a write; returns them. The stack file is as before."""
        before, former = self.picture(), {name: dict(self.live.sections[name]) for name in sections}
        self.live.declare(**sections)
        first, second = self.live.project.up(), self.live.project.up()
        self.live.sections.update(former)
        self.live.declare()
        assert not first.ok
        assert first.error == second.error
        assert before.writes == self.picture().writes
        self.kept(before, self.live.sections["ingress"]["subnet"])
        return first.error


def task_counts(manager: Host) -> dict[str, str]:
    """Return how many tasks of each service run, and of how many: `3/4`."""
    rows = (row.split(" ") for row in manager.docker("service", "ls", "--format", ROW).splitlines())
    return {name: counts[0] for name, *counts in rows}


def tasks_of(scene: Scene, service: str) -> list[tuple[str, str, str]]:
    """Return a service's tasks with those that have ended: slot (`web.1`), state, id."""
    words = ("service", "ps", "--format={{.ID}} {{.CurrentState}} {{.Name}}", service)
    rows = map(str.split, scene.manager.docker(*words).splitlines())
    return [(row[-1], row[1], row[0]) for row in rows]


@pytest.fixture(scope="module")
def watched(running: Live) -> Live:
    """The hosts note what their Engines are asked."""
    for host in running.hosts:
        host.log_requests()
    return running


@pytest.fixture
def scene(live: Live, watched: Live, ranges: Callable[[], str]) -> Iterator[Scene]:
    """The swarm at work. Afterwards all hosts are in service again."""
    live.declare(timeouts={"ingress": SECONDS})
    yield Scene(live, ranges)
    for host in live.hosts:
        live.manager.docker("node", "update", "--availability=active", host.name)
    del live.sections["timeouts"]
    live.declare()


@simulated_too
def test_a_global_service_on_a_paused_host(scene: Scene):
    """The host is named with what to type, and once that is done the change goes through."""
    last = scene.last.name
    scene.manager.docker("node", "update", "--availability=pause", last)

    told = scene.refused(ingress={"subnet": scene.ranges()})

    assert f"service everywhere: its task on {last} could not start again: {last} is paused" in told
    assert f"`docker node update --availability active {last}`" in told
    scene.manager.docker("node", "update", "--availability=active", last)
    scene.done()


@simulated_too
def test_a_rollout_that_is_paused(scene: Scene):
    """The three good tasks of four go on running."""
    deploy(scene.manager, {"halted": f"--replicas 4 --update-delay 30s --publish 8074:80 busybox:lab {FOREVER}"})
    scene.manager.docker("service", "update", "--detach", "--quiet", "--no-resolve-image", "--args=/none", "halted")
    state = "--format={{.UpdateStatus.State}}"
    eventually(lambda: scene.manager.docker("service", "inspect", state, "halted") == "paused")
    eventually(lambda: task_counts(scene.manager)["halted"] == "3/4")

    told = scene.refused(ingress={"subnet": scene.ranges()})

    assert "service halted: its rollout is paused" in told
    assert "`docker service rollback halted`" in told
    assert "3/4" == task_counts(scene.manager)["halted"]


@simulated_too
def test_a_place_that_comes_after_the_change(scene: Scene):
    """A task waits while the only host for it is drained, and runs once that is active again; the others restart twice,
    as with any change of the ingress."""
    deploy(scene.manager, {"spread": SPREAD})
    scene.manager.docker("node", "update", "--availability=drain", scene.last.name)
    # Not all at once: for a moment a global service is meant to have a task there still.
    eventually(lambda: ("2/3", "2/2") == itemgetter("spread", "everywhere")(task_counts(scene.manager)))
    eventually(lambda: all_run(scene.manager, apart="spread"))
    before = Counter(slot for slot, _, _ in tasks_of(scene, "spread"))

    scene.done()

    found = tasks_of(scene, "spread")
    running = {(slot, task) for slot, state, task in found if state == "Running"}
    assert [2, 2] == [sum(slot == other for other, _, _ in found) - before[slot] for slot, _ in running]
    scene.manager.docker("node", "update", "--availability=active", scene.last.name)
    eventually(lambda: "3/3" == task_counts(scene.manager)["spread"])
    assert running < {(slot, task) for slot, state, task in tasks_of(scene, "spread") if state == "Running"}


@simulated_too
def test_a_task_that_stays_though_nothing_is_published(scene: Scene):
    """The swarm does not move it off the ingress, since its placement was changed as well: the change does, once."""
    create(scene.manager, "still", f"--publish 8096:80 busybox:lab {FOREVER}")
    eventually(lambda: all_run(scene.manager))
    scene.manager.docker("service", "update", "--detach", "--constraint-add=node.role!=none", "still")
    scene.manager.docker("service", "update", "--detach", "--publish-rm=80", "still")
    eventually(lambda: all_run(scene.manager))

    scene.done()


def test_all_at_once(scene: Scene):
    """Tasks that start first and have no place or memory beside the old ones, and some without any place: none keeps
    another's ports away, all are as before, and then there is nothing to do."""
    create(scene.manager, "nowhere", NOWHERE)
    create(scene.manager, "spread", SPREAD)
    memory = int(scene.manager.docker("info", "--format={{.MemTotal}}")) * 60 // 100  # no host holds two
    create(scene.manager, "large", f"--replicas 3 --reserve-memory {memory} {START_FIRST} --publish 8072:80 {BUSY}")
    eventually(lambda: all_run(scene.manager, apart="nowhere"))

    scene.done()

    assert {} == scene.live.project.up().steps
    assert scene.live.project.is_settled()


def test_a_host_that_is_paused_in_the_middle(scene: Scene):
    """The change turns round: all ports are back on the ingress that was there, and the next `up` writes nothing."""
    deploy(scene.manager, {"slow": f"--mode global --stop-grace-period 10s --publish 8077:80 busybox:lab {FOREVER}"})
    before, former = scene.picture(), scene.live.sections["ingress"]["subnet"]
    scene.live.declare(ingress={"subnet": scene.ranges()})

    with scene.live.project.start("up", *CHANGE, "--json") as process:
        eventually(lambda: "swarmnet.journal" in (specs(scene.manager)["slow"]["Labels"] or {}))
        scene.manager.docker("node", "update", "--availability=pause", scene.last.name)
        text = "".join(process.communicate(timeout=bounds.RUN))
    first, writes = Run(process.returncode, text, events(text)), scene.picture().writes
    second = scene.live.project.up()
    scene.live.declare(ingress={"subnet": former})

    assert not first.ok
    assert f"service slow: its task on {scene.last.name} could not start again" in first.error
    assert first.error == second.error
    assert writes == scene.picture().writes
    assert "pause" == scene.manager.nodes()[scene.last.name]["Spec"]["Availability"]
    scene.manager.docker("node", "update", "--availability=active", scene.last.name)
    scene.kept(before, former)


def test_an_ingress_that_is_removed_too_early(scene: Scene):
    """The worker that keeps it is repaired when all others have the new one and their ports."""
    actual = f"--constraint node.hostname=={scene.last.name} --stop-grace-period 10s --publish 8078:80"
    deploy(scene.manager, {"slow": f"{actual} busybox:lab {FOREVER}"})
    before, subnet = scene.picture(), scene.ranges()
    scene.live.declare(ingress={"subnet": subnet})

    with scene.live.project.start("up", *CHANGE, "--json") as process:
        eventually(lambda: "swarmnet.journal" in (specs(scene.manager)["slow"]["Labels"] or {}))
        eventually(
            lambda: "ingress" == scene.manager.run("sh", "-c", "yes | docker network rm ingress", check=False)[-7:]
        )
        text = "".join(process.communicate(timeout=bounds.RUN))

    told = list(progress(iter(text.splitlines())))
    assert 0 == process.returncode, told
    steps = (
        "the old ingress network is still present",
        "create ingress",
        "publish ports again",
        f"restart docker on {scene.last.name}",
    )
    assert sorted(found := [next(n for n, line in enumerate(told) if step in line) for step in steps]) == found
    scene.kept(before, subnet)


def test_a_way_back_that_is_cut(scene: Scene):
    """The next `up` judges first, refuses the change, and brings the way back to its end."""
    deploy(scene.manager, {"slow": f"--mode global --stop-grace-period 10s --publish 8079:80 busybox:lab {FOREVER}"})
    before, former = scene.picture(), scene.live.sections["ingress"]["subnet"]
    scene.live.declare(ingress={"subnet": scene.ranges()})

    def on_the_way_back(line: str) -> bool:
        if line.startswith("unpublish ports"):
            scene.manager.docker("node", "update", "--availability=pause", scene.last.name)
        return line.startswith("publish ports again")

    with ended(killed(scene.live.project, "plugin", on_the_way_back)):
        second = scene.live.project.up()
    writes = scene.picture().writes
    third = scene.live.project.up()
    scene.live.declare(ingress={"subnet": former})

    assert not second.ok
    assert f"service slow: its task on {scene.last.name} could not start again" in second.error
    assert second.error == third.error
    assert writes == scene.picture().writes
    scene.manager.docker("node", "update", "--availability=active", scene.last.name)
    scene.kept(before, former)


@both_faces
def test_what_a_host_missed_while_it_was_cut_off_is_said(live: Live, ranges: Callable[[], str]):
    """The row names it, and `up --refresh` brings the ingress there once it is back."""
    live.hosts.fault("l3", "cut")
    eventually(lambda: live.manager.nodes()["l3"]["Status"]["State"] == "down")
    live.declare(ingress={"subnet": ranges()})
    run = live.project.up()
    live.hosts.fault("l3", "heal")
    eventually(lambda: live.manager.nodes()["l3"]["Status"]["State"] == "ready")

    assert run.ok, run.told
    assert run.notes[f"{live.project.prefix}ingress"].startswith(
        "warning: left undone on l3: down, according to the managers"
    )
    assert live.project.up("--refresh").ok
    live.is_whole()


@simulated_too
@both_faces
def test_two_states_that_know_the_ingress_change_it_at_once(live: Live, ranges: Callable[[], str], tmp_path: Path):
    """The second writes nothing, and the first comes to its end with all ports."""
    second = type(live.project)(tmp_path, live.project.home)
    (tmp_path / "state.json").write_text(live.project.run("stack", "export").text)
    assert second.run("stack", "import", "--file", "state.json").ok
    second.declare({**live.sections, "ingress": {"subnet": ranges()}})
    live.declare(ingress={"subnet": ranges()})

    with live.project.start("up", *CHANGE, "--json") as first:
        assert first.stdout
        next(line for line in progress(first.stdout) if line.startswith("unpublish ports"))
        refused = second.up()
        told = "".join(first.communicate(timeout=bounds.RUN))

    assert (False, 0) == (refused.ok, first.returncode), told[-2000:]
    assert "is in the middle of a change with another stack file" in refused.told
    live.is_whole()
