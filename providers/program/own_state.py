"""What the stack's own state has, as Pulumi tells a program that asks.

Of what goes from a stack Pulumi asks no provider anything in a preview, so that only the state tells of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
import pulumi
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc
from pulumi.runtime.proto import engine_pb2, resource_pb2
from pulumi.runtime.settings import get_engine, get_monitor

from providers.rules.plan import Plan
from providers.rules.resource_types.departure import STAYS_ON_HOSTS, is_kept
from providers.rules.resource_types.table import KINDS
from providers.rules.vocabulary.specs import NodeSpec, Spec, SwarmNetworkSpec


@dataclass(frozen=True)
class Recorded:
    """A resource in the stack's state. stays: on the hosts, if the stack that is declared has it no more."""

    urn: str
    spec: Spec
    stays: bool


def recorded_networks(recorded: Mapping[str, Recorded]) -> dict[str, tuple[SwarmNetworkSpec, bool]]:
    """Return the swarm's networks in a state, by name, and whether each would go from the state only."""
    return {name: (each.spec, each.stays) for name, each in recorded.items() if isinstance(each.spec, SwarmNetworkSpec)}


def tell_what_stays(recorded: Mapping[str, Recorded], plan: Plan) -> None:
    """Say on its row of what goes from the state only, and stays on the hosts. Where the plan has a swarm, that tells
    of its members."""
    engine = get_engine()
    assert engine is not None  # Pulumi runs this
    declared = {spec.resource_name for spec in plan.specs}
    for name in recorded.keys() - declared:
        each = recorded[name]
        if each.stays and not (plan.swarm and isinstance(each.spec, NodeSpec)):
            request = engine_pb2.LogRequest(severity=engine_pb2.LogSeverity.INFO, message=STAYS_ON_HOSTS, urn=each.urn)
            engine.Log(request)


def recorded_resources(plan: Plan) -> dict[str, Recorded]:
    """Return the resources in the stack's state, by name.

    Empty if Pulumi can't tell, as with a backend that has no projects, which knows no stack by this name.
    """
    stack = "/".join((pulumi.get_organization(), pulumi.get_project(), pulumi.get_stack()))
    try:
        # Asked for the resources of a stack that has none yet, Pulumi 3.259 ends in a panic; its outputs tell.
        # https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/backend/backend.go#L448
        begun = _ask("readStackOutputs", name=stack)["outputs"]
        found = _ask("readStackResourceOutputs", stackName=stack)["outputs"] if begun else {}
    except grpc.RpcError:
        return {}
    return dict(_recorded(found, plan))


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


def _recorded(found: Mapping[str, Any], plan: Plan) -> Iterator[tuple[str, Recorded]]:
    for urn, resource in found.items():
        kind = KINDS.get(resource["type"].rpartition(":")[2]) if "dynamic/swarmnet:" in resource["type"] else None
        if kind is not None:
            outputs = resource.get("outputs", {})
            spec, adopted = kind.recorded(outputs), bool(outputs.get("adopted"))
            stays = is_kept(spec, adopted=adopted) or plan.is_removed_from_state_only(spec, adopted=adopted)
            yield urn.rpartition("::")[2], Recorded(urn, spec, stays)
