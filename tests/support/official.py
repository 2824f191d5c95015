"""Pulumi's own language hosts and plugin of pulumi-command, which this project has stand-ins for."""

import os
from collections.abc import Sequence
from pathlib import Path

PYTHON, NODE, COMMAND = "pulumi-language-python", "pulumi-language-nodejs", "pulumi-resource-command"
PROGRAMS = (PYTHON, COMMAND)


def folders(programs: Sequence[str] = PROGRAMS) -> list[str]:
    """Return folders of PATH with the first of each that is a binary, and so no checkout's stand-in; none if one is
    missing."""
    found = []
    for program in programs:
        places = (Path(folder, program) for folder in os.get_exec_path())
        found += [str(path.parent) for path in places if path.is_file() and not is_script(path)][:1]
    return found if len(found) == len(programs) else []


def is_script(path: Path) -> bool:
    """Tell whether another program reads it."""
    with path.open("rb") as file:
        return file.read(2) == b"#!"
