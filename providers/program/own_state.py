"""What the stack's own state has, as Pulumi tells a program that asks.

Of what goes from a stack Pulumi asks no provider anything in a preview, so that only the state tells of it.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
import pulumi
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc
from pulumi.runtime.proto import engine_pb2, resource_pb2
from pulumi.runtime.settings import get_engine, get_monitor

from providers.rules.plan import Plan, with_too_early
from providers.rules.resource_types.departure import STAYS_ON_HOSTS, is_kept
from providers.rules.resource_types.table import KINDS
from providers.rules.stack_file.reading import NAMESPACE
from providers.rules.vocabulary.specs import NodeSpec, Spec, SwarmNetworkSpec
from providers.run.settings import command_line, option_in

Properties = Callable[[Mapping[str, Any], type[Spec]], Mapping[str, Any]]


@dataclass(frozen=True)
class Recorded:
    """A resource in the stack's state. stays: on the hosts, if the stack that is declared has it no more."""

    urn: str
    spec: Spec
    stays: bool


def as_they_are(outputs: Mapping[str, Any], kind: type[Spec]) -> Mapping[str, Any]:
    """Return a resource's properties as the dynamic program has them."""
    return outputs


def beside_state(plan: Plan, component: str = "", properties: Properties = as_they_are) -> Plan:
    """Return the plan with what the stack's state says of it, and tell what that has and the plan has not.

    component: the name of the one that declares the plan; empty for the dynamic program. properties: gives a resource's
    properties the keys of its spec. A preview that is kept as a plan goes without: whoever asks Pulumi for a state gets
    a provider of Pulumi's own, which such a plan would expect of the run as well.
    """
    if option_in("--save-plan", command_line(os.getppid())[1]) or os.environ.get("PULUMI_EXPERIMENTAL"):
        return plan
    recorded = dict(_recorded(plan, component, properties))
    tell_what_stays(recorded, plan)
    networks = {
        name: (each.spec, each.stays) for name, each in recorded.items() if isinstance(each.spec, SwarmNetworkSpec)
    }
    return with_too_early(plan, networks)


def tell_what_stays(recorded: Mapping[str, Recorded], plan: Plan) -> None:
    """Say on its row of what goes from the state only, and stays on the hosts. Where the plan has a swarm, that tells
    of its members."""
    engine = get_engine()
    assert engine is not None  # Pulumi runs this
    declared = {spec.resource_name for spec in plan.specs}
    for name in sorted(recorded.keys() - declared):
        each = recorded[name]
        if each.stays and not (plan.swarm and isinstance(each.spec, NodeSpec)):
            request = engine_pb2.LogRequest(severity=engine_pb2.LogSeverity.INFO, message=STAYS_ON_HOSTS, urn=each.urn)
            engine.Log(request)


def _recorded(plan: Plan, component: str, properties: Properties) -> Iterator[tuple[str, Recorded]]:
    """Yield each of the five in the stack's state that the same program or component declared, by its name."""
    of_face, under = (f"{NAMESPACE}:index:", f"{component}/") if component else (f"dynamic/{NAMESPACE}:", "")
    for urn, resource in _resources().items():
        kind, name = KINDS.get(resource["type"].rpartition(":")[2]), urn.rpartition("::")[2]
        if kind is not None and of_face in resource["type"] and name.startswith(under):
            outputs = properties(resource.get("outputs", {}), kind)
            spec, adopted = kind.recorded(outputs), bool(outputs.get("adopted"))
            stays = is_kept(spec, adopted=adopted) or plan.is_removed_from_state_only(spec, adopted=adopted)
            yield name.removeprefix(under), Recorded(urn, spec, stays)


def _resources() -> Mapping[str, Any]:
    """Return the resources in the stack's state, by URN.

    Empty if Pulumi can't tell, as with a backend that has no projects, which knows no stack by this name.
    """
    stack = "/".join((pulumi.get_organization(), pulumi.get_project(), pulumi.get_stack()))
    try:
        # Asked for the resources of a stack that has none yet, Pulumi 3.259 ends in a panic; its outputs tell.
        # https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/backend/backend.go#L448
        begun = _ask("readStackOutputs", name=stack)["outputs"]
        return _ask("readStackResourceOutputs", stackName=stack)["outputs"] if begun else {}
    except grpc.RpcError:
        return {}


def _ask(function: str, **arguments: str) -> Mapping[str, Any]:
    """Return the answer of a function that Pulumi itself has. Raises grpc.RpcError.

    https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/resource/deploy/builtins.go
    """
    args = Struct()
    args.update(arguments)
    request = resource_pb2.ResourceInvokeRequest(tok=f"pulumi:pulumi:{function}", args=args)
    monitor = get_monitor()
    assert monitor is not None
    answer: Mapping[str, Any] = rpc.deserialize_properties(getattr(monitor.Invoke(request), "return"))
    return answer
