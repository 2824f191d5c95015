"""The three forms of the map: a page that needs no other file and no network, an SVG, a flowchart for Mermaid."""

import re
from collections.abc import Iterator, Mapping, Sequence
from xml.etree.ElementTree import Element, indent, tostring

from providers.explain.escape import shown
from providers.explain.flowchart import COLOURS, DASHED, PLAIN, Box, flowchart, walk
from providers.explain.map.address_ranges import Overlap, Stack, address_ranges, overlaps
from providers.explain.map.boxes import groups
from providers.rules.checks.across_stacks import shared
from providers.rules.vocabulary.words import some

# Nothing is loaded and nothing runs, whatever stands in a name: https://www.w3.org/TR/CSP3/
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
# What XML does not have beside control characters: https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile(r"[\ud800-\udfff\ufffe\uffff]")

# Of a picture, about pixels: its width, the height of a line of words, the space around what is inside a box, and
# from where to where the bars stand, which are to scale.
_WIDTH, _LINE, _GAP, _BARS = 1100, 22, 6, (780, 1050)
_LETTERS = 100  # in a line beside the bars

# Without variables, which not everything that draws an SVG knows.
_STYLE = """
:root { color-scheme: light dark; }
html { background: Canvas; color: CanvasText; }
body { margin: 0 auto; padding: 1.5rem; max-width: 70rem; font: 1rem/1.5 system-ui, sans-serif; }
nav { display: flex; flex-wrap: wrap; gap: 0 1.25rem; }
li { overflow-wrap: anywhere; }
ul.problems { list-style: none; padding: 0; }
ul.problems li { border-left: .25rem solid #cf222e; margin: .25rem 0; padding-left: .75rem; }
figure { margin: 1rem 0; }
figure svg { width: 100%; height: auto; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; }
caption { text-align: left; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #80808066; }
tr { break-inside: avoid; }
text { font: 12px system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; fill: #1f2328; }
.paper { fill: #ffffff; }
@media screen and (prefers-color-scheme: dark) { text { fill: #f0f3f6; } .paper { fill: #0d1117; } }
"""


def page(stacks: Sequence[Stack]) -> str:
    """Return the whole page."""
    met = overlaps(stacks)
    head = _element(
        "head",
        None,
        _element("meta", {"charset": "utf-8"}),
        _element("meta", {"http-equiv": "Content-Security-Policy", "content": _POLICY}),
        _element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        _element("title", None, _title(stacks)),
        _element("style", None, _STYLE),
    )
    found = groups(stacks, met)
    links = (_element("a", {"href": f"#g{at}"}, heading) for at, heading in enumerate(found))
    contents = _element("nav", {"aria-label": "Contents"}, *links)
    parts = [part for at, (heading, boxes) in enumerate(found.items()) for part in _group(f"g{at}", heading, boxes)]
    main = _element("main", None, *_top(stacks, met), contents, *parts)
    root = _element("html", {"lang": "en"}, head, _element("body", None, main))
    return "<!DOCTYPE html>\n" + tostring(root, encoding="unicode", method="html") + "\n"


def svg(stacks: Sequence[Stack]) -> str:
    """Return all pictures of the page as one SVG."""
    root = _picture(_title(stacks), groups(stacks, overlaps(stacks)))
    root.insert(1, _element("style", None, _STYLE))
    indent(root, space="")
    return tostring(root, encoding="unicode") + "\n"


def mermaid(stacks: Sequence[Stack]) -> str:
    """Return the pictures as a flowchart for Mermaid."""
    return flowchart(groups(stacks, overlaps(stacks)))


def summary(stacks: Sequence[Stack]) -> str:
    """`1 stack, 5 hosts, 4 networks, 1 overlap`; networks are bridges of hosts, ingress and overlays."""
    met = overlaps(stacks)
    hosts = sum(len(stack.validation.stackfile.hosts) for stack in stacks)
    ours = ("gwbridge", "ingress", "overlay")
    networks = sum(each.stack != "" and each.kind in ours for each in address_ranges(stacks, met))
    counted = ((len(stacks), "stack"), (hosts, "host"), (networks, "network"), (len(met), "overlap"))
    return ", ".join(f"{number or 'no'} {noun}{'' if number == 1 else 's'}" for number, noun in counted)


def _title(stacks: Sequence[Stack]) -> str:
    return f"Networks of {some([stack.name for stack in stacks], 9)}"


def _top(stacks: Sequence[Stack], met: Sequence[Overlap]) -> Iterator[Element]:
    yield _element("h1", None, _title(stacks))
    yield _element("p", None, f"{summary(stacks)}.")
    for stack in stacks:
        if stack.facts:
            taken = f"{stack.facts.taken_at:%Y-%m-%d %H:%M %Z}"
            yield _element("p", None, f"What was found on the hosts of {stack.name} is as of {taken}.")
    clashes = [f"{each.stack}: {each.line}" for each in met]
    problems = [f"{stack.name}: {line}" for stack in stacks for line in stack.validation.why_no_plan]
    warnings = [f"{stack.name}: {line}" for stack in stacks for line in stack.validation.warnings]
    together = shared({stack.name: stack.validation.resolved for stack in stacks})
    for heading, style, lines in (
        ("Overlaps", "problems", clashes),
        ("Other problems", "problems", [line for line in problems if line not in clashes]),
        ("Warnings", "notes", warnings),
        ("Ranges that stacks share without harm", "notes", [f"{e.stack}: {e.line}" for e in together if not e.joined]),
    ):
        if lines:
            yield _element("h2", None, heading)
            yield _element("ul", {"class": style}, *(_element("li", None, line) for line in lines))


