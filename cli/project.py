"""The Pulumi project that stack files belong to: its name, and what Pulumi itself says of a stack.

Pulumi merges the stack file with settings of Pulumi.yaml and of environments; how, it alone knows, and is asked.
"""

import json
import subprocess
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from providers.rules.stack_file.problems import SECRET, Raw
from providers.rules.stack_file.reading import FILES, Project, ProjectError, from_flat
from providers.rules.vocabulary.errors import StackFileError

SECONDS = 60.0


class NoState(Exception):
    """Pulumi can't be asked, or knows no such stack; the message says which."""


@lru_cache
def project_of(directory: Path) -> Project:
    """Return the project that Pulumi finds from that folder on upwards. Raises ProjectError if its file is none."""
    actual = directory.resolve()
    for file in (folder / name for folder in (actual, *actual.parents) for name in FILES):
        if file.is_file():
            return _read(file)
    return Project()


def _read(file: Path) -> Project:
    try:
        found = Project.parse(file, file.read_bytes())
    except OSError as error:
        raise ProjectError([f"{file} can't be read: {(error.strerror or str(error)).lower()}"]) from error
    return replace(found, stacks=Path(found.stacks).resolve() if found.stacks else None)


def stacks_around() -> Path:
    """Return the project's folder of stack files, as seen from the current folder. Raises ProjectError if there is
    none.
    """
    here = Path.cwd()
    stacks = project_of(here).stacks
    if not stacks:
        names = f"neither {here} nor a folder above it has a {FILES[0]}"
        raise ProjectError([f"{names}: go into the project, or say where its stack files are (--dir)"])
    return Path(stacks)


def short(stack: str) -> str:
    """Return the stack's own name in one that may be qualified, as `organization/project/stack`."""
    return stack.rpartition("/")[2]


def owner(directory: Path, stack: str) -> str:
    """`<project>/<stack>`, as in the labels of what the program makes.

    Raises ProjectError if the stack's name says that it is of another project.
    """
    project = project_of(directory)
    *_, named, _ = ["", "", *stack.split("/")][-3:]
    if stack.count("/") > 1 and named != project.name:
        raise ProjectError([f"{stack} is of the project {named}, and {directory} of {project.name}"])
    return f"{project.name}/{short(stack)}"


@lru_cache
def settings(stack: str, directory: Path) -> tuple[Raw, str]:
    """Return the keys of a stack as its program gets them, and why they are not known, empty if they are.

    Raises StackFileError if one is encrypted: Pulumi shows no such value here.
    """
    try:
        found = json.loads(asked("config", "--json", stack=stack, directory=directory))
    except NoState as problem:
        return {}, str(problem)
    secret = [key for key, each in found.items() if each.get("secret")]
    refused = sorted(from_flat(dict.fromkeys(secret, "")))
    if refused:
        raise StackFileError([f"{key}: {SECRET}" for key in refused])
    return from_flat({key: each["value"] for key, each in found.items() if key not in secret}), ""


def asked(*words: str, stack: str, directory: Path) -> str:
    """Return Pulumi's answer about a stack. `directory` lies in the project. Raises NoState with Pulumi's own words."""
    named = f"`pulumi {' '.join(word for word in words if word[0] != '-')}`"
    command = ["pulumi", *words, "--non-interactive", "--stack", stack]
    try:
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=SECONDS, check=True)
    except FileNotFoundError as error:
        raise NoState("there is no `pulumi` on PATH") from error
    except subprocess.TimeoutExpired as error:
        raise NoState(f"{named} does not answer within {SECONDS:.0f} s") from error
    except subprocess.CalledProcessError as error:
        message = " ".join(error.stderr.split()) or f"it ended with {error.returncode}"
        if "PULUMI_ACCESS_TOKEN must be set" in message:  # Pulumi's words if no backend was chosen
            raise NoState(
                "nothing says where Pulumi's state is: type `pulumi login`, or set PULUMI_BACKEND_URL"
            ) from error
        raise NoState(f"{named}: {message.removeprefix('error: ')}") from error
    return done.stdout
