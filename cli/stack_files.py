"""The files `Pulumi.STACK.yaml` of a directory: where they are, and what is said about each."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from providers.rules.checks.whole_file import Verdict, verdict
from providers.rules.plan import Plan, planned
from providers.rules.stack_file.reading import NAMESPACE, from_yaml
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.errors import StackFileError

STACKS = Path(__file__).resolve().parent.parent / "stacks"
Directory = Annotated[Path, typer.Option("--dir", help="Where the files Pulumi.STACK.yaml are.", show_default="stacks")]


def names(directory: Path) -> list[str]:
    """The stacks that have a file."""
    return sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in directory.glob("Pulumi.*.yaml"))


def text_of(directory: Path, stack: str) -> str:
    """A stack's file as it is, its line ends too. Raises StackFileError where there is none or it is no text."""
    path = directory / f"Pulumi.{stack}.yaml"
    try:
        return path.read_bytes().decode()
    except FileNotFoundError as error:
        there_are = ", ".join(names(directory)) or "none"
        raise StackFileError([f"there is no file {path}; stacks are {there_are}"]) from error
    except OSError as error:
        raise StackFileError([f"{path} can't be read: {(error.strerror or str(error)).lower()}"]) from error
    except UnicodeDecodeError as error:
        raise StackFileError([f"byte {error.start + 1}: {error.reason}"]) from error


def write(directory: Path, stack: str, text: str) -> None:
    """Put a text in the place of a stack's file. Raises StackFileError where it can't be written."""
    path = directory / f"Pulumi.{stack}.yaml"
    try:
        path.write_bytes(text.encode())
    except OSError as error:
        raise StackFileError([f"{path} can't be written: {(error.strerror or str(error)).lower()}"]) from error


def judged(directory: Path, stack: str, beside: Iterable[str] = ()) -> Verdict:
    """What is said about a stack's file. Raises StackFileError where it can't be read at all.

    beside: ranges that are not free, whatever the file says.
    """
    return verdict(from_yaml(text_of(directory, stack)), stack, beside)


def declared(directory: Path, stack: str) -> tuple[Plan, Resolved]:
    """What a stack's file wants, and all of the file. Raises StackFileError with every problem."""
    judgement = judged(directory, stack)
    return planned(judgement, f"{NAMESPACE}/{stack}"), judgement.resolved


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
