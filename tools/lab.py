"""`make lab`: what real Docker hosts on this machine need, and nothing of which a machine that reaches others needs."""

import sys
from pathlib import Path

from tools.console import exit_code
from tools.real_hosts import provide as provide_real_hosts

ROOT = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    sys.exit(exit_code(lambda: provide_real_hosts(ROOT)))
