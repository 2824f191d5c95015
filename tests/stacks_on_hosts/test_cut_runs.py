"""A run may be cut at any instant: the documented commands finish it, and nobody else goes on writing."""

import itertools
import random
import signal
import time
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.cutting import ended, killed, progress
from tests.support.machines import Group, eventually, is_quiet
from tests.support.project import CHANGE, SECONDS, Project
from tests.support.what_hosts_show import promised, shown, stack_of

pytestmark = pytest.mark.lab

HOSTS = "n"


def changed(sections: dict[str, Any], number: int) -> dict[str, Any]:
    """Another stack file for the same hosts: ranges, a label, a setting and one overlay more."""
    overlays = sections["overlays"]
    return sections | {
        "swarm": {"task_history_limit": number, "labels": {"team": f"net{number}"}},
        "ingress": {"subnet": f"10.201.{16 * number}.0/20"},
        "overlays": {
            "app": overlays["app"],
            "monitoring": overlays["monitoring"] | {"subnet": f"10.202.{number}.0/24"},
            "extra": {"subnet": f"10.202.{100 + number}.0/24"},
        },
    }


@dataclass(frozen=True)
class Cut:
    """One run that is cut: who is killed, what it was doing, and which stack file finishes it."""

    victim: str
    doing: str
    finish: str = "the same file"

    def __str__(self) -> str:
        return f"{self.victim}, {self.doing}, {self.finish}"


CUTS = [
    Cut("plugin", "creating"),
    Cut("pulumi", "changing"),
    Cut("both", "creating", "another file"),
    Cut("both", "changing", "the file taken back"),
]


@pytest.mark.parametrize(("seed", "cut"), list(enumerate(CUTS)), ids=map(str, CUTS))
def test_the_documented_commands_finish_a_cut_run(bare: Group, project: Project, seed: int, cut: Cut):
    """`pulumi cancel`, if pulumi was killed; then `up` with the same file, or `up --refresh` with another."""
    chance = random.Random(seed)
    before = stack_of(bare)
    project.declare(before)
    if cut.doing == "changing":
        assert project.up().ok
    wanted = changed(before, 2) if cut.doing == "changing" else before
    project.declare(wanted)
    lines = itertools.count(1)
    last = chance.randint(1, 8)

    with ended(killed(project, cut.victim, lambda _: next(lines) == last, delay=chance.uniform(0, 0.3))):
        if cut.victim != "plugin":
            cancelled = project.run("cancel", "--yes")
            assert cancelled.ok, cancelled.told
        final = {"the same file": wanted, "another file": changed(before, 3), "the file taken back": before}[cut.finish]
        project.declare(final)
        finish = project.up() if cut.finish == "the same file" else project.up("--refresh")
        if "was made by this stack from another state" in finish.told:  # it was being created, and is in no state yet
            assert ("creating", "another file") == (cut.doing, cut.finish)
            project.declare(before)
            assert project.up().ok
            project.declare(final)
            finish = project.up()

    assert finish.ok, finish.told
    assert promised(final) == shown(bare)
    assert project.is_settled()


def test_a_pulumi_that_is_stopped_is_not_cut(bare: Group, project: Project):
    """Ctrl-Z for 9 s in the middle of a change of the ingress: the run ends well once it goes on; nothing is left."""
    sections = stack_of(bare)
    project.declare(sections)
    assert project.up().ok
    moved = sections | {"ingress": {"subnet": "10.205.0.0/20"}}
    project.declare(moved)

    with project.start("up", *CHANGE, "--json") as process:
        assert process.stdout
        next(line for line in progress(process.stdout) if line.startswith("remove the old ingress"))
        process.send_signal(signal.SIGSTOP)
        time.sleep(9)
        process.send_signal(signal.SIGCONT)
        told = "".join(process.communicate(timeout=SECONDS))

    assert 0 == process.returncode, told[-2000:]
    assert promised(moved) == shown(bare)
    assert project.is_settled()


def test_a_plugin_whose_pulumi_was_killed_starts_nothing_more(bare: Group, project: Project):
    """Cut while an old ingress goes, it does not make the new one; the next `up` says what to type, and then does."""
    sections = stack_of(bare)
    project.declare(sections)
    assert project.up().ok
    moved = sections | {"ingress": {"subnet": "10.205.0.0/20"}}
    project.declare(moved)

    with ended(killed(project, "pulumi", lambda line: line.startswith("remove the old ingress"))):
        eventually(lambda: not any(host.network("ingress") for host in bare))
        eventually(lambda: is_quiet(bare))
        assert not bare["n1"].network("ingress")

        locked = project.up()
        assert not locked.ok
        assert "`pulumi cancel`" in locked.text
        assert project.run("cancel", "--yes").ok
        assert project.up().ok

    assert promised(moved) == shown(bare)
    assert project.is_settled()
