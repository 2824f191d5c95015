"""The argument STACK: its name, its qualified name, or the path of its file, which says in which folder it is."""

import re
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from cli.stack_files import FOLDER, names

# `organization/project/stack` is no path: no stack's name ends in .yaml.
_FILE = re.compile(r"(?:.*/)?Pulumi\.(?P<stack>[\w.-]+)\.yaml")
T = TypeVar("T", str, list[str], list[str] | None)


def named(context: typer.Context, given: T) -> T:
    """Names in the place of paths. Raises BadParameter if paths and --dir, or two paths, say different folders."""
    if isinstance(given, list):
        return [_name(context, each) for each in given]
    return _name(context, given) if given else given


def _name(context: typer.Context, given: str) -> str:
    if ":" in given:  # a manager, such as ssh://m1, needs no project
        context.meta[FOLDER] = Path()
    found = _FILE.fullmatch(given)
    if not found:
        return given
    folder = Path(given).parent
    source = context.get_parameter_source("directory")
    before = (
        context.params["directory"] if source and source.name == "COMMANDLINE" else context.meta.get(FOLDER, folder)
    )
    if before.resolve() != folder.resolve():
        raise typer.BadParameter(f"{given} is not in {before}: name stacks of one folder")
    context.meta[FOLDER] = folder
    return found["stack"]


def complete(context: typer.Context, incomplete: str) -> list[str]:
    """Return the stacks that a shell offers."""
    return [name for name in names(context.params["directory"]) if name.startswith(incomplete)]


Stack = Annotated[
    str,
    typer.Argument(metavar="STACK", help="Its name, or the path of its file.", callback=named, autocompletion=complete),
]
Stacks = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="STACK",
        help="Names of stacks, or paths of their files; all, if none is named.",
        callback=named,
        autocompletion=complete,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the same as JSON, for programs.")]
