"""Pulumi's own Python language host and plugin of pulumi-command, which this project has stand-ins for."""

import os
from pathlib import Path

from tests.support.machines import ROOT

PROGRAMS = ("pulumi-language-python", "pulumi-resource-command")


def folders() -> list[str]:
    """Return folders of PATH with the first of each that is no stand-in of this checkout; none if one is missing."""
    found = []
    for program in PROGRAMS:
        places = (Path(folder, program) for folder in os.get_exec_path())
        found += [
            str(path.parent) for path in places if path.is_file() and ROOT / "tools" not in path.resolve().parents
        ][:1]
    return found if len(found) == len(PROGRAMS) else []
