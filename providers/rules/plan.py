"""A whole stack as the intent of its resources: the stack file with every default filled in.

No reports of hosts here: a plan is the same on every machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from providers.rules.checks.too_early import moves, too_early
from providers.rules.checks.whole_file import Validation, validate
from providers.rules.resource_types.departure import is_removed_from_state_only
from providers.rules.stack_file import problems
from providers.rules.stack_file.access import HostAccess
from providers.rules.stack_file.model import Ipv6, StackFile
from providers.rules.stack_file.prepare import HostCommand, commands
from providers.rules.stack_file.resolved import Resolved, without_lost
from providers.rules.vocabulary.addresses import first_address, first_address_ipv6
from providers.rules.vocabulary.digest import digest_of
from providers.rules.vocabulary.errors import StackFileError
from providers.rules.vocabulary.specs import (
    GwbridgeSpec,
    IngressSpec,
    Ipv6Range,
    NodeSpec,
    OverlaySpec,
    Spec,
    SwarmNetworkSpec,
    SwarmSpec,
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The intent of a stack, in the order in which it comes about; `owner` is in every spec, `urn` in none.

    gwbridges: batches; the hosts of one may be changed at once. nodes: the first manager's is the first.
    access: every host of the stack file that is not lost. unwatched: members that are not reached.
    lost: hosts that are dead for good. rotate: whether the swarm gets new join tokens when one of them is removed.
    commands: of `prepare`, which come before all else; those of each host in their order, lost hosts among them.
    """

    access: Mapping[str, HostAccess]
    gwbridges: tuple[tuple[GwbridgeSpec, ...], ...]
    swarm: SwarmSpec | None
    nodes: tuple[NodeSpec, ...]
    ingress: IngressSpec | None
    overlays: tuple[OverlaySpec, ...]
    commands: tuple[tuple[HostCommand, ...], ...] = ()
    warnings: tuple[str, ...] = ()
    unwatched: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    rotate: bool = False

    @property
    def specs(self) -> tuple[Spec, ...]:
        """Return all of them, in that order."""
        bridges = (spec for batch in self.gwbridges for spec in batch)
        single = (spec for spec in (self.swarm, *self.nodes, self.ingress) if spec)
        return (*bridges, *single, *self.overlays)

    def is_removed_from_state_only(self, spec: Spec, *, adopted: bool = False) -> bool:
        """Tell whether the stack no longer manages the state's resource, and leaves it as it is."""
        return is_removed_from_state_only(
            spec, self.access, self.unwatched, adopted=adopted, with_swarm=self.swarm is not None
        )


def plan_of(raw: problems.Raw, owner: str) -> Plan:
    """Return the plan of a stack file's keys as they were read. `owner` is `<project>/<stack>`.

    Raises StackFileError with every problem at once, also those that could be said beside it.
    """
    return planned(validate(raw), owner)


def planned(validation: Validation, owner: str) -> Plan:
    """Return the plan of a stack file that was judged. Raises StackFileError if it can't be one."""
    if validation.why_no_plan:
        raise StackFileError(validation.why_no_plan)
    return replace(desired(validation.resolved, owner), warnings=tuple(validation.warnings))


def desired(whole: Resolved, owner: str) -> Plan:
    """Return the plan that a stack file wants, whether or not it can be carried out."""
    resolved = without_lost(whole)
    shared: dict[str, Any] = {"owner": owner, "adopt": resolved.file.adopt}
    plan = Plan(
        access=resolved.access,
        commands=commands(whole),
        gwbridges=_gwbridges(resolved, shared),
        unwatched=frozenset(resolved.unwatched),
        lost=whole.lost,
        rotate=bool(resolved.file.swarm and resolved.file.swarm.rotate),
        swarm=_swarm(resolved, shared),
        nodes=_nodes(resolved, shared),
        ingress=_ingress(resolved, shared),
        overlays=_overlays(resolved.file, shared),
    )
    mark = {"digest": digest_of(plan.specs)}
    return replace(
        plan,
        gwbridges=tuple(tuple(spec.model_copy(update=mark) for spec in batch) for batch in plan.gwbridges),
        ingress=plan.ingress.model_copy(update=mark) if plan.ingress else None,
        overlays=tuple(spec.model_copy(update=mark) for spec in plan.overlays),
    )


