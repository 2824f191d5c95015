"""The program: the stack file as resources, in their order, and what apps read of it.

Pulumi runs it by the project's `__main__.py`. Other programs call `program`, from any thread: the Automation API does
so inline.
"""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pulumi
from pulumi.runtime import get_config_env
from pulumi.runtime.config import CONFIG, get_config_secret_keys_env, is_config_secret

from providers.program import prepare
from providers.program.declare import after, declare, outputs, refuse_missing_keys, unplaced
from providers.program.dynamic import dynamic
from providers.program.own_state import beside_state
from providers.rules.checks.across_stacks import declared_twice
from providers.rules.checks.whole_file import validate
from providers.rules.plan import Plan, planned
from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.prepare import HostCommand
from providers.rules.stack_file.problems import SECRET, readable
from providers.rules.stack_file.reading import Written, from_flat, from_yaml, read
from providers.rules.stack_file.resolved import Resolved, resolve
from providers.rules.vocabulary.errors import StackFileError
from providers.rules.vocabulary.words import line
from providers.run.settings import stack_file, stack_files


def program() -> None:
    """Declare what the stack file wants; warnings are shown, and it goes on.

    Raises RunError with what is wrong with it; of several problems it is the last, and the others are shown.
    """
    try:
        plan = checked_plan(pulumi.get_project(), pulumi.get_stack())
    except StackFileError as error:
        *others, last = error.problems
        for problem in others:
            pulumi.log.error(problem)
        raise pulumi.RunError(last) from error
    for warning in plan.warnings:
        pulumi.log.warn(line(warning))
    with unplaced():
        # Before anything of ours, on any host: what is looked at before the first write takes docker on all of them.
        ids = declare(plan, dynamic, [prepared(commands) for commands in plan.commands])
    networks, fragment = outputs(plan, ids)
    pulumi.export("swarmnet", networks)
    pulumi.export("compose", fragment)


def checked_plan(project: str, stack: str) -> Plan:
    """Return the plan of the stack file. Raises StackFileError with every problem."""
    settings = {**get_config_env(), **CONFIG.get()}  # of a process that Pulumi started, and of an inline program
    refuse_secrets(settings)
    validation = validate(from_flat(settings), text=text_of(project, stack))
    plan = planned(validation, f"{project}/{stack}")
    keep_apart(project, stack, validation.resolved)
    if pulumi.runtime.is_dry_run():  # a preview needs no keys
        return beside_state(plan)
    refuse_missing_keys(validation.resolved)
    return plan


def refuse_secrets(settings: Iterable[str]) -> None:
    """Raise StackFileError if the stack file holds an encrypted value: networks and plans would show it."""
    secret = {*get_config_secret_keys_env(), *filter(is_config_secret, settings)}
    keys = sorted(from_flat(dict.fromkeys(secret, "")))
    if keys:
        raise StackFileError([f"{key}: {SECRET}" for key in keys])


def text_of(project: str, stack: str) -> Written | None:
    """Return the file of the configuration, which may have what Pulumi does not hand over; None if there is none.

    The folder of the project is not known to an inline program.
    """
    with suppress(FileNotFoundError, StackFileError):
        root = pulumi.get_root_directory()
        return read(stack_file(Path(root), stack).read_bytes(), project) if root else None
    return None


def keep_apart(project: str, stack: str, own: Resolved) -> None:
    """Raise StackFileError if the file of another stack declares the same of the same swarm."""
    root = pulumi.get_root_directory()
    paths = stack_files(Path(root)).glob("Pulumi.*.yaml") if root else ()
    files = {path.name.removeprefix("Pulumi.").removesuffix(".yaml"): path for path in paths}
    others: dict[str, Resolved] = {}
    for name in sorted(files.keys() - {stack}):
        with suppress(StackFileError):  # whoever uses that stack is told
            others[name] = resolve(readable(StackFile, from_yaml(files[name].read_bytes(), project)).model)
    problems = declared_twice(own, others)
    if problems:
        raise StackFileError(problems)


def prepared(commands: Iterable[HostCommand]) -> pulumi.Resource:
    """One host's commands, one after the other. Returns the last one."""
    ready: list[pulumi.Resource] = []
    for each in commands:
        ready = [prepare.declare(each, after(ready))]
    return ready[0]
