"""What each network has before and after: as a table, and as a picture of the address plan."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network

from providers.explain.escape import code, plain
from providers.explain.flowchart import Box, flowchart
from providers.explain.report.changes import TREATMENT, Change, natural
from providers.explain.report.details import flat
from providers.rules.checks.ranges import Range
from providers.rules.plan import Plan
from providers.rules.vocabulary.specs import GwbridgeSpec, IngressSpec, OverlaySpec
from providers.rules.vocabulary.words import some

NETWORKS = (GwbridgeSpec, IngressSpec, OverlaySpec)
HEAD = ("| network | | subnet | gateway | MTU | flags |", "| --- | --- | --- | --- | --- | --- |")
# So many names are told in a line, then their number: one line must not fill a comment.
NAMED = 30
# Ranges in one block of this prefix length are drawn together: the first with which there are not too many blocks.
# A range that is larger than a block has one to itself.
PREFIXES, BLOCKS = (16, 12, 8), 8
# So many boxes can be looked at; beyond, ranges that stay as they are become one box of their block.
BOXES = 60
APART = TREATMENT | {"host", "labels", "name", "subnet", "gateway", "mtu"}  # from the flags
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
    if change.is_removed_from_state_only:
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
    return (spec.subnet, spec.gateway, str(spec.mtu or "Engine's"), _beside(spec)) if spec else None


def _beside(spec: Network) -> str:
    """Say what a network has beside its addresses and MTU: all that is no default, its labels apart."""
    found = flat(spec.model_dump(mode="json", exclude={*APART, *spec.NOT_COMPARED}, exclude_defaults=True))
    return ", ".join(_flag(key, value) for key, value in found)


def _flag(key: str, value: object) -> str:
    if isinstance(value, bool):
        return key if value else f"no {key}"
    return f"{key} {', '.join(map(str, value)) if isinstance(value, list) else value}"


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


def picture(rows: Sequence[Row], reserved: Sequence[Range]) -> list[str]:
    """Return the lines of the flowchart; none if there is no range."""
    boxes = [box for row in rows for box in _boxes(row)]
    boxes += [Box("reserved", each.kept_for, each.subnet) for each in reserved]
    blocks = _blocks(sorted(boxes, key=lambda box: (IPv4Network(box.detail), box.name)))
    quiet = len(boxes) > BOXES
    groups = {str(block): _fewer(blocks[block]) if quiet else blocks[block] for block in sorted(blocks)}
    return flowchart(groups).splitlines() if boxes else []


def _blocks(boxes: Sequence[Box]) -> dict[IPv4Network, list[Box]]:
    """Return the boxes of each block."""
    for prefix in PREFIXES:
        found: dict[IPv4Network, list[Box]] = {}
        for box in boxes:
            subnet = IPv4Network(box.detail)
            block = subnet.supernet(new_prefix=prefix) if subnet.prefixlen > prefix else subnet
            found.setdefault(block, []).append(box)
        if len(found) <= BLOCKS:
            break
    return found


def _fewer(boxes: Sequence[Box]) -> list[Box]:
    same = [box for box in boxes if box.kind == "same"]
    if len(same) < 3:
        return list(boxes)
    return [*(box for box in boxes if box.kind != "same"), Box("same", f"{len(same)} more that stay")]


def _boxes(row: Row) -> Iterator[Box]:
    name, before, after = _name(row), _range(row.before), _range(row.after)
    if before == after and before:
        yield Box("new" if row.change else "same", f"{name}{f' ({row.change})' if row.change else ''}", before)
        return
    if before:
        yield Box("gone", f"{name} (until now)" if after else f"{name} (removed)", before)
    if after:
        yield Box("new", f"{name} (from now on)" if before else f"{name} (new)", after)


def _range(spec: Network | None) -> str:
    return spec.subnet if spec else ""


def _name(row: Row) -> str:
    if row.hosts:
        return f"{row.name} of {', '.join(row.hosts) if len(row.hosts) < 4 else f'{len(row.hosts)} hosts'}"
    return row.name if row.kind == row.name else f"{row.kind} {row.name}"
