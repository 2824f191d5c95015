"""Brings the two forms in which a stack's configuration arrives to one. Text in, data out; no file is read.

Both give the keys of the namespace `swarmnet` without it; what belongs to other namespaces is left out. Of the one
that is a file, what Pulumi would pass over or lose is told, and where each key stands.
"""

import difflib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePath
from typing import Self

import yaml

from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.problems import Raw
from providers.rules.stack_file.yaml_text import TOO_DEEP, Position, decoded, message_at, of_keys, parsed, position
from providers.rules.vocabulary.errors import StackFileError

NAMESPACE = "swarmnet"
# What Pulumi itself keeps beside `config`: https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/
PULUMIS = ("encryptedkey", "encryptionsalt", "environment", "secretsprovider")
SECTIONS = tuple(StackFile.model_fields)

_DEEPEST = 20  # no section has more than six levels


@dataclass(frozen=True)
class Written:
    """A `Pulumi.<stack>.yaml` that could be read.

    raw: its keys; one without a namespace is in the project's own. problems: what Pulumi would pass over, or take one
    of by chance. keys: where each key stands, by its path. imports: whether it names environments, which may hold
    settings of the stack too.
    """

    raw: Raw
    problems: tuple[str, ...]
    keys: Mapping[str, Position]
    imports: bool


def from_yaml(text: str | bytes, project: str = NAMESPACE) -> Raw:
    """Return the keys of a `Pulumi.<stack>.yaml` in a project of that name.

    Raises StackFileError if the text can't be read, or Pulumi would not read all of it.
    """
    written = read(text, project)
    if written.problems:
        raise StackFileError(list(written.problems))
    return written.raw


def read(text: str | bytes, project: str = NAMESPACE) -> Written:
    """Return a `Pulumi.<stack>.yaml` as it stands, in a project of that name.

    Raises StackFileError if the text is not YAML, has no mapping `config`, or holds what no message can show.
    """
    text = decoded(text) if isinstance(text, bytes) else text
    document, node, doubled = parsed(text)
    root = document if isinstance(document, dict) else {}
    passed_over = [*doubled, *_beside_config(root)]
    settings = root.get("config")
    if not isinstance(settings, dict):
        keys = of_keys(node, "config", "")
        raise StackFileError([message_at(position(line, keys), line) for line in passed_over] or [_NO_CONFIG])
    raw = from_flat({key if ":" in key else f"{project}:{key}": value for key, value in settings.items()})
    problems = (*passed_over, *_misnamed(settings, project))
    return Written(raw, problems, of_keys(node, "config", f"{NAMESPACE}:"), bool(root.get("environment")))


_NO_CONFIG = "config: is required: the mapping that holds swarmnet:hosts and the other keys"


def _beside_config(document: Mapping[str, object]) -> Iterator[str]:
    """Yield keys at the root of which Pulumi says nothing and the program sees nothing."""
    for key in document:
        if _section(key) in SECTIONS:
            yield f"{key}: is outside config, so Pulumi silently ignores it: indent it under config"
        elif key not in ("config", *PULUMIS):
            close = difflib.get_close_matches(key.lower(), ["config"])
            remedy = "did you mean config?" if close else "move it into config, or remove it"
            yield f"{key}: unknown key outside config, which Pulumi silently ignores; {remedy}"


def _misnamed(settings: Mapping[str, object], project: str) -> Iterator[str]:
    """Yield keys of ours that stand with and without their namespace, of which Pulumi takes one by chance; and keys in
    a namespace that is almost ours, or in that of a project of another name for want of any."""
    for key in settings:
        namespace, name = key.split(":", 1) if ":" in key else (project, key)
        if f"{NAMESPACE}:{key}" in settings:
            if namespace == NAMESPACE:
                yield f"{key}: stands twice, as {key} and as {NAMESPACE}:{key}; keep one"
        elif key == NAMESPACE:
            yield f"{key}: is not a section; write its keys as {NAMESPACE}:hosts and so on"
        elif namespace != NAMESPACE and _section(key) in SECTIONS:
            yield f"{key}: is in the unknown namespace {namespace}; did you mean {NAMESPACE}:{name}?"


def _section(key: str) -> str:
    """Return the section that a key is, if its namespace is ours, almost ours or none."""
    namespace, parted, name = key.rpartition(":")
    ours = difflib.SequenceMatcher(None, namespace.lower(), NAMESPACE).ratio() >= _ALMOST
    return name if ours or not parted else ""


_ALMOST = 0.75  # swarm: and swarmnets: are, docker: is not


def from_flat(settings: Mapping[str, object]) -> Raw:
    """Return the keys of what Pulumi hands to programs and providers: mappings and lists as JSON, else text.

    Raises StackFileError if a value is more deeply nested than any section, or contains an unpaired surrogate.
    """
    ours = f"{NAMESPACE}:"
    try:
        raw = {key.removeprefix(ours): _structured(value) for key, value in settings.items() if key.startswith(ours)}
    except RecursionError as error:
        raise StackFileError([f"config: {TOO_DEEP}"]) from error
    wrong = {key: problem for key, value in raw.items() if (problem := _unsound([key, value]))}
    if wrong:
        raise StackFileError([f"{key.encode(errors='backslashreplace').decode()}: {wrong[key]}" for key in wrong])
    return raw


def _structured(value: object) -> object:
    """Return a top-level value. `pulumi up -c KEY=JSON` writes JSON text into the file; nothing is empty text."""
    if isinstance(value, str) and value.startswith(("{", "[")):
        with suppress(json.JSONDecodeError):  # then it is text
            return json.loads(value)
    return "" if value is None else value


def _unsound(value: object) -> str:
    """Say what no section can hold and no message show; empty if all is well."""
    left, seen = [(value, 0)], set[int]()
    while left:
        each, depth = left.pop()
        if isinstance(each, str) and not each.isascii() and any("\ud800" <= letter <= "\udfff" for letter in each):
            return "contains an unpaired surrogate, such as \\ud800; write the whole character"
        if isinstance(each, dict | list) and id(each) not in seen:
            if depth > _DEEPEST:
                return TOO_DEEP
            seen.add(id(each))
            left += [(inner, depth + 1) for inner in ([*each, *each.values()] if isinstance(each, dict) else each)]
    return ""


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
            project = yaml.safe_load(text)
            stacks = file.parent / str(project.get("stackConfigDir") or "")
            return cls(str(project["name"]), bool(project.get("config")), stacks)
        except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
            raise ProjectError([f"{file} is not a valid Pulumi project file: it has no readable name"]) from error
