"""The provider: Pulumi's calls for one of the five resources, brought to the flow of all of them, and the component.

What the flow wants to know beside the properties, the URN says: whose a resource is, and on which row it shows lines.
"""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from pulumi.provider.experimental import provider as pulumis

from plugin import networks
from plugin.networks import SECRET
from plugin.schema import SECTIONS, schema
from plugin.sdk import Values, all_marked, plains, secrets
from plugin.spelling import camel, in_camel, in_snake
from providers.gwbridge import GwbridgeProvider
from providers.ingress import IngressProvider
from providers.node import NodeProvider
from providers.overlay import OverlayProvider
from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.problems import path
from providers.rules.stack_file.reading import NAMESPACE, from_flat
from providers.run.progress import Progress, one_line
from providers.run.resource import Props, Provider
from providers.swarm import SwarmProvider

T = TypeVar("T")
FLOWS: dict[str, Provider[Any, Any]] = {
    each.resource_type.name: each()
    for each in (GwbridgeProvider, SwarmProvider, NodeProvider, IngressProvider, OverlayProvider)
}
# How many resources may be worked on at once: Pulumi's own word is four for each processor.
THREADS = 16
OWNER, ROW = "owner", "row"
# The class's name in states of the dynamic program; its properties have other names, so that all are written anew.
DYNAMIC = "__provider"
IN_PLACE = "was the dynamic program's: its state is written anew in place, which changes nothing on any host"


class Swarmnet(pulumis.Provider):
    """Each process has one: Pulumi starts one for each provider of a state, and one for components."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS)

    async def get_schema(self, request: pulumis.GetSchemaRequest) -> pulumis.GetSchemaResponse:
        """Return what SDKs are made of."""
        return pulumis.GetSchemaResponse(json.dumps(schema()))

    async def check_config(self, request: pulumis.CheckRequest) -> pulumis.CheckResponse:
        """Refuse secrets in what says how hosts are reached."""
        return pulumis.CheckResponse(request.new_inputs, refused_secrets(request.new_inputs))

    async def configure(self, request: pulumis.ConfigureRequest) -> pulumis.ConfigureResponse:
        """Take over which hosts there are, and how they are reached. What creates nothing yet needs no preview."""
        given = from_flat({f"{NAMESPACE}:{key}": value for key, value in plains(request.args).items()})
        ours = in_snake({key: value for key, value in given.items() if key in SECTIONS}, StackFile)
        if ours:
            settings = {key: each if isinstance(each, str) else json.dumps(each) for key, each in ours.items()}
            with one_line():
                Provider.run.settings.configure({f"{NAMESPACE}:{key}": each for key, each in settings.items()})
        return pulumis.ConfigureResponse(accept_secrets=True)

    async def construct(self, request: pulumis.ConstructRequest) -> pulumis.ConstructResponse:
        """Declare the component."""
        return await networks.construct(request)

    async def check(self, request: pulumis.CheckRequest) -> pulumis.CheckResponse:
        """Return canonical inputs, or what is wrong with them."""
        if failures := refused_secrets(request.new_inputs):
            return pulumis.CheckResponse(request.new_inputs, failures)
        olds = self._props(request, request.old_inputs) if request.old_inputs else {}
        found = await self._threaded(flow(request).check, olds, self._props(request, request.new_inputs))
        failures = [pulumis.CheckFailure(camel(each.property), each.reason) for each in found.failures]
        return pulumis.CheckResponse(_inputs(request, found.inputs), failures)

    async def diff(self, request: pulumis.DiffRequest) -> pulumis.DiffResponse:
        """Tell what differs."""
        olds, news = self._props(request, request.old_state), self._props(request, request.new_inputs)
        found = await self._threaded(flow(request).diff, request.resource_id, olds, news)
        comes_over = DYNAMIC in request.old_state and not found.replaces
        if comes_over and not Provider.run.in_earnest:
            await self._threaded(partial(Progress(request.urn), IN_PLACE, stays=True))
        return pulumis.DiffResponse(
            changes=True if comes_over else found.changes,
            replaces=[camel(each) for each in found.replaces],
            delete_before_replace=found.delete_before_replace,
        )

    async def create(self, request: pulumis.CreateRequest) -> pulumis.CreateResponse:
        """Make it, or take over what is there."""
        made = await self._threaded(flow(request).create, self._props(request, request.properties))
        return pulumis.CreateResponse(made.id, _outputs(request, made.outs))

    async def update(self, request: pulumis.UpdateRequest) -> pulumis.UpdateResponse:
        """Change it in place."""
        olds, news = self._props(request, request.olds), self._props(request, request.news)
        made = await self._threaded(flow(request).update, request.resource_id, olds, news)
        return pulumis.UpdateResponse(_outputs(request, made.outs))

    async def read(self, request: pulumis.ReadRequest) -> pulumis.ReadResponse:
        """Return what hosts have; without a state, as `pulumi import` asks, of what has that id."""
        read = flow(request).read if request.properties else flow(request).read_unrecorded
        found = await self._threaded(read, request.resource_id, self._props(request, request.properties))
        inputs = _inputs(request, found.inputs or {})
        return pulumis.ReadResponse(found.id, _outputs(request, found.outs), inputs)

    async def delete(self, request: pulumis.DeleteRequest) -> None:
        """Remove it, or what the state says becomes of it."""
        await self._threaded(flow(request).delete, request.resource_id, self._props(request, request.properties))

    async def _threaded(self, call: Callable[..., T], *words: Any) -> T:  # noqa: ANN401 # any of the flow's
        """Run a call of the flow, which waits for hosts, beside others."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *words)

    def _props(self, request: "Call", values: Values) -> Props:
        """Return properties as the flow has them. What the state says of the owner counts: the stack may have been
        renamed since."""
        own: Props = in_snake(plains(values), flow(request).resource_type.spec)
        return {OWNER: owner_of(request.urn), **own, ROW: request.urn}


Call = (
    pulumis.CheckRequest
    | pulumis.DiffRequest
    | pulumis.CreateRequest
    | pulumis.UpdateRequest
    | pulumis.ReadRequest
    | pulumis.DeleteRequest
)


def flow(request: Call) -> Provider[Any, Any]:
    """Return the flow of a resource, by its type."""
    return FLOWS[request.type.rpartition(":")[2]]


def owner_of(urn: str) -> str:
    """Return `<project>/<stack>` of a resource."""
    stack, project = urn.removeprefix("urn:pulumi:").split("::")[:2]
    return f"{project}/{stack}"


def refused_secrets(values: Values) -> list[pulumis.CheckFailure]:
    """Return a failure for each secret among inputs, of no property: Pulumi would show its value."""
    return [pulumis.CheckFailure("", f"{path(place)}: {SECRET}") for place in secrets(values)]


def _inputs(request: Call, props: Props) -> Values:
    """Return inputs as Pulumi keeps them: whose a resource is and its row go without saying."""
    return _written(request, {key: value for key, value in props.items() if key not in (OWNER, ROW)})


def _outputs(request: Call, props: Props) -> Values:
    """Return outputs as Pulumi keeps them: with the owner, whose name is on the hosts."""
    return _written(request, {key: value for key, value in props.items() if key not in (ROW, DYNAMIC)})


def _written(request: Call, props: Props) -> Values:
    """Return properties in Pulumi's spelling; the Engine's id is no key of the specs."""
    return all_marked(in_camel(props, flow(request).resource_type.spec))
