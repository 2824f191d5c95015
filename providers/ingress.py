"""The swarm's ingress network as a Pulumi resource. Decisions are in rules/resource_types/ingress.py."""

from providers.rules.resource_types.table import INGRESS
from providers.rules.vocabulary.facts import IngressFacts
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.specs import IngressSpec
from providers.run.resource import Props, Provider


class IngressProvider(Provider[IngressSpec, IngressFacts]):
    """The ingress. It is never replaced: a change is one guarded update."""

    resource_type = INGRESS

    def identify(self, api: HostsApi, id_: str) -> Props:
        """Find the swarm's one."""
        network = api.ingress().network
        if network is None or id_ not in ("ingress", network.id):
            return {}
        return {"name": network.name, "network_id": network.id}
