"""The swarm's ingress network as a Pulumi resource. Decisions are in rules/resource_types/ingress.py."""

import pulumi

from providers.resource import Provider, SwarmnetResource
from providers.rules.resource_types.table import INGRESS
from providers.rules.vocabulary.facts import IngressFacts
from providers.rules.vocabulary.specs import IngressSpec


class IngressProvider(Provider[IngressSpec, IngressFacts]):
    """The ingress. It is never replaced: a change is one guarded update."""

    resource_type = INGRESS


class Ingress(SwarmnetResource, module="swarmnet", name="Ingress"):
    """The swarm's ingress network."""

    network_id: pulumi.Output[str]
    adopted: pulumi.Output[bool]
    outputs = ("network_id", "adopted")

    def __init__(self, name: str, spec: IngressSpec, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(IngressProvider(), name, spec, opts)
