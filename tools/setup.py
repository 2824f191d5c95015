"""The second half of `make setup`: Pulumi, and what a shell needs. Nothing outside of the checkout is changed."""

import compileall
import os
import sys
from pathlib import Path

from tools.console import exit_code, say
from tools.pulumi_cli import provide_pulumi
from tools.shell import activation_script, swarmnet_script, write_if_changed

ROOT = Path(__file__).resolve().parent.parent
OURS = ("providers", "cli")


def set_up(root: Path, path: list[str]) -> None:
    """Add what the checkout at `root` lacks, with the folders of `path` to look for pulumi in.

    Raises SetupError, with what to do, if pulumi cannot be had.
    """
    folder = root / ".tools"
    programs = folder / "venv" / "bin"
    pulumi = provide_pulumi(root, folder / "pulumi", path)
    write_if_changed(programs / "swarmnet", swarmnet_script(root, programs / "python"), mode=0o755)
    write_if_changed(folder / "activate", activation_script(root, [programs, pulumi]))
    # With PYTHONDONTWRITEBYTECODE, as images of containers have it, every run would compile all modules anew: 0.5 s.
    for name in OURS:
        compileall.compile_dir(root / name, quiet=1)
    say("ready: . .tools/activate")


if __name__ == "__main__":
    sys.exit(exit_code(lambda: set_up(ROOT, os.get_exec_path())))
