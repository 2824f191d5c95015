"""A project on hosts, of a checkout or the floor's, and the commands that are timed in it; the hosts themselves."""

import compileall
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.measuring import Asked, Spent, spent
from tests.support import machines
from tests.support.any_program import OfSections
from tests.support.machines import ROOT, Group
from tests.support.project import PARTS, Project
from tests.support.what_hosts_show import SSH
from tools.setup import OURS

FLOOR = Path(__file__).parent / "floor" / "__main__.py"
FETCH = 900.0  # seconds for hosts whose Engine has to be built first
SECONDS = 1800.0
UP = ("up", "--yes", "--skip-preview")
REFRESH = ("preview", "--refresh")
# For a stack file: long enough for what is slow because the machine is.
PATIENT = {"swarm": 600, "node": 600, "gwbridge": 900, "ingress": 1800}


class Program:
    """A project whose commands are timed.

    checkout: whose program it has, with the packages of this one. floor: its program is another, with resources that do
    nothing. native: its program is another, which has the same networks by the plugin for any program.
    """

    def __init__(
        self, folder: Path, name: str, checkout: Path = ROOT, *, floor: bool = False, native: bool = False
    ) -> None:
        folder.mkdir()
        self.name, self.checkout, self.floor, self.native = name, checkout.resolve(), floor, native
        self.project = (OfSections if native else Project)(folder, folder.parent / "home")
        for part in () if native else PARTS:
            if part != ".tools":
                (folder / part).unlink()
                (folder / part).symlink_to(self.checkout / part)
        for modules in OURS:  # or the first run of a new checkout would do it
            compileall.compile_dir(self.checkout / modules, quiet=1)
        if floor:
            (folder / "__main__.py").unlink()
            (folder / "__main__.py").symlink_to(FLOOR)
            (folder / "bench").symlink_to(ROOT / "bench")

    def declare(self, sections: Mapping[str, Any]) -> None:
        """Write the stack file, and keep what is in it. The floor has as many resources."""
        self.sections = dict(sections)
        self.project.declare({"overlays": overlays(resources(sections))} if self.floor else self.sections)

    def pulumi(self, *words: str) -> Spent:
        """Run `pulumi` to a good end."""

        def work() -> None:
            run = self.project.run(*words, seconds=SECONDS)
            assert run.ok, f"{self.name}: {' '.join(words)}: {run.text[-2000:]}"

        return spent(work)

    def swarmnet(self, command: str) -> Spent:
        """Run a command of `swarmnet` to a good end."""
        words = [sys.executable, "-P", "-m", "cli", command, self.project.stack]
        state = {"PULUMI_BACKEND_URL": f"file://{self.project.backend}", "PULUMI_CONFIG_PASSPHRASE": ""}
        env = {**os.environ, **state, "PYTHONPATH": str(self.checkout)}

        def work() -> None:
            done = subprocess.run(
                words, cwd=self.project.folder, env=env, check=False, capture_output=True, text=True, timeout=SECONDS
            )
            assert done.returncode == 0, f"swarmnet {command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"

        return spent(work)


@contextmanager
def programs(asked: Asked, *, floor: bool = False) -> Iterator[list[Program]]:
    """Give new projects: of this checkout, by its plugin too if the floor is asked for, of the one beside it, and the
    floor's; take all away in the end."""
    folder = Path(tempfile.mkdtemp(prefix="swarmnet-bench-"))
    try:
        given = [Program(folder / "ours", "ours")]
        given += [Program(folder / "beside", "beside", asked.beside)] if asked.beside else []
        given += [Program(folder / "plugin", "by plugin", native=True)] if floor else []
        given += [Program(folder / "floor", "floor", floor=True)] if floor else []
        yield given
    finally:
        shutil.rmtree(folder)


@contextmanager
def lab_hosts(asked: Asked, count: int = 3, letter: str = "") -> Iterator[Group]:
    """Give new, bare hosts, of a group of their own if it has a letter, and end them."""
    group = asked.group + letter
    try:
        yield machines.start(group, asked.engine, count=count, seconds=FETCH)
    finally:
        machines.end(group)


def overlays(count: int) -> dict[str, Any]:
    """Return the section of a stack file with so many overlays."""
    return {f"app{n}": {"subnet": f"10.{100 + n // 250}.{n % 250}.0/24"} for n in range(count)}


def networks_alone(group: Group, count: int) -> dict[str, Any]:
    """Return the sections of a stack file for a swarm that somebody else made: so many overlays."""
    hosts = {host.name: {"address": host.address} for host in group}
    return {"hosts": hosts, "ssh": SSH, **({"overlays": overlays(count)} if count else {})}


def resources(sections: Mapping[str, Any]) -> int:
    """Return how many resources a stack file declares: overlays; with a swarm also it, its ingress, bridges, nodes."""
    return len(sections.get("overlays", ())) + (2 + 2 * len(sections["hosts"]) if "swarm" in sections else 0)


def make_a_swarm(group: Group) -> None:
    """Make a group's bare hosts a swarm, the first its manager."""
    first, *others = group
    first.docker("swarm", "init", "--advertise-addr", first.address)
    token = first.docker("swarm", "join-token", "--quiet", "worker").strip()
    for host in others:
        host.docker("swarm", "join", "--token", token, f"{first.address}:2377")
