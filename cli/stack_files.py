"""The files `Pulumi.STACK.yaml` of a directory: where they are, and what is said about each, with its place."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import typer

from cli.lines import errors_end_command
from cli.project import owner, project_of, settings, short, stacks_around
from providers.rules.checks.whole_file import Validation, validate
from providers.rules.plan import Plan, planned
from providers.rules.stack_file.problems import Raw
from providers.rules.stack_file.reading import ProjectError, Written, read
from providers.rules.stack_file.resolved import Resolved
from providers.rules.stack_file.yaml_text import START, Position, decoded, parted, position
from providers.rules.vocabulary.errors import StackFileError

STACKS = Path("stacks")  # in whose place that of the project around the current folder comes
FOLDER = "swarmnet.folder"  # in a command's `meta`: where the file is by whose path a stack was named


def _of_project(context: typer.Context, parameter: typer.CallbackParam, directory: Path) -> Path:
    """Return what --dir or a stack file's path says, or the folder of the project around the current one."""
    source = context.get_parameter_source(parameter.name or "")
    if source and source.name != "DEFAULT":
        return directory
    if FOLDER in context.meta:
        return Path(context.meta[FOLDER])
    with (
        suppress(ProjectError) if context.resilient_parsing else errors_end_command()
    ):  # a shell that completes has no use for words
        return stacks_around()
    return directory


Directory = Annotated[
    Path,
    typer.Option(
        "--dir",
        metavar="FOLDER",
        help="Where the files Pulumi.STACK.yaml are.",
        show_default="of the project around the current folder",
        callback=_of_project,
    ),
]


@dataclass(frozen=True, order=True)
class Line:
    """One finding about a stack: `level` is error, warning or information. Lines are in the order of the file.

    file: as it is reached from the current folder; empty if it can't be read. path: of the key. words: all of it, the
    path too.
    """

    file: str
    position: Position
    level: str
    stack: str
    path: str
    words: str

    @classmethod
    def of(cls, directory: Path, stack: str, message: str, validation: Validation | None, level: str = "error") -> Self:
        """`path: words` as it was said. validation: that of the stack's file, if it could be read."""
        file = file_of(directory, stack)
        shown = os.path.relpath(file) if file.resolve().is_relative_to(Path.cwd()) else str(file)
        keys = validation.text.keys if validation and validation.text else {}
        return cls(shown if file.is_file() else "", position(message, keys), level, short(stack), *parted(message))

    @classmethod
    def beside(cls, stack: str, words: str, level: str = "error") -> Self:
        """Make a finding about a stack and no place in its file."""
        return cls("", START, level, short(stack), "", words)

    def __str__(self) -> str:
        where = f"{self.file}:{self.position.line}:{self.position.column}" if self.file else self.stack
        return f"{where}: {'' if self.level == 'error' else f'{self.level}: '}{self.words}"


def names(directory: Path) -> list[str]:
    """Return the stacks that have a file."""
    return sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in directory.glob("Pulumi.*.yaml"))


def file_of(directory: Path, stack: str) -> Path:
    """Return the path of a stack's file, whether it is there or not."""
    return directory / f"Pulumi.{short(stack)}.yaml"


def text_of(directory: Path, stack: str) -> str:
    """Return a stack's file as it is, its line ends too. Raises StackFileError if there is none or it is no text."""
    path = file_of(directory, stack)
    try:
        return decoded(path.read_bytes())
    except FileNotFoundError as error:
        there_are = ", ".join(names(directory)) or "none"
        raise StackFileError([f"there is no file {path}; stacks are {there_are}"]) from error
    except OSError as error:
        raise StackFileError([f"{path} can't be read: {(error.strerror or str(error)).lower()}"]) from error


def validated(directory: Path, stack: str, beside: Iterable[str] = ()) -> Validation:
    """Check a stack's file. Raises StackFileError if it can't be read at all.

    beside: ranges that are not free, whatever the file says.
    """
    owner(directory, stack)  # another project's stack is not to be asked for here
    text = read(text_of(directory, stack), project_of(directory).name)
    return validate(keys_of(directory, stack, text)[0], beside, text)


def keys_of(directory: Path, stack: str, text: Written) -> tuple[Raw, str]:
    """Return what the program gets of a stack with that file, and why settings that Pulumi.yaml or an environment may
    add are not in it, empty if they are. Raises StackFileError.
    """
    project = project_of(directory)
    if project.stacks != directory.resolve() or not (project.adds or text.imports):
        return text.raw, ""
    keys, why_not = settings(stack, directory)
    doubt = f"what Pulumi.yaml or an environment adds to the stack file was not checked: {why_not}"
    return (text.raw, doubt) if why_not else (keys, "")


def declared(directory: Path, stack: str) -> tuple[Plan, Resolved]:
    """Return what a stack's file wants, and all of the file. Raises StackFileError with every problem and its place."""
    validation = None
    try:
        validation = validated(directory, stack)
        return planned(validation, owner(directory, stack)), validation.resolved
    except StackFileError as error:
        lines = lines_of(directory, stack, error, validation)
        raise StackFileError([str(line) if line.file else line.words for line in lines]) from error


def lines_of(directory: Path, stack: str, error: StackFileError, validation: Validation | None) -> list[Line]:
    """Return the problems of a stack's file in its order, each with its place."""
    if isinstance(error, ProjectError):
        return [Line.beside(stack, problem) for problem in error.problems]
    return sorted(Line.of(directory, stack, problem, validation) for problem in error.problems)


def all_of(directory: Path, qualified: Iterable[str] = ()) -> tuple[dict[str, Validation], dict[str, StackFileError]]:
    """Check every file of the directory that can be read, and say why each of the others can't.

    qualified: names by which Pulumi is asked about stacks, if they are not the stacks' own, and of stacks without a
    file.
    """
    found, torn = dict[str, Validation](), dict[str, StackFileError]()
    asked = {stack: stack for stack in names(directory)} | {short(stack): stack for stack in qualified}
    for stack, named in asked.items():
        try:
            found[stack] = validated(directory, named)
        except StackFileError as error:
            torn[stack] = error
    return found, torn
