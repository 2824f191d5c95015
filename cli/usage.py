"""The form of the command line: help in plain words, and commands by what people come for."""

from enum import StrEnum
from functools import partial
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from providers.rules.vocabulary.words import reason

HELP: dict[str, Any] = {"help_option_names": ["-h", "--help"]}


class Panel(StrEnum):
    """The part of the help that a command stands in: what it is for."""

    LOOK = "Look: what is there, and whether it is as it should be"
    PLAN = "Plan: what a change would be and do"
    WRITE = "Write a stack file; hosts are changed by `pulumi up`"
    RESCUE = "Rescue: a backup of the swarm, and what `pulumi up` can't do, since no manager answers"


class Command(TyperCommand):
    """A command whose help names no types of Python, and whose paragraphs fill the terminal."""

    def __init__(self, *, help: str | None = None, **settings: Any) -> None:  # noqa: ANN401 - Typer's own
        paragraphs = (help or "").split("\n\n")
        super().__init__(help="\n\n".join(" ".join(each.split()) for each in paragraphs), **settings)

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Read its parameters, and say what is wrong with a value in our words alone."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            error.message = reason(error.message)
            raise

    def get_params(self, ctx: typer.Context) -> list[Any]:  # type: ignore[override]
        """Return its parameters, each with what stands for a value, or nothing if it takes none."""
        return [_in_words(each) for each in super().get_params(ctx)]


class Group(TyperGroup):
    """The same of a group of commands."""

    def get_params(self, ctx: typer.Context) -> list[Any]:  # type: ignore[override]
        """Return its parameters, in words."""
        return [_in_words(each) for each in super().get_params(ctx)]


def _in_words(param: Any) -> Any:  # noqa: ANN401 - Typer has a class of its own for each
    if isinstance(param, TyperArgument | TyperOption):
        shown = param.metavar if isinstance(param, TyperOption) and param.metavar else None
        param.display_type_rich = partial(_same, shown)  # type: ignore[method-assign]
    return param


def _same(shown: str | None, ctx: object) -> str | None:
    return shown
