"""One host's membership as a Pulumi resource. Decisions are in rules/nouns/node.py."""

import pulumi

from providers.resource import Props, Provider, SwarmnetResource
from providers.rules.nouns import node as rules
from providers.rules.nouns.noun import Standing
from providers.rules.nouns.swarm import not_to_be_ended
from providers.rules.nouns.table import NODE
from providers.rules.stack_file.access import moved
from providers.rules.vocabulary.door import Door
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.facts import Member, NodeFacts
from providers.rules.vocabulary.specs import NodeSpec
from providers.run import Turn


class NodeProvider(Provider[NodeSpec, NodeFacts]):
    """One membership. It is never replaced; changes of managers take turns."""

    noun = NODE

    def turn(self, spec: NodeSpec, known: Props, door: Door) -> Turn:
        """Workers join side by side; whoever is or becomes a manager waits for its turn."""
        return "alone" if "manager" in (spec.role, known.get("role")) else "beside others"

    def found(self, spec: NodeSpec, known: Props) -> Standing[NodeSpec]:
        """By the managers' list alone: a host that is silent is still a member."""
        door, change = self.run.hosts(), moved(spec.access, self.run.declared_access(spec.host))
        member = door.node(spec.host).member if change else None
        if isinstance(member, Member) and member.node_id != known["node_id"]:
            raise Blocked(rules.elsewhere(spec, member, known["node_id"], change))
        return rules.standing(spec, door.entry(known["node_id"]))

    def turn_of_removal(self, spec: NodeSpec, known: Props) -> Turn:
        """Others count on each other while one leaves."""
        return "alone"

    def goes(self, id_: str, spec: NodeSpec, known: Props, door: Door) -> bool:
        """A host that is still declared leaves because its swarm ends: all of it is looked at before the first one
        goes."""
        if spec.host in self.run.accesses:
            refusal = not_to_be_ended(door.swarm(ending=True), spec.owner)
            if refusal:
                raise Blocked(refusal)
        return True


class Node(SwarmnetResource, module="swarmnet", name="Node"):
    """One host's membership of the swarm."""

    node_id: pulumi.Output[str]
    adopted: pulumi.Output[bool]
    outputs = ("node_id", "adopted")

    def __init__(self, name: str, spec: NodeSpec, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(NodeProvider(), name, spec, opts)
