"""The swarm itself: its existence, its settings, and its end. No calls and no waiting here."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import partial

from providers.rules.resource_types import adoption, gwbridge
from providers.rules.resource_types.resource_type import Decide, Known, Status
from providers.rules.vocabulary.facts import Member, Node, Swarm, SwarmFacts
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.labels import declared_labels, owner_of, with_owner
from providers.rules.vocabulary.specs import SwarmSpec
from providers.rules.vocabulary.steps import (
    SETTINGS,
    Blocked,
    Decision,
    Done,
    InitSwarm,
    LeaveSwarm,
    Steps,
    UpdateSwarm,
)
from providers.rules.vocabulary.words import line

ADVICE = {
    "locked": "run `docker swarm unlock` on it, then run again",
    "pending": "it is still trying to join: wait, or run `docker swarm leave --force` on it, then run again",
    "error": "see `docker info` on it; `docker swarm leave --force` ends a broken membership",
}

# The key itself is a secret: those who may see it read it on a manager.
KEEP_THE_KEY = (
    "autolock is on: a manager whose docker restarts stays locked until it is given the key: "
    "`docker swarm unlock-key` on another manager shows it; keep it in a safe place"
)


def live_spec(spec: SwarmSpec, swarm: Swarm) -> SwarmSpec:
    """Return the spec with the swarm's values in place of the declared ones; undeclared ones stay undeclared."""
    live = {
        "data_path_port": swarm.data_path_port,
        "default_addr_pool": swarm.default_addr_pool,
        "default_addr_pool_prefix": swarm.default_addr_pool_prefix,
        **{key: getattr(swarm, key) for key in SETTINGS},
    }
    declared = {key: value for key, value in live.items() if getattr(spec, key) not in (None, ())}
    return spec.model_copy(update={**declared, "labels": declared_labels(spec.labels, swarm.labels), "settled": True})


def observe(api: HostsApi, spec: SwarmSpec, known: Known, *, leaving: bool = False) -> SwarmFacts:
    """Read the facts; for a removal with all that would end with the swarm."""
    return api.swarm(ending=leaving)


def decide(spec: SwarmSpec, known: Known) -> Decide:
    """Return the decision function of one operation. Labels that are no longer declared are removed."""
    recorded_labels = tuple(sorted(known.get("labels", {})))
    return partial(next_step, spec, swarm_id=known.get("swarm_id", ""), drop_labels=recorded_labels)


def decide_removal(spec: SwarmSpec, known: Known, *, lost: bool) -> Decide | None:
    """Return the decisions of a removal, or None to remove an adopted swarm from the state alone."""
    return None if known.get("adopted") else partial(next_step_of_removal, swarm_id=known["swarm_id"])


def status(spec: SwarmSpec, known: Known, facts: SwarmFacts) -> Status[SwarmSpec]:
    """Say how the swarm of the hosts stands, if it is certain that the recorded one is gone or is that one."""
    is_gone = gone(facts, known["swarm_id"])
    if isinstance(is_gone, str):
        return Status(doubt=is_gone)
    if facts.swarm is None:
        return Status(gone=True)
    return Status(live=live_spec(spec, facts.swarm), actual=facts.swarm, gone=is_gone)


def next_step(spec: SwarmSpec, facts: SwarmFacts, *, swarm_id: str = "", drop_labels: tuple[str, ...] = ()) -> Decision:
    """Return the next decision. `swarm_id`: the one in the state, empty in `create`."""
    unfit = members_refusal(facts)
    if unfit:
        return Blocked(unfit)
    if facts.swarm is None:
        return init_swarm(spec, facts, swarm_id)
    if swarm_id and facts.swarm.id != swarm_id:
        return Blocked(
            f"swarm: the hosts are in swarm {facts.swarm.id}, the state knows {swarm_id}: "
            "run `pulumi refresh` to see what is there, then decide"
        )
    return change_settings(spec, facts.swarm, bool(swarm_id), drop_labels)


def members_refusal(facts: SwarmFacts) -> str | None:
    """Return a host whose membership is pending, broken or elsewhere, in words; None if all are clear."""
    for member in facts.members:
        if member.state in ADVICE:
            return broken_message(member)
    return divided_message(facts.swarm, facts.nodes, facts.members)


