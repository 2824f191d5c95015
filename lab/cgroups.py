"""A host's place among the machine's cgroups: one below the caller's own in each hierarchy, removed with the host.

https://man7.org/linux/man-pages/man7/cgroups.7.html
"""

from __future__ import annotations

import os
from pathlib import Path

_PARENT = "swarmnet-lab"


def places(name: str, membership: str, mounts: str) -> list[Path]:
    """The directories of a host's cgroups, from the texts of /proc/self/cgroup and /proc/self/mounts."""
    roots = _roots(mounts)
    found = []
    for line in membership.splitlines():
        _, controllers, path = line.split(":", 2)
        root = roots.get(controllers)
        if root:
            found.append(root / path.lstrip("/") / _PARENT / name)
    return found


def _roots(mounts: str) -> dict[str, Path]:
    """Where each hierarchy is mounted, by its controllers as /proc/self/cgroup writes them ("" is version 2)."""
    roots = {}
    for line in mounts.splitlines():
        _, place, kind, options = line.split()[:4]
        if kind == "cgroup2":
            roots[""] = Path(place)
        elif kind == "cgroup":
            names = [o for o in options.split(",") if o.startswith("name=") or o in place.rsplit("/", 1)[-1].split(",")]
            roots[",".join(names)] = Path(place)
    return roots


def enter(name: str, pid: int) -> None:
    """Make a host's cgroups and put its first process there."""
    for place in places(name, Path("/proc/self/cgroup").read_text(), Path("/proc/self/mounts").read_text()):
        place.mkdir(parents=True, exist_ok=True)
        for file in ("cpuset.cpus", "cpuset.mems"):
            if (place / file).exists():
                (place.parent / file).write_text((place.parent.parent / file).read_text())
                (place / file).write_text((place.parent / file).read_text())
        (place / "cgroup.procs").write_text(str(pid))


def remove(name: str) -> None:
    """Remove a host's cgroups, whichever command made them."""
    for place in Path("/sys/fs/cgroup").glob(f"**/{_PARENT}/{name}"):
        for folder, _, _ in os.walk(place, topdown=False):
            os.rmdir(folder)
        if not any(entry.is_dir() for entry in place.parent.iterdir()):
            place.parent.rmdir()
