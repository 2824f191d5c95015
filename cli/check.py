"""`swarmnet check`: what is wrong with stack files, without Pulumi and without any host."""

from pathlib import Path
from typing import Annotated

import typer

from providers.rules.configuration import NAMESPACE, from_yaml
from providers.rules.errors import StackFileError
from providers.rules.plan import plan_of

STACKS = Path(__file__).resolve().parent.parent / "stacks"


def check(
    stacks: Annotated[
        list[str] | None, typer.Argument(metavar="STACK", help="Stacks to look at; all, where none is named.")
    ] = None,
    directory: Annotated[
        Path, typer.Option("--dir", help="Where the files Pulumi.STACK.yaml are.", show_default="stacks")
    ] = STACKS,
) -> None:
    """Check stack files: one line for each problem, or one for each stack that has none.

    Exits with 1 where there is a problem.
    """
    found = {stack: _problems(directory, stack) for stack in stacks or _all(directory)}
    for stack, (problems, summary) in found.items():
        for problem in problems:
            typer.secho(f"{stack}: {problem}", fg=typer.colors.RED)
        if not problems:
            typer.echo(f"{stack}: {summary}, no problem")
    if any(problems for problems, _ in found.values()):
        raise typer.Exit(1)


def _all(directory: Path) -> list[str]:
    """The stacks that have a file, by name."""
    return sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in directory.glob("Pulumi.*.yaml"))


def _problems(directory: Path, stack: str) -> tuple[list[str], str]:
    """The problems of one stack, and what it holds where it has none."""
    try:
        text = (directory / f"Pulumi.{stack}.yaml").read_bytes()
        plan = plan_of(from_yaml(text), f"{NAMESPACE}/{stack}")
    except FileNotFoundError as error:
        return [f"there is no file {error.filename}; stacks are {', '.join(_all(directory)) or 'none'}"], ""
    except StackFileError as error:
        return error.problems, ""
    return [], f"{_count(len(plan.access), 'host')}, {_count(len(plan.overlays), 'overlay')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
