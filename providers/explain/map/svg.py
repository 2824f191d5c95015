"""Boxes as SVG: for the page, cut where paper ends, and as a file of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from providers.explain.map.layout import (
    CAPTION_LETTER,
    DETAIL_LETTER,
    HEADER,
    NAME_LETTER,
    PADDING,
    SCALE,
    WIDTH,
    Placed,
    caption_letter,
    flat,
    slices,
)
from providers.explain.map.markup import Attributes, Child, element, picture_text
from providers.explain.map.style import WORDS, picture_style

_FIRST, _PAPER = 400, 740  # what a sheet of A4 across takes of a picture, below headings and alone
_MARGIN = 16
_LEGEND = 30
_EDGE = 2  # for lines at the picture's border


@dataclass(frozen=True)
class Drawing:
    """A picture with its heading, and what it shows in a sentence."""

    title: str
    desc: str
    placed: tuple[Placed, ...]
    height: float


def figure(drawing: Drawing, name: str) -> Iterator[Element]:
    """A picture for the page, in parts that paper takes; `name` is no other picture's. Boxes lead to their rows."""
    for number, (top, bottom) in enumerate(slices(drawing.placed, drawing.height, _FIRST, _PAPER)):
        here = f"{name}-{number}"
        shown = [each for each in flat(drawing.placed) if each.y < bottom and each.y + each.height > top]
        begun = {id(each) for each in shown if each.y >= top}
        part = f" (part {number + 1})" if number else ""
        attributes = {
            "viewBox": f"{-_EDGE} {top - _EDGE:g} {WIDTH + 2 * _EDGE} {bottom - top + 2 * _EDGE:g}",
            "role": "group",
            "aria-labelledby": f"{here}-title",
            "aria-describedby": f"{here}-desc",
            "class": "continued" if number else "begun",
        }
        yield element(
            "svg",
            attributes,
            element("title", {"id": f"{here}-title"}, drawing.title + part),
            element("desc", {"id": f"{here}-desc"}, drawing.desc),
            _hatch(here),
            *(_box(each, here, id(each) in begun, link=True) for each in shown),
        )


def document(title: str, desc: str, drawings: Sequence[Drawing]) -> str:
    """Return a file with all pictures below each other, and a legend."""
    y: float = _MARGIN + _LEGEND
    parts: list[Child] = [element("text", {"x": 0, "y": _MARGIN + 6, "class": "name"}, title), *legend(drawings, y - 4)]
    y += _LEGEND
    for drawing in drawings:
        parts.append(element("text", {"x": 0, "y": y, "class": "name"}, drawing.title))
        boxes = (_box(each, "map", True, link=False) for each in flat(drawing.placed))
        parts.append(element("g", {"transform": f"translate(0 {y + 8:g})"}, *boxes))
        y += drawing.height + _LEGEND + _MARGIN
    height = y - _LEGEND
    attributes: Attributes = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": f"{-_MARGIN} 0 {WIDTH + 2 * _MARGIN} {height:g}",
        "width": WIDTH + 2 * _MARGIN,
        "height": height,
        "role": "img",
        "aria-labelledby": "map-title",
        "aria-describedby": "map-desc",
    }
    paper = element("rect", {"x": -_MARGIN, "y": 0, "width": "100%", "height": "100%", "class": "paper"})
    named = (element("title", {"id": "map-title"}, title), element("desc", {"id": "map-desc"}, desc))
    return picture_text(
        element("svg", attributes, *named, element("style", None, picture_style()), _hatch("map"), paper, *parts)
    )


def legend(drawings: Sequence[Drawing], y: float) -> Iterator[Element]:
    """Yield the kinds that are in the pictures, side by side."""
    kinds = {each.box.kind for drawing in drawings for each in flat(drawing.placed)}
    x = 0.0
    for kind, words in WORDS.items():
        if kind in kinds:
            yield element("rect", {"x": x, "y": y, "width": 14, "height": 14, "rx": 2, "class": f"box {kind}"})
            yield element("text", {"x": x + 20, "y": y + 11}, words)
            x += 32 + len(words) * CAPTION_LETTER


