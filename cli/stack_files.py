"""The files `Pulumi.STACK.yaml` of a directory: where they are, and what is said about each, with its place."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import typer

from providers.rules.checks.whole_file import Verdict, verdict
from providers.rules.plan import Plan, planned
from providers.rules.stack_file.positions import Position, parted, position
from providers.rules.stack_file.reading import NAMESPACE, decoded, read
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.errors import StackFileError

STACKS = Path(__file__).resolve().parent.parent / "stacks"
Directory = Annotated[Path, typer.Option("--dir", help="Where the files Pulumi.STACK.yaml are.", show_default="stacks")]


@dataclass(frozen=True, order=True)
class Line:
    """What is said about a stack: `level` is error, warning or information. Lines are in the order of the file.

    file: as it is reached from the current folder; empty where it can't be read. path: of the key. words: all of it,
    the path too.
    """

    file: str
    position: Position
    level: str
    stack: str
    path: str
    words: str

    @classmethod
    def of(cls, directory: Path, stack: str, said: str, judgement: Verdict | None, level: str = "error") -> Self:
        """`path: words` as it was said. judgement: that of the stack's file, where it could be read."""
        file = file_of(directory, stack)
        shown = os.path.relpath(file) if file.resolve().is_relative_to(Path.cwd()) else str(file)
        keys = judgement.text.keys if judgement and judgement.text else {}
        return cls(shown if file.is_file() else "", position(said, keys), level, stack, *parted(said))

    def __str__(self) -> str:
        where = f"{self.file}:{self.position.line}:{self.position.column}" if self.file else self.stack
        return f"{where}: {'' if self.level == 'error' else f'{self.level}: '}{self.words}"


def names(directory: Path) -> list[str]:
    """The stacks that have a file."""
    return sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in directory.glob("Pulumi.*.yaml"))


def file_of(directory: Path, stack: str) -> Path:
    """Where a stack's file is, or would be."""
    return directory / f"Pulumi.{stack}.yaml"


def text_of(directory: Path, stack: str) -> str:
    """A stack's file as it is, its line ends too. Raises StackFileError where there is none or it is no text."""
    path = file_of(directory, stack)
    try:
        return decoded(path.read_bytes())
    except FileNotFoundError as error:
        there_are = ", ".join(names(directory)) or "none"
        raise StackFileError([f"there is no file {path}; stacks are {there_are}"]) from error
    except OSError as error:
        raise StackFileError([f"{path} can't be read: {(error.strerror or str(error)).lower()}"]) from error


def write(directory: Path, stack: str, text: str) -> None:
    """Put a text in the place of a stack's file. Raises StackFileError where it can't be written."""
    path = file_of(directory, stack)
    try:
        path.write_bytes(text.encode())
    except OSError as error:
        raise StackFileError([f"{path} can't be written: {(error.strerror or str(error)).lower()}"]) from error


def judged(directory: Path, stack: str, beside: Iterable[str] = ()) -> Verdict:
    """What is said about a stack's file. Raises StackFileError where it can't be read at all.

    beside: ranges that are not free, whatever the file says.
    """
    written = read(text_of(directory, stack))
    return verdict(written.raw, stack, beside, written)


def declared(directory: Path, stack: str) -> tuple[Plan, Resolved]:
    """What a stack's file wants, and all of the file. Raises StackFileError with every problem and its place."""
    judgement = None
    try:
        judgement = judged(directory, stack)
        return planned(judgement, f"{NAMESPACE}/{stack}"), judgement.resolved
    except StackFileError as error:
        raise StackFileError(located(directory, stack, error, judgement)) from error


def located(directory: Path, stack: str, error: StackFileError, judgement: Verdict | None) -> list[str]:
    """The problems of a stack's file in its order, each with its place."""
    lines = sorted(Line.of(directory, stack, problem, judgement) for problem in error.problems)
    return [str(line) if line.file else line.words for line in lines]


def readable(directory: Path) -> dict[str, Verdict]:
    """What is said about every file of the directory that can be read."""
    return all_of(directory)[0]


def all_of(directory: Path) -> tuple[dict[str, Verdict], dict[str, str]]:
    """What is said about every file of the directory that can be read, and why each of the others can't."""
    found, torn = dict[str, Verdict](), dict[str, str]()
    for stack in names(directory):
        try:
            found[stack] = judged(directory, stack)
        except StackFileError as error:
            torn[stack] = "; ".join(error.problems)
    return found, torn
