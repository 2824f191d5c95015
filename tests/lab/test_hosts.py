"""The lab's own promises: two commands at once do no harm, and nothing outside the lab is changed."""

import subprocess
from pathlib import Path

import pytest

from tests.support import machines
from tests.support.machines import LAB

pytestmark = pytest.mark.lab

GROUP = "y"


def traces(word: str) -> dict[str, list[str]]:
    """Return what this machine has with that word: interfaces, cgroups, files, and the mounts of its processes."""
    mounts = [line for path in Path("/proc").glob("[0-9]*/mounts") for line in lines(path)]
    return {
        "interfaces": [path.name for path in Path("/sys/class/net").iterdir() if word in path.name],
        "cgroups": [str(path) for path in Path("/sys/fs/cgroup").rglob(word) if path.is_dir()],
        "files": [str(path) for path in Path("/var/lib/swarmnet-lab").glob(f"*/{word}*")],
        "mounts": [line for line in mounts if f"/hosts/{word}/" in line],
    }


def lines(path: Path) -> list[str]:
    """Return the lines of a file in /proc; none if its process has ended meanwhile."""
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


@pytest.fixture
def two_at_once():
    """Two commands that start the same hosts; what each complained of."""
    both = [subprocess.Popen([LAB, "up", "2", "--group", GROUP], stderr=subprocess.PIPE, text=True) for _ in range(2)]
    yield [process.communicate(timeout=machines.SECONDS)[1] for process in both]
    machines.end(GROUP)


def test_a_second_up_waits_for_hosts_that_are_starting(two_at_once: list[str]):
    """It mends nothing in them yet: they have no root of their own, and the services it found were the machine's."""
    assert ["", ""] == two_at_once
    assert ["y1", "y2"] == list(machines.running(GROUP))


def test_nothing_is_left_of_hosts_that_went_down():
    """No interface, cgroup, file or mount bears their names."""
    machines.start(GROUP, "28", count=1)
    assert all(traces("y1").values())

    machines.end(GROUP)

    assert {"interfaces": [], "cgroups": [], "files": [], "mounts": []} == traces("y1")
