"""The swarm's ingress: its differences, whether each host is attached, and the next step. No calls and no waiting here.

Three timings of the Engine shape this page (measurements.md#removal, #old-ingress-stays, #kicks):
- a removal is accepted while tasks still hang on the old ingress, and hosts then keep the old one for good;
- a removed ingress lives on in each host for up to seconds, and a new one must not be made before all dropped it;
- a new one does not reach hosts by itself: each node needs an update that really changes it, sometimes twice.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial

from providers.rules.live import former, ingress_rollout, maintenance, published_ports, running_change, safety
from providers.rules.resource_types import adoption, resource_type
from providers.rules.resource_types.resource_type import Decide, Known, Status, missing_status
from providers.rules.vocabulary import undeclared
from providers.rules.vocabulary.addresses import holds_subnet, is_subnet, prefix_length
from providers.rules.vocabulary.facts import HostIngress, IngressFacts, Network, Swarm, UnreachableHost
from providers.rules.vocabulary.field_mappings import shown, with_fields
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.labels import FORMER, declared_labels, owner_of, with_owner
from providers.rules.vocabulary.network_config import NetworkConfig
from providers.rules.vocabulary.network_options import VNI
from providers.rules.vocabulary.specs import IngressSpec
from providers.rules.vocabulary.steps import FOREVER, Blocked, CreateNetwork, Decision, Done, RemoveNetwork, Steps, Wait
from providers.rules.vocabulary.words import some

# What a swarm shows and uses if init was given nothing; one begun by an Engine before 18.09 shows nothing.
POOL, POOL_PREFIX = ("10.0.0.0/8",), 24
# What older Engines gave it, whatever the pool: https://github.com/moby/moby/issues/39228
OLD_DEFAULT = "10.255.0.0/16"
# Allocation takes 2 to 10 ms; an ingress without it after this many seconds is dead (measurements.md#dead-networks).
ALLOCATION = 2.0


def live_spec(spec: IngressSpec, network: Network, kept: Collection[str] = ()) -> IngressSpec:
    """Return the spec with the swarm's values in place of the desired ones. kept: options that are no difference."""
    dead = "" if network.allocated else "the swarm gave it no addresses: published ports do not work"
    return spec.model_copy(
        update={
            "name": network.name,
            **shown(IngressSpec, network),
            "options": undeclared.actual(spec, network, kept),
            "labels": declared_labels(spec.labels, network.labels),
            "settled": dead or undeclared.inexpressible_message(IngressSpec, network) or True,
        }
    )


def creation(spec: IngressSpec, before: str | None = None) -> CreateNetwork:
    """Return the step that makes the ingress, with the noted options and labels of the one before it. The driver must
    be said; an ingress can't be attachable."""
    labels = with_owner(spec.labels, spec.owner)
    bare = NetworkConfig(name=spec.name, driver="overlay", labels=labels, ingress=True)
    return CreateNetwork(config=undeclared.carried(spec, with_fields(spec, bare), former.parse_noted(before)))


def is_engine_default(network: Network, swarm: Swarm) -> bool:
    """Tell whether the ingress is as the Engine makes it at init: its name, no label, no option but the VNI, and a
    range of the swarm's choice. One without addresses shows no range."""
    plain = network.name == "ingress" and not network.labels and not set(dict(network.options)) - {VNI}
    odd = len(network.subnets) > 1 or undeclared.inexpressible_message(IngressSpec, network)
    return plain and not odd and (not network.subnet or is_chosen_by(swarm, network.subnet))


def is_chosen_by(swarm: Swarm, subnet: str) -> bool:
    """Tell whether the swarm would take this range from its address pool for a network made without one."""
    if not is_subnet(subnet):
        return False
    of_size = prefix_length(subnet) == (swarm.default_addr_pool_prefix or POOL_PREFIX)
    pools = (pool for pool in swarm.default_addr_pool or POOL if ":" not in pool)
    return subnet == OLD_DEFAULT or (of_size and any(holds_subnet(pool, subnet) for pool in pools))


def observe(api: HostsApi, spec: IngressSpec, known: Known, *, leaving: bool = False) -> IngressFacts:
    """Read the facts. They are the same for a change and a removal; the stack file says which members are unwatched."""
    return ingress_rollout.mark_unwatched(api.ingress(), spec.unwatched or ())


def decide(spec: IngressSpec, known: Known) -> Decide:
    """Return the decision function of one operation. Resources in the state may be changed."""
    spec = spec.model_copy(update={"dropped": undeclared.dropped_keys(spec, known)})
    return partial(next_step, spec, known=bool(known))


