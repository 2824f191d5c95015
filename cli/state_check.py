"""`swarmnet state check`: whether a state holds code of anybody else. Nothing in it is loaded, only compared.

Pulumi keeps a provider as a pickle, and whatever refreshes, changes or destroys loads it, on the machine that has the
keys of the hosts: https://docs.python.org/3/library/pickle.html. A command of pulumi-command is run by what removes it:
those of `prepare` start one program of ours, with scripts that are for hosts.
"""

import binascii
import json
import pickletools
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer

from cli.errors import told
from cli.lines import complain, tell
from cli.stack_argument import Stack
from cli.stack_files import STACKS, Directory
from cli.state import exported
from cli.usage import HELP, Command, Group

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
COMMAND: dict[str, object] = {
    "interpreter": ["/bin/sh", "providers/prepare.sh"],
    "create": "run",
    "update": "update",
    "delete": "undo",
    "logging": "none",
    **dict.fromkeys(("addPreviousOutputInEnv", "environment", "stdout", "stderr"), None),
}
VARIABLES = frozenset({"host", "name", "run", "undo", "when_changed", "ran", "sudo", "ssh", "ssh_config", "host_key"})

state_app = typer.Typer(help="What Pulumi's state holds.", cls=Group, context_settings=HELP, no_args_is_help=True)


@state_app.callback()
def state() -> None:
    """Check what Pulumi's state holds."""


@state_app.command(cls=Command, context_settings=HELP, epilog="Example: swarmnet state check prod")
def check(
    stack: Stack,
    directory: Directory = STACKS,
) -> None:
    """Compare each provider in the state with Swarmnet's five: any other is code that Pulumi would run on this machine.

    So is a command that is none of `prepare`; what scripts of `prepare` do is not judged.

    Run it before whatever refreshes, deploys or destroys. Reads the state alone, and loads nothing of it.

    Exits with 1 if there is another one, or the state can't be read.
    """
    with told(stack):
        whole = json.loads(exported(stack, directory), object_pairs_hook=Object)
        found = list(providers(whole))
    others = list(dict.fromkeys(foreign_commands(whole)))
    for name in others:
        line = (
            f"{stack}: {_shown(name)}: it is a command, and none of `prepare`: Pulumi would run it on this machine: "
            "find out who wrote it, and `pulumi stack import` the last state that is yours"
        )
        complain(line)
    strange = [(name, names(text)) for name, text in found if not isinstance(text, str) or text not in PUBLISHED]
    for name, loads in dict.fromkeys(strange):  # inputs and outputs have it
        line = (
            f"{stack}: {_shown(name)}: its {PROVIDER} is none of Swarmnet's ({loads}), and Pulumi would run it "
            "on this machine: find out who wrote it, and `pulumi stack import` the last state that is yours"
        )
        complain(line)
    if strange or others:
        raise typer.Exit(1)
    tell(f"{stack}: {len(found)} providers in the state, all of them Swarmnet's")


@dataclass(frozen=True)
class Object:
    """An object of the JSON with all its pairs, the same key twice included: who reads it may take the other one."""

    pairs: list[tuple[str, Any]]


def providers(value: object, of: str = "the state") -> Iterator[tuple[str, object]]:
    """Yield every provider in an exported state, wherever it stands, with the name of the resource that it is in.

    A list under that key says what the provider depends on (`propertyDependencies`), and nobody can load it.
    """
    if isinstance(value, Object):
        of = next((str(inner).rpartition("::")[2] for key, inner in value.pairs if key == "urn"), of)
        for key, inner in value.pairs:
            if key == PROVIDER and not isinstance(inner, list):
                yield of, inner
    for inner in _within(value):
        yield from providers(inner, of)


def foreign_commands(value: object) -> Iterator[str]:
    """Yield the names of resources of pulumi-command that are no commands of `prepare`, wherever they stand."""
    if isinstance(value, Object):
        kinds = [each for key, each in value.pairs if key == "type" and str(each).startswith("command:")]
        parts = [each for key, each in value.pairs if key in ("inputs", "outputs")]
        if kinds and not (set(kinds) == {"command:local:Command"} and all(map(_prepares, parts))):
            yield next((str(inner).rpartition("::")[2] for key, inner in value.pairs if key == "urn"), "the state")
    for inner in _within(value):
        yield from foreign_commands(inner)


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
        found.append("what is no pickle")
    return f"it loads {_shown(', '.join(dict.fromkeys(found)) or 'nothing by name')}"


def _shown(text: str) -> str:
    """Return a text of the state on one line, whatever is in it."""
    return text.encode("unicode_escape").decode()[:200]
