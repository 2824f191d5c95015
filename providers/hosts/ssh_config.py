"""~/.ssh/config of whoever runs this, as paramiko reads it, files that it includes among it.

What a host's settings mean for reaching it is destination.py's.
"""

import shlex
from collections.abc import Iterator
from pathlib import Path

import paramiko

from providers.rules.errors import HostError

CONFIG = "~/.ssh/config"
DEPTH = 16  # of files that include others, as for ssh


def settings(name: str, address: str) -> paramiko.SSHConfigDict:
    """What the config says for an address; `name` is the host's in messages.

    Raises HostError where the file can't be read or makes no sense.
    """
    try:
        config = paramiko.SSHConfig.from_text("\n".join(_lines(Path(CONFIG).expanduser(), 0)))
        return config.lookup(address)
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise HostError(f"{name}: {problem.filename or CONFIG} can't be read: {reason}") from problem
    except (paramiko.SSHException, KeyError, ValueError) as problem:
        raise HostError(
            f"{name}: {CONFIG} makes no sense for {address}: {problem}: see `ssh -G {address}`"
        ) from problem


def _lines(file: Path, depth: int) -> Iterator[str]:
    """The file's lines, with those of included files in place of `Include`, which paramiko passes over.

    After them the block that they stand in goes on (https://man.openbsd.org/ssh_config#Include).
    """
    if depth > DEPTH:
        raise ValueError(f"{file} includes itself")
    block = "Host *"
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else ():
        keyword, _, rest = line.strip().replace("=", " ", 1).partition(" ")
        if keyword.lower() == "include":
            for pattern in shlex.split(rest):
                yield from _included(pattern, depth)
            yield block
            continue
        if keyword.lower() in ("host", "match"):
            block = line
        yield line


def _included(pattern: str, depth: int) -> Iterator[str]:
    """The lines of the files that a pattern means, in their order; one that means none is no mistake."""
    home = Path(CONFIG).expanduser().parent
    path = Path(pattern).expanduser()
    folder, rest = (Path("/"), path.relative_to("/")) if path.is_absolute() else (home, path)
    for file in sorted(folder.glob(str(rest))):
        yield from _lines(file, depth + 1)
