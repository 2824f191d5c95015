"""All parts, one after the other, as one table."""

import argparse
import sys

from bench import contenders, counts, doctor, jobs, many_hosts, outage, services
from bench.report import GROUP, Part, printed

PARTS: dict[str, Part] = {
    "jobs": jobs.rows,
    "script": contenders.rows,
    "services": services.rows,
    "counts": counts.rows,
    "twelve": many_hosts.twelve,
    "fifty": many_hosts.rows,
    "ingress": outage.many,
    "outage": outage.rows,
    "doctor": doctor.rows,
}


def main() -> int:
    """Measure, print and keep; return 1 if a promise is not kept, 2 if there are no hosts to measure on."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Each promise of speed, measured.")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each job; half of it where one takes minutes")
    parser.add_argument("--engine", action="append", help="repeatable; default: 28")
    parser.add_argument("--part", action="append", choices=PARTS, help="repeatable; default: all")
    parser.add_argument("--group", default=GROUP, help="of the lab's hosts; fifty are in two more, GROUPa and GROUPb")
    given = parser.parse_args()
    parts = {name: PARTS[name] for name in given.part or PARTS}
    name = "-".join(given.part) if given.part else "all"
    return printed(name, given.engine or ["28"], given.rounds, given.group, parts)


if __name__ == "__main__":
    sys.exit(main())
