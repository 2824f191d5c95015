"""The table of networks: what each has before and after."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from providers.explain.escape import code, plain
from providers.explain.report.changes import Change, natural
from providers.rules.plan import Plan
from providers.rules.vocabulary.keys import OverlayFlags
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, OverlaySpec
from providers.rules.vocabulary.words import some

NETWORKS = (GwbridgeSpec, IngressSpec, OverlaySpec)
HEAD = ("| network | | subnet | gateway | MTU | flags |", "| --- | --- | --- | --- | --- | --- |")
# So many names are told in a line, then their number: one line must not fill a comment.
NAMED = 30
Network = GwbridgeSpec | IngressSpec | OverlaySpec


@dataclass(frozen=True, kw_only=True)
class Row:
    """A network, or docker_gwbridge of hosts if all of it is the same. `change` is empty for one that stays."""

    kind: str
    name: str
    hosts: tuple[str, ...] = ()
    change: str = ""
    before: Network | None
    after: Network | None


def rows(changes: Iterable[Change], plan: Plan | None) -> list[Row]:
    """Return all networks, those that stay as they are included; by kind, then name."""
    changed = {change.name: change for change in changes if isinstance(change.spec, NETWORKS)}
    found = [_changed(change) for change in changed.values()]
    found += [_row(spec, spec, spec, "") for name, spec in _planned(plan) if name not in changed]
    order = ("docker_gwbridge", "ingress", "overlay")
    merged = list(_merged(found))
    return sorted(merged, key=lambda row: (order.index(row.kind), natural(row.name), natural(",".join(row.hosts))))


def _planned(plan: Plan | None) -> Iterator[tuple[str, Network]]:
    for spec in plan.specs if plan else ():
        if isinstance(spec, NETWORKS):
            yield spec.resource_name, spec


def _changed(change: Change) -> Row:
    spec, before, after = change.spec, change.before, change.after
    assert isinstance(spec, NETWORKS)
    if change.forgotten:
        return _row(spec, spec, spec, "forgotten")
    word = {"create": "new", "replace": "replaced", "update": "changed", "delete": "removed"}[change.op]
    if change.op == "update" and not change.properties:
        word = "unfinished" if change.unfinished else ""
    return _row(spec, before, after, word)  # type: ignore[arg-type]


def _row(spec: Network, before: Network | None, after: Network | None, change: str) -> Row:
    kind = {GwbridgeSpec: "docker_gwbridge", IngressSpec: "ingress", OverlaySpec: "overlay"}[type(spec)]
    if isinstance(spec, GwbridgeSpec):
        return Row(kind=kind, name=kind, hosts=(spec.host,), change=change, before=before, after=after)
    return Row(kind=kind, name=spec.name, change=change, before=before, after=after)


def _merged(found: Iterable[Row]) -> Iterator[Row]:
    """Yield the bridges of hosts that have the same before and after, as one."""
    same: dict[object, list[Row]] = {}
    for row in found:
        key = (row.kind, row.name, row.change, values(row.before), values(row.after))
        same.setdefault(key, []).append(row)
    for first, *rest in same.values():
        hosts = sorted({host for row in (first, *rest) for host in row.hosts}, key=natural)
        yield replace(first, hosts=tuple(hosts))


def values(spec: Network | None) -> tuple[str, str, str, str] | None:
    """Return a network's cells: subnet, gateway, MTU, flags."""
    return (spec.subnet, spec.gateway, str(spec.mtu or "Engine's"), ", ".join(flags(spec))) if spec else None


def flags(spec: Network) -> list[str]:
    """Say what a network has beside its addresses and MTU."""
    said: list[str | bool | None] = []
    match spec:
        case GwbridgeSpec():
            renamed = spec.bridge_name != "docker_gwbridge" and f"bridge {spec.bridge_name}"
            said = [spec.icc and "icc", not spec.masquerade and "no masquerade", renamed]
            said += [spec.ip_range and f"ip_range {spec.ip_range}", f"IPv6 {spec.ipv6.subnet}" if spec.ipv6 else None]
        case OverlaySpec():
            said = [getattr(spec, flag) and flag for flag in OverlayFlags.model_fields]
            said += [spec.ip_range and f"ip_range {spec.ip_range}", f"VNI {spec.vxlan_id}" if spec.vxlan_id else None]
        case IngressSpec():
            said = [spec.encrypted and "encrypted"]
    said += [f"also {subnet}" for subnet in getattr(spec, "subnets", ())]
    said += [f"{key.rpartition('.')[2]} {value}".rstrip() for key, value in sorted(spec.options.items())]
    return [flag for flag in said if isinstance(flag, str)]


def line(row: Row) -> str:
    """Return a row of the table; what changes is bold."""
    before, after = values(row.before), values(row.after)
    cells = [_cell(old, new) for old, new in zip(before or [""] * 4, after or [""] * 4, strict=True)]
    on = f" on {some([code(host) for host in row.hosts], NAMED)}" if row.hosts else ""
    name = code(row.name) if row.hosts else f"{row.kind} {code(row.name)}"
    change = f"**{row.change}**" if row.change else ""
    return f"| {name}{on} | {change} | {' | '.join(cells)} |"


def _cell(old: str, new: str) -> str:
    old, new = plain(old), plain(new)
    if old == new:
        return old
    if not new:
        return f"~~{old}~~"
    return f"{old} → **{new}**" if old else f"**{new}**"
