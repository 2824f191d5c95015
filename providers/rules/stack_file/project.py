"""What a project's own file says of its stack files: whose they are, and where. Reading must not enter."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Self

import yaml

from providers.rules.stack_file.reading import NAMESPACE
from providers.rules.vocabulary.errors import StackFileError

# https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/workspace/paths.go
FILES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")


class ProjectError(StackFileError):
    """The project is wrong or another one: nothing that stands in a stack file."""


@dataclass(frozen=True)
class Project:
    """name: what the program, too, makes the owner of. adds: whether it has settings for all its stacks.

    stacks: where Pulumi looks for its stack files; None for files that belong to no project.
    """

    name: str = NAMESPACE
    adds: bool = False
    stacks: PurePath | None = None

    @classmethod
    def parse(cls, file: PurePath, text: bytes) -> Self:
        """The project of a file with that text. Raises ProjectError where it is none."""
        try:
            said = yaml.safe_load(text)
            stacks = file.parent / str(said.get("stackConfigDir") or "")
            return cls(str(said["name"]), bool(said.get("config")), stacks)
        except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
            raise ProjectError([f"{file} is no Pulumi project: it has no name that can be read"]) from error