def with_too_early(plan: Plan, recorded: Mapping[str, tuple[SwarmNetworkSpec, bool]]) -> Plan:
    """Return the plan, whose networks say why a range is not free yet.

    recorded: the swarm's networks that the state has, by name, and whether each would go from the state only.
    """
    found: dict[str, dict[str, str]] = {}
    for each in too_early(moves(recorded, [*([plan.ingress] if plan.ingress else []), *plan.overlays])):
        found.setdefault(each.name, {})[each.holder] = each.why
    why = {name: {"too_early": holders} for name, holders in found.items()}
    return replace(
        plan,
        ingress=plan.ingress and plan.ingress.model_copy(update=why.get(plan.ingress.resource_name)),
        overlays=tuple(spec.model_copy(update=why.get(spec.resource_name)) for spec in plan.overlays),
    )


def _gwbridges(resolved: Resolved, shared: dict[str, Any]) -> tuple[tuple[GwbridgeSpec, ...], ...]:
    shared = {**shared, "timeout": resolved.file.timeouts.gwbridge}
    desired = [[_gwbridge(resolved, name, shared) for name in batch] for batch in resolved.batches]
    declared = (tuple(spec for spec in batch if spec) for batch in desired)
    return tuple(batch for batch in declared if batch)


def _gwbridge(resolved: Resolved, host: str, shared: dict[str, Any]) -> GwbridgeSpec | None:
    bridge = resolved.bridges.get(host)
    if not bridge or not bridge.subnet:
        return None
    return GwbridgeSpec(
        **shared,
        **bridge.model_dump(exclude={"gateway", "ipv6"}),
        host=host,
        access=_access(resolved, host),
        gateway=bridge.gateway or first_address(bridge.subnet, bridge.ip_range),
        ipv6=_ipv6(bridge.ipv6) if bridge.ipv6 else None,
    )


def _ipv6(desired: Ipv6) -> Ipv6Range:
    return Ipv6Range(subnet=desired.subnet, gateway=desired.gateway or first_address_ipv6(desired.subnet))


def _access(resolved: Resolved, host: str) -> dict[str, Any]:
    return resolved.access[host].model_dump(mode="json", exclude_none=True)


def _swarm(resolved: Resolved, shared: dict[str, Any]) -> SwarmSpec | None:
    swarm, first = resolved.file.swarm, resolved.first_manager
    if not swarm:
        return None
    return SwarmSpec(
        **shared,
        **swarm.model_dump(exclude={"first_manager", "rotate"}),
        first_manager=first or "",
        members=tuple(resolved.file.hosts),
        gwbridge=_bridge_subnet(resolved, first) if first else None,
        timeout=resolved.file.timeouts.swarm,
    )


def _bridge_subnet(resolved: Resolved, host: str) -> str | None:
    bridge = resolved.bridges.get(host)
    return bridge.subnet if bridge else None


def _nodes(resolved: Resolved, shared: dict[str, Any]) -> tuple[NodeSpec, ...]:
    file = resolved.file
    if not file.swarm:
        return ()
    return tuple(
        NodeSpec(
            **shared,
            **host.model_dump(include={"role", "availability", "labels"}),
            host=name,
            access=_access(resolved, name),
            ingress=file.ingress.subnet if file.ingress else None,
            gwbridge=_bridge_subnet(resolved, name),
            timeout=file.timeouts.node,
        )
        for name, host in sorted(file.hosts.items(), key=lambda item: item[0] != resolved.first_manager)
    )


def _ingress(resolved: Resolved, shared: dict[str, Any]) -> IngressSpec | None:
    stackfile, ingress = resolved.file, resolved.file.ingress
    if not ingress:
        return None
    unwatched = sorted({*resolved.unwatched, *resolved.unwatched.values()})
    return IngressSpec(
        **shared,
        **ingress.model_dump(exclude={"gateway", "expect"}),
        gateway=ingress.gateway or first_address(ingress.subnet),
        timeout=stackfile.timeouts.ingress,
        unwatched=tuple(unwatched) or None,
    )


def _overlays(stackfile: StackFile, shared: dict[str, Any]) -> tuple[OverlaySpec, ...]:
    return tuple(
        OverlaySpec(
            **shared,
            **overlay.model_dump(exclude={"gateway", "expect"}),
            name=name,
            gateway=overlay.gateway or first_address(overlay.subnet, overlay.ip_range),
            timeout=stackfile.timeouts.migration if overlay.on_in_use == "migrate" else stackfile.timeouts.overlay,
        )
        for name, overlay in stackfile.overlays.items()
    )
