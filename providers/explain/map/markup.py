"""Elements of HTML and SVG. Everything in them is text until it is written, and is escaped then."""

import re
from collections.abc import Mapping
from typing import Literal
from xml.etree.ElementTree import Element, indent, tostring

from providers.explain.escape import shown

# What XML does not have beside control characters: https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile(r"[\ud800-\udfff\ufffe\uffff]")

Child = Element | str
Attributes = Mapping[str, str | int | float]


def element(tag: str, attributes: Attributes | None = None, *children: Child) -> Element:
    """Return an element with its attributes and what is in it; numbers have at most two decimals."""
    made = Element(tag, {name: _written(value) for name, value in (attributes or {}).items()})
    for child in children:
        if isinstance(child, Element):
            made.append(child)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + seen(child)
        else:
            made.text = (made.text or "") + seen(child)
    return made


def page_text(root: Element) -> str:
    """Return a whole HTML page."""
    return "<!DOCTYPE html>\n" + _text(root, "html")


def picture_text(root: Element) -> str:
    """Return a whole SVG file."""
    return _text(root, "xml")


def seen(text: str) -> str:
    """Return a text on one line, without what can't be seen or must not be."""
    return _NOT_XML.sub(" ", shown(text))


def _written(value: str | int | float) -> str:
    return seen(value) if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


def _text(root: Element, method: Literal["html", "xml"]) -> str:
    indent(root, space="")
    return tostring(root, encoding="unicode", method=method) + "\n"
