"""One overlay network: its differences, who uses it, and the next step. No calls and no waiting here.

Nothing about an overlay can be changed in place (the Engine has no such call): a difference means a new one.
"""

from collections.abc import Collection
from functools import partial

from providers.rules.live import former, overlay_migration, running_change
from providers.rules.resource_types import adoption
from providers.rules.resource_types.resource_type import Decide, Known, Status, with_unfinished
from providers.rules.vocabulary import undeclared
from providers.rules.vocabulary.facts import Network, OverlayFacts
from providers.rules.vocabulary.field_mappings import shown, with_fields
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.labels import declared_labels, former_label, owner_of, twin_of, with_owner
from providers.rules.vocabulary.network_config import NetworkConfig
from providers.rules.vocabulary.network_options import VNI
from providers.rules.vocabulary.specs import OverlaySpec
from providers.rules.vocabulary.steps import (
    Blocked,
    CreateNetwork,
    Decision,
    Done,
    RemoveNetwork,
    Steps,
    UpdateSwarm,
    Wait,
)

# Allocation takes 1 to 30 ms; a network without it after this many seconds is dead (measurements.md#dead-networks).
ALLOCATION = 2.0
# A manager keeps the name of a removed overlay until its own tasks on it are gone: stop grace plus about 3.5 s
# (measurements.md#names-stay-taken).
NAME_FREE = 60.0


def live_spec(spec: OverlaySpec, network: Network, kept: Collection[str] = ()) -> OverlaySpec:
    """Return the spec with the swarm's values in place of the desired ones, and its VNI if one is desired. kept:
    options that are no difference."""
    dead = "" if network.allocated else "the swarm gave it no addresses: nothing can start on it"
    actual = shown(OverlaySpec, network)
    return spec.model_copy(
        update={
            **actual,
            "vxlan_id": actual["vxlan_id"] if spec.vxlan_id is not None else None,
            "options": undeclared.actual(spec, network, kept),
            "labels": declared_labels(spec.labels, network.labels),
            "settled": dead or undeclared.inexpressible_message(OverlaySpec, network) or True,
        }
    )


def creation(spec: OverlaySpec, before: NetworkConfig | None = None) -> CreateNetwork:
    """Return the step that makes the network. before: the one that it replaces."""
    bare = NetworkConfig(name=spec.name, driver="overlay", labels=with_owner(spec.labels, spec.owner))
    return CreateNetwork(config=undeclared.carried(spec, with_fields(spec, bare), before))


def observe(api: HostsApi, spec: OverlaySpec, known: Known, *, leaving: bool = False) -> OverlayFacts:
    """Read the facts, with its users if it may have to go.

    A removal looks only at the network that the state names. Of one that nobody uses, and of which no change has left a
    trace, it takes what is known already.
    """
    network_id = known.get("network_id", "")
    if leaving and not spec.replaces:
        unused = api.unused(spec.name, network_id)
        if unused and not (unused.swarm and overlay_migration.remove_labels(spec, unused, unused.swarm)):
            return unused
    facts = api.overlay(spec.name, network_id, thorough=may_have_to_go(spec, known))
    return by_id_alone(facts, network_id) if leaving else facts


def may_have_to_go(spec: OverlaySpec, known: Known) -> bool:
    """Tell whether the network found may have to go, so that its users must be known."""
    return bool(known) or spec.replaces or spec.adopt == "converge"


def decide(spec: OverlaySpec, known: Known) -> Decide:
    """Return the decision function of one operation. Resources in the state may be changed."""
    spec = spec.model_copy(update={"dropped": spec.dropped | undeclared.dropped_keys(spec, known)})
    return partial(next_step, spec, network_id=known.get("network_id", ""))


def decide_removal(spec: OverlaySpec, known: Known, *, lost: bool) -> Decide | None:
    """Return the decisions of a removal, or None to remove an adopted network from the state alone."""
    return None if known.get("adopted") else partial(next_step_of_removal, spec)


def status(spec: OverlaySpec, known: Known, facts: OverlayFacts) -> Status[OverlaySpec]:
    """Say how the network in the state stands, or else the one that has its name."""
    network = facts.network
    if network is None:
        return Status(gone=True)
    twin = f"its temporary twin {facts.twin.name} still stands in for it" if facts.twin else None
    ours = facts.swarm is not None and running_change.is_ours(spec.owner, facts.swarm)
    going = running_change.describe_change(facts.swarm) if ours and spec.on_in_use == "migrate" else None
    live = with_unfinished(live_spec(spec, network, known.get("kept", ())), "; ".join(filter(None, [twin, going])))
    return Status(live=live, actual=network, gone=not is_ours(spec, network, known["network_id"]))