def decide_removal(spec: IngressSpec, known: Known, *, lost: bool) -> Decide | None:
    """Return the decisions of a removal, or None to remove the ingress from the state alone: it was adopted, and no cut
    change of ours goes on."""
    spec = adoption.kept_if_adopted(spec, known)
    if spec.on_remove == "keep" and spec.settled is True:
        return None
    return partial(next_step_of_removal, spec, network_id=known["network_id"])


def status(spec: IngressSpec, known: Known, facts: IngressFacts) -> Status[IngressSpec]:
    """Say how the swarm's ingress stands, and each asked host's share of it. Hosts that were not asked are left out."""
    unreachable = tuple(host for host in facts.hosts if isinstance(host, UnreachableHost))
    network = facts.network
    if network is None:
        return missing_status(spec, describe_missing(facts), unreachable)
    asked = tuple(host for host in facts.hosts if isinstance(host, HostIngress))
    return Status(
        live=resource_type.with_unfinished(
            live_spec(spec, network, known.get("kept", ())), describe_unfinished(replace(facts, hosts=()), network)
        ),
        actual=network,
        doubt=doubt_message(facts) or "",
        lacking=tuple(host.host for host in ingress_rollout.lacking(replace(facts, hosts=asked), network)),
        unreachable=unreachable,
    )


def next_step(spec: IngressSpec, facts: IngressFacts, *, known: bool) -> Decision:
    """Return the next decision. `known`: the state has this resource, so what is found is ours to change."""
    network = facts.network
    refusal = ownership_refusal(spec, facts, known=known)
    if refusal:
        return Blocked(refusal)
    if ours_now := running_change.take_over_change(spec, facts.swarm):
        return ours_now
    if network is None:
        return create_ingress(creation(spec, facts.swarm.label(FORMER)), facts, overlap_refusal(spec, facts))
    if not network.allocated:
        return wait_for_addresses(spec, facts, network)
    difference = describe_difference(spec, network, undeclared.kept(spec, network))
    if difference:
        why_not = overlap_refusal(spec, facts) or safety_refusal(spec, facts)
        return remove_ingress(facts, network, spec, f"change it ({difference})", why_not)
    return bring_ingress(facts, network, spec.owner, pin=spec.dynamic_ports == "pin")


def create_ingress(step: CreateNetwork, facts: IngressFacts, why_not: str | None = None) -> Decision:
    """Make the ingress once all hosts have dropped the old one, at a manager that accepts it, unless something forbids
    it."""
    if dropping := ingress_rollout.wait_for_removed_ingress(facts):
        return dropping
    if why_not:
        return Blocked(why_not)
    config = step.config
    asked = replace(step, host=ingress_rollout.manager_to_ask(facts))
    return Steps(
        (asked, *ingress_rollout.put_back_repaired(facts)),
        f"create ingress {config.name} ({config.pool.subnet or 'on a range that the swarm chooses'})",
    )


def describe_difference(spec: IngressSpec, network: Network, kept: Collection[str] = ()) -> str:
    """Return the differences from intent in words, empty if there are none. kept: options that are no difference."""
    return adoption.describe_difference(spec, live_spec(spec, network, kept))


def ownership_refusal(spec: IngressSpec, facts: IngressFacts, *, known: bool) -> str | None:
    """Say who owns the ingress or is changing the swarm at this moment, or None if it is ours to change."""
    changing = other_change_refusal(spec, facts, known=known)
    if changing:
        return changing
    network = facts.network
    if network is None:
        return None
    thing = f"the swarm's ingress {network.name} ({network.subnet})"
    if known:
        return adoption.foreign_refusal(thing, network.labels, spec.owner)
    unused = not any(service.publishes_ingress for service in facts.services)
    ours = owner_of(network.labels) == spec.owner
    just_made = not network.allocated and ours
    return adoption.adoption_refusal(
        thing,
        network.labels,
        spec.owner,
        spec.adopt,
        "" if just_made else describe_difference(spec, network, undeclared.kept(spec, network) if ours else ()),
        engine_default=is_engine_default(network, facts.swarm) and unused,
        goes_on=running_change.may_go_on(spec, facts.swarm),
    )


def other_change_refusal(spec: IngressSpec, facts: IngressFacts, *, known: bool) -> str | None:
    """Say who else is changing the swarm at this moment, or None if nobody is."""
    who = running_change.other_stack_refusal(spec, facts.swarm) or running_change.other_state_refusal(
        spec, facts.swarm, known=known
    )
    return f"ingress: {who}" if who else None


