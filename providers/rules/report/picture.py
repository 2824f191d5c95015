"""The address plan as a flowchart for Mermaid: each range in its block, with what comes, goes and stays.

https://mermaid.js.org/syntax/flowchart.html. No edge is drawn, since one would overrule the direction of a block.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from providers.rules.report.escape import label
from providers.rules.report.networks import Network, Row

# Ranges that lie in one block of this size are drawn together; a larger one has a block to itself.
BLOCK = 16
# So many boxes can be looked at; beyond, ranges that stay as they are become one box of their block.
BOXES = 60
STYLES = (
    "classDef new fill:#dafbe1,stroke:#1a7f37,color:#1f2328,stroke-width:2px",
    "classDef gone fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-dasharray:4 3",
    "classDef same fill:#f6f8fa,stroke:#818b98,color:#1f2328",
    "classDef reserved fill:#fff8c5,stroke:#9a6700,color:#1f2328",
)


@dataclass(frozen=True)
class Box:
    """One range in the picture. `style` is one of STYLES."""

    range: IPv4Network
    words: str
    style: str

    @property
    def block(self) -> IPv4Network:
        """The block in which it is drawn."""
        return self.range.supernet(new_prefix=BLOCK) if self.range.prefixlen > BLOCK else self.range


def picture(rows: Sequence[Row], reserved: Sequence[str]) -> list[str]:
    """The lines of the flowchart; none where there is no range."""
    boxes = [box for row in rows for box in _boxes(row)]
    boxes += [Box(IPv4Network(subnet), "reserved", "reserved") for subnet in reserved]
    if not boxes:
        return []
    blocks: dict[IPv4Network, list[Box]] = {}
    for box in sorted(boxes, key=lambda box: (box.range, box.words)):
        blocks.setdefault(box.block, []).append(box)
    quiet = len(boxes) > BOXES
    drawn = [
        line for number, block in enumerate(sorted(blocks)) for line in _block(number, block, blocks[block], quiet)
    ]
    return ["flowchart TB", *drawn, *(f"  {style}" for style in STYLES)]


def _block(number: int, block: IPv4Network, boxes: Sequence[Box], quiet: bool) -> Iterator[str]:
    same = [box for box in boxes if box.style == "same"]
    fold = quiet and len(same) > 2
    told = [box for box in boxes if not (fold and box.style == "same")]
    most = max(BOXES // 2, 1)
    yield f'  subgraph b{number}["{label(str(block))}"]'
    yield "    direction LR"
    for at, box in enumerate(told[:most]):
        yield f'    n{number}_{at}["{box.words}<br>{label(str(box.range))}"]:::{box.style}'
    if len(told) > most:
        yield f'    m{number}["{len(told) - most} more that change"]:::new'
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
