"""Explore everything and print what was found: `python -m tests.exploration [WORDS OF A NAME]`."""

import sys
import time

from tests.exploration.explore import Exploration
from tests.exploration.scenes import LARGE, SMALL


def main(words: str) -> int:
    """Explore the scenes whose names hold these words; return 1 if something did not hold."""
    wrong = 0
    for name, scene in {**SMALL, **LARGE}.items():
        if words not in name:
            continue
        began = time.process_time()
        found = Exploration(scene()).run()
        outcomes = ", ".join(f"{count} {end}" for end, count in found.outcomes().most_common())
        print(f"{name:34} {len(found.came):7} states {time.process_time() - began:6.1f} s  {outcomes}", flush=True)
        for line in found.report():
            print(f"    {line}")
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
