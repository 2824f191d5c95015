"""docker_gwbridge as a Pulumi resource. Decisions are in rules/resource_types/gwbridge.py."""

from providers.rules.resource_types import gwbridge as rules
from providers.rules.resource_types.adoption import kept_if_adopted
from providers.rules.resource_types.resource_type import Status
from providers.rules.resource_types.table import GWBRIDGE
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.facts import GwbridgeFacts
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.specs import GwbridgeSpec
from providers.run.resource import Props, Provider
from providers.run.turns import Turn


class GwbridgeProvider(Provider[GwbridgeSpec, GwbridgeFacts]):
    """One host's docker_gwbridge. It is never replaced: a change is one guarded update."""

    resource_type = GWBRIDGE
    begins_membership = True

    def turn(self, spec: GwbridgeSpec, known: Props, api: HostsApi) -> Turn:
        """Return the turn: whatever takes a member out of service waits. Before the first bridge, look at all hosts."""
        if not known:
            self.run.preflight.refuse_half_a_swarm()
        facts = api.gwbridge(spec.host)
        refuse_another_host(spec, facts, known)
        if facts.bridge and facts.member.state == "inactive":  # meanwhile it is noted on the member's entry
            self.run.replaced[spec.resource_name] = facts.bridge.config, known
        return "disruptive" if rules.is_disruptive(spec, facts) else "beside others"

    def found(self, spec: GwbridgeSpec, known: Props) -> Status[GwbridgeSpec]:
        """Find it by the host's own word, if it is still that host."""
        facts = self.settings.hosts(spec).at_rest().gwbridge(spec.host)
        status = rules.status(spec, known, facts)
        if not status.doubt:
            declared = spec.model_copy(update={"access": self.settings.declared_access(spec.host)})
            refuse_another_host(declared, facts, known)
        return status

    def identify(self, api: HostsApi, id_: str) -> Props:
        """Find it on the declared host of that name, or on the one whose bridge has that id."""
        named = id_.removeprefix("docker_gwbridge@")
        for host in [named] if named in self.settings.accesses else self.settings.accesses:
            bridge = api.gwbridge(host).bridge
            if bridge and named in (host, bridge.id):
                return {"host": host, "access": self.settings.declared_access(host), "network_id": bridge.id}
        return {}

    def turn_of_removal(self, spec: GwbridgeSpec, known: Props) -> Turn:
        """Return the turn; a bridge that is kept comes here amid a change that was cut, which is brought to its end."""
        return "disruptive" if kept_if_adopted(spec, known).on_remove == "keep" else "beside others"

    def goes(self, id_: str, spec: GwbridgeSpec, known: Props, api: HostsApi) -> bool:
        """Tell whether it goes: the bridge of a host that was only renamed stays."""
        declared = frozenset(self.settings.accesses)
        if kept_if_adopted(spec, known).on_remove == "keep" or spec.host in declared:
            return True
        return known["network_id"] not in api.bridge_ids(declared)


def refuse_another_host(spec: GwbridgeSpec, facts: GwbridgeFacts, known: Props) -> None:
    """Raise Blocked if the host's address has changed and another one is there than the state knows."""
    another = rules.other_machine_refusal(spec, facts, known)
    if another:
        raise Blocked(another)
