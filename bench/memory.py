"""The memory that Pulumi's plugin takes, as the kernel keeps its most (VmHWM)."""

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

SECONDS = 0.1  # between looks: what is missed is the last moment of a process

PLUGIN = b"pulumi.dynamic"  # of the words that start it


def most(work: Callable[[], object]) -> float:
    """Return the megabytes that a plugin in Python which this process starts, or its children do, had at most while
    some work was done.
    """
    found, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(SECONDS):
            found.append(max(plugins(), default=0.0))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        work()
    finally:
        over.set()
        watching.join()
    assert max(found) > 0, "no plugin was seen"
    return max(found)


def plugins() -> Iterator[float]:
    """Megabytes that each plugin below this process has had at most."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if PLUGIN in (folder / "cmdline").read_bytes() and below(folder.name):
                found = re.search(r"VmHWM:\s+(\d+) kB", (folder / "status").read_text())
                yield int(found[1]) / 1000 if found else 0.0


def below(process: str) -> bool:
    """Tell whether a process descends from this one."""
    while process not in ("0", str(os.getpid())):
        process = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1]
    return process != "0"
