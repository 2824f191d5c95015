"""Boxes as a flowchart for Mermaid: https://mermaid.js.org/syntax/flowchart.html. No edge is drawn, since one would
overrule the direction of a block."""

from collections.abc import Iterator, Mapping, Sequence

from providers.rules.map.boxes import Box
from providers.rules.map.style import flowchart_style
from providers.rules.report.escape import label

_MOST = 40  # boxes side by side; forges draw no text of more than 50,000 characters


def flowchart(groups: Mapping[str, Sequence[Box]]) -> str:
    """Groups of boxes by their headings."""
    lines = ["flowchart TB"]
    for number, (heading, boxes) in enumerate(groups.items()):
        if boxes:
            lines += _group(f"g{number}", heading, boxes)
    return "\n".join([*lines, *flowchart_style(), ""])


def _group(name: str, heading: str, boxes: Sequence[Box]) -> Iterator[str]:
    yield f'subgraph {name}["{label(heading)}"]'
    yield "direction LR"
    for number, box in enumerate(boxes[:_MOST]):
        yield from _box(f"{name}_{number}", box)
    if len(boxes) > _MOST:
        yield f'{name}_more["{len(boxes) - _MOST} more"]:::more'
    yield "end"


def _box(name: str, box: Box) -> Iterator[str]:
    parts = [label(part) for part in (box.caption, box.name, box.detail) if part]
    style = "alarm" if box.alarm else box.kind
    if not box.inside:
        yield f'{name}["{"<br>".join(parts)}"]:::{style}'
        return
    yield from _group(name, " · ".join(part for part in (box.name, box.detail, box.caption) if part), box.inside)
    yield f"class {name} {style}"
