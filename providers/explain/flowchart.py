"""Boxes in boxes, of which pictures are made, and as a flowchart: https://mermaid.js.org/syntax/flowchart.html.

Links that nobody sees keep neighbours in their order, below each other. Those and the classes of boxes with others in
them stand last, since a link that comes after the class of such a box takes it away.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from providers.explain.escape import label

# One colour for each kind: its line, and a breath of it inside, on light and on dark paper alike.
COLOURS = {
    "gwbridge": "#1a7f37",
    "overlay": "#1f5fbf",
    "ingress": "#7d4cc9",
    "pool": "#0e7c86",
    "allocation": "#1f5fbf",
    "reserved": "#857537",
    "foreign": "#c27400",
    "outgoing": "#c27400",
    "new": "#1a7f37",
    "gone": "#cf222e",
    "alarm": "#cf222e",
}
PLAIN = "#7a828b"  # of every other kind
DASHED = frozenset({"free", "engine", "foreign", "outgoing", "allocation", "gone"})

# Mermaid's limits unless somebody has said otherwise: https://mermaid.js.org/config/schema-docs/config.html
_CHARACTERS, _LINKS = 50_000, 500
_MOST = (40, 20, 10, 5, 2)  # boxes in one: the first with which all of it is drawn


@dataclass(frozen=True)
class Box:
    """A box in a picture, and a row in a table.

    kind: for its colour. detail: its addresses or ports. words: what it is. remarks: what a picture has no room for.
    share: which part of the range around it it has: where that begins and how long it is, as parts of one. alarm: it
    overlaps something.
    """

    kind: str
    name: str
    detail: str = ""
    words: str = ""
    remarks: str = ""
    share: tuple[float, float] | None = None
    alarm: bool = False
    inside: tuple["Box", ...] = ()

    @property
    def style(self) -> str:
        """Return the kind that gives it its colour."""
        return "alarm" if self.alarm else self.kind

    @property
    def parts(self) -> tuple[str, ...]:
        """Return what stands in it."""
        return tuple(part for part in (self.name, self.detail, self.words) if part)


@dataclass
class _Drawing:
    """Lines of a flowchart in three parts, and the kinds that are in it."""

    most: int
    boxes: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)

    @property
    def text(self) -> str:
        return "\n".join(
            ["flowchart TB", *self.boxes, *self.links[-_LINKS:], *self.classes, *map(_style, sorted(self.kinds)), ""]
        )

    def group(self, name: str, heading: str, boxes: Sequence[Box]) -> None:
        """Draw boxes with a heading; if there are too many, the last are only counted."""
        drawn = list(boxes[: self.most])
        if len(boxes) > self.most:
            drawn.append(Box("more", f"{len(boxes) - self.most} more"))
        names = [f"{name}_{number}" for number in range(len(drawn))]
        self.boxes += [f'subgraph {name}["{label(heading)}"]', "direction TB"]
        for inner, box in zip(names, drawn, strict=True):
            self._box(inner, box)
        self.boxes.append("end")
        self.links += [f"{one} ~~~ {other}" for one, other in pairwise(names)]

    def _box(self, name: str, box: Box) -> None:
        self.kinds.add(box.style)
        if box.inside:
            self.group(name, " · ".join(box.parts), box.inside)
            self.classes.append(f"class {name} {box.style}")
        else:
            self.boxes.append(f'{name}["{"<br>".join(map(label, box.parts))}"]:::{box.style}')


def flowchart(groups: Mapping[str, Sequence[Box]]) -> str:
    """Return groups of boxes by their headings as a flowchart that Mermaid draws."""
    for most in _MOST:
        drawing = _Drawing(most)
        for number, (heading, boxes) in enumerate(groups.items()):
            drawing.group(f"g{number}", heading, boxes)
        drawing.links += [f"g{number - 1} ~~~ g{number}" for number in range(1, len(groups))]
        if len(drawing.text) <= _CHARACTERS:
            break
    return drawing.text


def walk(boxes: Sequence[Box], depth: int = 0) -> Iterator[tuple[int, Box]]:
    """Yield every box with its depth, each before what is inside."""
    for each in boxes:
        yield depth, each
        yield from walk(each.inside, depth + 1)


def _style(kind: str) -> str:
    colour = COLOURS.get(kind, PLAIN)
    return f"classDef {kind} fill:{colour}26,stroke:{colour}" + ",stroke-dasharray:4 3" * (kind in DASHED)
