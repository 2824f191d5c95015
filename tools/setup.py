"""`make setup`: the virtual environment, Pulumi, what a shell needs, the lab's system packages."""

import sys
from pathlib import Path

from tools.console import SetupError, say
from tools.shell import activation_script, swarmnet_script, write_if_changed
from tools.venv import make_venv

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
VENV = TOOLS / "venv"


def main() -> int:
    """Set everything up; the exit code."""
    try:
        make_venv(ROOT, VENV)
        write_if_changed(VENV / "bin" / "swarmnet", swarmnet_script(ROOT, VENV / "bin" / "python"), mode=0o755)
        write_if_changed(TOOLS / "activate", activation_script(ROOT, [VENV / "bin"]))
    except SetupError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    say("ready: . .tools/activate")
    return 0


if __name__ == "__main__":
    sys.exit(main())
