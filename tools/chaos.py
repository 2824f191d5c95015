"""`make chaos ENGINE=28 N=20 SEED=1`: live changes that are cut at random moments, finished by the documented commands.

In turn pulumi, its plugin, a dockerd and a host's link are cut. After each cut everything that existed before must be
there again: specs, availability, ingress and bridge on every host, and no journal. Each cut is one line of JSON at the
end of a file; a second call with the same engine and seed goes on where the first ended. A run that was over before
its moment came is written down as missed, and does not count.
"""

import argparse
import itertools
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.support import machines
from tests.support.cutting import Uncut, ended, killed, progress
from tests.support.machines import Group, eventually
from tests.support.project import CHANGE, Project
from tests.support.services import all_run, deploy, journals, lost, specs
from tests.support.what_hosts_show import promised, shown, stack_of

VICTIMS = ("pulumi", "plugin", "docker", "link")
CHANGES = ("ingress", "ingress", "bridge")
# About as many progress lines come while such a change goes on, on three hosts; after the last there is nothing to cut.
LINES = {"ingress": 13, "bridge": 33}
TRIES = 4
SECONDS = 600.0
FETCH = 900.0
MANAGERS = 3


@dataclass
class Cut:
    """One cut and what came of it. `moment`: it fell after so many progress lines. `wrong`: empty is well.

    `hit`: whether the run was still going on then.
    """

    engine: str
    seed: int
    number: int
    victim: str
    change: str
    moment: int
    hit: bool = False
    tries: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


def main() -> int:
    """Cut, finish, check, write down; 1 if anything was lost."""
    parser = argparse.ArgumentParser(prog="python -m tools.chaos", description=__doc__)
    parser.add_argument("--engine", default="28", help="one for all three hosts, or one for each: 28,26,28")
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--group", default="c", help="name of the hosts' group")
    parser.add_argument("--results", type=Path, default=Path("chaos-results.jsonl"))
    given = parser.parse_args()
    before = [one for one in read(given.results) if (one["engine"], one["seed"]) == (given.engine, given.seed)]
    hits = sum(one["hit"] for one in before)
    try:
        group = machines.start(given.group, given.engine, seconds=FETCH)
        scene = Scene.brought_up(group)
        for number in itertools.count(len(before)):
            if hits >= given.cuts:
                break
            cut = scene.cut(planned(given.engine, given.seed, number))
            hits += cut.hit
            with given.results.open("a") as results:
                results.write(json.dumps(asdict(cut)) + "\n")
            outcome = cut.wrong or ("well" if cut.hit else "missed")
            print(f"{hits}/{given.cuts} {cut.victim} during {cut.change}: {outcome}", flush=True)
            if cut.wrong:
                scene = Scene.brought_up(group.reset())
    finally:
        machines.end(given.group)
    return summary(read(given.results))


