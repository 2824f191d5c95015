"""The address plan as a flowchart for Mermaid: each range in its block, with what comes, goes and stays.

https://mermaid.js.org/syntax/flowchart.html. Only blocks are linked, unseen, to stand in their order: a link of a box
would overrule the direction within its block.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from providers.explain.escape import label
from providers.explain.report.networks import Network, Row
from providers.rules.checks.ranges import Range

# Ranges in one block of this prefix length are drawn together: the first with which there are not too many blocks
# beside each other. A range that is larger than a block has one to itself.
PREFIXES, BLOCKS = (16, 12, 8), 8
# So many boxes can be looked at; beyond, ranges that stay as they are become one box of their block.
BOXES, BOXES_OF_BLOCK = 60, 20
MORE = {"new": "that come or change", "gone": "that go", "same": "that stay", "reserved": "reserved"}
STYLES = (
    "classDef new fill:#dafbe1,stroke:#1a7f37,color:#1f2328,stroke-width:2px",
    "classDef gone fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-dasharray:4 3",
    "classDef same fill:#f6f8fa,stroke:#818b98,color:#1f2328",
    "classDef reserved fill:#fff8c5,stroke:#9a6700,color:#1f2328",
    "classDef block fill:none,stroke:#818b98",
)


@dataclass(frozen=True)
class Box:
    """One range in the picture. `style` is one of STYLES."""

    range: IPv4Network
    words: str
    style: str


def picture(rows: Sequence[Row], reserved: Sequence[Range]) -> list[str]:
    """Return the lines of the flowchart; none if there is no range."""
    boxes = [box for row in rows for box in _boxes(row)]
    boxes += [Box(IPv4Network(each.subnet), each.kept_for, "reserved") for each in reserved]
    if not boxes:
        return []
    blocks = _blocks(boxes)
    quiet = len(boxes) > BOXES
    drawn = [line for number, block in enumerate(blocks) for line in _block(number, block, blocks[block], quiet)]
    names = [f"b{number}" for number in range(len(blocks))]
    order = [f"  {' ~~~ '.join(names)}"] if len(names) > 1 else []
    return ["flowchart LR", *drawn, *order, *(f"  {style}" for style in STYLES), f"  class {','.join(names)} block"]


def _blocks(boxes: Sequence[Box]) -> dict[IPv4Network, list[Box]]:
    """Return the boxes of each block; both in the order of their addresses."""
    for prefix in PREFIXES:
        found: dict[IPv4Network, list[Box]] = {}
        for box in sorted(boxes, key=lambda box: (box.range, box.words)):
            block = box.range.supernet(new_prefix=prefix) if box.range.prefixlen > prefix else box.range
            found.setdefault(block, []).append(box)
        if len(found) <= BLOCKS:
            break
    return dict(sorted(found.items()))


def _block(number: int, block: IPv4Network, boxes: Sequence[Box], quiet: bool) -> Iterator[str]:
    same = [box for box in boxes if box.style == "same"]
    fold = quiet and len(same) > 2
    told = [box for box in boxes if not (fold and box.style == "same")]
    yield f'  subgraph b{number}["{label(str(block))}"]'
    yield "    direction LR"
    for at, box in enumerate(told[:BOXES_OF_BLOCK]):
        yield f'    n{number}_{at}["{box.words}<br>{label(str(box.range))}"]:::{box.style}'
    if len(told) > BOXES_OF_BLOCK:
        left = Counter(box.style for box in told[BOXES_OF_BLOCK:])
        yield from (f'    m{number}_{style}["{count} more {MORE[style]}"]:::{style}' for style, count in left.items())
    if fold:
        yield f'    s{number}["{len(same)} more that stay"]:::same'
    yield "  end"


def _boxes(row: Row) -> Iterator[Box]:
    name = label(_name(row))
    before, after = _range(row.before), _range(row.after)
    if before == after and before:
        yield Box(before, f"{name}{f' ({row.change})' if row.change else ''}", "new" if row.change else "same")
        return
    if before:
        yield Box(before, f"{name} (until now)" if after else f"{name} (removed)", "gone")
    if after:
        yield Box(after, f"{name} (from now on)" if before else f"{name} (new)", "new")


def _range(spec: Network | None) -> IPv4Network | None:
    return IPv4Network(spec.subnet) if spec else None


def _name(row: Row) -> str:
    if row.hosts:
        return f"{row.name} of {', '.join(row.hosts) if len(row.hosts) < 4 else f'{len(row.hosts)} hosts'}"
    return row.name if row.kind == row.name else f"{row.kind} {row.name}"
