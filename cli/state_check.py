"""`swarmnet state check`: whether a state holds code of anybody else. Nothing in it is loaded, only compared.

Pulumi keeps a provider as a pickle, and whatever refreshes, changes or destroys loads it, on the machine that has the
keys of the hosts: https://docs.python.org/3/library/pickle.html. A command of pulumi-command is run by what removes it:
those of `prepare` start one program of ours, with scripts and ways to hosts that a commit of the stack file has to
have. A provider of another package is a program that Pulumi fetches and runs.
"""

import binascii
import json
import pickletools
import subprocess
from base64 import b64decode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.lines import errors_end_command, print_error, print_line
from cli.project import NoState, project_of
from cli.stack_argument import Stack
from cli.stack_files import STACKS, Directory, file_of, text_of
from cli.state import exported
from cli.usage import HELP, Command, Group
from providers.rules.resource_types.table import RESOURCE_TYPES
from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.prepare import commands
from providers.rules.stack_file.problems import readable
from providers.rules.stack_file.reading import NAMESPACE, from_yaml
from providers.rules.stack_file.resolved import resolve
from providers.rules.vocabulary.errors import StackFileError

PROVIDER = "__provider"
# The only pickles that Swarmnet writes: a class by its name, without any values.
PUBLISHED = frozenset(
    {
        "gASVLgAAAAAAAACMEnByb3ZpZGVycy5nd2JyaWRnZZSMEEd3YnJpZGdlUHJvdmlkZXKUk5QpgZQu",
        "gASVLAAAAAAAAACMEXByb3ZpZGVycy5pbmdyZXNzlIwPSW5ncmVzc1Byb3ZpZGVylJOUKYGULg==",
        "gASVJgAAAAAAAACMDnByb3ZpZGVycy5ub2RllIwMTm9kZVByb3ZpZGVylJOUKYGULg==",
        "gASVLAAAAAAAAACMEXByb3ZpZGVycy5vdmVybGF5lIwPT3ZlcmxheVByb3ZpZGVylJOUKYGULg==",
        "gASVKAAAAAAAAACMD3Byb3ZpZGVycy5zd2FybZSMDVN3YXJtUHJvdmlkZXKUk5QpgZQu",
    }
)

# The only inputs and outputs that a command of `prepare` has; None if the value may be any.
COMMAND_TYPE = "command:local:Command"
COMMAND: dict[str, object] = {
    "interpreter": ["/bin/sh", "providers/prepare.sh"],
    "create": "run",
    "update": "update",
    "delete": "undo",
    "logging": "none",
    **dict.fromkeys(("addPreviousOutputInEnv", "environment", "stdout", "stderr"), None),
}
STACK, INTERNAL = "pulumi:pulumi:Stack", "__internal"
# What versions of Swarmnet wrote into each of them; a stack's own outputs may be anything.
INPUTS = {
    "pulumi:providers:pulumi-python": frozenset({"version", *(f"{NAMESPACE}:{key}" for key in StackFile.model_fields)}),
    "pulumi:providers:command": frozenset({"version", INTERNAL}),
    **{
        f"pulumi-python:dynamic/swarmnet:{resource_type.name}": frozenset(
            {PROVIDER, "__owner", "__row", resource_type.output, "adopted", "kept", *resource_type.spec.model_fields}
        )
        for resource_type in RESOURCE_TYPES
    },
}
# All resources of a stack; those of another program that uses Swarmnet are named by hand.
TYPES = frozenset({STACK, COMMAND_TYPE, *INPUTS})
VARIABLES = frozenset(
    {"host", "name", "run", "undo", "when_changed", "ran", "sudo", "ssh", "ssh_config", "host_key", "swarmnet_audit"}
)

state_app = typer.Typer(help="What Pulumi's state holds.", cls=Group, context_settings=HELP, no_args_is_help=True)


@state_app.callback()
def state() -> None:
    """Check what Pulumi's state holds."""


