"""All parts, one after the other, as one table."""

import argparse
import sys
from pathlib import Path

from bench import jobs, memory, outage
from bench.measuring import Asked, Part, printed
from tools.lab import why_not_here

PARTS: dict[str, Part] = {"jobs": jobs.figures, "outage": outage.figures, "memory": memory.figures}


def main() -> int:
    """Measure, print and keep; return 1 if a part failed, 2 if there are no hosts to measure on."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="How long things take, on real hosts.")
    parser.add_argument("--part", action="append", choices=PARTS, help="repeatable; default: all")
    parser.add_argument("--engine", default="28")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each job, of which the median is told")
    parser.add_argument("--beside", type=Path, metavar="CHECKOUT", help="another one, which takes turns with this one")
    parser.add_argument("--overlays", type=int, nargs="*", default=[100, 1000], help="of jobs; the most are memory's")
    parser.add_argument("--hosts", type=int, nargs="*", default=[3, 12], help="of jobs; at most 20")
    parser.add_argument("--services", type=int, nargs="*", default=[3, 10], help="of outage")
    parser.add_argument("--group", default="b", help="of the lab's hosts; those of another checkout are in GROUPa")
    given = vars(parser.parse_args())
    if reason := why_not_here():
        print(f"no real Docker hosts on this machine: {reason}", file=sys.stderr)
        return 2
    names = given.pop("part")
    return printed("-".join(names or ["all"]), Asked(**given), {name: PARTS[name] for name in names or PARTS})


if __name__ == "__main__":
    sys.exit(main())