def safety_refusal(spec: IngressSpec, facts: IngressFacts) -> str | None:
    """Say why services that publish through the ingress would get stuck or lose something by its change, or None if
    they would not."""
    services = [service for service in facts.services if published_ports.is_concerned(service, facts)]
    return (
        safety.move_refusal(services, facts.tasks, facts.nodes)
        or safety.too_small_refusal(spec.ranges, None, services, facts.tasks, facts.nodes)
        or safety.too_long_refusal(services, spec.timeout, "timeouts.ingress")
    )


def remove_ingress(facts: IngressFacts, network: Network, spec: IngressSpec, why: str, why_not: str | None) -> Decision:
    """Take ports off, wait until tasks have left, then remove the old ingress. Writes nothing unless every host can be
    watched.

    why_not: what forbids the change. In the middle of it, ports go back to the present ingress. Once ports are off, a
    host that falls silent gets a moment: it answers again, or the managers call it down.
    """
    begun = bool(published_ports.unfinished_work(facts))
    unreachable = ingress_rollout.unreachable_member(facts)
    if unreachable and begun:
        return Wait(f"{unreachable.host} to answer ({unreachable.why})", ingress_rollout.SPREAD)
    why_not = ingress_rollout.verification_refusal(facts) or why_not
    if why_not:
        back = roll_back_to_present(facts, network, spec.owner) if begun else Done()
        refusal = Blocked(f"the swarm's ingress {network.name}: can't {why}: {why_not}")
        return refusal if isinstance(back, Done) else back
    doing = f"remove the old ingress ({network.subnet}){ingress_rollout.describe_unwatched(facts)}"
    remove = Steps((RemoveNetwork(id=network.id),), doing)
    noted = not is_engine_default(network, facts.swarm)
    before = None if begun else wait_until_settled(facts, network)
    change = running_change.label(spec)
    return before or published_ports.strip_ports(facts, network, change, noted=noted) or remove


def wait_until_settled(facts: IngressFacts, network: Network) -> Wait | None:
    """Wait before the first write for rollouts that go on and tasks that are ending. None if there are none."""
    going = safety.running_rollouts(published_ports.publishing_services(facts), facts.unchanged_for)
    if going:
        return Wait(f"the rollouts of {some(going)} to end before the first change", FOREVER)
    ending = safety.ending_tasks((task for task in facts.tasks if network.id in task.networks), facts.nodes)
    if ending:
        return Wait(f"tasks that are stopping to end before the first change: {some(ending)}", FOREVER)
    return None


def bring_ingress(facts: IngressFacts, network: Network, owner: str, *, pin: bool) -> Decision:
    """Bring the right ingress to every host, put the ports back, finish repairs, then remove our labels."""
    return (
        attach_hosts(facts, network, pin=pin)
        or ingress_rollout.wait_for_answers(facts, network)
        or clean_up(facts, network, owner)
        or Done(ingress_rollout.result_message(facts, network))
    )


def roll_back_to_present(facts: IngressFacts, network: Network, owner: str) -> Decision:
    """Do the same with the present ingress, for a change that ends: hosts that do not answer wait for the next run."""
    decision = attach_hosts(facts, network, pin=True) or clean_up(facts, network, owner)
    return decision or Done(ingress_rollout.result_message(facts, network))


def attach_hosts(facts: IngressFacts, network: Network, *, pin: bool) -> Decision | None:
    """Attach every host that answers, with all ports."""
    return (
        ingress_rollout.kick_hosts(facts, network)
        or published_ports.restore_ports(facts, network, pin=pin)
        or ingress_rollout.repair_hosts(facts, network)
    )


def clean_up(facts: IngressFacts, network: Network, owner: str) -> Decision | None:
    """Remove our labels."""
    return ingress_rollout.remove_kick_labels(facts, network) or published_ports.finish_change(facts, network, owner)


def describe_unfinished(facts: IngressFacts, network: Network) -> str | None:
    """Say what is left to do though the swarm has the ingress, or None if nothing is."""
    return "; ".join(ingress_rollout.unfinished_work(facts, network) + published_ports.unfinished_work(facts)) or None


def describe_missing(facts: IngressFacts) -> str | None:
    """Say what a cut change left to do in a swarm that now has no ingress, or None if nothing is."""
    left = published_ports.unfinished_work(facts)
    return "; ".join(["it is gone in the middle of a change", *left]) if left else None


def doubt_message(facts: IngressFacts) -> str | None:
    """Say why it can't be told whether every host is attached, or None if it can."""
    unreachable = ingress_rollout.unreachable_member(facts)
    return f"ingress: can't tell whether {unreachable.host} is attached: {unreachable.why}" if unreachable else None


