"""Words can be read on every colour, by the measure of https://www.w3.org/TR/WCAG21/#contrast-minimum."""

import re

import pytest

from providers.explain.map.style import picture_style

LEAST = 4.5
RULE = re.compile(r"^\.([a-z-]+) \{ (.*) \}$", re.MULTILINE)


def rules(text):
    """Fill or line of each class in a part of the style sheet, and the ink of all texts."""
    found = {
        name: dict(part.strip().split(": ") for part in body.split(";") if part.strip())
        for name, body in RULE.findall(text)
    }
    (ink,) = re.findall(r"^text \{ fill: (#\w+); \}$", text, re.MULTILINE)
    return found, ink


def linear(colour):
    """The three parts of a colour, 0 to 255."""
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def luminance(parts):
    """Relative luminance."""
    shares = [part / 255 for part in parts]
    red, green, blue = (share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """Return the contrast of two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


PARTS = re.split(r"@media[^{]*\{\n", picture_style())[:2]


@pytest.mark.parametrize("part", PARTS, ids=["light", "dark"])
def test_words_can_be_read_on_every_box(part):
    """Ink, captions and the red of an alarm, which stands on stripes, have enough contrast."""
    found, ink = rules(part)
    stripes = [
        (1 - share) * below + share * line
        for share in [float(found["hatch"]["stroke-opacity"])]
        for below, line in zip(linear(found["alarmed"]["fill"]), linear(found["hatch"]["stroke"]), strict=True)
    ]
    fills = [linear(rule["fill"]) for name, rule in found.items() if "fill" in rule and "stroke" in rule]
    inks = [(linear(each), fill) for each in (ink, found["caption"]["fill"]) for fill in fills]
    alarms = [
        (linear(each), below)
        for each in (ink, found["alarm"]["fill"])
        for below in (stripes, linear(found["alarmed"]["fill"]))
    ]

    assert 14 < len(fills)
    assert [] == [pair for pair in (*inks, *alarms) if contrast(*pair) < LEAST]
