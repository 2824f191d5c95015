"""Boxes as a flowchart for Mermaid: https://mermaid.js.org/syntax/flowchart.html.

Links that nobody sees keep neighbours in their order, below each other. Those and the classes of boxes with others in
them stand last, since a link that comes after the class of such a box takes it away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from providers.explain.escape import label
from providers.explain.map.boxes import Box
from providers.explain.map.style import flowchart_style

# Mermaid's limits unless somebody has said otherwise: https://mermaid.js.org/config/schema-docs/config.html
_CHARACTERS, _LINKS = 50_000, 500
_MOST = (40, 20, 10, 5, 2)  # boxes in one: the first with which all of it is drawn


@dataclass
class _Drawing:
    """Lines of a flowchart in three parts."""

    most: int
    boxes: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(["flowchart TB", *self.boxes, *self.links[:_LINKS], *self.classes, *flowchart_style(), ""])


def flowchart(groups: Mapping[str, Sequence[Box]]) -> str:
    """Groups of boxes by their headings; if there are too many for Mermaid, some are only counted."""
    text = ""
    for most in _MOST:
        drawing = _Drawing(most)
        for number, (heading, boxes) in enumerate(groups.items()):
            if boxes:
                _group(drawing, f"g{number}", heading, boxes)
        text = drawing.text
        if len(text) <= _CHARACTERS:
            break
    return text


def _group(drawing: _Drawing, name: str, heading: str, boxes: Sequence[Box]) -> None:
    names = [f"{name}_{number}" for number, _ in enumerate(boxes[: drawing.most])]
    drawing.boxes.append(f'subgraph {name}["{label(heading)}"]')
    drawing.boxes.append("direction TB")
    for inner, box in zip(names, boxes, strict=False):
        _box(drawing, inner, box)
    if len(boxes) > drawing.most:
        names.append(f"{name}_more")
        drawing.boxes.append(f'{name}_more["{len(boxes) - drawing.most} more"]:::more')
    drawing.boxes.append("end")
    drawing.links += [f"{one} ~~~ {other}" for one, other in pairwise(names)]


def _box(drawing: _Drawing, name: str, box: Box) -> None:
    style = "alarm" if box.alarm else box.kind
    if not box.inside:
        words = "<br>".join(label(part) for part in (box.caption, box.name, box.detail) if part)
        drawing.boxes.append(f'{name}["{words}"]:::{style}')
        return
    _group(drawing, name, " · ".join(part for part in (box.name, box.detail, box.caption) if part), box.inside)
    drawing.classes.append(f"class {name} {style}")
