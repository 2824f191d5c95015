"""The second half of `make setup`: Pulumi, what a shell needs, the system packages of the lab."""

import os
import sys
from pathlib import Path

from tools.console import exit_code, say
from tools.pulumi_cli import provide_pulumi
from tools.real_hosts import provide as provide_real_hosts
from tools.shell import activation_script, swarmnet_script, write_if_changed

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Set up what is missing."""
    folder = ROOT / ".tools"
    programs = folder / "venv" / "bin"
    pulumi = provide_pulumi(ROOT, folder / "pulumi", os.get_exec_path())
    write_if_changed(programs / "swarmnet", swarmnet_script(ROOT, programs / "python"), mode=0o755)
    write_if_changed(folder / "activate", activation_script(ROOT, [programs, pulumi]))
    provide_real_hosts(ROOT)
    say("ready: . .tools/activate")


if __name__ == "__main__":
    sys.exit(exit_code(main))
