"""The memory that Pulumi's plugin takes, as the kernel keeps its most (VmHWM)."""

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from bench.measuring import Asked, Figures, no_figures
from bench.programs import REFRESH, UP, lab_hosts, make_a_swarm, networks_alone, programs
from tests.support.cutting import descendants, is_plugin

SECONDS = 0.1  # between looks: what is missed is the last moment of a process


def figures(asked: Asked) -> Figures:
    """Measure it with the most overlays, once: making them all, and looking at them."""
    count = max(asked.overlays, default=0)
    found = no_figures()
    with lab_hosts(asked) as group, programs(asked) as all_programs:
        make_a_swarm(group)
        for program in all_programs:
            program.declare(networks_alone(group, count))
            for words in (UP, REFRESH):
                most = megabytes(partial(program.pulumi, *words))
                found[f"{count} overlays: MB of the plugin, {' '.join(words)}"][program.name].append(most)
            program.declare(networks_alone(group, 0))
            program.pulumi(*UP)
    return found


def megabytes(work: Callable[[], object]) -> float:
    """Return the most that a plugin in Python below this process had while some work was done."""
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
    for process in descendants(os.getpid()):
        if is_plugin(process):
            with suppress(FileNotFoundError, ProcessLookupError):
                found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
                yield int(found[1]) / 1000 if found else 0.0