def read(results: Path) -> list[dict[str, Any]]:
    """Return all cuts so far."""
    return [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []


def summary(cuts: list[dict[str, Any]]) -> int:
    """Print how many hit by engine, and what went wrong; 1 if anything did."""
    cuts = [each for each in cuts if each["hit"] or each["wrong"]]
    for engine, count in sorted(Counter(each["engine"] for each in cuts).items()):
        wrong = sum(bool(each["wrong"]) for each in cuts if each["engine"] == engine)
        victims = Counter(each["victim"] for each in cuts if each["engine"] == engine)
        told = ", ".join(f"{victim} {times}" for victim, times in sorted(victims.items()))
        print(f"Engine {engine}: {count} cuts ({told}), {wrong} with something lost")
    return int(any(each["wrong"] for each in cuts))


def planned(engine: str, seed: int, number: int) -> Cut:
    """Return the cut of that number: the same for the same seed."""
    chance = random.Random(f"{engine} {seed} {number}")
    change = CHANGES[number % len(CHANGES)]
    return Cut(engine, seed, number, VICTIMS[number % len(VICTIMS)], change, chance.randint(1, LINES[change]))


@dataclass
class Scene:
    """Three managers with services, and the project that made their networks."""

    group: Group
    project: Project
    sections: dict[str, Any]
    before: dict[str, Any]

    @classmethod
    def brought_up(cls, group: Group) -> "Scene":
        """Bring the stack up on bare hosts."""
        group.provide_image()
        folder = tempfile.mkdtemp(prefix="swarmnet-chaos-")
        project = Project(Path(folder), Path(folder) / "home")
        sections = stack_of(group, managers=MANAGERS)
        project.declare(sections)
        run = project.run("up", *CHANGE, "--json", seconds=SECONDS)
        assert run.ok, run.told
        deploy(next(iter(group)))
        return cls(group, project, sections, specs(next(iter(group))))

    def cut(self, cut: Cut) -> Cut:
        """Begin a change, cut it, finish it by the documented commands, and look at what is there."""
        began = time.monotonic()
        self.sections = changed(self.sections, cut.change, cut.number)
        self.project.declare(self.sections)
        chance = random.Random(f"{cut.seed} {cut.number}")
        delay = chance.uniform(0, 1)
        if cut.victim in ("pulumi", "plugin"):
            self.kill(cut, delay)
        else:
            host = chance.choice(list(self.group.hosts))
            with faulty(self.group, host, cut.victim) as strike:
                cut.hit = watched(self.project, cut.moment, delay, strike)
            self.finish(cut)
        cut.wrong += self.wrong()
        cut.seconds = round(time.monotonic() - began, 1)
        return cut

    def kill(self, cut: Cut, delay: float) -> None:
        """Cut by `kill -9`, and finish."""
        lines = itertools.count(1)
        try:
            family = killed(self.project, cut.victim, lambda _: next(lines) == cut.moment, delay)
        except Uncut:
            return
        cut.hit = True
        with ended(family):
            self.finish(cut)

    def finish(self, cut: Cut) -> None:
        """Run `pulumi cancel` if pulumi was killed, then `up` until it ends well."""
        if cut.victim == "pulumi":
            self.project.run("cancel", "--yes")
        for _ in range(TRIES):
            cut.tries += 1
            last = self.project.run("up", *CHANGE, "--json", seconds=SECONDS)
            if last.ok:
                return
        cut.wrong.append(f"up does not end well: {last.told}")

    def wrong(self) -> list[str]:
        """Say what is not as it was or not as the stack file says."""
        manager = next(iter(self.group))
        found = [f"lost: {line}" for line in lost(self.before, specs(manager))]
        found += [f"left: {key}" for key in journals(manager)]
        with suppress(AssertionError):  # a new leader calls every node unknown, until it has heard of it
            eventually(lambda: promised(self.sections) == shown(self.group))
        wanted, there = promised(self.sections), shown(self.group)
        found += [f"{key}: {there[key]}, wanted {wanted[key]}" for key in wanted if wanted[key] != there[key]]
        if not self.project.is_settled():
            found.append("preview --refresh shows differences")
        with suppress(AssertionError):
            eventually(lambda: all_run(manager))
        if not all_run(manager):
            found.append("tasks do not run")
        return found


def changed(sections: dict[str, Any], change: str, number: int) -> dict[str, Any]:
    """Return the stack file with another range for the ingress or for the bridges."""
    if change == "ingress":
        return {**sections, "ingress": {"subnet": f"10.201.{16 * (number % 8 + 1)}.0/20"}}
    return {**sections, "gwbridge": {**sections["gwbridge"], "subnet": f"10.200.{16 * (number % 8 + 1)}.0/20"}}


@contextmanager
def faulty(group: Group, host: str, victim: str) -> Iterator[Callable[[], None]]:
    """A way to strike a host, which is undone 15 seconds later, and in any case afterwards."""
    strike, undo = {"docker": ("kill-docker", "start-docker"), "link": ("cut", "heal")}[victim]
    timer = threading.Timer(15, lambda: group.fault(host, undo))

    def struck() -> None:
        group.fault(host, strike)
        timer.start()

    try:
        yield struck
    finally:
        timer.cancel()
        if timer.ident:
            timer.join()
        group.fault(host, undo)


def watched(project: Project, moment: int, delay: float, strike: Callable[[], None]) -> bool:
    """An `up` to its end, and whether something happened in the middle of it."""
    with project.start("up", *CHANGE, "--json") as process:
        assert process.stdout
        came = sum(1 for _ in itertools.islice(progress(process.stdout), moment))
        time.sleep(delay)
        in_time = came == moment and process.poll() is None
        if in_time:
            strike()
        process.communicate()
    return in_time


if __name__ == "__main__":
    sys.exit(main())
