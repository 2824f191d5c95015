"""Stand-ins for programs."""

from pathlib import Path


def program(path: Path, text: str = "exit 0") -> Path:
    """An executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def installation(folder: Path, version: str) -> Path:
    """A folder that looks like an installed Pulumi."""
    program(folder / "pulumi-language-python")
    return program(folder / "pulumi", f"echo {version}").parent
