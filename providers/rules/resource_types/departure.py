"""The way of a host out of its swarm: drained, emptied, demoted, left, its entry removed, also for one that joins again
by another address; and what is left alone when it goes from a stack. No calls, no waiting."""

from collections.abc import Container

from providers.rules.live.quorum import removal_refusal
from providers.rules.resource_types import adoption
from providers.rules.resource_types.swarm import ADVICE, divided_message, still_members_message
from providers.rules.vocabulary.facts import Member, Node, NodeFacts, UnreachableHost
from providers.rules.vocabulary.labels import REJOINS, ROTATED
from providers.rules.vocabulary.specs import HostSpec, NodeSpec, Spec, SwarmSpec
from providers.rules.vocabulary.steps import (
    Blocked,
    Decision,
    Done,
    LeaveSwarm,
    RemoveNode,
    Steps,
    UpdateNode,
    UpdateSwarm,
    Wait,
)

STAYS_ON_HOSTS = "removed from the state only: it stays on the hosts as it is"
TASKS_GONE = 120.0
# A demotion is seen within moments; a node promoted right after one needs 31 s (measurements.md#roles).
ROLE_CHANGE = 60.0


def is_removed_from_state_only(
    spec: Spec, hosts: Container[str], unwatched: Container[str], *, adopted: bool, with_swarm: bool
) -> bool:
    """Tell whether a stack that has a resource no more leaves it as it is on the hosts.

    Without the section `swarm`, the swarm and memberships of `hosts`, which stay declared, are left alone, and so is
    all of a host that is `unwatched` by now. A membership that somebody else began (`adopted`) ends only where its host
    is taken out of the file, or is lost: not in a `destroy`, and not with the whole section.
    """
    if isinstance(spec, HostSpec) and spec.host in unwatched:
        return True
    if isinstance(spec, NodeSpec) and adopted:
        return not with_swarm or spec.host in hosts
    stays = isinstance(spec, NodeSpec) and spec.host in hosts
    return not with_swarm and (stays or isinstance(spec, SwarmSpec))


def is_kept(spec: Spec, *, adopted: bool) -> bool:
    """Tell whether it stays on the hosts when its resource goes, whatever else goes: others had made it, or the stack
    file says so of it. A host that is taken out leaves, however it began."""
    somebodys = adopted and not isinstance(spec, NodeSpec)
    return somebodys or getattr(spec, "on_remove", "") == "keep" or getattr(spec, "retain", False)


def next_step_of_removal(spec: NodeSpec, facts: NodeFacts, node_id: str, *, lost: bool = False) -> Decision:
    """Return the next step until the host has left and its entry is gone.

    `node_id` is the one in the state. A host that was renamed in the stack file is removed from the state without a
    write. The swarm's only member is left to the removal of the swarm itself.
    """
    renamed = any(other.node_id == node_id for other in facts.others)
    node = next((node for node in facts.nodes if node.id == node_id), None)
    if renamed:
        return Done()
    doubt = divided_message(facts.swarm, facts.nodes, facts.others) if node is None else None
    if doubt:
        return Blocked(f"{spec.host}: can't tell whether it has left (node {node_id}): {doubt}")
    if isinstance(facts.member, UnreachableHost):
        return remove_unreachable(spec, facts, facts.member, node_id, lost=lost)
    if facts.member.state in ("locked", "error"):
        advice = ADVICE[facts.member.state]
        return Blocked(f"{spec.host}: can't make it leave: its membership is {facts.member.state}: {advice}")
    here = facts.member.node_id == node_id and facts.member.state != "inactive"
    if node is None:
        return leave_unconfirmed(spec, facts, facts.member) if here else Done(f"{spec.host} has left the swarm")
    if not here:
        return remove_entry(spec, facts, node)
    if len(facts.nodes) == 1:
        return Done()
    return leave_swarm(spec, facts, node)


def is_rejoining(spec: NodeSpec, facts: NodeFacts, member: Member, node_id: str) -> bool:
    """Tell whether the host at a changed address is the state's member on its way to join again by it: a label on its
    former entry says so, and one on the new entry once that is a member."""
    marks = {node.id: mark for node in facts.nodes if (mark := node.label(REJOINS))}
    to_join = node_id in marks and marks[node_id] == spec.access.get("address")
    return to_join or (member.node_id in marks and marks[member.node_id] == node_id)


def leave_to_rejoin(spec: NodeSpec, facts: NodeFacts, node: Node, left: str) -> Decision:
    """Return the next step until a member has left that is to join again by its host's new address, since it keeps the
    one that it joined with (`left`)."""
    if foreign := adoption.foreign_refusal(f"{spec.host}: its membership (node {node.id})", node.labels, spec.owner):
        return Blocked(foreign)
    now = str(spec.access["address"])
    refused = removal_refusal(node, facts.nodes) if node.role == "manager" else None
    if refused:
        return Blocked(
            f"{spec.host}: members know it by {left}, and it can't leave and join again by {now}: {refused}; to keep "
            f"the address, write advertise_address: {left}"
        )
    if node.label(REJOINS) != now:
        mark = UpdateNode(node_id=node.id, version=node.version, availability="drain", set_labels=((REJOINS, now),))
        return Steps((mark,), f"drain {spec.host}, which joins again by {now}")
    return leave_swarm(spec, facts, node, has_moved=True)


