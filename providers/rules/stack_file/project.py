"""A project's own file: the owner of its stack files, and where they are. No file is read here."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Self

import yaml

from providers.rules.stack_file.reading import NAMESPACE
from providers.rules.vocabulary.errors import StackFileError

# https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/workspace/paths.go
FILES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")


class ProjectError(StackFileError):
    """The project is wrong or another one: not a problem of a stack file."""


@dataclass(frozen=True)
class Project:
    """name: the owner's name, which the program makes too. adds: whether it has settings for all its stacks.

    stacks: where Pulumi looks for its stack files; None for files that belong to no project.
    """

    name: str = NAMESPACE
    adds: bool = False
    stacks: PurePath | None = None

    @classmethod
    def parse(cls, file: PurePath, text: bytes) -> Self:
        """Return the project of a file with that text. Raises ProjectError if it is none."""
        try:
            said = yaml.safe_load(text)
            stacks = file.parent / str(said.get("stackConfigDir") or "")
            return cls(str(said["name"]), bool(said.get("config")), stacks)
        except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
            raise ProjectError([f"{file} is no Pulumi project: it has no name that can be read"]) from error
