"""The program: the stack file as resources, in their order, and what apps read of it.

Pulumi runs it by `__main__.py`. Other programs call `program`, from any thread: the Automation API does so inline.
"""

import os
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pulumi
from pulumi.runtime import get_config_env
from pulumi.runtime.config import CONFIG, get_config_secret_keys_env, is_config_secret

from providers import prepare
from providers.gwbridge import Gwbridge
from providers.ingress import Ingress
from providers.node import Node
from providers.overlay import Overlay
from providers.own_state import networks_in_state
from providers.rules.checks.across_stacks import claimed_twice
from providers.rules.checks.whole_file import validate
from providers.rules.outputs import compose, exports
from providers.rules.plan import Plan, planned, with_too_early
from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.prepare import HostCommand
from providers.rules.stack_file.problems import SECRET, readable
from providers.rules.stack_file.reading import Written, from_flat, from_yaml, read
from providers.rules.stack_file.resolved import Resolved, resolve
from providers.rules.vocabulary.errors import StackFileError
from providers.rules.vocabulary.words import line, some
from providers.run.settings import stack_file, stack_files
from providers.swarm import Swarm

# `sys.tracebacklimit` is the whole process's.
_UNPLACED = threading.Lock()


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
        ids = declare(plan)
    if pulumi.runtime.is_dry_run():
        pulumi.export("swarmnet", exports(plan, ids))
        pulumi.export("compose", compose(plan, ids))
        return
    known: pulumi.Output[dict[str, str]] = pulumi.Output.from_input(only_known(ids))
    pulumi.export("swarmnet", known.apply(lambda found: exports(plan, found)))
    pulumi.export("compose", known.apply(lambda found: compose(plan, found)))


def checked_plan(project: str, stack: str) -> Plan:
    """Return the plan of the stack file. Raises StackFileError with every problem."""
    settings = {**get_config_env(), **CONFIG.get()}  # of a process that Pulumi started, and of an inline program
    refuse_secrets(settings)
    validation = validate(from_flat(settings), text=text_of(project, stack))
    plan = planned(validation, f"{project}/{stack}")
    keep_apart(project, stack, validation.resolved)
    if pulumi.runtime.is_dry_run():  # a preview needs no keys
        return with_too_early(plan, networks_in_state())
    refuse_missing_keys(validation.resolved)
    return plan


def refuse_secrets(settings: Iterable[str]) -> None:
    """Raise StackFileError if the stack file holds an encrypted value: networks and plans would show it."""
    secret = {*get_config_secret_keys_env(), *filter(is_config_secret, settings)}
    keys = sorted(from_flat(dict.fromkeys(secret, "")))
    if keys:
        raise StackFileError([f"{key}: {SECRET}" for key in keys])


def refuse_missing_keys(desired: Resolved) -> None:
    """Raise StackFileError if this machine has neither a key file that hosts are to be reached with nor an agent."""
    if os.environ.get("SSH_AUTH_SOCK") or "identityagent" in ssh_config().lower():
        return
    named: dict[str, list[str]] = {}
    for name, access in desired.access.items():
        if access.key_file and name not in desired.lost and not os.path.exists(os.path.expanduser(access.key_file)):
            named.setdefault(access.key_file, []).append(name)
    problems = [
        f"{'ssh' if file == desired.file.ssh.key_file else f'hosts.{hosts[0]}'}.key_file: {file}, the key to "
        f"{some(hosts)}, is not on this machine, and there is no agent (SSH_AUTH_SOCK): put it there, or start an "
        "agent that has it"
        for file, hosts in named.items()
    ]
    if problems:
        raise StackFileError(problems)


def ssh_config() -> str:
    """Return the user's configuration of ssh, empty if there is none that can be read."""
    with suppress(OSError):
        return Path("~/.ssh/config").expanduser().read_text(errors="replace")
    return ""


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
    problems = claimed_twice(own, others)
    if problems:
        raise StackFileError(problems)


def declare(plan: Plan) -> dict[str, pulumi.Output[str]]:
    """The plan's resources, each after those it needs. Returns the Engine's ids by resource name."""
    ids: dict[str, pulumi.Output[str]] = {}
    # Before anything of ours, on any host: what is looked at before the first write takes docker on all of them.
    ready: Sequence[pulumi.Resource] = [prepared(commands) for commands in plan.commands]
    bridges: dict[str, pulumi.Resource] = {}
    for batch in plan.gwbridges:
        ready = [Gwbridge(spec.resource_name, spec, after(ready, spec.protect)) for spec in batch]
        bridges |= zip((spec.host for spec in batch), ready, strict=True)
    if plan.swarm:
        swarm = Swarm(plan.swarm.resource_name, plan.swarm, after(ready))
        ids[plan.swarm.resource_name] = swarm.swarm_id
        nodes: list[pulumi.Resource] = []
        for member in plan.nodes:
            # The others stand on the first manager's node, so that it is the last to leave; each stands on its own
            # host's bridge, so that a host that is dropped leaves before its bridge is given back.
            own = [bridges[member.host]] if member.host in bridges else []
            nodes.append(Node(member.resource_name, member, after([*(nodes[:1] or [swarm]), *own])))
        ready = nodes
    if plan.ingress:
        ingress = Ingress(plan.ingress.resource_name, plan.ingress, after(ready, plan.ingress.protect))
        ids[plan.ingress.resource_name] = ingress.network_id
        ready = [ingress]
    for spec in plan.overlays:
        ids[spec.resource_name] = Overlay(spec.resource_name, spec, after(ready, spec.protect, spec.retain)).network_id
    return ids


@contextmanager
def unplaced() -> Iterator[None]:
    """Keep out of the state the lines of this program, and of what runs it, that declared each resource.

    They are paths of one's own machine, and 40 % of an overlay's state, which Pulumi writes whole at each step: 400
    overlays are made in 15.4 s instead of 19.1. The SDK has no option for it; it takes them from `traceback`, which
    goes by `sys.tracebacklimit`: https://github.com/pulumi/pulumi/blob/master/sdk/python/lib/pulumi/runtime/resource.py
    """
    with _UNPLACED:
        former = getattr(sys, "tracebacklimit", None)
        sys.tracebacklimit = 1
        try:
            yield
        finally:
            del sys.tracebacklimit
            if former is not None:
                sys.tracebacklimit = former


def prepared(commands: Iterable[HostCommand]) -> pulumi.Resource:
    """One host's commands, one after the other. Returns the last one."""
    ready: list[pulumi.Resource] = []
    for each in commands:
        ready = [prepare.declare(each, after(ready))]
    return ready[0]


async def only_known(ids: Mapping[str, pulumi.Output[str]]) -> dict[str, str]:
    """Return the known ones: after a partial run (`--target`, `--exclude`, `--continue-on-error`) the others are the
    marker that Pulumi has for what is unknown, which readers would take for an id."""
    return {name: await output.future() or "" for name, output in ids.items() if await output.is_known()}


def after(needed: Sequence[pulumi.Resource], protect: bool = False, retain: bool = False) -> pulumi.ResourceOptions:
    """Return the options of a resource that comes after all it needs.

    Where somebody asks for a replacement, the old one goes first: the new one would be found to be there already, and
    then be removed as the old one.
    """
    return pulumi.ResourceOptions(
        depends_on=needed, protect=protect, retain_on_delete=retain, delete_before_replace=True
    )
