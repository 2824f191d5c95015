"""Measures what writing the state costs: the program whose resources do nothing, with its state in each place.

Pulumi writes the whole state before and after each resource that it makes, so that this grows with their square.

    python -m bench.checkpoint --count 1000
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from bench.measuring import RESULTS, machine
from bench.programs import UP, Program, overlays
from tests.support.cutting import descendants
from tests.support.state_servers import Store, in_postgresql, in_s3
from tools.lab import why_not_here

ZSTD = {"PULUMI_DIY_BACKEND_ZSTD": "true"}
SKIPPED = {"PULUMI_SKIP_CHECKPOINTS": "true"}
TICKS = os.sysconf("SC_CLK_TCK")


def places(folder: Path, servers: ExitStack) -> Iterator[tuple[str, Store]]:
    """Each place by its name; servers end with `servers`."""
    for name, variables in {"folder": {}, "folder, zstd": ZSTD, "folder, no checkpoints": SKIPPED}.items():
        (folder / name).mkdir()
        yield name, Store(f"file://{folder / name}?metadata=skip", variables)
    plain = {"PostgreSQL": servers.enter_context(in_postgresql()), "S3, in memory": servers.enter_context(in_s3())}
    yield from plain.items()
    for name, store in plain.items():
        apart = "table=compressed" if name == "PostgreSQL" else "prefix=compressed/"
        yield f"{name}, zstd", replace(store, url=f"{store.url}&{apart}", variables={**store.variables, **ZSTD})


def processor(server: int) -> float:
    """Return the seconds that a server's processes have used, those that have ended among them."""
    return sum(map(used, reversed([server, *descendants(server)]))) if server else 0.0


def used(pid: int) -> float:
    """Return the seconds of one process and of its children that have ended; 0 if it has just ended itself."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def measured(folder: Path, name: str, store: Store, count: int) -> tuple[str, ...]:
    """Return a row: seconds by the clock, of Pulumi's processes and of the server's, and the load meanwhile."""
    program = Program(folder / f"program of {name}", floor=True, store=store)
    program.declare({"overlays": overlays(count)})
    before = processor(store.server)
    took = program.pulumi(*UP)
    of_server = f"{processor(store.server) - before:.1f}" if store.server else ""
    return name, f"{took.elapsed:.0f}", f"{took.cpu:.1f}", of_server, f"{os.getloadavg()[0]:.0f}"


def main() -> int:
    """Measure, print and keep; 2 where the servers can't run."""
    parser = argparse.ArgumentParser(prog="python -m bench.checkpoint", description="What writing the state costs.")
    parser.add_argument("--count", type=int, default=1000, help="resources")
    count = parser.parse_args().count
    if reason := why_not_here():
        print(f"no servers for states on this machine: {reason}", file=sys.stderr)
        return 2
    shown = Table(title=f"up of {count} resources", title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("state in", "seconds", "cpu: Pulumi", "the server", "load"):
        shown.add_column(heading, justify="left" if heading == "state in" else "right")
    screen = Console(soft_wrap=True, highlight=False)
    with tempfile.TemporaryDirectory(prefix="swarmnet-checkpoint-") as folder, ExitStack() as servers:
        for name, store in places(Path(folder), servers):
            row = measured(Path(folder), name, store, count)
            screen.print(*row, sep=", ")
            shown.add_row(*row)
    screen.print(shown, machine())
    with (RESULTS / "checkpoint.txt").open("w") as file:
        Console(file=file, width=140).print(shown, machine())
    return 0


if __name__ == "__main__":
    sys.exit(main())
