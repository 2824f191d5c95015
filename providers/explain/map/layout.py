"""Places of boxes in a picture: they stand side by side like words, and begin a new row if one is full.

A range's width grows by the same step with each doubling of its addresses, since to scale a /24 beside a /8 is nothing.
Units are those of the picture, about a pixel each.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from providers.explain.map.boxes import Box

WIDTH = 1120
GAP = 6
PADDING = 8
HEADER = 26
SCALE = 8  # height of what is drawn to scale
_LEAF_HEIGHT = 52
_LEAF_WIDTH, _STEP = 112, 6
# Widths of a letter at the sizes of style.py, rather too large than too small.
NAME_LETTER, DETAIL_LETTER, CAPTION_LETTER, ALARM_LETTER = 8.2, 6.7, 6.3, 7.4


@dataclass(frozen=True)
class Placed:
    """A box with the place of its upper left corner, from that of the picture."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    inside: tuple["Placed", ...] = ()


def placed(boxes: Sequence[Box], width: float = WIDTH) -> tuple[tuple[Placed, ...], float]:
    """Boxes in rows, and the height of all."""
    found, _, height = _rows(boxes, width)
    return tuple(found), height


def flat(found: Sequence[Placed]) -> Iterator[Placed]:
    """Yield every box, each before what is inside."""
    for each in found:
        yield each
        yield from flat(each.inside)


def header(box: Box) -> float:
    """Return the height of a box above what is inside."""
    return HEADER + (SCALE + GAP if box.scale else 0)


def caption_letter(box: Box) -> float:
    """Return the width of a letter of a caption; those that warn are bold."""
    return ALARM_LETTER if box.alarm else CAPTION_LETTER


def slices(found: Sequence[Placed], height: float, first: float, most: float) -> Iterator[tuple[float, float]]:
    """Cut a picture where no words are: the first part no higher than `first`, others than `most`, if it can be."""
    uncut = [(each.y, each.y + (header(each.box) if each.inside else each.height)) for each in flat(found)]
    places = sorted({top - GAP / 2 for top, _ in uncut if top > 0})
    places = [at for at in places if not any(top < at < bottom for top, bottom in uncut)]
    start, room = 0.0, first
    while height - start > room:
        cut = max((at for at in places if start < at <= start + room), default=height)
        if cut == height:
            break
        yield start, cut
        start, room = cut, most
    yield start, height


def _place(box: Box, room: float) -> Placed:
    """Return a box in its own corner, as wide as it needs, at most as the room."""
    if not box.inside:
        width = min(max(_LEAF_WIDTH + _STEP * box.bits, len(box.detail) * DETAIL_LETTER + 2 * PADDING), room)
        return Placed(box, 0, 0, width, _LEAF_HEIGHT)
    inside, needed, height = _rows(box.inside, room - 2 * PADDING)
    top = header(box)
    width = min(max(needed, _header_width(box)) + 2 * PADDING, room)
    return Placed(box, 0, 0, width, top + height + PADDING, tuple(_moved(each, PADDING, top) for each in inside))


def _rows(boxes: Sequence[Box], room: float) -> tuple[list[Placed], float, float]:
    """Boxes in rows, from the corner of the room; and the width and height of them all."""
    found: list[Placed] = []
    row: list[Placed] = []
    x = y = widest = 0.0
    for box in boxes:
        each = _place(box, room)
        if row and x + each.width > room:
            found += _even(row)
            y += max(one.height for one in row) + GAP
            row, x = [], 0.0
        row.append(_moved(each, x, y))
        x += each.width + GAP
        widest = max(widest, x - GAP)
    found += _even(row)
    return found, widest, y + max((one.height for one in row), default=0)


def _even(row: Sequence[Placed]) -> list[Placed]:
    tallest = max((each.height for each in row), default=0)
    return [replace(each, height=tallest) for each in row]


def _moved(each: Placed, x: float, y: float) -> Placed:
    return replace(each, x=each.x + x, y=each.y + y, inside=tuple(_moved(inner, x, y) for inner in each.inside))


def _header_width(box: Box) -> float:
    caption = len(box.caption) * caption_letter(box)
    return len(box.name) * NAME_LETTER + len(box.detail) * DETAIL_LETTER + caption + 3 * PADDING
