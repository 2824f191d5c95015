"""One host's membership as a Pulumi resource. Decisions are in rules/nouns/node.py."""

from contextlib import AbstractContextManager, nullcontext
from functools import partial

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, UpdateResult

from providers.loop.reconcile import work
from providers.resource import (
    Progress,
    Props,
    Provider,
    SwarmnetResource,
    begun,
    declared_access,
    declared_hosts,
    declares_swarm,
    hosts,
    hosts_and,
    lost_hosts,
    one_line,
    proofs_of_absence,
    refuse_two_swarms,
    removal_time,
    to_props,
    turn,
)
from providers.rules.nouns import node as rules
from providers.rules.nouns.swarm import not_to_be_ended
from providers.rules.stack_file.access import moved
from providers.rules.vocabulary.door import Door
from providers.rules.vocabulary.errors import Blocked
from providers.rules.vocabulary.facts import Member, NodeFacts
from providers.rules.vocabulary.facts import Node as NodeEntry
from providers.rules.vocabulary.labels import owner_of
from providers.rules.vocabulary.specs import NodeSpec


class NodeProvider(Provider[NodeSpec]):
    """One membership. It is never replaced; changes of managers take turns."""

    spec_type = NodeSpec

    def create(self, props: Props) -> CreateResult:
        """Join, or take over the membership that is there; the id is logical and never changes."""
        spec = self.spec(props)
        return CreateResult(spec.resource_name, self.brought_about(spec, {}))

    def update(self, _id: str, olds: Props, news: Props) -> UpdateResult:
        """Change role, availability and labels in place."""
        return UpdateResult(self.brought_about(self.spec(news), olds))

    def read(self, id_: str, props: Props) -> ReadResult:
        """What the managers show of the node that the state knows. Absent as for an overlay, from their list."""
        spec = self.spec(props)
        with one_line():
            refuse_another_host(spec, props["node_id"])
            try:
                node = hosts().entry(props["node_id"])
            except proofs_of_absence():
                return ReadResult("", {})
            if node is None:
                refuse_two_swarms()
                return ReadResult("", {})
        live = spec.read_as(rules.live_spec(spec, node))
        return ReadResult(id_, outputs(live, node), inputs=to_props(live))

    def delete(self, _id: str, props: Props) -> None:
        """Let the host leave: drained, emptied, demoted, gone from the list.

        Forgotten is what was adopted, and a host that stays in a stack file without the section `swarm`.
        """
        spec = self.spec(props)
        if props.get("adopted") or (spec.host in declared_hosts() and not declares_swarm()):
            return
        with one_line():
            reach, show = hosts_and(spec), Progress(spec.row)
            with turn(show):
                if spec.host in declared_hosts():
                    refuse_to_end(reach, spec)
                work(
                    reach,
                    f"node {spec.host}",
                    removal_time(spec),
                    show,
                    partial(reach.node, spec.host, leaving=True),
                    lambda facts: rules.next_step_of_removal(
                        spec,
                        facts,
                        props["node_id"],
                        adopted=False,
                        lost=spec.host in lost_hosts(),
                    ),
                )

    def brought_about(self, spec: NodeSpec, olds: Props) -> Props:
        """Work until it is right; returns the outputs."""
        with one_line():
            reach, show = begun(spec)
            with in_turn(spec, olds, show):
                facts: NodeFacts = work(
                    reach,
                    f"node {spec.host}",
                    spec.timeout,
                    show,
                    partial(reach.node, spec.host),
                    rules.decide(spec, olds),
                )
        node = rules.member_of(facts)
        assert node is not None
        return outputs(spec, node)


def refuse_another_host(spec: NodeSpec, node_id: str) -> None:
    """Raises Blocked where the host's address has changed since the state was written, to that of another one."""
    change = moved(spec.access, declared_access(spec.host))
    member = hosts().node(spec.host).member if change else None
    if isinstance(member, Member) and member.node_id != node_id:
        raise Blocked(rules.elsewhere(spec, member, node_id, change))


def refuse_to_end(reach: Door, spec: NodeSpec) -> None:
    """A host that is still declared leaves because its swarm ends: all of it is looked at before the first one goes."""
    refusal = not_to_be_ended(reach.swarm(ending=True), spec.owner)
    if refusal:
        raise Blocked(refusal)


def in_turn(spec: NodeSpec, olds: Props, show: Progress) -> AbstractContextManager[None]:
    """Workers join side by side; whoever is or becomes a manager waits for its turn."""
    return turn(show) if "manager" in (spec.role, olds.get("role")) else nullcontext()


def outputs(spec: NodeSpec, node: NodeEntry) -> Props:
    """The inputs as they are now, the node's id, and whether somebody else let it join."""
    return {**to_props(spec), "node_id": node.id, "adopted": owner_of(node.labels) != spec.owner}


class Node(SwarmnetResource, module="swarmnet", name="Node"):
    """One host's membership of the swarm."""

    node_id: pulumi.Output[str]
    adopted: pulumi.Output[bool]
    outputs = ("node_id", "adopted")

    def __init__(self, name: str, spec: NodeSpec, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(NodeProvider(), name, spec, opts)
