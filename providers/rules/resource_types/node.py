"""One host's membership: joining, role, availability, labels. Leaving is in departure.py; no calls and no waiting here.

Members are told apart by node id, never by hostname: after leaving and joining again two entries share it.
"""

from dataclasses import replace
from functools import partial
from shlex import quote

from providers.rules.live import ingress_rollout, maintenance
from providers.rules.live.quorum import removal_refusal
from providers.rules.resource_types import adoption, gwbridge
from providers.rules.resource_types.departure import (
    ROLE_CHANGE,
    finish_rejoining,
    is_rejoining,
    leave_to_rejoin,
    next_step_of_removal,
    remove_entry,
)
from providers.rules.resource_types.resource_type import Decide, Known, Status
from providers.rules.resource_types.swarm import ADVICE, broken_message
from providers.rules.stack_file import access
from providers.rules.vocabulary.facts import Member, Node, NodeFacts, UnreachableHost
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.labels import AVAILABILITY, OWNER, declared_labels, owner_of, with_owner
from providers.rules.vocabulary.specs import NodeSpec
from providers.rules.vocabulary.steps import (
    Blocked,
    Decision,
    Done,
    JoinSwarm,
    LeaveSwarm,
    Steps,
    UpdateNode,
    Wait,
)
from providers.rules.vocabulary.words import line

READY = 60.0
PENDING = 30.0
# So often a join is made whose Engine gives it up (measurements.md#joins-that-fail-later).
JOINS = 3
# The ingress comes to a new member within 0.5 to 3 s (measurements.md#init-and-join); what takes longer is the
# ingress's own affair.
INGRESS = 5.0


def live_spec(spec: NodeSpec, node: Node, node_address: str = "") -> NodeSpec:
    """Return the spec with the managers' values in place of the desired ones. node_address: the address that the host
    itself names to members, empty if it said nothing."""
    return spec.model_copy(
        update={
            "access": access.as_advertised(spec.access, node_address),
            "role": node.role,
            "availability": maintenance.availability(node),
            "labels": declared_labels(spec.labels, node.labels),
            "settled": True if node.state == "ready" else f"the managers say {node.state}",
        }
    )


def member_of(facts: NodeFacts) -> Node | None:
    """Return the host's entry among the members, or None if it has none."""
    if isinstance(facts.member, UnreachableHost):
        return None
    return next((node for node in facts.nodes if node.id and node.id == facts.member.node_id), None)


def observe(api: HostsApi, spec: NodeSpec, known: Known, *, leaving: bool = False) -> NodeFacts:
    """Read the facts; for a removal, and before it joins again by another address, also what runs on the host."""
    facts = api.node(spec.host, leaving=leaving)
    if not leaving and access.left_behind(known.get("access"), spec.access):
        return replace(facts, tasks=api.node(spec.host, leaving=True).tasks)
    return facts


def decide_removal(spec: NodeSpec, known: Known, *, lost: bool) -> Decide | None:
    """Return the decisions of a removal: who declares a member owns its membership, however it began."""
    return partial(next_step_of_removal, spec, node_id=known["node_id"], lost=lost)


def status(spec: NodeSpec, known: Known, facts: NodeFacts) -> Status[NodeSpec]:
    """Say how the entry in the state stands, or, if the managers have none, the member that the host is now."""
    if facts.swarm is None:
        return Status(doubt=f"{spec.host}: no manager among the hosts answers for a swarm")
    entry = next((each for each in facts.nodes if each.id == known["node_id"]), None)
    return replace(entry_status(spec, entry or member_of(facts), facts.member), gone=entry is None)


def entry_status(spec: NodeSpec, entry: Node | None, own: Member | UnreachableHost | None = None) -> Status[NodeSpec]:
    """Say how the member stands by the managers' list, and its address by the host's own word, or else as recorded."""
    if entry is None:
        return Status(gone=True)
    address = own.node_address if isinstance(own, Member) and own.node_id == entry.id else ""
    return Status(live=live_spec(spec, entry, address), actual=entry)


