"""The plugin of pulumi-command: the one on PATH, the official one, one built from Go, or a stand-in for what is used.

`prepare` and examples/app need it. The first of them that can be had counts. Pulumi fetches plugins by itself, into the
user's ~/.pulumi. Tests have a folder of their own in its place, so the plugin is put where an activated shell finds it.
The stand-in is for machines whose module proxy refuses the plugin's module though it serves those of the CLI.
"""

import os
import shutil
from importlib.metadata import version
from pathlib import Path

from tools.console import run, tried
from tools.go_build import built_plugin, cache_folder, put

PLUGIN = "pulumi-resource-command"
_DOWNLOAD_TAKES_AT_MOST = 300.0  # seconds; 3 if nobody answers


def provide_plugin(root: Path, path: list[str]) -> None:
    """Link the plugin into the environment of the checkout at `root`, unless a folder of `path` has one already."""
    wanted = version("pulumi-command")
    own = root / ".tools" / "venv" / "bin" / PLUGIN
    home = root / ".tools" / "plugins"
    real = home / "plugins" / f"resource-command-v{wanted}" / PLUGIN
    stand_in = root / "tools" / PLUGIN
    others = os.pathsep.join(folder for folder in path if Path(folder) != own.parent)
    if shutil.which(PLUGIN, path=others) or own.resolve() in (real, stand_in):
        return
    there = tried(lambda: _download(wanted, home), "a build takes its place") or tried(
        lambda: put(built_plugin(wanted, cache_folder()) / PLUGIN, real.parent),
        "tools/resource_command.py stands in for it",
    )
    chosen = real if there else stand_in
    own.unlink(missing_ok=True)
    own.symlink_to(os.path.relpath(chosen, own.parent))


def _download(wanted: str, home: Path) -> None:
    """Have Pulumi fetch it in its own way, with `home` in the place of ~/.pulumi."""
    command = ["pulumi", "plugin", "install", "resource", "command", wanted]
    about = "downloaded for `prepare` and examples/app, since there is none on PATH: 3 to 30 seconds"
    run(f"{PLUGIN} {wanted}", command, about=about, at_most=_DOWNLOAD_TAKES_AT_MOST, env={"PULUMI_HOME": str(home)})
