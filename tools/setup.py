"""The second half of `make setup`: Pulumi, the activation script and the command `swarmnet`.

Nothing outside of the checkout is changed.
"""

import compileall
import os
import shlex
import sys
from pathlib import Path

from tools.console import exit_code, say
from tools.pulumi_cli import provide_pulumi

ROOT = Path(__file__).resolve().parent.parent
OURS = ("providers", "cli", "plugin")

_ACTIVATE = """\
# Made by `make setup`. Use it as: . .tools/activate   (any POSIX shell, bash, zsh)

PATH={path}:$PATH
PULUMI_SKIP_UPDATE_CHECK=true
export PATH PULUMI_SKIP_UPDATE_CHECK

# Where the state is, the user says: by the variable, or by `pulumi login`, which leaves it in this file. A state that
# is begun in each checkout by itself would know nothing of what another one made on the hosts.
if [ -z "${{PULUMI_BACKEND_URL:-}}" ] &&
    ! grep -qs '"current": *"[^"]' "${{PULUMI_HOME:-${{HOME:-}}/.pulumi}}/credentials.json"
then
    printf '%s\n' {nowhere} >&2
fi

# The configuration holds no secrets, so an empty passphrase protects all there is.
if [ -z "${{PULUMI_CONFIG_PASSPHRASE+set}}" ] && [ -z "${{PULUMI_CONFIG_PASSPHRASE_FILE:-}}" ]; then
    export PULUMI_CONFIG_PASSPHRASE=
fi
"""

_SWARMNET = """\
#!/bin/sh
# Made by `make setup`. -P keeps a folder named `{package}` in the caller's working directory out of it.
PYTHONPATH={root}${{PYTHONPATH:+:$PYTHONPATH}} exec {python} -P -m {package} "$@"
"""


def set_up(root: Path, path: list[str]) -> None:
    """Add what the checkout at `root` lacks, with the folders of `path` to look for pulumi in.

    Raises SetupError, with what to do, if pulumi cannot be had.
    """
    folder = root / ".tools"
    programs = folder / "venv" / "bin"
    pulumi = provide_pulumi(root, folder / "pulumi", path)
    for name, package in (("swarmnet", "cli"), ("pulumi-resource-swarmnet", "plugin")):
        write_if_changed(programs / name, swarmnet_script(root, programs / "python", package), mode=0o755)
    write_if_changed(folder / "activate", activation_script(root, [programs, pulumi]))
    # With PYTHONDONTWRITEBYTECODE, as images of containers have it, every run would compile all modules anew: 0.5 s.
    for name in OURS:
        compileall.compile_dir(root / name, quiet=1)
    say("ready: . .tools/activate")


def activation_script(root: Path, path: list[Path]) -> str:
    """Shell text that puts the folders of `path` first on PATH, and says what to type if no backend is chosen."""
    nowhere = (
        "nothing says where Pulumi's state is: type `pulumi login`, or `pulumi login URL` such as s3://BUCKET; for the "
        f"stack of `make demo`: export PULUMI_BACKEND_URL={shlex.quote(f'file://{root}/.pulumi-state')}"
    )
    return _ACTIVATE.format(path=shlex.quote(":".join(map(str, path))), nowhere=shlex.quote(nowhere))


def swarmnet_script(root: Path, python: Path, package: str = "cli") -> str:
    """Shell text that runs a package of the checkout at `root`, from any working directory."""
    return _SWARMNET.format(root=shlex.quote(str(root)), python=shlex.quote(str(python)), package=package)


def write_if_changed(path: Path, text: str, mode: int = 0o644) -> None:
    """Leave an equal file alone, so that a warm run writes nothing."""
    if not path.is_file() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)


if __name__ == "__main__":
    sys.exit(exit_code(lambda: set_up(ROOT, os.get_exec_path())))
