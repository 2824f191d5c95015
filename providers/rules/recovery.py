"""Brings a swarm back that has lost the majority of its managers: what is refused, which manager goes on alone, and how
the others come back to it. No calls, no waiting here.

A manager that only can't be reached looks like one that is lost, and two halves would be two swarms: so the stack file
has to call lost whatever does not answer. Nothing is remembered: a run that was cut is finished by the next, which sees
what is left behind.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from providers.rules.live import maintenance
from providers.rules.resource_types import node as membership
from providers.rules.resource_types.departure import TASKS_GONE
from providers.rules.resource_types.resource_type import Decide, Known
from providers.rules.resource_types.swarm import ADVICE, broken_message
from providers.rules.vocabulary.facts import ManagerLog, Member, Node, NodeFacts, SwarmFacts, UnreachableHost
from providers.rules.vocabulary.labels import PREFIX, REJOINS
from providers.rules.vocabulary.specs import NodeSpec, SwarmSpec
from providers.rules.vocabulary.steps import Blocked, Decision, Done, InitSwarm, LeaveSwarm, Steps, UpdateNode, Wait

# Workers find the remaining manager by themselves within 7 to 11 s, managers in 19 s and more, since their role changes
# twice (measurements.md#force-a-new-cluster, #roles).
FOUND = 60.0


@dataclass(frozen=True, kw_only=True)
class Former:
    """The swarm before the loss, as the stack file and the state have it.

    nodes: the declared members that are not lost. node_ids: of each member in the state, by its host. lost: hosts that
    the stack file calls lost, each with the addresses by which members may know it.
    """

    swarm: SwarmSpec
    nodes: tuple[NodeSpec, ...]
    node_ids: Mapping[str, str]
    lost: Mapping[str, frozenset[str]]

    @property
    def managers(self) -> tuple[str, ...]:
        """Return the hosts that are to be managers."""
        return tuple(spec.host for spec in self.nodes if spec.role == "manager")


def candidates(former: Former, facts: SwarmFacts) -> tuple[Member, ...] | Blocked:
    """Return the managers of which one may go on alone, or why none may."""
    if facts.swarm is not None:
        return Blocked(
            "a majority of the managers answers, so there is nothing to recover (a leader that has just lost the "
            "others may say so for half a minute); a manager that is gone for good is removed with "
            "hosts.<name>.lost: true and `pulumi up`"
        )
    unreachable = [host for host in facts.unreachable if host.host in former.managers]
    if unreachable:
        return Blocked("; ".join(map(unreachable_message, unreachable)))
    managers = [member for member in facts.members if member.host in former.managers]
    broken = [member for member in managers if member.state in ADVICE]
    if broken:
        return Blocked("; ".join(map(broken_message, broken)))
    active = tuple(member for member in managers if member.state == "active" and member.control)
    if not active:
        return Blocked("no manager is left that has what the managers agreed on: restore a backup of one")
    other = next((member for member in active if former.node_ids.get(member.host) != member.node_id), None)
    if other:
        return Blocked(
            f"{other.host}: it is node {other.node_id}, the state knows node "
            f"{former.node_ids.get(other.host, 'none')}: it may be another swarm's manager: see `docker info` there"
        )
    return undeclared_refusal(former, facts.members, active) or active


def unreachable_message(host: UnreachableHost) -> str:
    """Say that a manager does not answer, and that only the user knows whether it is lost."""
    return (
        f"{host.why}; if it is gone for good, set hosts.{host.host}.lost: true: while it may only be cut off, it and "
        "others could go on as a second swarm"
    )


def undeclared_refusal(former: Former, members: Iterable[Member], active: Iterable[Member]) -> Blocked | None:
    """Refuse if the managers know one that neither answers nor is lost by the stack file."""
    known = {member.node_id for member in members} | {former.node_ids.get(host, "") for host in former.lost}
    addresses = frozenset[str]().union(*former.lost.values())
    named = {pair for member in active for pair in member.remote_managers}
    strange = sorted((node, at) for node, at in named if node not in known and at not in addresses)
    if not strange:
        return None
    node, at = strange[0]
    return Blocked(
        f"the managers know another one, node {node} at {at}, that the stack file does not have: declare it, with "
        "lost: true if it is gone for good"
    )


def newest(logs: Iterable[ManagerLog], named: str = "") -> ManagerLog | Blocked:
    """Return the manager whose log is the newest, or the one that the user names among those that nobody can tell from
    it. Of two that are alike the first counts."""
    found = {log.host: log for log in logs}
    known = [log for log in found.values() if log.last is not None]
    unknown = [log for log in found.values() if log.last is None]
    best = max(known, key=lambda log: log.last or (0, 0), default=None)
    if named and named not in found:
        return Blocked(f"{named}: it is none of the managers that answer: name one of {', '.join(found)}")
    if named:
        chosen = found[named]
        if chosen.last is None or best is None or chosen.last == best.last:
            return chosen
        return Blocked(f"{named}: its log is older than that of {best.host}: {describe_logs(found.values())}")
    if unknown:
        return Blocked(
            f"which manager has the newest log is unknown: {describe_logs(found.values())}; name the one to go on "
            "with: --newest HOST"
        )
    assert best is not None
    return best


def describe_logs(logs: Iterable[ManagerLog]) -> str:
    """Say how far the log of each manager goes."""
    words = (
        f"{log.host} unknown ({log.why})" if log.last is None else f"{log.host} term {log.last[0]}, entry {log.last[1]}"
        for log in logs
    )
    return "; ".join(words)


def autolock_refusal(former: Former, log: ManagerLog) -> Blocked | None:
    """Refuse with autolock: no Engine forces a new swarm on locked keys, and the try alone would end its membership
    until docker restarts (measurements.md#force-a-new-cluster). What nobody knows counts as locked."""
    if not (log.autolock or (log.autolock is None and former.swarm.autolock is not False)):
        return None
    if log.autolock is None:
        return Blocked(
            f"{log.host}: whether autolock is on is unknown: {log.why}: if it is off, declare swarm.autolock: false"
        )
    return Blocked(
        f"{log.host}: autolock is on, and an Engine does not go on alone while its keys are locked: bring back as many "
        "of the former managers as make a majority"
    )


def go_on_alone(former: Former, log: ManagerLog) -> Decide:
    """Return the decisions until the manager answers for the swarm alone. Raises nothing: what it needs to know was
    asked before."""

    def decided(facts: SwarmFacts) -> Decision:
        if facts.swarm is not None:
            return Done(f"{log.host} answers for the swarm")
        allowed = candidates(former, facts)
        if isinstance(allowed, Blocked):
            return allowed
        member = next((each for each in allowed if each.host == log.host), None)
        if member is None:
            return Blocked(f"{log.host}: it is no manager any more: see `docker info` there")
        force = InitSwarm(
            host=log.host,
            force_new=True,
            address=member.node_address,
            autolock=False,
            data_path_port=former.swarm.data_path_port,
            default_addr_pool=former.swarm.default_addr_pool,
            default_addr_pool_prefix=former.swarm.default_addr_pool_prefix,
        )
        return Steps((force,), f"make {log.host} the only manager of the swarm")

    return decided


def is_unfinished(former: Former, facts: SwarmFacts) -> bool:
    """Tell whether a recovery was cut: the swarm answers, and a manager still counts on the former ones, or has left
    and not joined again."""
    entries = {node.id: node for node in facts.nodes}
    behind = any(
        is_left_behind(member, entries.get(member.node_id))
        for member in facts.members
        if member.host in former.managers
    )
    return facts.swarm is not None and (behind or any(node.label(REJOINS) for node in facts.nodes))


def is_left_behind(member: Member, entry: Node | None) -> bool:
    """Tell whether a member is to be a manager and none of those that agree. In the middle of an election its entry has
    a word on its reachability."""
    is_manager = entry is not None and entry.role == "manager" and not entry.reachability
    return member.state == "active" and not member.good_manager and is_manager


def bring_back(spec: NodeSpec, known: Known) -> Decide:
    """Return the decisions until a member is one of the recovered swarm, as it was.

    One that finds the remaining manager by itself stays; another leaves and joins again, with what nobody declared of
    its labels too.

    A leave ends the containers of its tasks (measurements.md#leaving), so it is drained first.
    """
    node_id = known.get("node_id", "")
    joins: Decide | None = None

    def decided(facts: NodeFacts) -> Decision:
        nonlocal joins
        if isinstance(facts.member, UnreachableHost):
            return Blocked(facts.member.why)
        leave = leave_first(spec, facts, facts.member)
        if leave:
            return leave
        if joins is None:
            joins = membership.decide(with_labels_of(spec, facts.nodes, node_id), {"node_id": node_id})
        return joins(facts)

    return decided


def with_labels_of(spec: NodeSpec, nodes: Iterable[Node], node_id: str) -> NodeSpec:
    """Return the spec with the labels that the member's former entry has and nobody declared."""
    kept = {
        key: value for node in nodes if node.id == node_id for key, value in node.labels if not key.startswith(PREFIX)
    }
    return spec.model_copy(update={"labels": {**kept, **spec.labels}})


def leave_first(spec: NodeSpec, facts: NodeFacts, own: Member) -> Decision | None:
    """Return the next step until a member has left that can't come back without; None if it need not leave.

    One that has found the remaining manager never leaves: of two managers one that does takes the majority with it.
    """
    entry = next((node for node in facts.nodes if node.id == own.node_id and own.state == "active"), None)
    if entry is None:
        return None
    marked = entry.label(REJOINS) == mark_of(spec)
    if own.good_manager or (entry.reachability if entry.role == "manager" else entry.state == "ready"):
        unmark = UpdateNode(node_id=entry.id, version=entry.version, drop_labels=(REJOINS,))
        return Steps((unmark,), f"note that {spec.host} stays") if marked else None
    if not marked and facts.unchanged_for < FOUND:
        return Wait(f"{spec.host} to find the swarm's manager", 3 * FOUND)  # it begins anew as others come back
    if not marked:
        labels = ((REJOINS, mark_of(spec)),)
        mark = UpdateNode(node_id=entry.id, version=entry.version, availability="drain", set_labels=labels)
        return Steps((mark,), f"drain {spec.host}, which joins again")
    running = maintenance.running_on(entry, facts.tasks)
    if running and entry.state == "ready":
        return Wait(f"{len(running)} tasks to leave {spec.host}", TASKS_GONE)
    return Steps((LeaveSwarm(host=spec.host, force=True),), f"let {spec.host} leave, which joins again")


def mark_of(spec: NodeSpec) -> str:
    """Return what the former entry of a member that joins again is marked with: its address, as where that changes; a
    host that is this machine has none."""
    return str(spec.access.get("address") or spec.host)
