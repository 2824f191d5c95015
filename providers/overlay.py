"""An overlay network as a Pulumi resource. Decisions are in rules/resource_types/overlay.py."""

from providers.rules.resource_types import overlay as rules
from providers.rules.resource_types.table import OVERLAY
from providers.rules.vocabulary.facts import OverlayFacts
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.specs import OverlaySpec
from providers.run.progress import Progress
from providers.run.resource import Props, Provider
from providers.run.turns import Turn

# Keys that say how it is treated, not what it is: a change of these alone writes nothing.
TREATMENT = frozenset({"on_in_use", "protect"})


class OverlayProvider(Provider[OverlaySpec, OverlayFacts]):
    """One overlay. Nothing about it can change in place: a difference replaces it, the old one first."""

    resource_type = OVERLAY

    def replaced_by(self, spec: OverlaySpec, changed: frozenset[str]) -> frozenset[str]:
        """All that the network is; with `on_in_use: migrate` an update carries the change out."""
        return frozenset() if spec.on_in_use == "migrate" else changed - TREATMENT

    def identify(self, api: HostsApi, id_: str) -> Props:
        """Find it by its name or its id."""
        named = id_.removeprefix("overlay/")
        network = api.overlay(named, named).network
        return {"name": network.name, "network_id": network.id} if network else {}

    def turn(self, spec: OverlaySpec, known: Props, api: HostsApi) -> Turn:
        """Return the turn; a thorough look takes away labels of an ended change, so no other change may be under
        way.
        """
        if not rules.may_have_to_go(spec, known):
            return "beside others"
        return "disruptive" if spec.on_in_use == "migrate" else "alone"

    def goes(self, id_: str, spec: OverlaySpec, known: Props, api: HostsApi) -> bool:
        """Tell whether it goes; if a new one takes its place, this removal is the first write of an `up` that goes
        on.
        """
        if id_ in self.run.to_be_replaced:
            self.run.preflight.refuse_clashes(api, Progress(spec.row), spec)
        network_id = known["network_id"]
        found = api.unused(spec.name, network_id) or rules.by_id_alone(api.overlay(spec.name, network_id), network_id)
        if found.network is None:
            self.run.preflight.refuse_two_swarms(api)
        return True
