"""The ways from bare hosts to the stack, each as one process that is timed whole."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.witness import Counts, counts, watch
from tests.support.machines import KEY_FILE, KNOWN_HOSTS, Group
from tests.support.project import Project
from tests.support.what_hosts_show import SSH, networks_of

SCRIPT = Path(__file__).parent / "by_hand.sh"
SECONDS = 120.0


@dataclass(frozen=True)
class Contender:
    """One way. `prepare` returns what is to be timed; `whole`: it returns only when every host is right."""

    name: str
    prepare: Callable[[Group, int, Path], Callable[[], None]]
    whole: bool = True


def timed(contender: Contender, group: Group, overlays: int) -> float:
    """Return seconds from bare hosts to the end of the process."""
    return run(contender, group, overlays)


def counted(contender: Contender, group: Group, overlays: int) -> dict[str, Counts]:
    """Run it and return what the hosts count meanwhile. It is a run of its own, since counting takes time."""
    run(contender, group, overlays, before=watch)
    return counts(group)


def run(
    contender: Contender, group: Group, overlays: int, before: Callable[[Group], None] = lambda group: None
) -> float:
    """Seconds of one run on bare hosts."""
    group.reset()
    before(group)
    folder = Path(tempfile.mkdtemp(prefix="swarmnet-bench-"))
    try:
        work = contender.prepare(group, overlays, folder)
        began = time.monotonic()
        work()
        seconds = time.monotonic() - began
    finally:
        shutil.rmtree(folder)
    if contender.whole and before is not watch:
        prove(group, overlays)
    return seconds


def prove(group: Group, overlays: int) -> None:
    """Raise AssertionError unless every host is right."""
    right = {"bridge": "10.200.0.0/20", "ingress": "10.201.0.0/20", "sandbox": True, "way out": True}
    for host in group:
        assert networks_of(host) == right, f"{host.name}: {networks_of(host)}"
    made = [name for name in next(iter(group)).networks() if name.startswith("app")]
    assert len(made) == overlays, made


def pulumi(group: Group, overlays: int, folder: Path) -> Callable[[], None]:
    """`pulumi up --yes --skip-preview`, in a new project."""
    folder.joinpath("project").mkdir()
    project = Project(folder / "project", folder / "home")
    project.declare(stack(group, overlays))

    def work() -> None:
        done = project.run("up", "--yes", "--skip-preview", seconds=SECONDS)
        assert done.ok, done.text

    return work


def stack(group: Group, overlays: int) -> dict[str, Any]:
    """Return the stack file's sections; by_hand.sh has the same ranges."""
    first, *_ = group
    return {
        "hosts": {
            host.name: {"address": host.address, "role": "manager" if host is first else "worker"} for host in group
        },
        "ssh": SSH,
        "swarm": {},
        "gwbridge": {"subnet": "10.200.0.0/20"},
        "ingress": {"subnet": "10.201.0.0/20"},
        "overlays": {f"app{number}": {"subnet": f"10.202.{number}.0/24"} for number in range(overlays)},
    }


def script(how: str) -> Callable[[Group, int, Path], Callable[[], None]]:
    """by_hand.sh, with or without its last wait."""

    def prepare(group: Group, overlays: int, _folder: Path) -> Callable[[], None]:
        words = [SCRIPT, how, KEY_FILE, KNOWN_HOSTS, str(overlays), *(host.address for host in group)]

        def work() -> None:
            done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
            assert done.returncode == 0, done.stderr

        return work

    return prepare


PULUMI = Contender("pulumi up", pulumi)
BY_HAND = Contender("script", script("wait"))
WITHOUT_WAIT = Contender("script, no wait", script("no-wait"), whole=False)
ALL = (PULUMI, BY_HAND, WITHOUT_WAIT)
