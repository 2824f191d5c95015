"""One host's membership: joining, role, availability, labels, leaving. Calls and waiting must not enter.

Members are told apart by node id, never by hostname: after leaving and joining again two entries share it.
"""

from dataclasses import replace
from functools import partial
from shlex import quote

from providers.rules.live import ingress_rollout, maintenance
from providers.rules.live.quorum import no_quorum_without
from providers.rules.nouns import adoption, gwbridge
from providers.rules.nouns.noun import Decide, Known, Standing
from providers.rules.nouns.swarm import ADVICE, divided, still_members
from providers.rules.stack_file import access
from providers.rules.vocabulary.door import Door
from providers.rules.vocabulary.facts import Member, Node, NodeFacts, Silent
from providers.rules.vocabulary.labels import AVAILABILITY, OWNER, declared_labels, owner_of, with_owner
from providers.rules.vocabulary.specs import NodeSpec
from providers.rules.vocabulary.steps import (
    Blocked,
    Decision,
    Done,
    JoinSwarm,
    LeaveSwarm,
    RemoveNode,
    Steps,
    UpdateNode,
    Wait,
)

READY = 60.0
# A node promoted right after it was demoted needs 31 s (measurements.md#roles).
ROLE_CHANGE = 60.0
PENDING = 30.0
# The ingress comes to a new member within 0.5 to 3 s (measurements.md#init-and-join); what takes longer is the
# ingress's own affair.
INGRESS = 5.0
TASKS_GONE = 120.0


def live_spec(spec: NodeSpec, node: Node) -> NodeSpec:
    """The spec with the values that the managers have in place of the wanted ones."""
    return spec.model_copy(
        update={
            "role": node.role,
            "availability": maintenance.availability(node),
            "labels": declared_labels(spec.labels, node.labels),
            "settled": True if node.state == "ready" else f"the managers say {node.state}",
        }
    )


def member_of(facts: NodeFacts) -> Node | None:
    """The host's entry among the members, None where it has none."""
    if isinstance(facts.member, Silent):
        return None
    return next((node for node in facts.nodes if node.id and node.id == facts.member.node_id), None)


def look(door: Door, spec: NodeSpec, known: Known, *, leaving: bool = False) -> NodeFacts:
    """For a removal with what runs on it."""
    return door.node(spec.host, leaving=leaving)


def decide_removal(spec: NodeSpec, known: Known, *, lost: bool) -> Decide | None:
    """What was adopted is forgotten."""
    if known.get("adopted"):
        return None
    return partial(next_step_of_removal, spec, node_id=known["node_id"], lost=lost)


def finding(spec: NodeSpec, known: Known, facts: NodeFacts) -> Standing[NodeSpec]:
    """The entry that the state knows; where the managers have none, the member that the host is now."""
    if facts.swarm is None:
        return Standing(doubt=f"{spec.host}: no manager among the hosts answers for a swarm")
    entry = next((each for each in facts.nodes if each.id == known["node_id"]), None)
    return replace(standing(spec, entry or member_of(facts)), gone=entry is None)


def standing(spec: NodeSpec, entry: Node | None) -> Standing[NodeSpec]:
    """By the managers' list alone."""
    return Standing(live=live_spec(spec, entry), there=entry) if entry else Standing(gone=True)


def next_step(
    spec: NodeSpec,
    facts: NodeFacts,
    *,
    known: bool,
    drop_labels: tuple[str, ...] = (),
    node_id: str = "",
    moved: str = "",
    joined: bool = False,
) -> Decision:
    """What to do next. `known`: the state has this resource, so that the membership is ours to change. `joined`: this
    very work let the host join, so that the membership is ours.

    `node_id`: the member that the state knows; where the host has become another one, the old entry goes. Not so
    where its address has changed since (`moved`): then that is another host.
    """
    member = facts.member
    if isinstance(member, Silent):
        return Blocked(f"{spec.host}: {member.why}")
    if moved and member.node_id != node_id:
        return Blocked(elsewhere(spec, member, node_id, moved))
    if facts.swarm is None:
        return Blocked(
            f"{spec.host}: no manager among the hosts answers for a swarm that it could be a member of: "
            "declare one that the swarm has (role: manager)"
        )
    if member.state == "pending":
        return Wait(f"{spec.host} to finish joining (or run `docker swarm leave --force` on it)", PENDING)
    unlock = maintenance.unlocked(member, facts.swarm, spec.owner) if known else None
    if unlock:
        return unlock
    if member.state in ADVICE:
        return Blocked(f"{spec.host}: its membership of a swarm is {member.state}: {ADVICE[member.state]}")
    if member.state == "inactive":
        found = facts.local.bridge_subnet if facts.local else ""
        refusal = gwbridge.not_as_declared(spec.host, spec.gwbridge, found)
        # No task comes to it before its labels are there, nor ever where it is to stay drained; one update opens it.
        join = JoinSwarm(host=spec.host, role=spec.role, availability="drain")
        return Blocked(refusal) if refusal else Steps((join,), f"join {spec.host} as a {spec.role}")
    node = member_of(facts)
    if node is None:
        return Blocked(
            f"{spec.host}: it is a member (node {member.node_id}) of another swarm than {facts.swarm.id}: "
            "take it out of the stack file, or let it leave that swarm"
        )
    decision = membership(spec, facts, node, known, joined, drop_labels)
    former = former_entry(facts, node, node_id)
    return removal_of_entry(spec, facts, former) if former and decision == Done() else decision