def finish_rejoining(spec: NodeSpec, facts: NodeFacts, node: Node, node_id: str) -> Decision | None:
    """Return the next step until the former entry of a member that has joined again is gone; None if none is left."""
    former = next((each for each in facts.nodes if each.id == node_id != node.id and each.label(REJOINS)), None)
    if former is None:
        return None
    if node.label(REJOINS) != node_id:
        mark = UpdateNode(node_id=node.id, version=node.version, set_labels=((REJOINS, node_id),))
        return Steps((mark,), f"note which member {spec.host} was")
    return remove_entry(spec, facts, former)


def leave_unconfirmed(spec: NodeSpec, facts: NodeFacts, member: Member) -> Decision:
    """Refuse for a host whose own membership no manager confirms.

    A host whose entry was removed says pending (measurements.md#membership). One that says active is a member of
    another swarm.
    """
    if facts.swarm is not None and member.state == "active":
        return Blocked(
            f"{spec.host}: it is a member (node {member.node_id}) of another swarm than {facts.swarm.id}, which "
            "answers: bring its own managers back, or run `docker swarm leave --force` on it, then run again"
        )
    if facts.swarm is not None:
        return Steps((LeaveSwarm(host=spec.host, force=True),), f"let {spec.host} leave")
    return Blocked(
        f"{spec.host}: it is a member of a swarm, but no manager of that swarm answers: bring a majority of the "
        "managers back, or run `docker swarm leave --force` on it"
    )


def remove_unreachable(
    spec: NodeSpec, facts: NodeFacts, unreachable: UnreachableHost, node_id: str, *, lost: bool
) -> Decision:
    """Remove only the entry of a host that does not answer, and only if the stack file says that it is lost."""
    if not lost:
        return Blocked(
            f"{spec.host}: can't make it leave: {unreachable.why}; bring it back, or put it into the stack file "
            f"with hosts.{spec.host}.lost: true for one `pulumi up`"
        )
    node = next((node for node in facts.nodes if node.id == node_id), None)
    return with_new_tokens(spec, facts, node_id) or (
        remove_entry(spec, facts, node) if node else Done(f"{spec.host} is no longer a member")
    )


def with_new_tokens(spec: NodeSpec, facts: NodeFacts, node_id: str) -> Decision | None:
    """Return the step that gives the swarm new join tokens, since a lost host may have had them, or that takes the note
    of it away; None if there is none to take. The same update notes it, so that a cut run does it once."""
    if facts.swarm is None:
        return None
    version, noted = facts.swarm.version, facts.swarm.label(ROTATED) == node_id
    listed = any(node.id == node_id for node in facts.nodes)
    if spec.rotate and listed and not noted:
        rotated = UpdateSwarm(version=version, set_labels=((ROTATED, node_id),), rotate=True)
        return Steps((rotated,), f"replace the join tokens, which {spec.host} may have had")
    if noted and not listed:
        return Steps((UpdateSwarm(version=version, drop_labels=(ROTATED,)),), "take the note of new join tokens away")
    return None


def remove_entry(spec: NodeSpec, facts: NodeFacts, node: Node) -> Decision:
    """Remove the entry of a member that is gone.

    The Engine removes no manager's entry, not even by force, and demotes no manager that counts for no majority
    (measurements.md#force-a-new-cluster).
    """
    if node.role == "manager" and node.reachability:
        refused = removal_refusal(node, facts.nodes)
        if refused:
            return Blocked(f"{spec.host}: its entry can't be removed: {refused}")
        return Steps((UpdateNode(node_id=node.id, version=node.version, role="worker"),), f"demote {spec.host}")
    return Steps((RemoveNode(node_id=node.id, force=True),), f"remove the entry of {spec.host}")


def leave_swarm(spec: NodeSpec, facts: NodeFacts, node: Node, *, has_moved: bool = False) -> Decision:
    """Let a member leave an otherwise working swarm: nothing of other people's may run on it. `has_moved`: others dial
    an address that it has no more, so that, as a manager, it learns neither of its demotion nor of its tasks' end
    (measurements.md#roles)."""
    assert isinstance(facts.member, Member)
    told_nothing = has_moved and facts.member.control
    refused = node.role == "manager" and removal_refusal(node, facts.nodes)
    if refused:
        last = not any(other.role == "manager" and other.id != node.id for other in facts.nodes)
        others = still_members_message(facts.nodes, facts.others) if last else ""
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
    if told_nothing:  # they end with its membership; what takes their place has been ordered
        running = [task for task in running if task.meant]
    if running:
        return Wait(f"{len(running)} tasks to leave {spec.host}", TASKS_GONE)
    if node.role == "manager":
        return Steps((UpdateNode(node_id=node.id, version=node.version, role="worker"),), f"demote {spec.host}")
    if facts.member.control and (node.reachability or not told_nothing):
        return Wait(f"{spec.host} to change its role to worker", ROLE_CHANGE)
    return Steps((LeaveSwarm(host=spec.host, force=facts.member.control),), f"let {spec.host} leave")
