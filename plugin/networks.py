"""The component `Networks`: a stack file's sections as its inputs, the resources of their plan as its children."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.provider.experimental.provider import ConstructRequest, ConstructResponse
from pulumi.resource import DependencyResource

from cli import VERSION
from plugin.schema import COMPONENT, LEFT_OUT, token
from plugin.sdk import Plain, all_marked, plains, secrets, settled
from plugin.spelling import camel, in_camel, in_snake
from plugin.unknowns import Checked, check_known, common
from providers.program.declare import declare, outputs, refuse_missing_keys, unplaced
from providers.program.own_state import beside_state
from providers.rules.resource_types.table import type_of
from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.problems import Raw, path
from providers.rules.stack_file.reading import NAMESPACE
from providers.rules.vocabulary.errors import StackFileError
from providers.rules.vocabulary.specs import Spec
from providers.rules.vocabulary.words import line
from providers.run.resource import PREVIEW

SECRET = "is a secret, which networks, plans and reviews would show: unwrap it (pulumi.unsecret), or leave it out"
ELSEWHERE = {
    "prepare": "is a section of stack files: use commands of your own program here, and depends_on",
    "connected_to": "is a section of stack files, of which this program has none",
}
UNKNOWN_NOW = "is not known in this run, which leaves out what makes it (--target, --exclude): name that too"


async def construct(request: ConstructRequest) -> ConstructResponse:
    """Check the sections whole, as far as they are known, and declare their resources.

    Raises StackFileError with every problem at once, before anything is declared. The SDK's own error would have Pulumi
    show values, and what is in the wrong place could be a password.
    """
    checked = check_known(sections(request), f"{pulumi.get_project()}/{pulumi.get_stack()}")
    refuse_unready(checked)
    component = pulumi.ComponentResource(COMPONENT, request.name, {}, request.options)
    for warning in checked.warnings:
        pulumi.log.warn(line(warning), component)
    if checked.waiting:
        known = f"not known before this is run, and checked before the first write: {', '.join(checked.waiting)}"
        pulumi.log.info(known, component)
    needed = [*_needed(request), *(request.options.depends_on or [])]  # type: ignore[misc] # what the SDK puts there
    with unplaced():
        told = _declared(checked, request.name, component, needed)
    component.register_outputs({})
    state = all_marked(await settled(told))
    return ConstructResponse(urn=await component.urn.future() or "", state=state, state_dependencies={})


def sections(request: ConstructRequest) -> Raw:
    """Return the keys of the stack file in a component's inputs. Raises StackFileError if one is a secret, or has no
    place in a program."""
    raw: Raw = in_snake(plains(request.inputs), StackFile)
    hosts = raw.get("hosts")
    named: list[tuple[str, Mapping[str, object]]] = [(key, raw) for key in LEFT_OUT]
    if isinstance(hosts, Mapping):
        named += [(f"hosts.{name}.prepare", host) for name, host in hosts.items() if isinstance(host, Mapping)]
    problems = [f"{path(place)}: {SECRET}" for place in secrets(request.inputs)]
    problems += [
        f"{where}: {ELSEWHERE[where.rpartition('.')[2]]}"
        for where, section in named
        if where.rpartition(".")[2] in section
    ]
    if problems:
        raise StackFileError(sorted(problems))
    return raw


def refuse_unready(checked: Checked) -> None:
    """Raise StackFileError if a run, which is to write, lacks a value or the key to a host. A preview needs neither."""
    if pulumi.runtime.is_dry_run():
        return
    if checked.waiting:
        raise StackFileError([f"{each}: {UNKNOWN_NOW}" for each in checked.waiting])
    refuse_missing_keys(checked.validation.resolved)


def _needed(request: ConstructRequest) -> list[pulumi.Resource]:
    """Return the resources that the inputs come from."""
    found = sorted({urn for value in request.inputs.values() for urn in value.all_dependencies()})
    return [DependencyResource(urn) for urn in found]


def _declared(
    checked: Checked, name: str, component: pulumi.Resource, needed: list[pulumi.Resource]
) -> dict[str, Plain]:
    """Declare a provider that reaches the hosts, and the plan's resources with it. Returns the outputs.

    The provider comes after all that the inputs come from, and so do the resources; it goes after them, and before
    those. A stand-in in its inputs is a name that nobody has: with an unknown value among them Pulumi would ask it
    nothing. https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/resource/plugin/provider_plugin.go
    """
    settings = {key: value if isinstance(value, str) else json.dumps(value) for key, value in checked.raw.items()}
    opts = pulumi.ResourceOptions(parent=component, depends_on=needed, version=VERSION)
    provider = pulumi.ProviderResource(NAMESPACE, name, settings, opts)

    def make(spec: Spec, after: pulumi.ResourceOptions) -> pulumi.Resource:
        own = pulumi.ResourceOptions(parent=component, provider=provider, version=VERSION, aliases=[former(spec)])
        if not spec.protect:
            after.protect = None  # as the component is
        return Native(
            f"{name}/{spec.resource_name}", spec, checked.inputs(spec), pulumi.ResourceOptions.merge(after, own)
        )

    plan = beside_state(checked.plan, name, in_snake) if pulumi.runtime.is_dry_run() else checked.plan
    ids = declare(plan, make)
    networks, fragment = outputs(checked.plan, ids)
    if checked.waiting:
        networks = common(networks, outputs(checked.other, ids)[0])
    return {"swarmnet": networks, "compose": fragment}


def former(spec: Spec) -> str:
    """Return the URN that the resource has in a state of the dynamic program, whose place it takes."""
    kind = f"pulumi-python:dynamic/{NAMESPACE}:{type_of(spec).name}"
    return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{kind}::{spec.resource_name}"


class Native(pulumi.CustomResource):
    """One of the five."""

    def __init__(self, name: str, spec: Spec, inputs: Mapping[str, Plain], opts: pulumi.ResourceOptions) -> None:
        kind = type_of(spec)
        shown = {key: value for key, value in inputs.items() if key not in ("owner", "row", "settled")}
        # An output becomes an attribute only where its key is among the inputs.
        declared: dict[str, Any] = in_camel(shown, kind.spec) | {camel(kind.output): None}
        if pulumi.runtime.is_dry_run():
            declared |= {PREVIEW: True, "tooEarly": getattr(spec, "too_early", {})}
        super().__init__(token(kind.name), name, declared, opts)
        setattr(self, kind.output, getattr(self, camel(kind.output)))
