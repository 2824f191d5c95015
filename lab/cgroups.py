"""A host's place among the machine's cgroups, made with the host and removed with it.

Version 1: below the caller's own cgroup in each hierarchy, so that hosts count as the caller's.
Version 2: below the root, since any other cgroup that has processes can give no controllers to its children.
https://man7.org/linux/man-pages/man7/cgroups.7.html
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

_PARENT = "swarmnet-lab"


def enter(name: str, pid: int) -> None:
    """Make a host's cgroups and put its first process there."""
    for place in places(name, Path("/proc/self/cgroup").read_text(), Path("/proc/self/mounts").read_text()):
        place.mkdir(parents=True, exist_ok=True)
        for folder in (place.parent, place):
            _give_processors(folder)
        _give_controllers(place.parent)
        (place / "cgroup.procs").write_text(str(pid))


def places(name: str, membership: str, mounts: str) -> list[Path]:
    """Return the directories of a host's cgroups, from the texts of /proc/self/cgroup and /proc/self/mounts."""
    own = dict(line.split(":", 2)[1:] for line in membership.splitlines())
    if set(own) == {""}:
        return [root / _PARENT / name for root in _roots("cgroup2", "", mounts)]
    return [
        root / path.lstrip("/") / _PARENT / name
        for controllers, path in own.items()
        if controllers
        for root in _roots("cgroup", controllers, mounts)
    ]


def _roots(kind: str, controllers: str, mounts: str) -> list[Path]:
    """Return the mount point of a hierarchy, or nothing."""
    rows = (line.split() for line in mounts.splitlines())
    wanted = set(filter(None, controllers.split(",")))
    return [Path(row[1]) for row in rows if row[2] == kind and wanted <= set(row[3].split(","))][:1]


def _give_processors(folder: Path) -> None:
    """Give a version 1 cgroup its parent's processors and memory: without them no process may enter."""
    for file in ("cpuset.cpus", "cpuset.mems"):
        if (folder / file).exists():
            (folder / file).write_text((folder.parent / file).read_text())


def _give_controllers(folder: Path) -> None:
    """Let the hosts' cgroups have every controller that their version 2 parent has."""
    if (folder / "cgroup.controllers").exists():
        controllers = (folder / "cgroup.controllers").read_text().split()
        (folder / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in controllers))


def remove(name: str) -> None:
    """Remove a host's cgroups, whichever command made them; no process of the host may be left."""
    for parent in _parents():
        for folder, _, _ in os.walk(parent / name, topdown=False):
            os.rmdir(folder)


def remove_parents() -> None:
    """Remove what all hosts' cgroups were in, and what a cut start left there; no host may be left.

    What still has processes stays: cgroups are the machine's, so a lab whose files lie elsewhere (in another
    container, another mount namespace) may have hosts there.
    """
    for parent in _parents():
        for folder, _, _ in os.walk(parent, topdown=False):
            _remove_unless_busy(Path(folder))


def _remove_unless_busy(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise


def _parents() -> list[Path]:
    """Return the cgroups that hold hosts, in every hierarchy and below whichever cgroup the lab was called in."""
    return [Path(folder, _PARENT) for folder, inner, _ in os.walk("/sys/fs/cgroup") if _PARENT in inner]
