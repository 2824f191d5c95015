"""~/.ssh/config of whoever runs this, as paramiko reads it, files that it includes among it.

What a host's settings mean for reaching it is destination.py's.
"""

import re
import shlex
from glob import glob
from pathlib import Path

import paramiko

from providers.hosts.ssh.paths import expanded
from providers.rules.vocabulary.errors import HostError

CONFIG = "~/.ssh/config"
DEPTH = 16  # of files that include others, as for ssh
# What Match may ask: alone, and with a word after it.
_ALONE = ("all", "canonical", "final")
_WITH_WORD = ("host", "originalhost", "user", "localuser", "exec")
_SEPARATOR = re.compile(r"\s*=\s*|\s+")


def settings(name: str, address: str) -> paramiko.SSHConfigDict:
    """What the config says for an address; `name` is the host's in messages.

    Raises HostError where the file can't be read or makes no sense.
    """
    try:
        config = paramiko.SSHConfig.from_text("\n".join(_read(name, address, Path(CONFIG).expanduser(), 0, [])))
        return config.lookup(address)
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise HostError(f"{name}: {problem.filename or CONFIG} can't be read: {reason}") from problem
    except (paramiko.SSHException, KeyError, ValueError) as problem:
        raise HostError(
            f"{name}: {CONFIG} makes no sense for {address}: {problem}: see `ssh -G {address}`"
        ) from problem


def _read(name: str, address: str, file: Path, depth: int, so_far: list[str]) -> list[str]:
    """The file's lines after those read `so_far`, with those of included files in place of `Include`, which paramiko
    passes over.

    An `Include` counts where its block does; after it the block goes on
    (https://man.openbsd.org/ssh_config#Include).
    """
    if depth > DEPTH:
        raise ValueError(f"{file} includes itself")
    block = "Host *"
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else ():
        keyword, rest = [*_SEPARATOR.split(line.strip(), maxsplit=1), ""][:2]
        if keyword.lower() == "include":
            if _counts(block, address, so_far):
                for pattern in shlex.split(rest, comments=True):
                    _include(name, address, pattern, depth, so_far)
                block = "Host *"  # as for `ssh`, it is not asked again
                so_far.append(block)
            continue
        if keyword.lower() == "match":
            _refuse_unknown(line, rest, address, so_far)
        if keyword.lower() in ("host", "match"):
            block = line
        so_far.append(line)
    return so_far


def _include(name: str, address: str, pattern: str, depth: int, so_far: list[str]) -> None:
    """Read the files that a pattern means, in their order; one that means none is no mistake."""
    for file in sorted(glob(str(Path(CONFIG).expanduser().parent / expanded(name, pattern)))):
        _read(name, address, Path(file), depth + 1, so_far)


def _counts(block: str, address: str, so_far: list[str]) -> bool:
    """Whether what stands under a line with `Host` or `Match` is for the address, after what was read before."""
    mark = "SwarmnetCounts"
    return mark.lower() in paramiko.SSHConfig.from_text("\n".join([*so_far, block, f"{mark} yes"])).lookup(address)


def _refuse_unknown(line: str, criteria: str, address: str, so_far: list[str]) -> None:
    """Raise ValueError where a `Match` that could count asks for what paramiko takes as always so."""
    words = shlex.split(criteria)
    while words:
        asked = words.pop(0).removeprefix("!")
        if asked not in (*_ALONE, *_WITH_WORD) and _counts(line, address, so_far):
            raise ValueError(f"Match {asked} is none of {', '.join((*_ALONE, *_WITH_WORD))}")
        if asked not in _ALONE:
            words[:1] = []
