"""`make lab`: what real Docker hosts on this machine need, and the app on them; other hosts need none of it.

Arguments: the Engines that the hosts will have.
"""

import os
import sys
from pathlib import Path

from tools import real_hosts
from tools.console import exit_code
from tools.pulumi_plugin import provide_plugin

ROOT = Path(__file__).resolve().parent.parent


def provide(engines: list[str]) -> None:
    """Set up what is missing; say so if this machine can't run hosts."""
    real_hosts.provide(ROOT, engines)
    if not real_hosts.why_not_here():
        provide_plugin(ROOT, os.get_exec_path())


if __name__ == "__main__":
    sys.exit(exit_code(lambda: provide(sys.argv[1:])))
