"""The five as dynamic resources: what a program of one's own checkout declares, and `pulumi.dynamic` calls.

A state has the providers' classes by name: providers.overlay.OverlayProvider.
"""

from typing import Any, cast

import pulumi
from pulumi.dynamic import Resource, ResourceProvider

from providers.gwbridge import GwbridgeProvider
from providers.ingress import IngressProvider
from providers.node import NodeProvider
from providers.overlay import OverlayProvider
from providers.rules.resource_types.resource_type import to_props
from providers.rules.resource_types.table import type_of
from providers.rules.stack_file.reading import NAMESPACE
from providers.rules.vocabulary.specs import Spec
from providers.run.resource import PREVIEW, Props, Provider
from providers.swarm import SwarmProvider


class SwarmnetResource(Resource, module=NAMESPACE, name="Resource"):
    """A resource whose inputs are a Spec. Outputs that only a provider knows are the Engine's id and `adopted`."""

    def __init__(self, provider: Provider[Any, Any], spec: Spec, opts: pulumi.ResourceOptions | None) -> None:
        kind, name = f"pulumi-python:{self._resource_type_name}", spec.resource_name
        urn = f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{kind}::{name}"
        # An output becomes an attribute only where its key is among the inputs.
        unknown_yet: Props = {type_of(spec).output: None, "adopted": None}
        inputs = spec.published({**to_props(spec), "row": urn}, {})
        if pulumi.runtime.is_dry_run():
            inputs |= {PREVIEW: True, "too_early": getattr(spec, "too_early", {})}
        # It has all the methods of the class, which only says what they are: the flow knows no face.
        super().__init__(cast(ResourceProvider, provider), name, {**inputs, **unknown_yet}, opts)


class Gwbridge(SwarmnetResource, module=NAMESPACE, name="Gwbridge"):
    """docker_gwbridge of one host."""


class Swarm(SwarmnetResource, module=NAMESPACE, name="Swarm"):
    """The swarm that the stack's hosts form."""


class Node(SwarmnetResource, module=NAMESPACE, name="Node"):
    """One host's membership of the swarm."""


class Ingress(SwarmnetResource, module=NAMESPACE, name="Ingress"):
    """The swarm's ingress network."""


class Overlay(SwarmnetResource, module=NAMESPACE, name="Overlay"):
    """One overlay network of the swarm."""


_KINDS: tuple[tuple[type[SwarmnetResource], type[Provider[Any, Any]]], ...] = (
    (Gwbridge, GwbridgeProvider),
    (Swarm, SwarmProvider),
    (Node, NodeProvider),
    (Ingress, IngressProvider),
    (Overlay, OverlayProvider),
)


def dynamic(spec: Spec, opts: pulumi.ResourceOptions) -> SwarmnetResource:
    """Declare a resource of the plan."""
    kind, provider = next(each for each in _KINDS if each[1].resource_type is type_of(spec))
    return kind(provider(), spec, opts)
