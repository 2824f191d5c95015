"""The lab's memory: the hosts that run, and the lock that lets one command at a time change them.

Its folder belongs to the machine and not to a checkout, so that all checkouts share the hosts. No network and no
process is touched here.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path("/var/lib/swarmnet-lab")
KEY = FOLDER / "key"
KNOWN_HOSTS = FOLDER / "known_hosts"
FOLDERS = FOLDER / "hosts"
"""In it a folder for each host, named after it."""
HOST_KEYS = FOLDER / "host_keys"
"""In it each host's ssh key, named after the host; a reset keeps it."""
NEIGHBOURS = FOLDER / "neighbours"
"""The kernel's limit of neighbours as it was before it was raised."""
HOSTS, VMS = FOLDER / "hosts.json", FOLDER / "vms.json"
"""The lists of those that run: hosts in namespaces, and virtual machines."""


@dataclass(frozen=True)
class Wanted:
    """A host to start."""

    name: str
    group: str
    address: str
    engine: str


@dataclass(frozen=True)
class Record(Wanted):
    """A host that was started: its first process, or QEMU's, and when that began, in clock ticks since boot."""

    pid: int
    started: int

    @property
    def number(self) -> int:
        """Return the host's number in its group."""
        return int(self.name.removeprefix(self.group))

    @property
    def runs(self) -> bool:
        """Tell whether the host's first process is still the one that was started."""
        return started(self.pid) == self.started

    @property
    def has_started(self) -> bool:
        """Tell whether init.sh started the services. Before, what looks like the host's files may be the machine's."""
        return Path(f"/proc/{self.pid}/root/run/lab-started").exists()


def started(pid: int) -> int | None:
    """Return when a process began, in clock ticks since boot; None if there is none, or only a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else int(fields[18])


def load(which: Path = HOSTS) -> dict[str, Record]:
    """Return those of a list that run, by name: group after group, and in each by number."""
    try:
        rows = json.loads(which.read_text())
    except FileNotFoundError:
        return {}
    records = sorted((Record(**row) for row in rows), key=lambda record: (record.group, record.number))
    return {record.name: record for record in records if record.runs}


def save(records: dict[str, Record], which: Path = HOSTS) -> None:
    """Write a list, and the ssh keys of all that run for `ssh` to check, each file in one step."""
    _replace(which, json.dumps([asdict(record) for record in records.values()], indent=1) + "\n")
    running = [record for file in (HOSTS, VMS) for record in load(file).values()]
    keys = (f"{record.name},{record.address} {_host_key(record.name)}\n" for record in running)
    _replace(KNOWN_HOSTS, "".join(keys))


def _host_key(name: str) -> str:
    return " ".join((HOST_KEYS / f"{name}.pub").read_text().split()[:2])


def _replace(path: Path, text: str) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(text)
    draft.rename(path)


@contextmanager
def locked() -> Iterator[None]:
    """Hold the lab's lock. The folder is there, for root alone, while it is held."""
    descriptor = _lock()
    try:
        yield
    finally:
        os.close(descriptor)


def _lock() -> int:
    """Lock the folder itself, so that no lock file outlives it."""
    while True:  # `down` may remove the folder while we wait for it
        FOLDER.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(FOLDER, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if FOLDER.exists() and os.path.samestat(os.fstat(descriptor), FOLDER.stat()):
            return descriptor
        os.close(descriptor)
