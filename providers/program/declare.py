"""A plan as resources in their order, and what apps read of them: one piece for both faces, each of which makes a
resource in its own way."""

import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pulumi

from providers.rules.outputs import compose, exports
from providers.rules.plan import Plan
from providers.rules.resource_types.table import type_of
from providers.rules.stack_file.resolved import Resolved
from providers.rules.vocabulary.errors import StackFileError
from providers.rules.vocabulary.specs import Spec
from providers.rules.vocabulary.words import some

Make = Callable[[Spec, pulumi.ResourceOptions], pulumi.Resource]
Ids = Mapping[str, pulumi.Output[str]]
# `sys.tracebacklimit` is the whole process's.
_UNPLACED = threading.Lock()


def declare(plan: Plan, make: Make, ready: Sequence[pulumi.Resource] = ()) -> Ids:
    """Declare the plan's resources, each after those it needs, and the first ones after `ready`. Returns the Engine's
    ids by resource name."""
    ids: dict[str, pulumi.Output[str]] = {}
    bridges: dict[str, pulumi.Resource] = {}
    for batch in plan.gwbridges:
        ready = [make(spec, after(ready, spec.protect)) for spec in batch]
        bridges |= zip((spec.host for spec in batch), ready, strict=True)
    if plan.swarm:
        swarm = make(plan.swarm, after(ready))
        ids[plan.swarm.resource_name] = engine_id(plan.swarm, swarm)
        nodes: list[pulumi.Resource] = []
        for member in plan.nodes:
            # The others stand on the first manager's node, so that it is the last to leave; each stands on its own
            # host's bridge, so that a host that is dropped leaves before its bridge is given back.
            own = [bridges[member.host]] if member.host in bridges else []
            nodes.append(make(member, after([*(nodes[:1] or [swarm]), *own])))
        ready = nodes
    if plan.ingress:
        ingress = make(plan.ingress, after(ready, plan.ingress.protect))
        ids[plan.ingress.resource_name] = engine_id(plan.ingress, ingress)
        ready = [ingress]
    for spec in plan.overlays:
        ids[spec.resource_name] = engine_id(spec, make(spec, after(ready, spec.protect, spec.retain)))
    return ids


def engine_id(spec: Spec, resource: pulumi.Resource) -> pulumi.Output[str]:
    """Return the output of a resource that has the Engine's id."""
    found: pulumi.Output[str] = getattr(resource, type_of(spec).output)
    return found


def outputs(plan: Plan, ids: Ids) -> tuple[Any, Any]:
    """Return what apps read: the values of `swarmnet` and `compose`. In a preview, all that is not an id is known."""
    if pulumi.runtime.is_dry_run():
        return exports(plan, ids), compose(plan, ids)
    known: pulumi.Output[dict[str, str]] = pulumi.Output.from_input(only_known(ids))
    return known.apply(lambda found: exports(plan, found)), known.apply(lambda found: compose(plan, found))


async def only_known(ids: Ids) -> dict[str, str]:
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
