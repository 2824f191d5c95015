"""`swarmnet init`: a project of one's own, for whoever installed the command and has no checkout."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from cli.files import write
from cli.lines import errors_end_command, fail, print_line
from providers.rules.stack_file import reference
from providers.rules.stack_file.reading import FILES
from providers.rules.vocabulary.words import data

# As this project's own, but for the virtual environment: Pulumi takes the `python` of the shell, which has the command.
PROJECT = """\
name: swarmnet
description: The networks of Docker Swarms (docker_gwbridge, ingress, overlays, membership) over SSH
runtime: python
stackConfigDir: stacks
# from 3.226.0 `pulumi preview --expect-no-changes` answers a change with an exit code of its own, 7
requiredPulumiVersion: ">=3.226.0"
"""
PROGRAM = """\
from providers.program.process import run_program

run_program()
"""
# Addresses and ranges that are nobody's: https://www.rfc-editor.org/rfc/rfc5737
STACK_FILE = """\
# yaml-language-server: $schema=schema.json
# Put your own hosts and ranges in the place of these. A section that is left out is left alone.
config:
  swarmnet:hosts:
    m1: {address: 192.0.2.11, role: manager}
    w1: {address: 192.0.2.12}
  swarmnet:reserved: [172.16.0.0/12] # the VPN, the LAN, other sites: no network may overlap these
  swarmnet:swarm: {} # make these hosts one swarm, or take over the one they are in
  swarmnet:gwbridge: {subnet: 10.200.0.0/20}
  swarmnet:ingress: {subnet: 10.201.0.0/20}
  swarmnet:overlays:
    app: {subnet: 10.202.0.0/24, attachable: true}
"""


def _named(stack: str) -> str:
    if not re.fullmatch(r"[\w.-]+", stack, re.ASCII):
        raise typer.BadParameter("a stack's name has letters, digits, `-`, `_` and `.` only")
    return stack


def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The project's folder; made if need be.")] = Path(),
    stack: Annotated[str, typer.Option(metavar="NAME", help="The first stack's name.", callback=_named)] = "prod",
) -> None:
    """Write a project: Pulumi.yaml, its program of two lines, and a stack file to fill in, with its schema for editors.

    Exits with 1, and writes nothing, if one of them is there already.
    """
    files = project_files(folder, stack)
    with errors_end_command():
        taken = [path for path in (*(folder / name for name in FILES), *files) if path.exists()]
        if taken:
            fail([f"{path} exists: choose another folder, or remove it" for path in dict.fromkeys(taken)])
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, text, new=True)
            print_line(str(path), "green")
    print_line(f"next, with your own hosts and ranges in {folder / 'stacks' / f'Pulumi.{stack}.yaml'}:")
    print_line(f"`swarmnet check {stack}`, then `pulumi stack init {stack}` and `pulumi preview --stack {stack}`")


def project_files(folder: Path, stack: str) -> Mapping[Path, str]:
    """Return the texts of a project's files, by their paths."""
    stacks = folder / "stacks"
    return {
        folder / FILES[0]: PROJECT,
        folder / "__main__.py": PROGRAM,
        stacks / "schema.json": data(reference.schema()) + "\n",
        stacks / f"Pulumi.{stack}.yaml": STACK_FILE,
    }