@state_app.command(cls=Command, context_settings=HELP, epilog="Example: swarmnet state check prod")
def check(
    stack: Stack,
    directory: Directory = STACKS,
    commit: Annotated[
        str,
        typer.Option(help="Commit that commands of `prepare` are looked for in, it and all before it: origin/main."),
    ] = "HEAD",
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A command, or a type of resources, that you know to be yours; repeatable."),
    ] = None,
) -> None:
    """Compare each provider in the state with Swarmnet's five: any other is code that Pulumi would run on this machine.

    So is a resource of another package, and a command that is none of `prepare`, or that no commit of the stack file
    has. Name by --allow what is yours all the same.

    Run it before whatever refreshes, deploys or destroys. Reads the state and the stack file's commits, and loads
    nothing of the state.

    Exits with 1 if there is another one, or the state can't be read.
    """
    with errors_end_command(stack):
        whole = read(exported(stack, directory))
        found = list(providers(whole))
        prepared = [(name, each) for name, each in environments(whole) if name not in (allow or ())]
        known = versions(stack, directory, commit) if prepared else set()
    yours = TYPES.union(allow or ())
    problems = [(name, FOREIGN_COMMAND, "") for name in foreign_commands(whole)]
    problems += [(name, NO_COMMIT.format(commit), name) for name, each in prepared if each not in known]
    problems += [(name, FOREIGN_TYPE.format(kind), kind) for name, kind in types(whole) if kind not in yours]
    problems += [(name, ELSEWHERE, "") for name in downloads(whole)]
    problems += [(name, FOREIGN_INPUT.format(_shown(key)), "") for name, key in foreign_inputs(whole)]
    problems += [
        (name, f"its {PROVIDER} is not Swarmnet's ({names(text)}), and Pulumi would run it on this machine", "")
        for name, text in found
        if not isinstance(text, str) or text not in PUBLISHED
    ]
    problems = list(dict.fromkeys(problems))  # inputs and outputs have it
    for name, problem, known_by in problems:
        or_else = f"; if it is yours, add --allow {_shown(known_by)}" if known_by else ""
        print_error(
            f"{stack}: {_shown(name)}: {problem}: find out who wrote it, and `pulumi stack import` the last state that "
            f"is yours{or_else}"
        )
    if problems:
        raise typer.Exit(1)
    print_line(f"{stack}: {len(found)} providers in the state, all of them Swarmnet's")


FOREIGN_COMMAND = "it is a command, but not one of `prepare`: Pulumi would run it on this machine"
FOREIGN_TYPE = "its type is {}, of no resource of Swarmnet's"
FOREIGN_INPUT = "it has {}, which no version of Swarmnet wrote"
NO_COMMIT = "it is a command of `prepare` that no commit of the stack file up to {} has"
ELSEWHERE = "Pulumi would fetch a program from an address in it, and run that on this machine"
Environment = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Object:
    """An object of the JSON with all its pairs, the same key twice included: who reads it may take the other one."""

    pairs: list[tuple[str, Any]]

    def under(self, *keys: str) -> list[Any]:
        """Return what it has under these keys in any case, as who reads them takes them:
        https://pkg.go.dev/encoding/json#Unmarshal"""
        return [inner for key, inner in self.pairs if key.casefold() in keys]

    @property
    def name(self) -> str:
        """Return the name of the resource that it is, empty for none; colons may be in it."""
        return next((str(urn).split("::", 3)[-1] for urn in self.under("urn")), "")

    @property
    def types(self) -> set[str]:
        """Return the types of the resource that it is: Pulumi goes by the one that it says, plugins by its URN's, in
        which those of its parents stand first: https://www.pulumi.com/docs/iac/concepts/resources/names/#urns"""
        urns = [str(urn).split("::") for urn in self.under("urn")]
        return {*map(str, self.under("type")), *(parts[2].rpartition("$")[2] for parts in urns if len(parts) > 2)}


Named = tuple[str, Object]


def read(exported: str) -> list[Named]:
    """Return every object of an exported state, as `objects` does. Raises NoState if it is none, or nested too deep."""
    try:
        return list(objects(json.loads(exported, object_pairs_hook=Object)))
    except (ValueError, RecursionError) as error:
        raise NoState("`pulumi stack export` does not print a state") from error


def objects(value: object, of: str = "the state") -> Iterator[Named]:
    """Yield every object of an exported state, wherever it stands, with the name of the resource that it is or is
    in."""
    if isinstance(value, Object):
        of = value.name or of
        yield of, value
    for inner in _within(value):
        yield from objects(inner, of)


def providers(state: Iterable[Named]) -> Iterator[tuple[str, object]]:
    """Yield the names of resources and the providers in them.

    A list under that key says what the provider depends on (`propertyDependencies`), and nobody can load it.
    """
    for of, each in state:
        yield from ((of, inner) for key, inner in each.pairs if key == PROVIDER and not isinstance(inner, list))


