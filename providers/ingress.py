"""The swarm's ingress network as a Pulumi resource. Decisions are in rules/resource_types/ingress.py."""

from providers.rules.resource_types.table import INGRESS
from providers.rules.vocabulary.facts import IngressFacts
from providers.rules.vocabulary.specs import IngressSpec
from providers.run.resource import Provider


class IngressProvider(Provider[IngressSpec, IngressFacts]):
    """The ingress. It is never replaced: a change is one guarded update."""

    resource_type = INGRESS