def decide(spec: NodeSpec, known: Known) -> Decide:
    """`next_step` for one work, which keeps in mind that it let the host join: a join can't give the entry a label that
    says so."""
    step = partial(
        next_step,
        spec,
        known=bool(known),
        drop_labels=tuple(sorted(known.get("labels", {}))),
        node_id=known.get("node_id", ""),
        moved=access.moved(known.get("access", {}), spec.access),
    )
    joined = False

    def decided(facts: NodeFacts) -> Decision:
        nonlocal joined
        decision = step(facts, joined=joined)
        joined = joined or (isinstance(decision, Steps) and isinstance(decision.steps[0], JoinSwarm))
        return decision

    return decided


def elsewhere(spec: NodeSpec, member: Member, node_id: str, moved: str) -> str:
    """Why the host at a changed address is not the member that the state knows."""
    there = f"node {member.node_id}" if member.node_id else "in no swarm"
    return access.another(spec.host, moved, there, f"node {node_id}")


def former_entry(facts: NodeFacts, node: Node, node_id: str) -> Node | None:
    """What the host was to the managers before it left by itself and joined again."""
    listed = (other for other in facts.nodes if other.id == node_id != node.id)
    return next((other for other in listed if other.state == "down" and other.hostname == node.hostname), None)


def membership(
    spec: NodeSpec, facts: NodeFacts, node: Node, known: bool, joined: bool, drop_labels: tuple[str, ...]
) -> Decision:
    """Bring a member's role, availability and labels to what is declared.

    In a swarm that is ours every declared member is: a run that was cut between a join and its label goes on. In one
    of somebody else's nothing tells such a member from theirs.
    """
    assert facts.swarm is not None
    live = live_spec(spec, node)
    difference = adoption.in_words(spec.model_dump(), live.model_dump(), spec.changed(live) - {"settled"})
    thing = f"{spec.host}: its membership (node {node.id})"
    ours = joined or owner_of(facts.swarm.labels) == spec.owner
    refusal = (
        adoption.foreign(thing, node.labels, spec.owner)
        if known or joined or (ours and owner_of(node.labels) is None)
        else adoption.refusal(thing, node.labels, spec.owner, spec.adopt, difference, goes_on=spec.replaces)
    )
    if refusal and owner_of(node.labels) is None:
        mark = f"docker node update --label-add {OWNER}={spec.owner} {quote(node.id)}"
        return Blocked(f"{refusal}; where a run of this stack that was cut let it join, `{mark}` on a manager says so")
    if refusal:
        return Blocked(refusal)
    gone = tuple(key for key in drop_labels if key not in spec.labels and node.label(key) is not None)
    unlabelled = ours and node.label(OWNER) is None
    if difference or gone or unlabelled:
        return change(spec, facts, node, gone, ours)
    return settled(spec, facts, node)


def change(spec: NodeSpec, facts: NodeFacts, node: Node, gone: tuple[str, ...], ours: bool) -> Decision:
    """One update with everything that differs. The last manager and a lost quorum are refused beforehand."""
    demote = node.role == "manager" and spec.role == "worker"
    refused = demote and no_quorum_without(node, facts.nodes)
    if refused:
        return Blocked(f"{spec.host}: it can't become a worker: {refused}")
    labels = dict(with_owner(spec.labels, spec.owner)) if ours else dict(spec.labels)
    drained = maintenance.drained(node)
    if drained:
        labels[AVAILABILITY] = spec.availability  # it will be given that once it is put back
    update = UpdateNode(
        node_id=node.id,
        version=node.version,
        role=spec.role if spec.role != node.role else None,
        availability=None if drained or spec.availability == node.availability else spec.availability,
        set_labels=tuple((key, value) for key, value in sorted(labels.items()) if node.label(key) != value),
        drop_labels=gone,
    )
    return Steps((update,), f"change the membership of {spec.host}")


def settled(spec: NodeSpec, facts: NodeFacts, node: Node) -> Decision:
    """Wait until the member is what its entry says: ready, and as a manager able to answer."""
    assert isinstance(facts.member, Member)
    if node.state != "ready":
        return Wait(f"{spec.host} to be ready (the managers say {node.state})", READY)
    manager = spec.role == "manager"
    if facts.member.control != manager or (manager and node.reachability != "reachable"):
        return Wait(f"{spec.host} to take up the role of {spec.role}", ROLE_CHANGE)
    if not has_ingress(spec, facts) and facts.unchanged_for < INGRESS:
        return Wait(f"{spec.host} to get the ingress", INGRESS + 1)
    return Done()