def next_step(
    spec: NodeSpec,
    facts: NodeFacts,
    *,
    known: bool,
    drop_labels: tuple[str, ...] = (),
    node_id: str = "",
    moved: str = "",
    left: str = "",
    kept: str = "",
    joins: int = 0,
) -> Decision:
    """Return the next decision. `known`: the state has this resource, so the membership is ours to change. `joins`: so
    often this run let the host join; if at all, the membership is ours.

    `node_id`: the member in the state. If the host has become another member, the old entry goes, unless its address
    has changed since (`moved`): then it is another host. `left`: the address that it joined with, which the file no
    longer has: it leaves, and joins again. `kept`: why another address can't change while it is that
    member.
    """
    member = facts.member
    if isinstance(member, UnreachableHost):
        return Blocked(f"{spec.host}: {member.why}")
    if moved and member.node_id != node_id and not is_rejoining(spec, facts, member, node_id):
        return Blocked(other_member_refusal(spec, member, node_id, moved))
    if facts.swarm is None:
        return Blocked(
            f"{spec.host}: no manager among the hosts answers, so there is no swarm that it could join: "
            "declare one that the swarm has (role: manager)"
        )
    outside = become_member(spec, facts, member, known=known, joins=joins)
    if outside:
        return outside
    node = member_of(facts)
    if node is None:
        return Blocked(
            f"{spec.host}: it is a member (node {member.node_id}) of another swarm than {facts.swarm.id}: "
            "take it out of the stack file, or let it leave that swarm"
        )
    if left and node.id == node_id and member.node_address == left:
        return leave_to_rejoin(spec, facts, node, left)
    unlike = address_refusal(spec, member, kept if node.id == node_id else "")
    if unlike:
        return Blocked(unlike)
    decision = change_membership(spec, facts, node, known, joins > 0, drop_labels)
    again = finish_rejoining(spec, facts, node, node_id) if decision == Done() else None
    if again:
        return again
    former = former_entry(facts, node, node_id)
    return remove_entry(spec, facts, former) if former and decision == Done() else decision


def become_member(spec: NodeSpec, facts: NodeFacts, member: Member, *, known: bool, joins: int) -> Decision | None:
    """Return the next decision for a host that is no working member of a swarm; None if it is one."""
    if member.state == "pending":
        return Wait(f"{spec.host} to finish joining (or run `docker swarm leave --force` on it)", PENDING)
    unlock = maintenance.unlock(member, facts.swarm, spec.owner) if known else None
    if unlock:
        return unlock
    if member.state == "error" and joins and spec.role == "worker":
        return take_back_join(spec, member, joins)
    if member.state in ADVICE:
        return Blocked(broken_message(member))
    if member.state == "inactive":
        found = facts.local.bridge_subnet if facts.local else ""
        refusal = gwbridge.bridge_refusal(spec.host, spec.gwbridge, found)
        # Drained, so that no task comes to it before its labels are there, and none at all if it is to stay drained.
        # One update opens it.
        join = JoinSwarm(host=spec.host, role=spec.role, availability="drain")
        return Blocked(refusal) if refusal else Steps((join,), f"join {spec.host} as a {spec.role}")
    return None


def take_back_join(spec: NodeSpec, member: Member, joins: int) -> Decision:
    """Undo a worker's join that its Engine gave up after it had started it: nothing runs there yet, and the next one
    may come through (measurements.md#joins-that-fail-later). On a manager's vote others may count by then.
    """
    leave = LeaveSwarm(host=spec.host, force=True)
    if joins < JOINS:
        return Steps((leave,), f"undo the failed join of {spec.host}: {line(member.error)}")
    why = f"{spec.host}: it does not join: {joins} joins failed, the last one with: {line(member.error)}"
    return Blocked(f"{why}: see whether it reaches the managers' port 2377 (`swarmnet doctor`)", undo=(leave,))


def decide(spec: NodeSpec, known: Known) -> Decide:
    """Return `next_step` for one run; remembers how often this run let the host join: a join can't label the entry."""
    step = partial(
        next_step,
        spec,
        known=bool(known),
        drop_labels=tuple(sorted(known.get("labels", {}))),
        node_id=known.get("node_id", ""),
        moved=access.describe_move(known.get("access", {}), spec.access),
        left=access.left_behind(known.get("access"), spec.access),
        kept=access.kept_from_joining(spec.host, known.get("access", {}), spec.access),
    )
    joins = 0

    def decided(facts: NodeFacts) -> Decision:
        nonlocal joins
        decision = step(facts, joins=joins)
        joins += isinstance(decision, Steps) and isinstance(decision.steps[0], JoinSwarm)
        return decision

    return decided


def other_member_refusal(spec: NodeSpec, member: Member, node_id: str, moved: str) -> str:
    """Say why the host at a changed address is not the member in the state."""
    actual = f"node {member.node_id}" if member.node_id else "in no swarm"
    return access.other_machine_message(spec.host, moved, actual, f"node {node_id}")


