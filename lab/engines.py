"""The Engines a host can run, and the cache of the programs that the machine itself does not have.

An Engine's folder in the cache holds files at the paths where a host sees them; it appears whole, by rename.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from lab import debian, moby
from lab.shell import LabError, run, told

_CONTAINERD = ["usr/bin/containerd", "usr/bin/containerd-shim-runc-v2"]
_DOCKER = ["usr/bin/docker", "usr/sbin/dockerd", "usr/sbin/docker-proxy"]
DEFAULT = "28"


@dataclass(frozen=True)
class Engine:
    """An Engine by the start of its version.

    `release` is the Debian release that has it, or for a `built` one its containerd; none: the machine's own.
    """

    name: str
    release: str = ""
    built: bool = False

    @property
    def packages(self) -> dict[str, list[str]]:
        """Return the Debian packages it takes files from, and which."""
        if not self.release:
            return {}
        cli, daemon = _DOCKER[:1], _DOCKER[1:]
        return {"docker-cli": cli, "containerd": _CONTAINERD} | ({} if self.built else {"docker.io": daemon})


_ENGINES = {
    engine.name: engine
    for engine in (
        Engine("20.10"),
        Engine("26", "trixie"),
        Engine("28", "sid"),
        Engine("29", "sid", built=True),
    )
}


def named(name: str) -> Engine:
    """Return the Engine of that name; LabError if there is none."""
    if name not in _ENGINES:
        raise LabError(f"engine {name}: not known: use {', '.join(_ENGINES)}")
    return _ENGINES[name]


def binds(name: str) -> dict[Path, str]:
    """Return the files of an Engine, and the paths where a host sees them."""
    folder = cache() / name
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file: f"/{file.relative_to(folder)}" for file in files}


def cache() -> Path:
    """Return the folder of all unpacked Engines, shared by checkouts."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "swarmnet/engines"


def is_there(name: str) -> bool:
    """Tell whether an Engine can be started: the machine has it, or the cache."""
    return not named(name).release or (cache() / name).is_dir()


def fetch(name: str) -> None:
    """Put an Engine into the cache, unless it is there; another checkout that does so is waited for."""
    try:
        cache().mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise LabError(
            f"{cache()}: can't be made ({problem.strerror}): let XDG_CACHE_HOME name a folder that can be written"
        ) from problem
    with open(cache() / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_there(name):
            return
        draft = cache() / f"{name}.new"
        try:
            with told(f"Engine {name}: {_about(named(name))}, once for this user"):
                _fill(draft, named(name))
            draft.rename(cache() / name)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def _about(engine: Engine) -> str:
    if engine.built:
        return "built from source, since Debian has no package of it: about 5 minutes"
    return f"fetched from Debian {engine.release}, since this machine's own is another one: 5 to 15 seconds"


def _fill(draft: Path, engine: Engine) -> None:
    if engine.built:
        moby.build(draft)
    files = [file for files in engine.packages.values() for file in files]
    debian.unpack(engine.release, list(engine.packages), files, draft)
    if not engine.built:
        _refuse_other_version(draft, engine)


def _refuse_other_version(draft: Path, engine: Engine) -> None:
    """A Debian release may move on to another Engine at any time."""
    said = run(draft / "usr/sbin/dockerd", "--version").strip()
    if f"version {engine.name}." not in said:
        raise LabError(f"engine {engine.name}: Debian {engine.release} now has {said}: use another Engine")
