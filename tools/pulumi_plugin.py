"""Pulumi's plugin of pulumi-command, which examples/app needs: the one on PATH, else the official one, else a stand-in.

Pulumi fetches plugins by itself, into the user's ~/.pulumi. Tests have a folder of their own in its place, so the
plugin is put where an activated shell finds it. It is not built as the CLI is: its Go module has no version of its own
and was refused where the modules of the CLI are served.
"""

import os
import shutil
from importlib.metadata import version
from pathlib import Path

from tools.console import SetupError, run, say

PLUGIN = "pulumi-resource-command"
_DOWNLOAD_TAKES_AT_MOST = 300.0  # seconds; 3 where nobody answers


def provide_plugin(root: Path, path: list[str]) -> None:
    """Link the plugin into the environment of the checkout at `root`, unless a folder of `path` has one already."""
    wanted = version("pulumi-command")
    own = root / ".tools" / "venv" / "bin" / PLUGIN
    home = root / ".tools" / "plugins"
    official = home / "plugins" / f"resource-command-v{wanted}" / PLUGIN
    stand_in = root / "tools" / PLUGIN
    others = os.pathsep.join(folder for folder in path if Path(folder) != own.parent)
    if shutil.which(PLUGIN, path=others) or own.resolve() in (official, stand_in):
        return
    chosen = official if _downloaded(wanted, home) else stand_in
    own.unlink(missing_ok=True)
    own.symlink_to(os.path.relpath(chosen, own.parent))


def _downloaded(wanted: str, home: Path) -> bool:
    """Whether Pulumi's own way to fetch it works, with `home` in the place of ~/.pulumi."""
    command = ["pulumi", "plugin", "install", "resource", "command", wanted]
    try:
        run(f"{PLUGIN} {wanted}", command, at_most=_DOWNLOAD_TAKES_AT_MOST, env={"PULUMI_HOME": str(home)})
    except SetupError as problem:
        say(f"{str(problem).splitlines()[-1]}: tools/resource_command.py stands in for it")
        return False
    return True
