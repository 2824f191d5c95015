"""Where each Engine's programs come from, and over which of a host's they are laid."""

from __future__ import annotations

from pathlib import Path

from lab.state import LabError

DOCKER_OPTIONS = "--storage-driver=overlay2"
NAMES = ("20.10",)


def binds(engine: str) -> dict[Path, str]:
    """The files of an Engine's own, and the paths where a host has them."""
    if engine not in NAMES:
        raise LabError(f"engine {engine}: not known: use one of {', '.join(NAMES)}")
    return {}
