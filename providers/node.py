"""One host's membership as a Pulumi resource. Decisions are in rules/resource_types/node.py."""

from contextlib import suppress

import pulumi

from providers.rules.resource_types import node as rules
from providers.rules.resource_types.resource_type import Status
from providers.rules.resource_types.swarm import end_refusal
from providers.rules.resource_types.table import NODE
from providers.rules.stack_file.access import HostAccess, describe_move, kept_from_joining, known_by, left_behind
from providers.rules.vocabulary.errors import Blocked, EngineError, HostError
from providers.rules.vocabulary.facts import Member, NodeFacts
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.specs import NodeSpec
from providers.run.resource import CheckFailure, Props, Provider
from providers.run.turns import Turn


class NodeProvider(Provider[NodeSpec, NodeFacts]):
    """One membership. It is never replaced; changes of managers take turns."""

    resource_type = NODE
    begins_membership = True

    def turn(self, spec: NodeSpec, known: Props, api: HostsApi) -> Turn:
        """Let workers join side by side; a host that is or becomes a manager, or leaves to join again, waits for its
        turn."""
        waits = "manager" in (spec.role, known.get("role")) or left_behind(known.get("access"), spec.access)
        return "alone" if waits else "beside others"

    def found(self, spec: NodeSpec, known: Props) -> Status[NodeSpec]:
        """Find it by the managers' list and by the host's own word on its address; an unreachable host is still a
        member."""
        api, change = (
            self.settings.hosts().at_rest(),
            describe_move(spec.access, self.settings.declared_access(spec.host)),
        )
        member = api.node(spec.host).member if change else None
        if isinstance(member, Member) and member.node_id != known["node_id"]:
            raise Blocked(rules.other_member_refusal(spec, member, known["node_id"], change))
        if (
            member is None
            and spec.host in self.settings.accesses
            and known_by(HostAccess.recorded(spec.access, spec.host))
        ):
            with suppress(HostError, EngineError):
                member = api.member(spec.host)
        # The managers' list fails without a quorum, so that what it lacks is absent.
        entry = next((node for node in api.nodes() if node.id == known["node_id"]), None)
        return rules.entry_status(spec, entry, member)

    def identify(self, api: HostsApi, id_: str) -> Props:
        """Find it by the declared hosts' own words."""
        for member in api.swarm().members:
            if id_ in (f"node/{member.host}", member.node_id):
                access = self.settings.declared_access(member.host)
                return {"host": member.host, "access": access, "node_id": member.node_id}
        return {}

    def check_failures(self, olds: Props, spec: NodeSpec) -> list[CheckFailure]:
        """An address that no Engine tells and a member keeps: seen in a preview already, before anything is written."""
        before = {} if pulumi.contains_unknowns(olds) else olds.get("access", {})
        kept = kept_from_joining(spec.host, before, spec.access)
        return [*super().check_failures(olds, spec), *([CheckFailure("access", kept)] if kept else [])]

    def turn_of_removal(self, spec: NodeSpec, known: Props) -> Turn:
        """Let one leave at a time: the others count on each other meanwhile."""
        return "alone"

    def goes(self, id_: str, spec: NodeSpec, known: Props, api: HostsApi) -> bool:
        """A host that is still declared leaves because its swarm ends: all of it is looked at before the first one
        goes."""
        if spec.host in self.settings.accesses:
            refusal = end_refusal(api.swarm(ending=True), spec.owner)
            if refusal:
                raise Blocked(refusal)
        return True