def next_step(spec: OverlaySpec, facts: OverlayFacts, *, network_id: str = "") -> Decision:
    """Return the next decision. `network_id`: the one in the state, which is ours to change; empty in `create`."""
    network = facts.network
    another = running_change.other_state_refusal(spec, facts.swarm, known=bool(network_id))
    if another and network_id and (network is None or not network.allocated):
        return Blocked(f"overlay {spec.name}: {another}")
    if network is None:
        return (None if network_id else refuse_while_twin_stands(spec, facts)) or create_overlay(spec, facts)
    if not network.allocated:
        return wait_for_addresses(spec, facts, network)
    difference = describe_difference(spec, network, undeclared.kept(spec, network))
    thing = f"overlay {spec.name} ({network.subnet or network.driver})"
    refusal = (
        adoption.foreign_refusal(thing, network.labels, spec.owner)
        if network.id == network_id
        else adoption.adoption_refusal(
            thing,
            network.labels,
            spec.owner,
            spec.adopt,
            difference if is_ours(spec, network, network_id) else describe_difference(spec, network),
            goes_on=running_change.may_go_on(spec, facts.swarm),
        )
    )
    if refusal or (difference and another):
        return Blocked(refusal or f"{thing}: {another}")
    if not difference and another:
        return Done()
    if not difference:
        return overlay_migration.move_from_twin(spec, facts, network) or Done(
            f"overlay {spec.name} has {network.subnet}"
        )
    if spec.on_in_use == "migrate":
        return (
            refuse_overlap(spec, facts, network)
            or overlay_migration.move_to_twin(spec, facts, network)
            or note_undeclared(spec, facts, network)
            or remove_network(network)
        )
    return note_before_removal(spec, facts, network, remove_if_unused(network, facts, f"change it ({difference})"))


def describe_difference(spec: OverlaySpec, network: Network, kept: Collection[str] = ()) -> str:
    """Return the differences from intent in words, empty if there are none. kept: options that are no difference."""
    return adoption.describe_difference(spec, live_spec(spec, network, kept))


def is_ours(spec: OverlaySpec, network: Network, network_id: str) -> bool:
    """Tell whether it is the one in the state, or one that a cut run of ours left."""
    return network.id == network_id or owner_of(network.labels) == spec.owner


def by_id_alone(facts: OverlayFacts, network_id: str) -> OverlayFacts:
    """Return the facts of the network that the state names, or of its absence, whatever else has its name by now."""
    same = facts.network is None or facts.network.id == network_id
    return facts if same else OverlayFacts(network=None)


def refuse_while_twin_stands(spec: OverlaySpec, facts: OverlayFacts) -> Blocked | None:
    """Refuse to make a missing overlay that another state is migrating: that state makes the new one."""
    twin = twin_of(spec.name, facts.listed)
    if twin is None or (facts.swarm and not running_change.other_state_refusal(spec, facts.swarm, known=False)):
        return None
    return Blocked(
        f"overlay {spec.name}: its temporary twin {twin.name} stands in for it in a change that is not in this state: "
        f"{running_change.FINISH_ELSEWHERE}"
    )


def create_overlay(spec: OverlaySpec, facts: OverlayFacts) -> Decision:
    """Make it, once its name is free on the manager asked, unless its range is taken."""
    if facts.name_held_by:
        return Wait(f"the name {spec.name} to be free again on {facts.name_held_by}", NAME_FREE)
    for other in facts.listed:
        if other.name.lower() == spec.name.lower():
            return Blocked(
                f"overlay {spec.name}: the swarm has a network {other.name} ({other.driver or 'dead'}), and tells "
                "names apart without regard to case: rename one of the two"
            )
    before = former.parse_noted(facts.swarm.label(former_label(spec.name))) if facts.swarm else None
    step = creation(spec, facts.twin or before)
    return refuse_overlap(spec, facts, None) or Steps((step,), f"create overlay {spec.name}")