def overlap_refusal(spec: IngressSpec, facts: IngressFacts) -> str | None:
    """Say which swarm network overlaps the desired range: the Engine would answer 201 and never allocate ours."""
    for other in facts.listed:
        met = next((subnet for subnet in spec.ranges if other.scope == "swarm" and other.meets(subnet)), None)
        if met:
            return (
                f"ingress: its subnet {met} overlaps {', '.join(other.subnets)} of the swarm's network {other.name}: "
                "choose another range, or free that one first"
            )
    return None


def wait_for_addresses(spec: IngressSpec, facts: IngressFacts, network: Network) -> Decision:
    """Give the swarm a moment. A dead ingress of ours is removed again; a dead default makes room."""
    if facts.unchanged_for < ALLOCATION:
        return Wait("the ingress to get its addresses", ALLOCATION + 1)
    if is_engine_default(network, facts.swarm):
        why = "replace the ingress that got no addresses"
        return remove_ingress(facts, network, spec, why, overlap_refusal(spec, facts))
    ours = owner_of(network.labels) == spec.owner
    return Blocked(
        f"ingress: the swarm made {network.name} but gave it no addresses from {spec.subnet} within {ALLOCATION:g} s: "
        "the range overlaps another network, or can't be used; the leader's log (docker) names the reason",
        undo=(RemoveNetwork(id=network.id),) if ours else (),
    )


def next_step_of_removal(spec: IngressSpec, facts: IngressFacts, network_id: str) -> Decision:
    """Return the next step when its section is gone: none, or (`restore_default`) the Engine's own ingress in its
    place."""
    changing, network = other_change_refusal(spec, facts, known=True), facts.network
    if changing:
        return Blocked(changing)
    if ours_now := running_change.take_over_change(spec, facts.swarm):
        return ours_now
    if spec.on_remove == "keep":
        return finish_cut_change(spec, facts)
    if network is None:
        default = CreateNetwork(config=NetworkConfig(name="ingress", driver="overlay", ingress=True))
        return create_ingress(default, facts)
    if network.id == network_id:
        return remove_ingress(facts, network, spec, "restore the default ingress", safety_refusal(spec, facts))
    return bring_ingress(facts, network, spec.owner, pin=spec.dynamic_ports == "pin")


def finish_cut_change(spec: IngressSpec, facts: IngressFacts) -> Decision:
    """Finish a cut change with the present ingress, for an ingress that is only removed from the state.

    `spec`: as the state has it, for a swarm that the cut left without an ingress.
    """
    if facts.network is None:
        return create_ingress(creation(spec, facts.swarm.label(FORMER)), facts)
    if not facts.network.allocated:
        return wait_for_addresses(spec, facts, facts.network)
    return bring_ingress(facts, facts.network, spec.owner, pin=spec.dynamic_ports == "pin")


def decide_rollbacks(spec: IngressSpec, *, known: bool = True) -> tuple[Callable[[IngressFacts], Decision], ...]:
    """Return the rollbacks, which finish a change of ours that can't go on: with the present ingress; with the desired
    one if the old one is gone; and, if that is refused, with the old one made again."""
    return tuple(partial(next_step_of_rollback, spec, again, known=known) for again in (False, True))


def has_unfinished_change(spec: IngressSpec, facts: IngressFacts) -> bool:
    """Tell whether something is unfinished: a change of ours, or the repair of a host."""
    return running_change.is_ours(spec.owner, facts.swarm) or any(map(maintenance.is_out_of_service, facts.nodes))


def next_step_of_rollback(spec: IngressSpec, again: bool, facts: IngressFacts, *, known: bool = True) -> Decision:
    """Return the next step back. `again`: without an ingress, the former one is made instead of the desired one."""
    network, before = facts.network, facts.swarm.label(FORMER)
    foreign = ownership_refusal(spec, facts, known=known)
    if foreign or not has_unfinished_change(spec, facts):
        return Done()
    if ours_now := running_change.take_over_change(spec, facts.swarm):
        return ours_now
    if network is not None:
        if not network.allocated and facts.unchanged_for < ALLOCATION:
            return Wait("the ingress to get its addresses", ALLOCATION + 1)
        if not network.allocated and before:
            return Steps((RemoveNetwork(id=network.id),), "remove the ingress that got no addresses")
        return roll_back_to_present(facts, network, spec.owner)
    return create_ingress(former.creation(before) if again and before else creation(spec, before), facts)