def _group(name: str, heading: str, boxes: Sequence[Box]) -> Iterator[Element]:
    """Yield boxes as a picture, and the same in a table for those who read rather than look."""
    yield _element("h2", {"id": name}, heading)
    yield _element("figure", None, _picture(heading, {"": boxes}))
    heads = (_element("th", {"scope": "col"}, head) for head in ("Name", "Range", "What", "Remarks"))
    rows = (_row(depth, box) for depth, box in walk(boxes))
    parts = (_element("thead", None, _element("tr", None, *heads)), _element("tbody", None, *rows))
    caption = _element("caption", None, f"{heading}: what is inside of something is indented.")
    frame = {"class": "table", "role": "region", "aria-label": heading, "tabindex": "0"}
    yield _element("div", frame, _element("table", None, caption, *parts))


def _row(depth: int, box: Box) -> Element:
    head = _element("th", {"scope": "row", "style": f"padding-left: {depth:g}rem"}, box.name)
    return _element("tr", None, head, *(_element("td", None, text) for text in (box.detail, box.words, box.remarks)))


def _picture(title: str, found: Mapping[str, Sequence[Box]]) -> Element:
    """Return groups of boxes as an SVG: a line for each, those inside a box below its own."""
    parts: list[Element] = []
    y = 0.0
    for heading, boxes in found.items():
        if heading:
            parts.append(_text(2, y + 16, heading))
            y += _LINE
        for box in boxes:
            drawn, height = _drawn(box, 1, y, _WIDTH - 2)
            parts += drawn
            y += height + _GAP
    size = {"viewBox": f"0 -2 {_WIDTH} {y:g}", "width": str(_WIDTH), "height": f"{y:g}"}
    named = {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "aria-label": title}
    paper = _element("rect", {"y": "-2", "width": "100%", "height": "100%", "class": "paper"})
    return _element("svg", {**named, **size}, _element("title", None, title), paper, *parts)


def _drawn(box: Box, x: float, y: float, width: float) -> tuple[list[Element], float]:
    """Return a box with what is inside, and its height."""
    inside: list[Element] = []
    height = _LINE + 2.0
    for each in box.inside:
        parts, taken = _drawn(each, x + _GAP, y + height, width - 2 * _GAP)
        inside += parts
        height += taken + _GAP
    colour = COLOURS.get(box.style, PLAIN)
    look = {"fill": colour, "fill-opacity": "0.12", "stroke": colour, "stroke-width": "3" if box.alarm else "1"}
    dashes = {"stroke-dasharray": "4 3"} if box.style in DASHED else {}
    title = _element("title", None, "; ".join(filter(None, (*box.parts, box.remarks))))
    parts = [_element("rect", {**_place(x, y, width, height), "rx": "3", **look, **dashes}, title)]
    words = " · ".join(box.parts[1:])
    parts.append(_text(x + 8, y + 16, box.name, words))
    if box.share:
        start, length = (share * (_BARS[1] - _BARS[0]) for share in box.share)
        bar = _place(_BARS[0] + start, y + 8, max(length, 1.5), 7)
        parts.append(_element("rect", {**bar, "fill": colour}))
    return [*parts, *inside], height


def _text(x: float, y: float, name: str, words: str = "") -> Element:
    name = _cut(name, _LETTERS // 2)
    rest = _element("tspan", {"dx": "8"}, _cut(words, _LETTERS - len(name)))
    bold = _element("tspan", {"font-weight": "600"}, name)
    return _element("text", {"x": f"{x:g}", "y": f"{y:g}"}, bold, *([rest] if words else []))


def _place(x: float, y: float, width: float, height: float) -> dict[str, str]:
    found = {"x": x, "y": y, "width": width, "height": height}
    return {name: f"{value:.2f}".rstrip("0").rstrip(".") for name, value in found.items()}


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"


def _element(tag: str, attributes: Mapping[str, str] | None = None, *children: Element | str) -> Element:
    """Return an element of HTML or SVG. All that is in it is text until it is written, and is escaped then."""
    made = Element(tag, {name: _seen(value) for name, value in (attributes or {}).items()})
    made.extend([each for each in children if isinstance(each, Element)])
    made.text = "".join(_seen(each) for each in children if isinstance(each, str)) or None
    return made


def _seen(text: str) -> str:
    """Return a text on one line, without what can't be seen or must not be."""
    return _NOT_XML.sub(" ", shown(text))