def refuse_overlap(spec: OverlaySpec, facts: OverlayFacts, instead_of: Network | None) -> Blocked | None:
    """Refuse a range or VNI of another swarm network: the Engine would answer 201 and never give ours an address."""
    for other in facts.listed:
        if instead_of is not None and other.id == instead_of.id:
            continue
        met = next((subnet for subnet in spec.ranges if other.scope == "swarm" and other.meets(subnet)), None)
        if met:
            return Blocked(
                f"overlay {spec.name}: its subnet {met} overlaps {', '.join(other.subnets)} of the swarm's network "
                f"{other.name}: choose another range, or free that one first"
            )
        if spec.vxlan_id is not None and str(spec.vxlan_id) in (other.option(VNI) or "").split(","):
            return Blocked(
                f"overlay {spec.name}: its vxlan_id {spec.vxlan_id} is that of the swarm's network {other.name}: "
                "choose another number, or leave it to the swarm"
            )
    return None


def wait_for_addresses(spec: OverlaySpec, facts: OverlayFacts, network: Network) -> Decision:
    """Give the swarm a moment. A dead network of ours is removed again."""
    if facts.unchanged_for < ALLOCATION:
        return Wait(f"overlay {spec.name} to get its addresses", ALLOCATION + 1)
    ours = owner_of(network.labels) == spec.owner
    return Blocked(
        f"overlay {spec.name}: the swarm made it but gave it no addresses from {spec.subnet} within {ALLOCATION:g} s: "
        "the range overlaps another network, or can't be used; the leader's log (docker) names the reason",
        undo=(RemoveNetwork(id=network.id),) if ours else (),
    )


def remove_if_unused(network: Network, facts: OverlayFacts, why: str = "remove it") -> Decision:
    """Remove it unless somebody uses it. Waits for tasks that are stopping anyway."""
    held = holders(network, facts)
    if held:
        return Blocked(
            f"overlay {network.name} ({network.subnet}): can't {why} while it is used by {'; '.join(held)}: "
            "detach them from the network, then run again"
        )
    return overlay_migration.wait_until_left(facts, network) or remove_network(network)


def note_undeclared(spec: OverlaySpec, facts: OverlayFacts, network: Network) -> Steps | None:
    """Note on the swarm what nobody declared of it, for the one that takes its place. None if that is noted, or a
    twin has it."""
    theirs = undeclared.of_others(spec, network)
    if facts.swarm is None or facts.twin is not None:
        return None
    key = former_label(network.name)
    text = former.text(theirs) if theirs.options or theirs.labels else None
    if facts.swarm.label(key) == text:
        return None
    labels = ((key, text),) if text else ()
    step = UpdateSwarm(version=facts.swarm.version, set_labels=labels, drop_labels=() if text else (key,))
    return Steps((step,), f"note what overlay {network.name} was like")


def note_before_removal(spec: OverlaySpec, facts: OverlayFacts, network: Network, decision: Decision) -> Decision:
    """Do the same first, where the decision is to take it away."""
    return (note_undeclared(spec, facts, network) if decision == remove_network(network) else None) or decision


def remove_network(network: Network) -> Steps:
    """Return the step that removes it."""
    return Steps((RemoveNetwork(id=network.id),), f"remove overlay {network.name}")


def holders(network: Network, facts: OverlayFacts) -> list[str]:
    """Return the network's users in words: services with their tasks' hosts, standalone containers with theirs, which
    could not start on another network if they have stopped."""
    hosts = {node.id: node.hostname for node in facts.nodes}
    meant = [task for task in facts.tasks if network.id in task.networks and task.alive and task.desired == "running"]
    held = []
    for service in sorted(facts.services, key=lambda service: service.name):
        if network.id in service.networks:
            where = sorted({hosts.get(task.node_id, "?") for task in meant if task.service_id == service.id})
            held.append(f"service {service.name}" + (f" on {', '.join(where)}" if where else ""))
    alone = [task for task in meant if not task.service_id]
    held += [f"container {each.container_id[:12] or each.id} on {hosts.get(each.node_id, '?')}" for each in alone]
    return held + [f"container {words}" for words in facts.stopped_on(network)]


def next_step_of_removal(spec: OverlaySpec, facts: OverlayFacts) -> Decision:
    """Return the next step towards its removal: gone from the swarm, and its name free on the manager asked."""
    for network in (facts.network, facts.twin):
        if network is not None:
            decision = remove_if_unused(network, facts)
            return note_before_removal(spec, facts, network, decision) if spec.replaces else decision
    if facts.name_held_by:
        return Wait(f"its name to be free again on {facts.name_held_by}", NAME_FREE)
    closed = overlay_migration.remove_labels(spec, facts, facts.swarm) if facts.swarm else None
    return closed or Done(f"overlay {spec.name} is gone")