def broken_message(member: Member) -> str:
    """Say that a host's membership is pending, locked or broken, and what helps."""
    error_text = f" ({line(member.error)})" if member.state == "error" and member.error else ""
    return f"{member.host}: its membership of a swarm is {member.state}{error_text}: {ADVICE[member.state]}"


def divided_message(swarm: Swarm | None, nodes: Iterable[Node], members: Iterable[Member]) -> str | None:
    """Return a host that is in another swarm than the one that answers (`swarm`, `nodes`), in words; None if none is.

    While there is one, a missing entry proves no absence.
    """
    if swarm is None:
        return None
    ids = {node.id for node in nodes}
    active = [member for member in members if member.state == "active"]
    here = ", ".join(member.host for member in active if member.node_id in ids) or "the hosts that answer for one"
    for member in active:
        if member.node_id not in ids:
            return (
                f"{member.host}: it is a member (node {member.node_id}) of another swarm than {here} ({swarm.id}): "
                "let the hosts of one swarm leave it, or take them out of the stack file"
            )
    return None


def init_swarm(spec: SwarmSpec, facts: SwarmFacts, swarm_id: str) -> Decision:
    """Init on the first manager, if it is certain that no declared host is in a swarm."""
    active = [member.host for member in facts.members if member.state == "active"]
    if active:
        return Blocked(
            f"swarm: already in a swarm: {', '.join(active)}, but no declared host answers as a manager of it: "
            "bring a majority of its managers back, or declare them in hosts"
        )
    if facts.unreachable:
        unreachable = facts.unreachable[0]
        return Blocked(f"swarm: can't tell whether {unreachable.host} is in one already: {unreachable.why}")
    if swarm_id:
        return Blocked(
            f"swarm: {swarm_id} is gone: no declared host is a member of any swarm; "
            "run `pulumi up --refresh` to make a new one"
        )
    found = dict(facts.bridges).get(spec.first_manager, "")
    refusal = gwbridge.bridge_refusal(spec.first_manager, spec.gwbridge, found)
    if refusal:
        return Blocked(refusal)
    init = InitSwarm(
        host=spec.first_manager,
        data_path_port=spec.data_path_port,
        default_addr_pool=spec.default_addr_pool,
        default_addr_pool_prefix=spec.default_addr_pool_prefix,
        **{key: getattr(spec, key) for key in SETTINGS},
        labels=with_owner(spec.labels, spec.owner),
    )
    return Steps((init,), f"init the swarm on {spec.first_manager}")


def init_refusal(facts: SwarmFacts) -> str | None:
    """Say why the hosts can't become a swarm, before the first write; None if they can, or already are."""
    if any(member.state == "active" for member in facts.members):
        return None
    return members_refusal(facts) or "; ".join(unreachable.why for unreachable in facts.unreachable) or None


def change_settings(spec: SwarmSpec, swarm: Swarm, known: bool, drop_labels: tuple[str, ...]) -> Decision:
    """Bring the settings to what is declared. A difference that only init can set is refused."""
    live = live_spec(spec, swarm)
    changed = spec.changed(live)
    difference = adoption.describe_difference(spec, live)
    refusal = (
        adoption.foreign_refusal(f"swarm {swarm.id}", swarm.labels, spec.owner)
        if known
        else adoption.adoption_refusal(
            f"swarm {swarm.id}", swarm.labels, spec.owner, spec.adopt, difference, goes_on=spec.replaces
        )
    )
    if refusal:
        return Blocked(refusal)
    fixed = changed & SwarmSpec.INIT_ONLY
    if fixed:
        words = adoption.describe_difference(spec, live, fixed)
        return Blocked(
            f"swarm {swarm.id}: {words}: can only be set when the swarm is created: "
            "write what the swarm has, or let all hosts leave and create a new one"
        )
    gone = tuple(key for key in drop_labels if key not in spec.labels and swarm.label(key) is not None)
    if not changed and not gone:
        return Done()
    update = UpdateSwarm(
        version=swarm.version,
        **{key: getattr(spec, key) for key in SETTINGS},
        set_labels=tuple(sorted(spec.labels.items())),
        drop_labels=gone,
    )
    return Steps((update,), f"change the swarm's settings ({difference or 'labels'})")