def address_refusal(spec: NodeSpec, member: Member, kept: str = "") -> str:
    """Say why a member is to have another address than it joined with, empty if it is not."""
    return kept or access.advertises(access.HostAccess.recorded(spec.access, spec.host), member.node_address)


def former_entry(facts: NodeFacts, node: Node, node_id: str) -> Node | None:
    """Return the host's former entry, from before it left by itself and joined again."""
    listed = (other for other in facts.nodes if other.id == node_id != node.id)
    return next((other for other in listed if other.state == "down" and other.hostname == node.hostname), None)


def change_membership(
    spec: NodeSpec, facts: NodeFacts, node: Node, known: bool, joined: bool, drop_labels: tuple[str, ...]
) -> Decision:
    """Bring a member's role, availability and labels to what is declared.

    In a swarm of ours every declared member is ours: a run that was cut between a join and its label goes on. In
    somebody else's swarm nothing tells such a member from theirs.
    """
    assert facts.swarm is not None
    live = live_spec(spec, node)
    difference = adoption.describe_difference(spec, live, spec.changed(live) - {"settled"})
    thing = f"{spec.host}: its membership (node {node.id})"
    ours = joined or owner_of(facts.swarm.labels) == spec.owner
    refusal = (
        adoption.foreign_refusal(thing, node.labels, spec.owner)
        if known or joined or (ours and owner_of(node.labels) is None)
        else adoption.adoption_refusal(thing, node.labels, spec.owner, spec.adopt, difference, goes_on=spec.replaces)
    )
    if refusal and owner_of(node.labels) is None:
        mark = f"docker node update --label-add {OWNER}={spec.owner} {quote(node.id)}"
        return Blocked(f"{refusal}; if a cut run of this stack let it join, run `{mark}` on a manager to say so")
    if refusal:
        return Blocked(refusal)
    gone = tuple(key for key in drop_labels if key not in spec.labels and node.label(key) is not None)
    unlabelled = ours and node.label(OWNER) is None
    if difference or gone or unlabelled:
        return update_member(spec, facts, node, gone, ours)
    return wait_until_ready(spec, facts, node)


def update_member(spec: NodeSpec, facts: NodeFacts, node: Node, gone: tuple[str, ...], ours: bool) -> Decision:
    """Make one update with everything that differs. Losing the last manager or the quorum is refused beforehand."""
    demote = node.role == "manager" and spec.role == "worker"
    refused = demote and removal_refusal(node, facts.nodes)
    if refused:
        return Blocked(f"{spec.host}: it can't become a worker: {refused}")
    labels = dict(with_owner(spec.labels, spec.owner)) if ours else dict(spec.labels)
    drained = maintenance.is_drained(node)
    if drained:
        labels[AVAILABILITY] = spec.availability  # it gets that once it is back in service
    update = UpdateNode(
        node_id=node.id,
        version=node.version,
        role=spec.role if spec.role != node.role else None,
        availability=None if drained or spec.availability == node.availability else spec.availability,
        set_labels=tuple((key, value) for key, value in sorted(labels.items()) if node.label(key) != value),
        drop_labels=gone,
    )
    return Steps((update,), f"change the membership of {spec.host}")


def wait_until_ready(spec: NodeSpec, facts: NodeFacts, node: Node) -> Decision:
    """Wait until the member is what its entry says: ready, and as a manager reachable."""
    assert isinstance(facts.member, Member)
    if node.state != "ready":
        return Wait(f"{spec.host} to be ready (the managers say {node.state})", READY)
    manager = spec.role == "manager"
    if facts.member.control != manager or (manager and node.reachability != "reachable"):
        return Wait(f"{spec.host} to change its role to {spec.role}", ROLE_CHANGE)
    if not has_ingress(spec, facts) and facts.unchanged_for < INGRESS:
        return Wait(f"{spec.host} to get the ingress", INGRESS + 1)
    return Done(f"{spec.host} is a {spec.role} of the swarm")


def has_ingress(spec: NodeSpec, facts: NodeFacts) -> bool:
    """Tell whether the swarm's ingress, if it has one that stays, has come to the host."""
    if facts.ingress is None or facts.local is None or spec.ingress not in (None, facts.ingress.subnet):
        return True
    return ingress_rollout.is_attached(facts.ingress, facts.local)
