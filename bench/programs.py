"""A project on hosts, ours or the floor's, and the commands that are timed in it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.measuring import Spent, spent
from tests.support.machines import ROOT, Group
from tests.support.project import Project
from tests.support.state_servers import Store
from tests.support.what_hosts_show import SSH

FLOOR = Path(__file__).parent / "floor"
SWARMNET = ROOT / ".tools" / "venv" / "bin" / "swarmnet"
SECONDS = 1800.0
UP = ("up", "--yes", "--skip-preview")
REFRESH = ("preview", "--refresh")
# For a stack file: long enough for what is slow because the machine is.
PATIENT = {"swarm": 600, "node": 600, "gwbridge": 900, "ingress": 1800}


class Program:
    """A project whose commands are timed. Of the `floor` the program is another, with resources that do nothing."""

    def __init__(self, folder: Path, *, floor: bool = False, store: Store | None = None) -> None:
        folder.mkdir()
        self.name = "floor" if floor else "ours"
        self.project = Project(folder, folder.parent / "home", store=store)
        if floor:
            (folder / "__main__.py").unlink()
            (folder / "__main__.py").symlink_to(FLOOR / "__main__.py")
            (folder / "bench").symlink_to(ROOT / "bench")

    def declare(self, sections: Mapping[str, Any]) -> None:
        """Write the stack file, and keep what is in it."""
        self.sections = dict(sections)
        self.project.declare(self.sections)

    def pulumi(self, *words: str) -> Spent:
        """Run `pulumi` to a good end."""

        def work() -> None:
            run = self.project.run(*words, seconds=SECONDS)
            assert run.ok, f"{self.name}: {' '.join(words)}: {run.text[-2000:]}"

        return spent(work)

    def swarmnet(self, command: str, *options: str) -> Spent:
        """Run a command of `swarmnet` to a good end."""
        words = [str(SWARMNET), command, self.project.stack, *options]
        env = {**os.environ, "PULUMI_BACKEND_URL": f"file://{self.project.backend}", "PULUMI_CONFIG_PASSPHRASE": ""}

        def work() -> None:
            done = subprocess.run(
                words, cwd=self.project.folder, env=env, check=False, capture_output=True, text=True, timeout=SECONDS
            )
            assert done.returncode == 0, f"swarmnet {command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"

        return spent(work)


@contextmanager
def programs(*floor: bool) -> Iterator[list[Program]]:
    """Give a project for each word, and take all away in the end."""
    folder = Path(tempfile.mkdtemp(prefix="swarmnet-bench-"))
    try:
        yield [Program(folder / f"project{number}", floor=each) for number, each in enumerate(floor)]
    finally:
        shutil.rmtree(folder)


def overlays(count: int) -> dict[str, Any]:
    """Return the section of a stack file with so many overlays."""
    return {f"app{n}": {"subnet": f"10.{100 + n // 250}.{n % 250}.0/24"} for n in range(count)}


def networks_alone(group: Group, count: int) -> dict[str, Any]:
    """Return the sections of a stack file for a swarm that somebody else made: so many overlays."""
    hosts = {host.name: {"address": host.address} for host in group}
    return {"hosts": hosts, "ssh": SSH, **({"overlays": overlays(count)} if count else {})}


def made_a_swarm(group: Group) -> Group:
    """Make a group's bare hosts a swarm, the first its manager."""
    first, *others = group
    first.docker("swarm", "init", "--advertise-addr", first.address)
    token = first.docker("swarm", "join-token", "--quiet", "worker").strip()
    for host in others:
        host.docker("swarm", "join", "--token", token, f"{first.address}:2377")
    return group
