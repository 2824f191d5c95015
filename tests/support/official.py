"""Pulumi's own Python language host and plugin of pulumi-command, which this project has stand-ins for."""

import os
from pathlib import Path

PROGRAMS = ("pulumi-language-python", "pulumi-resource-command")


def folders() -> list[str]:
    """Return folders of PATH with the first of each that is a binary, and so no checkout's stand-in; none if one is
    missing."""
    found = []
    for program in PROGRAMS:
        places = (Path(folder, program) for folder in os.get_exec_path())
        found += [str(path.parent) for path in places if path.is_file() and not is_script(path)][:1]
    return found if len(found) == len(PROGRAMS) else []


def is_script(path: Path) -> bool:
    """Tell whether another program reads it."""
    with path.open("rb") as file:
        return file.read(2) == b"#!"