def foreign_commands(state: Iterable[Named]) -> Iterator[str]:
    """Yield the names of resources of pulumi-command that are no commands of `prepare`."""
    for of, each in state:
        kinds = {kind for kind in each.types if kind.startswith("command:")}
        if kinds and not (kinds == {COMMAND_TYPE} and all(map(_prepares, each.under("inputs", "outputs")))):
            yield of


def environments(state: Iterable[Named]) -> Iterator[tuple[str, Environment]]:
    """Yield the names and the variables of all commands of pulumi-command, in inputs and outputs alike: Pulumi undoes a
    command by what it has in its outputs."""
    for of, each in state:
        parts = each.under("inputs", "outputs") if COMMAND_TYPE in each.types else ()
        for given in (given for part in parts if isinstance(part, Object) for given in part.under("environment")):
            if isinstance(given, Object):
                yield of, frozenset((variable, str(text)) for variable, text in given.pairs)


def types(state: Iterable[Named]) -> Iterator[tuple[str, str]]:
    """Yield the name and types of each resource."""
    for of, each in state:
        yield from ((of, kind) for kind in sorted(each.types) if each.under("urn"))


def foreign_inputs(state: Iterable[Named]) -> Iterator[tuple[str, str]]:
    """Yield the name of each resource of Swarmnet's and each key of its inputs and outputs that none has.

    What providers have for Pulumi itself is empty: it may name another plugin, which Pulumi would fetch and run. A
    stack is no resource of any plugin.
    """
    for of, each in state:
        if STACK in each.types:
            yield from ((of, key) for key in ("custom", "provider") if any(each.under(key)))
        for known in (INPUTS[kind] for kind in each.types if kind in INPUTS):
            parts = (part for part in each.under("inputs", "outputs") if isinstance(part, Object))
            pairs = [pair for part in parts for pair in part.pairs]
            yield from (
                (of, key) for key, value in pairs if key not in known or (key == INTERNAL and value != Object([]))
            )


def downloads(state: Iterable[Named]) -> Iterator[str]:
    """Yield the names of what has an address from which Pulumi would fetch a plugin."""
    yield from (of for of, each in state if any(each.under("plugindownloadurl")))


def versions(stack: str, directory: Path, commit: str) -> set[Environment]:
    """Return the variables of all commands of `prepare` that the stack file has, or had in a commit."""
    project, file = project_of(directory).name, f"./{file_of(directory, stack).name}"
    found: set[Environment] = set()
    with suppress(StackFileError):
        found |= _variables(text_of(directory, stack), project)
    for each in _git(directory, "log", "--format=%H", commit, "--", file).split():
        with suppress(StackFileError):
            found |= _variables(_git(directory, "show", f"{each}:{file}"), project)
    return found


def _variables(text: str, project: str) -> set[Environment]:
    resolved = resolve(readable(StackFile, from_yaml(text, project)).model)
    return {frozenset(each.environment.items()) for host in commands(resolved) for each in host}


def _git(directory: Path, *words: str) -> str:
    """Return git's answer, or nothing where the folder is in no repository or lacks that commit."""
    try:
        return subprocess.run(["git", "-C", directory, *words], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def _prepares(part: object) -> bool:
    """Tell whether inputs or outputs are those of a command of `prepare`."""
    if not isinstance(part, Object):
        return False
    variables = [each for key, each in part.pairs if key == "environment"]
    return all(key in COMMAND and COMMAND[key] in (None, value) for key, value in part.pairs) and all(
        isinstance(each, Object) and VARIABLES.issuperset(key for key, _ in each.pairs) for each in variables
    )


def _within(value: object) -> list[object]:
    """Return the items of a list or an object of the JSON."""
    if isinstance(value, Object):
        return [inner for _, inner in value.pairs]
    return value if isinstance(value, list) else []


def names(text: object) -> str:
    """Name what a pickle would load, as far as it can be told without loading it."""
    if not isinstance(text, str):
        return "it is not text; it may be encrypted"
    found: list[str] = []
    texts: list[str] = []
    try:
        for operation, argument, _ in pickletools.genops(b64decode(text)):
            if operation.name == "STACK_GLOBAL":
                found.append(".".join(texts[-2:]))
            elif operation.name in ("GLOBAL", "INST"):
                found.append(str(argument).replace(" ", "."))
            elif isinstance(argument, str):
                texts.append(argument)
    except (ValueError, binascii.Error, IndexError):
        found.append("what is not a pickle")
    return f"it loads {_shown(', '.join(dict.fromkeys(found)) or 'nothing by name')}"


def _shown(text: str) -> str:
    """Return a text of the state on one line, whatever is in it."""
    return text.encode("unicode_escape").decode()[:200]
