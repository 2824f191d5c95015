"""docker_gwbridge of one host: its differences, and the next step towards what is desired.

Only this host's own Engine counts. No calls and no waiting here.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from ipaddress import IPv4Network
from typing import Any

from providers.rules.live import bridge_swap, former, maintenance, running_change
from providers.rules.resource_types import adoption, resource_type
from providers.rules.resource_types.resource_type import Decide, Known, Status, missing_status
from providers.rules.stack_file import access
from providers.rules.vocabulary import undeclared
from providers.rules.vocabulary.addresses import shown_network
from providers.rules.vocabulary.facts import Endpoint, GwbridgeFacts, Member, Network
from providers.rules.vocabulary.field_mappings import shown, with_fields
from providers.rules.vocabulary.hosts_api import HostsApi
from providers.rules.vocabulary.labels import FORMER, declared_labels, owner_of, with_owner
from providers.rules.vocabulary.network_config import NetworkConfig
from providers.rules.vocabulary.network_options import BRIDGE_NAME, GATEWAY_BRIDGE, ICC, MASQUERADE, refuses
from providers.rules.vocabulary.specs import GwbridgeSpec, Ipv6Range
from providers.rules.vocabulary.steps import (
    FOREVER,
    Blocked,
    CreateNetwork,
    Decision,
    Done,
    RemoveNetwork,
    Steps,
    Wait,
)

# What the Engine gives the bridge that it makes by itself at the first init or join:
# https://github.com/moby/moby/blob/master/daemon/libnetwork/default_gateway_linux.go
ENGINE_DEFAULT = {BRIDGE_NAME: GATEWAY_BRIDGE, ICC: "false", MASQUERADE: "true"}

# The Engine's default choice of its range: networks of these sizes in these pools.
# https://github.com/moby/moby/blob/master/daemon/libnetwork/ipamutils/utils.go
ENGINE_POOLS = ((IPv4Network("172.16.0.0/12"), 16), (IPv4Network("192.168.0.0/16"), 20))

# Right after a join the sandbox comes a moment before its endpoint on the bridge.
SETTLES = 5.0

# After its restart an Engine is a member again within seconds; one that is pending for longer stays so.
REJOINS = 30.0
_HALF = {"pending": "still joining a swarm", "locked": "a locked manager"}


def live_spec(spec: GwbridgeSpec, bridge: Network, kept: Collection[str] = ()) -> GwbridgeSpec:
    """Return the spec with the host's values in place of the desired ones. kept: options that are no difference.

    A gateway that the Engine does not show counts as the desired one: Engines up to 28 show a gateway they chose
    only after a restart (measurements.md#filled-in-by-the-engine).
    """
    actual = shown(GwbridgeSpec, bridge)
    return spec.model_copy(
        update={
            **actual,
            "gateway": actual["gateway"] or spec.gateway,
            "ipv6": _ipv6(actual["ipv6"], spec.ipv6),
            "bridge_name": actual["bridge_name"] or f"br-{bridge.id[:12]}",
            "options": undeclared.actual(spec, bridge, kept),
            "labels": declared_labels(spec.labels, bridge.labels),
            "settled": undeclared.inexpressible_message(GwbridgeSpec, bridge) or True,
        }
    )


def _ipv6(found: Ipv6Range | None, desired: Ipv6Range | None) -> Ipv6Range | None:
    if found is None or found.gateway or desired is None:
        return found
    return found.model_copy(update={"gateway": desired.gateway})


def creation(spec: GwbridgeSpec, before: NetworkConfig | None = None) -> CreateNetwork:
    """Return the step that makes the bridge, with the undeclared options and labels of the one before it."""
    bare = NetworkConfig(name=GATEWAY_BRIDGE, driver="bridge", labels=with_owner(spec.labels, spec.owner))
    config = undeclared.carried(spec, with_fields(spec, bare), before)
    return CreateNetwork(host=spec.host, config=config)


def creation_on(spec: GwbridgeSpec, facts: GwbridgeFacts) -> CreateNetwork:
    """Return the same step for a host as it is now: the former bridge is noted on a member's entry, otherwise this run
    found it."""
    noted = former.parse_noted(facts.node.label(FORMER)) if facts.node else None
    return creation(spec, noted or spec.before)


def is_engine_default(bridge: Network) -> bool:
    """Tell whether the bridge is as the Engine makes it by itself, with nothing but the ingress attached."""
    unused = all(container_id(endpoint) is None for endpoint in bridge.endpoints)
    plain = dict(bridge.options) == ENGINE_DEFAULT and not bridge.labels
    return (
        plain
        and not undeclared.inexpressible_message(GwbridgeSpec, bridge)
        and unused
        and is_from_engine_pool(bridge.subnet)
    )


def is_from_engine_pool(subnet: str) -> bool:
    """Tell whether the Engine itself would choose such a range."""
    chosen = shown_network(subnet or "::")
    return isinstance(chosen, IPv4Network) and any(
        chosen.prefixlen == length and chosen.subnet_of(pool) for pool, length in ENGINE_POOLS
    )


def container_id(endpoint: Endpoint) -> str | None:
    """Return the container behind an endpoint, or None for the ingress sandbox and for what a sandbox left behind."""
    return None if endpoint.key.endswith("-sbox") or endpoint.key.startswith("ep-") else endpoint.key


def observe(api: HostsApi, spec: GwbridgeSpec, known: Known, *, leaving: bool = False) -> GwbridgeFacts:
    """Read the facts. They are the same for a change and a removal. Who runs on a member is read only before it is
    drained."""
    facts = api.gwbridge(spec.host)
    if facts.node is None or bridge_swap.is_in_progress(facts) or not is_disruptive(spec, facts):
        return facts
    return with_workload(api, facts)


def with_workload(api: HostsApi, facts: GwbridgeFacts) -> GwbridgeFacts:
    """Return the facts with the swarm's services and tasks, and which containers of tasks are nobody's any more."""
    services, tasks = api.workload()
    actual = {service.id for service in services}
    kept = {task.id for task in tasks if task.service_id in actual}
    containers = (
        replace(each, left_behind=each.task_id not in kept) if each.task else each for each in facts.containers
    )
    return replace(facts, services=services, tasks=tasks, containers=tuple(containers))


def decide(spec: GwbridgeSpec, known: Known) -> Decide:
    """Return the decision function of one operation. Resources in the state may be changed."""
    spec = spec.model_copy(update={"dropped": spec.dropped | undeclared.dropped_keys(spec, known)})
    return partial(next_step, spec, known=bool(known))


def decide_removal(spec: GwbridgeSpec, known: Known, *, lost: bool) -> Decide | None:
    """Return the decisions of a removal, or None to remove only the state's record of it: it was adopted, or its host
    is lost, and no cut change of ours is on it."""
    spec = adoption.kept_if_adopted(spec, known)
    if lost or (spec.on_remove == "keep" and spec.settled is True):
        return None
    return partial(next_step_of_removal, spec, network_id=known["network_id"])


def status(spec: GwbridgeSpec, known: Known, facts: GwbridgeFacts) -> Status[GwbridgeSpec]:
    """Say how the bridge stands, from its host's own word. Only a manager can tell whether the ingress is attached to
    it."""
    doubt, bridge = membership_refusal(facts.member), facts.bridge
    if doubt:
        return Status(doubt=doubt)
    if bridge is None:
        return missing_status(spec, describe_missing(facts))
    alone = facts.member.state == "active" and facts.swarm is None
    why = f"{spec.host}: no manager answers for its swarm: can't tell whether the ingress is attached to its bridge"
    live = resource_type.with_unfinished(
        live_spec(spec, bridge, known.get("kept", ())), describe_unfinished(spec, facts)
    )
    return Status(live=live, actual=bridge, doubt=why if alone else "")


def next_step(spec: GwbridgeSpec, facts: GwbridgeFacts, *, known: bool) -> Decision:
    """Return the next decision. `known`: the state has this resource, so what is found is ours to change."""
    bridge = facts.bridge
    unanswered = recover_engine(spec, facts)
    if unanswered:
        return refuse_other_state(spec, facts, known=known) or unanswered
    if facts.member.state == "pending" and facts.unchanged_for < REJOINS:
        return Wait(f"{spec.host} to be a member again", REJOINS + 1)
    refusal = membership_refusal(facts.member) or (take_over_refusal(spec, facts, bridge, known) if bridge else None)
    if refusal:
        return Blocked(refusal)
    difference = describe_difference(spec, bridge, undeclared.kept(spec, bridge)) if bridge else "missing"
    if bridge and difference and (why_not := recreation_refusal(spec, facts.member, bridge)):
        return Blocked(why_not)
    if facts.member.state == "active":
        return change_on_member(spec, facts, difference, known=known)
    if bridge is None:
        return Steps((creation_on(spec, facts),), f"create {GATEWAY_BRIDGE}")
    return replace_bridge(spec, bridge) if difference else Done(f"{GATEWAY_BRIDGE} has {bridge.subnet}")


def recreation_refusal(spec: GwbridgeSpec, member: Member, bridge: Network) -> str | None:
    """Say why the bridge can't be made again with an undeclared option that an older Engine had kept, or None if it
    can."""
    found = undeclared.options(spec, bridge)
    kept = {key: value for key, value in found.items() if key in undeclared.kept(spec, bridge)}
    refused = sorted(f"{key}={value}" for key, value in kept.items() if refuses(member.release, key, value))
    if not refused:
        return None
    return (
        f"{spec.host}: {GATEWAY_BRIDGE} has {', '.join(refused)}, which nobody declared, and its Engine "
        f"({member.release}) would refuse to make it again with that: set its value in gwbridge.options"
    )


def change_on_member(spec: GwbridgeSpec, facts: GwbridgeFacts, difference: str, *, known: bool) -> Decision:
    """Change a member's bridge the guarded way. A bridge that is only detached first gets a moment to come back."""
    ours = known or facts.bridge is None or is_ours(spec, facts.bridge)
    loose = ours and bridge_swap.is_detached(facts)
    if refusal := refuse_other_state(spec, facts, known=known):
        return refusal if difference or loose or bridge_swap.is_in_progress(facts) else Done()
    if difference or bridge_swap.is_in_progress(facts):
        return bridge_swap.change_bridge(spec, facts, creation_on(spec, facts), right=not difference)
    if loose and facts.unchanged_for < SETTLES:
        return Wait(f"the ingress of {spec.host} to be attached to {GATEWAY_BRIDGE}", FOREVER)
    if loose:
        return bridge_swap.change_bridge(spec, facts, creation_on(spec, facts), right=True)
    return bridge_swap.remove_change_label(spec, facts) or Done(f"{spec.host} is in service")


def refuse_other_state(spec: GwbridgeSpec, facts: GwbridgeFacts, *, known: bool) -> Blocked | None:
    """Refuse what another state is changing, or None if none is."""
    another = running_change.other_state_refusal(spec, facts.swarm, known=known)
    return Blocked(f"{spec.host}: {GATEWAY_BRIDGE} can't change: {another}") if another else None


def recover_engine(spec: GwbridgeSpec, facts: GwbridgeFacts) -> Decision | None:
    """Return what to do with a member that our cut run left locked or without its docker, or None if it is neither."""
    return maintenance.unlock(facts.member, facts.swarm, spec.owner) or bridge_swap.wait_for_engine(spec, facts)


def other_machine_refusal(spec: GwbridgeSpec, facts: GwbridgeFacts, known: Mapping[str, Any]) -> str | None:
    """Say why the host is another machine than the state's, or None if it is not. Asked before the first write.

    `known`: the resource's outputs in the state. A bridge's id tells a machine; it counts where the address has
    changed, unless a change of ours that was cut has recreated the bridge.
    """
    change = access.describe_move(known.get("access", {}), spec.access)
    bridge, network_id = facts.bridge, known.get("network_id", "")
    if not change or (bridge and bridge.id == network_id) or bridge_swap.is_in_progress(facts):
        return None
    actual = f"the one with {GATEWAY_BRIDGE} {bridge.id[:12]}" if bridge else f"one without {GATEWAY_BRIDGE}"
    return access.other_machine_message(spec.host, change, actual, f"the one with {GATEWAY_BRIDGE} {network_id[:12]}")


def is_disruptive(spec: GwbridgeSpec, facts: GwbridgeFacts) -> bool:
    """Tell whether a repair takes a member out of service, so that only one host at a time may do it."""
    if recover_engine(spec, facts):
        return True
    if facts.member.state != "active":
        return False
    bridge = facts.bridge
    wrong = bridge is None or bool(describe_difference(spec, bridge, undeclared.kept(spec, bridge)))
    return wrong or bridge_swap.is_in_progress(facts) or bridge_swap.is_detached(facts)


def describe_missing(facts: GwbridgeFacts) -> str | None:
    """Say why the host has no bridge for now, or None if it is gone for good."""
    if not bridge_swap.is_in_progress(facts):
        return None
    return "; ".join(
        filter(None, ["it is gone in the middle of a change", running_change.describe_change(facts.swarm)])
    )


def describe_unfinished(spec: GwbridgeSpec, facts: GwbridgeFacts) -> str | None:
    """Say what is left to do though the bridge is as it should be, or None if nothing is."""
    words = []
    if bridge_swap.is_in_progress(facts):
        words.append(f"{facts.member.host} was drained by Swarmnet")
    elif bridge_swap.is_detached(facts):
        words.append("the ingress is not attached to the bridge")
    if facts.swarm and running_change.is_ours(spec.owner, facts.swarm):
        words.append(running_change.describe_change(facts.swarm) or "")
    return "; ".join(words) or None


def describe_difference(spec: GwbridgeSpec, bridge: Network, kept: Collection[str] = ()) -> str:
    """Return the differences from intent in words, empty if there are none. kept: options that are no difference."""
    return adoption.describe_difference(spec, live_spec(spec, bridge, kept))


def is_ours(spec: GwbridgeSpec, bridge: Network) -> bool:
    """Tell whether the bridge carries this stack's label."""
    return owner_of(bridge.labels) == spec.owner


def membership_refusal(member: Member) -> str | None:
    """Say why a host's network list may be incomplete: a locked or half-joined host does not show all of them."""
    if member.state in ("active", "inactive"):
        return None
    if member.state == "silent":
        return f"{member.error}; a change stopped halfway on it: run `pulumi up`, which starts its docker and goes on"
    return (
        f"{member.host}: {_HALF.get(member.state, 'its membership of a swarm is broken')}"
        f"{f' ({member.error})' if member.error else ''}: its network list may be incomplete: "
        "unlock it, or let it leave or finish joining, then run again"
    )


def take_over_refusal(spec: GwbridgeSpec, facts: GwbridgeFacts, bridge: Network, known: bool) -> str | None:
    """Say why the bridge found may not be taken or changed, or None if it may."""
    thing = f"{spec.host}: {GATEWAY_BRIDGE} ({bridge.subnet})"
    if known:
        return adoption.foreign_refusal(thing, bridge.labels, spec.owner)
    return adoption.adoption_refusal(
        thing,
        bridge.labels,
        spec.owner,
        spec.adopt,
        describe_difference(spec, bridge, undeclared.kept(spec, bridge) if is_ours(spec, bridge) else ()),
        engine_default=is_engine_default(bridge),
        goes_on=running_change.may_go_on(spec, facts.swarm),
    )


def bridge_refusal(host: str, desired: str | None, found: str) -> str | None:
    """Say why a host may not become a member yet, or None if it may. `desired`, `found`: subnets; None if none is
    declared, empty if there is no bridge.

    A host keeps the bridge that it joins with, and an Engine that finds none makes its own. Somebody may have removed
    the bridge before the join: `docker network prune` does.
    """
    if desired in (None, found):
        return None
    actual = (
        f"is {found}, desired {desired}"
        if found
        else f"is gone, desired {desired}: its docker would make one of its own"
    )
    return f"{host}: {GATEWAY_BRIDGE} {actual}: run `pulumi up --refresh`, which makes it before the host joins"


def replace_bridge(spec: GwbridgeSpec, bridge: Network) -> Decision:
    """Remove the old bridge on a host outside any swarm: leftover endpoints first, never a running container."""
    held = sorted(endpoint.name for endpoint in bridge.endpoints if container_id(endpoint))
    if held:
        return Blocked(
            f"{spec.host}: can't change {GATEWAY_BRIDGE} from {bridge.subnet} to {spec.subnet} while containers are "
            f"attached to it: {', '.join(held)}: stop or disconnect them, then run again"
        )
    if bridge.endpoints:
        return Steps(
            bridge_swap.disconnect_endpoints(spec.host, bridge), f"disconnect leftover endpoints from {GATEWAY_BRIDGE}"
        )
    return Steps((RemoveNetwork(host=spec.host, id=bridge.id),), f"remove the old {GATEWAY_BRIDGE} ({bridge.subnet})")


def next_step_of_removal(spec: GwbridgeSpec, facts: GwbridgeFacts, network_id: str) -> Decision:
    """Return the next step towards its removal, which `on_remove: restore_default` asks for.

    A missing bridge is as good as the default: the Engine makes its own at the next join. Only the one that the state
    names is removed.
    """
    bridge = facts.bridge
    if refusal := refuse_other_state(spec, facts, known=True):
        return refusal
    if spec.on_remove == "keep":
        return finish_cut_change(spec, facts)
    if bridge is None or bridge.id != network_id:
        return Done()
    if facts.member.state != "inactive":
        return Blocked(
            f"{spec.host}: {GATEWAY_BRIDGE} ({bridge.subnet}) can't become the Engine's default again while the "
            f"host is a member of a swarm ({facts.member.state}): let it leave first, or set gwbridge.on_remove to keep"
        )
    return replace_bridge(spec, bridge)


def finish_cut_change(spec: GwbridgeSpec, facts: GwbridgeFacts) -> Decision:
    """Finish a cut change with the present bridge, for a bridge that is only removed from the state.

    `spec`: as the state has it, for a host that the cut left without a bridge.
    """
    return restore_host(spec, facts, creation_on(spec, facts))


def restore_host(spec: GwbridgeSpec, facts: GwbridgeFacts, desired: CreateNetwork) -> Decision:
    """Bring the host back to what it was before its change, with the present bridge or with this one."""
    unanswered = recover_engine(spec, facts)
    if unanswered:
        return unanswered
    if facts.member.state == "active" and bridge_swap.is_in_progress(facts):
        return bridge_swap.change_bridge(spec, facts, desired, right=facts.bridge is not None)
    return bridge_swap.remove_change_label(spec, facts) or Done(f"{spec.host} is in service")


def decide_rollbacks(spec: GwbridgeSpec, *, known: bool = True) -> tuple[Callable[[GwbridgeFacts], Decision], ...]:
    """Return the rollbacks, which finish a change of ours that can't go on: with the present bridge; with the desired
    one if the old one is gone; and, if that is refused, with the old one made again."""

    def next_step_of_rollback(facts: GwbridgeFacts, *, before: bool) -> Decision:
        theirs = facts.bridge is not None and take_over_refusal(spec, facts, facts.bridge, known)
        if theirs or refuse_other_state(spec, facts, known=known):
            return Done()
        noted = facts.node.label(FORMER) if before and facts.node else None
        return restore_host(spec, facts, former.creation(noted, spec.host) if noted else creation_on(spec, facts))

    return partial(next_step_of_rollback, before=False), partial(next_step_of_rollback, before=True)
