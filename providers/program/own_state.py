"""What the stack's own state has, as Pulumi tells a program that asks.

Of what goes from a stack Pulumi asks no provider anything in a preview, so that only the state tells of it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import grpc
import pulumi
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor

from providers.rules.resource_types.departure import is_kept
from providers.rules.resource_types.table import KINDS
from providers.rules.vocabulary.specs import SwarmNetworkSpec


def networks_in_state() -> dict[str, tuple[SwarmNetworkSpec, bool]]:
    """Return the swarm's networks in the stack's state, by name, and whether each would go from the state only.

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
    return dict(_networks(found))


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


def _networks(found: Mapping[str, Any]) -> Iterator[tuple[str, tuple[SwarmNetworkSpec, bool]]]:
    for urn, resource in found.items():
        kind = KINDS.get(resource["type"].rpartition(":")[2]) if "dynamic/swarmnet:" in resource["type"] else None
        if kind is not None and issubclass(kind, SwarmNetworkSpec):
            outputs = resource.get("outputs", {})
            spec = kind.recorded(outputs)
            yield urn.rpartition("::")[2], (spec, is_kept(spec, adopted=bool(outputs.get("adopted"))))
