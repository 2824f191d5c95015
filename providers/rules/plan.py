"""A whole stack as what its resources are made of: the stack file with every default filled in.

What hosts report must not enter: a plan is the same on every machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.rules.checks.ranges import gwbridge_of
from providers.rules.checks.whole_file import Verdict, judged, verdict
from providers.rules.stack_file import problems
from providers.rules.stack_file.access import HostAccess, access
from providers.rules.stack_file.model import StackFile
from providers.rules.stack_file.waves import first_manager, waves, without_lost
from providers.rules.vocabulary.addresses import first_address
from providers.rules.vocabulary.errors import StackFileError
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, NodeSpec, OverlaySpec, Spec, SwarmSpec


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a stack wants, in the order in which it comes about; `owner` is in every spec, `urn` in none.

    gwbridges: waves; the hosts of one may be changed at once. nodes: the first manager's is the first.
    access: every host of the stack file that is not lost.
    """

    access: Mapping[str, HostAccess]
    gwbridges: tuple[tuple[GwbridgeSpec, ...], ...]
    swarm: SwarmSpec | None
    nodes: tuple[NodeSpec, ...]
    ingress: IngressSpec | None
    overlays: tuple[OverlaySpec, ...]
    warnings: tuple[str, ...] = ()

    def forgets(self, spec: Spec) -> bool:
        """Whether what the state has of the swarm is only forgotten: without the section `swarm` memberships stay.

        Hosts that are taken out leave all the same.
        """
        member = isinstance(spec, NodeSpec) and spec.host in self.access
        return self.swarm is None and (member or isinstance(spec, SwarmSpec))


def plan(stackfile: StackFile, owner: str) -> Plan:
    """The plan of a stack. `owner` is `<project>/<stack>`.

    Raises StackFileError with everything that does not go together.
    """
    return _planned(judged(stackfile, _stack(owner)), owner)


def plan_of(raw: problems.Raw, owner: str) -> Plan:
    """The plan of a stack file's keys as they were read.

    Raises StackFileError with every problem at once: of what makes no sense by itself, and of all that can be
    said beside it.
    """
    return _planned(verdict(raw, _stack(owner)), owner)


def _stack(owner: str) -> str:
    return owner.rpartition("/")[2]


def _planned(judgement: Verdict, owner: str) -> Plan:
    if judgement.refused:
        raise StackFileError(judgement.refused)
    stackfile = without_lost(judgement.stackfile)
    shared: dict[str, Any] = {"owner": owner, "adopt": stackfile.adopt}
    return Plan(
        access=access(stackfile),
        gwbridges=_gwbridges(stackfile, shared),
        swarm=_swarm(stackfile, shared),
        nodes=_nodes(stackfile, shared),
        ingress=_ingress(stackfile, shared),
        overlays=_overlays(stackfile, shared),
        warnings=tuple(judgement.warnings),
    )


def _gwbridges(stackfile: StackFile, shared: dict[str, Any]) -> tuple[tuple[GwbridgeSpec, ...], ...]:
    planned = [[_gwbridge(stackfile, host, shared) for host in wave] for wave in waves(stackfile)]
    declared = (tuple(spec for spec in wave if spec) for wave in planned)
    return tuple(wave for wave in declared if wave)


def _gwbridge(stackfile: StackFile, host: str, shared: dict[str, Any]) -> GwbridgeSpec | None:
    bridge = gwbridge_of(stackfile, host)
    if not bridge or not bridge.subnet:
        return None
    return GwbridgeSpec(
        **shared,
        **bridge.model_dump(exclude={"gateway"}),
        host=host,
        access=_access(stackfile, host),
        gateway=bridge.gateway or first_address(bridge.subnet),
        timeout=stackfile.timeouts.gwbridge,
    )


def _access(stackfile: StackFile, host: str) -> dict[str, Any]:
    return access(stackfile)[host].model_dump(mode="json", exclude_none=True)


def _swarm(stackfile: StackFile, shared: dict[str, Any]) -> SwarmSpec | None:
    if not stackfile.swarm:
        return None
    return SwarmSpec(
        **shared,
        **stackfile.swarm.model_dump(exclude={"first_manager"}),
        first_manager=first_manager(stackfile) or "",
        members=tuple(stackfile.hosts),
        gwbridge=_bridge_subnet(stackfile, first_manager(stackfile)),
        timeout=stackfile.timeouts.swarm,
    )


def _bridge_subnet(stackfile: StackFile, host: str | None) -> str | None:
    bridge = gwbridge_of(stackfile, host) if host else None
    return bridge.subnet if bridge else None


def _nodes(stackfile: StackFile, shared: dict[str, Any]) -> tuple[NodeSpec, ...]:
    if not stackfile.swarm:
        return ()
    first = first_manager(stackfile)
    return tuple(
        NodeSpec(
            **shared,
            **host.model_dump(include={"role", "availability", "labels"}),
            host=name,
            access=_access(stackfile, name),
            ingress=stackfile.ingress.subnet if stackfile.ingress else None,
            gwbridge=_bridge_subnet(stackfile, name),
            timeout=stackfile.timeouts.node,
        )
        for name, host in sorted(stackfile.hosts.items(), key=lambda item: item[0] != first)
    )


def _ingress(stackfile: StackFile, shared: dict[str, Any]) -> IngressSpec | None:
    ingress = stackfile.ingress
    if not ingress:
        return None
    return IngressSpec(
        **shared,
        **ingress.model_dump(exclude={"gateway", "expect"}),
        gateway=ingress.gateway or first_address(ingress.subnet),
        timeout=stackfile.timeouts.ingress,
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