def gone(facts: SwarmFacts, swarm_id: str) -> bool | str:
    """Tell whether the swarm is gone, or say why that can't be told. Gone: every declared host answers, and none is a
    member of it."""
    if facts.swarm is not None and facts.swarm.id == swarm_id:
        return False
    if facts.unreachable:
        return "; ".join(unreachable.why for unreachable in facts.unreachable)
    elsewhere = {node.id for node in facts.nodes}
    for member in facts.members:
        if member.state != "inactive" and member.node_id not in elsewhere:
            why = f" ({member.error})" if member.error else ""
            return f"{member.host}: it is a member ({member.state}) of a swarm for which no declared host answers{why}"
    return True


def next_step_of_removal(facts: SwarmFacts, swarm_id: str) -> Decision:
    """Return the next step towards its end. Gone means: every declared host answers and none is a member of it."""
    if facts.unreachable:
        unreachable = facts.unreachable[0]
        return Blocked(f"swarm {swarm_id}: can't tell whether {unreachable.host} has left it: {unreachable.why}")
    actual = [member for member in facts.members if member.state != "inactive"]
    ids = {node.id for node in facts.nodes}
    active = sorted(actual, key=lambda member: (member.node_id not in ids, not member.good_manager))
    if facts.swarm is not None and facts.swarm.id != swarm_id:
        doubt = divided_message(facts.swarm, facts.nodes, facts.members)
        return Blocked(f"swarm {swarm_id}: can't tell whether it has ended: {doubt}") if doubt else Done()
    if not active:
        return Done()
    if facts.swarm is None:
        return Blocked(
            f"swarm {swarm_id}: {active[0].host} is still a member of a swarm and no manager among the hosts "
            "answers: bring a majority of the managers back, then run again"
        )
    if held := held_refusal(facts):
        return Blocked(held)
    unrecorded = still_members_message(facts.nodes, active[1:])
    if unrecorded:
        return Blocked(f"swarm {swarm_id}: it can't be ended: {unrecorded}")
    return Steps((LeaveSwarm(host=active[0].host, force=True),), f"end the swarm on {active[0].host}")


def still_members_message(nodes: Iterable[Node], members: Iterable[Member]) -> str:
    """Say what to do about declared hosts that are still members when the swarm ends; empty if none is.

    The state lacks their memberships, or they would have left before.
    """
    ids = {node.id for node in nodes}
    hosts = ", ".join(member.host for member in members if member.node_id in ids)
    if not hosts:
        return ""
    return f"hosts of this stack are still members: {hosts}: run `pulumi up` to finish a cut run, then `pulumi destroy`"


def end_refusal(facts: SwarmFacts, owner: str) -> str | None:
    """Say why the first host may not leave a swarm of ours that is to end, or None if it may: things of others in it
    would stop the end halfway. If the swarm is not ours, hosts leave and it goes on."""
    if facts.swarm is None or owner_of(facts.swarm.labels) != owner:
        return divided_message(facts.swarm, facts.nodes, facts.members)
    return held_refusal(facts)


def before_removals(facts: SwarmFacts, owner: str, retained: Collection[str], lost: Collection[str]) -> SwarmFacts:
    """Return the facts as they will be once all else of a stack is removed, as far as it can be told before.

    retained: names of overlays that Pulumi leaves. While a host is lost or does not answer, the entries of others are
    not told from its own.
    """
    stay = [each for each in facts.networks if owner_of(each.labels) != owner or each.name in retained]
    return replace(facts, networks=tuple(stay), nodes=() if lost or facts.unreachable else facts.nodes)


def held_refusal(facts: SwarmFacts) -> str | None:
    """Say why a swarm can't be ended: what of others would be lost with it; None if there is nothing."""
    held = foreign_things(facts, list(facts.members))
    if facts.swarm is None or not held:
        return None
    return (
        f"swarm {facts.swarm.id}: it can't be ended while it holds {', '.join(held)}: remove them (an overlay with "
        "retain: set that to false, `pulumi up`), or keep the swarm (take the section swarm out of the stack file, "
        "`pulumi up`), then run again"
    )


def foreign_things(facts: SwarmFacts, ours: list[Member]) -> list[str]:
    """Return what of others would be lost with the swarm, in words: members but ours, services, networks, secrets,
    configs."""
    known = {member.node_id for member in ours}
    members = [f"member {node.hostname}" for node in facts.nodes if node.id not in known]
    services = [f"service {service.name}" for service in facts.services]
    networks = [f"network {network.name}" for network in facts.networks if not network.ingress]
    return members + services + networks + list(facts.belongings)
