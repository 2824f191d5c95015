"""The address plan as a flowchart: each range in its block, with what comes, goes and stays."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network

from providers.explain.flowchart import Box, flowchart
from providers.explain.report.networks import Network, Row
from providers.rules.checks.ranges import Range

# Ranges in one block of this prefix length are drawn together: the first with which there are not too many blocks.
# A range that is larger than a block has one to itself.
PREFIXES, BLOCKS = (16, 12, 8), 8
# So many boxes can be looked at; beyond, ranges that stay as they are become one box of their block.
BOXES = 60


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