def has_ingress(spec: NodeSpec, facts: NodeFacts) -> bool:
    """Whether the swarm's ingress, if it has one that stays, has come to the host."""
    if facts.ingress is None or facts.local is None or spec.ingress not in (None, facts.ingress.subnet):
        return True
    return ingress_rollout.reached(facts.ingress, facts.local)


def next_step_of_removal(spec: NodeSpec, facts: NodeFacts, node_id: str, *, lost: bool = False) -> Decision:
    """What to do next until the host has left and its entry is gone: drained, emptied, demoted, left, removed.

    `node_id` is what the state knows. A host that was renamed in the stack file is forgotten without a write; the
    swarm's only member is left to the swarm's own end.
    """
    renamed = any(other.node_id == node_id for other in facts.others)
    node = next((node for node in facts.nodes if node.id == node_id), None)
    if renamed:
        return Done()
    doubt = divided(facts.swarm, facts.nodes, facts.others) if node is None else None
    if doubt:
        return Blocked(f"{spec.host}: it can't be told whether it has left (node {node_id}): {doubt}")
    if isinstance(facts.member, Silent):
        return removal_of_silent(spec, facts, facts.member, node, lost=lost)
    if facts.member.state in ("locked", "error"):
        advice = ADVICE[facts.member.state]
        return Blocked(f"{spec.host}: it can't be told to leave: its membership is {facts.member.state}: {advice}")
    here = facts.member.node_id == node_id and facts.member.state != "inactive"
    if node is None:
        return stranded(spec, facts, facts.member) if here else Done()
    if not here:
        return removal_of_entry(spec, facts, node)
    if len(facts.nodes) == 1:
        return Done()
    return departure(spec, facts, node)


def stranded(spec: NodeSpec, facts: NodeFacts, member: Member) -> Decision:
    """The host believes in a membership that no manager answers for.

    One whose entry was removed says pending (measurements.md#membership); one that says active is counted on by another
    swarm.
    """
    if facts.swarm is not None and member.state == "active":
        return Blocked(
            f"{spec.host}: it is a member (node {member.node_id}) of another swarm than {facts.swarm.id}, which "
            "answers: bring its own managers back, or run `docker swarm leave --force` on it, then run again"
        )
    if facts.swarm is not None:
        return Steps((LeaveSwarm(host=spec.host, force=True),), f"let {spec.host} leave")
    return Blocked(
        f"{spec.host}: it is a member of a swarm of which no manager answers: bring a majority of the managers "
        "back, or run `docker swarm leave --force` on it"
    )


def removal_of_silent(spec: NodeSpec, facts: NodeFacts, silent: Silent, node: Node | None, *, lost: bool) -> Decision:
    """Without the host itself only its entry can go, and only where the stack file says that it is lost."""
    if not lost:
        return Blocked(
            f"{spec.host}: it can't be told to leave: {silent.why}; bring it back, or put it into the stack file "
            f"with hosts.{spec.host}.lost: true for one `pulumi up`"
        )
    return removal_of_entry(spec, facts, node) if node else Done()


def removal_of_entry(spec: NodeSpec, facts: NodeFacts, node: Node) -> Decision:
    """Remove the entry of a member that is no more. The Engine removes none of a manager, not even by force."""
    if node.role == "manager":
        refused = no_quorum_without(node, facts.nodes)
        if refused:
            return Blocked(f"{spec.host}: its entry can't be removed: {refused}")
        return Steps((UpdateNode(node_id=node.id, version=node.version, role="worker"),), f"demote {spec.host}")
    return Steps((RemoveNode(node_id=node.id, force=True),), f"remove the entry of {spec.host}")


def departure(spec: NodeSpec, facts: NodeFacts, node: Node) -> Decision:
    """Let a member leave that others still count on: nothing of theirs may run on it."""
    assert isinstance(facts.member, Member)
    refused = node.role == "manager" and no_quorum_without(node, facts.nodes)
    if refused:
        last = not any(other.role == "manager" and other.id != node.id for other in facts.nodes)
        others = still_members(facts.nodes, facts.others) if last else ""
        return Blocked(f"{spec.host}: it can't leave the swarm: {'; '.join(filter(None, (refused, others)))}")
    standalone = [task for task in facts.tasks if task.node_id == node.id and not task.service_id and task.alive]
    if standalone:
        names = ", ".join(task.container_id[:12] or task.id for task in standalone)
        return Blocked(
            f"{spec.host}: it can't leave the swarm while containers on it use its overlays: {names}: "
            "stop them, then run again"
        )
    if node.availability != "drain":
        drain = UpdateNode(node_id=node.id, version=node.version, availability="drain")
        return Steps((drain,), f"drain {spec.host}")
    running = [task for task in facts.tasks if task.node_id == node.id and task.alive]
    if running:
        return Wait(f"{len(running)} tasks to leave {spec.host}", TASKS_GONE)
    if node.role == "manager":
        return Steps((UpdateNode(node_id=node.id, version=node.version, role="worker"),), f"demote {spec.host}")
    if facts.member.control:
        return Wait(f"{spec.host} to take up the role of worker", ROLE_CHANGE)
    return Steps((LeaveSwarm(host=spec.host),), f"let {spec.host} leave")