def _hatch(name: str) -> Element:
    """Return the pattern of what overlaps, so that it is told by more than its colour."""
    attributes: Attributes = {
        "id": f"{name}-hatch",
        "width": 12,
        "height": 12,
        "patternUnits": "userSpaceOnUse",
        "patternTransform": "rotate(45)",
    }
    line = element("line", {"x1": 0, "y1": 0, "x2": 0, "y2": 12, "class": "hatch"})
    return element("defs", None, element("pattern", attributes, line))


def _box(each: Placed, name: str, words: bool, link: bool) -> Element:
    """Return a box; without its words if it began in the part above."""
    box = each.box
    shape: Attributes = {"x": each.x, "y": each.y, "width": each.width, "height": each.height, "rx": 4}
    parts: list[Element] = [element("rect", {**shape, "class": f"box {box.kind}{' alarmed' if box.alarm else ''}"})]
    if box.alarm:
        parts.append(element("rect", {**shape, "fill": f"url(#{name}-hatch)"}))
    if not words:
        return element("g", {"aria-hidden": "true"}, *parts)
    parts += [*_header(each), *_to_scale(each)] if each.inside else _lines(each)
    drawn = element("g", {"aria-hidden": "true"}, *parts)  # else its words, perhaps cut, are read after the label
    title = element("title", None, box.words)
    if link and box.anchor:
        return element("a", {"href": f"#{box.anchor}"}, title, drawn)
    return element("g", {"aria-hidden": "true"} if link else None, title, drawn)  # the words of its box have it


def _lines(each: Placed) -> Iterator[Element]:
    """Yield the three lines of a box with nothing in it."""
    box, x, room = each.box, each.x + PADDING, each.width - 2 * PADDING
    name_class = "free-name" if box.kind == "free" else "name"
    yield _text(x, each.y + 15, "alarm" if box.alarm else "caption", _fitting(box.caption, room, caption_letter(box)))
    yield _text(x, each.y + 30, name_class, _fitting(box.name, room, NAME_LETTER))
    yield _text(x, each.y + 45, "detail", _fitting(box.detail, room, DETAIL_LETTER))


def _header(each: Placed) -> Iterator[Element]:
    """Yield the one line of a box with others in it."""
    box, y = each.box, each.y + 17
    used = len(box.name) * NAME_LETTER + len(box.detail) * DETAIL_LETTER + 4 * PADDING
    caption = _fitting(box.caption, each.width - used, caption_letter(box))
    parts = [
        element("tspan", {"class": "name"}, _fitting(box.name, each.width - 2 * PADDING, NAME_LETTER)),
        *([element("tspan", {"class": "detail", "dx": 8}, box.detail)] if box.detail else []),
        element("tspan", {"class": "alarm" if box.alarm else "caption", "dx": 8}, caption),
    ]
    yield element("text", {"x": each.x + PADDING, "y": y}, *parts)


def _to_scale(each: Placed) -> Iterator[Element]:
    """Yield a thin bar that shows what is taken of a block as it is: at least a line for each range."""
    if not each.box.scale:
        return
    x, y, width = each.x + PADDING, each.y + HEADER - 1, each.width - 2 * PADDING
    yield element("rect", {"x": x, "y": y, "width": width, "height": SCALE, "class": "track"})
    for part in each.box.scale:
        length = max(part.length * width, 1.5)
        place = {"x": x + min(part.start * width, width - length), "y": y, "width": length, "height": SCALE}
        yield element("rect", {**place, "class": f"bar-{part.kind}"})


def _text(x: float, y: float, style: str, words: str) -> Element:
    return element("text", {"x": x, "y": y, "class": style}, words)


def _fitting(words: str, room: float, letter: float) -> str:
    """Cut a text to the room there is."""
    most = max(int(room / letter), 1)
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"
