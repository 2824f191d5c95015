"""Hostile text of a host, a state or a stack file: the report shows it, and obeys none of it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from markdown_it import MarkdownIt

from providers.explain.facts_file import FactsFile
from providers.explain.report.page import comment, no_page, page
from tests.explain.report.previews import bridge, ingress, node, overlay, preview, step, swarm

EVIL = "<b>x</b> | [x](http://e.example) https://e.example www.e.example a@e.example @team #12 GH-3 **x** ~~x~~ ![x](y)"
TOKEN = "SWMTKN-1-abc"
HOSTILE = f"`{EVIL} {TOKEN}\n\n# heading\n::error::x\x1b[2J\n<!-- x"
MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})
FACTS = {
    "schema": 1,
    "stack": HOSTILE,
    "taken_at": datetime(2026, 11, 24, tzinfo=UTC),
    "state": HOSTILE,
    "hosts": {
        "w1": {"role": HOSTILE, "availability": HOSTILE, "tasks": {HOSTILE: 1}},
        HOSTILE: {"silent": HOSTILE, "state": HOSTILE},
    },
    "networks": {
        "app": {
            "id": HOSTILE,
            "services": [{"name": HOSTILE, "ports": [HOSTILE], "tasks": 1}],
            "containers": [HOSTILE],
        },
        HOSTILE: {"id": "x", "ingress": True, "services": [{"name": HOSTILE, "ports": [f"8080/{HOSTILE}"]}]},
    },
    "forecast": [
        {
            "resource": "ingress",
            "stages": [{"doing": HOSTILE, "seconds": 1}],
            "seconds": 1,
            "drained": [HOSTILE],
            "restarted": [HOSTILE],
            "stopped": [HOSTILE],
            "absences": [{"service": HOSTILE, "ports": [HOSTILE], "seconds": 3}],
            "restarts": [{"service": HOSTILE, "tasks": 1, "times": 2}],
        },
        {"resource": "swarm", "problem": HOSTILE},
    ],
}
STEPS = [
    step("update", overlay(), overlay(where="d", settled=HOSTILE, on_in_use="migrate")),
    step("update", overlay("b", settled=HOSTILE), overlay("b")),
    step("update", ingress(), ingress("d")),
    step("update", ingress(settled=HOSTILE), ingress()),
    step("update", bridge(), bridge(bridge_name=HOSTILE)),
    step("update", node(), node(labels={HOSTILE: HOSTILE})),
    step("update", swarm(data_path_port=7777), swarm(data_path_port=7789)),
    step("delete", node("w1")),
]
ERRORS = {"ingress": HOSTILE, HOSTILE: HOSTILE}
# What is beside text: the marks of the report's own.
OURS = {"strong", "s", "em", "code_inline", "softbreak", "text", "text_special", "html_inline"}
LINKS = re.compile(r"https?://|www\.e|@e\.|(?<!\w)@team|#12|GH-3")


def texts(markdown):
    """The inline tokens outside code, and the HTML blocks."""
    for token in MARKDOWN.parse(markdown):
        if token.type == "html_block":
            yield token
        yield from token.children or ()


PAGES = [page(preview(*STEPS, errors=ERRORS), FactsFile(**FACTS), timedelta(days=2)), no_page(HOSTILE, HOSTILE)]
each_page = pytest.mark.parametrize("shown", [comment([text]) for text in PAGES], ids=["a preview", "none"])


@each_page
def test_nothing_becomes_markup(shown):
    """No link, no heading, no HTML, no picture, nobody called."""
    found = list(texts(shown))
    made = {token.type.removesuffix("_open").removesuffix("_close") for token in found if token.type != "html_block"}
    html = {token.content.strip() for token in found if token.type.startswith("html")}
    plain = [token.content for token in found if token.type in ("text", "text_special")]

    assert made <= OURS - {"html_inline"}
    assert html <= {"<!-- swarmnet report -->", "<details><summary>Full diff</summary>", "</details>"}
    assert [] == [text for text in plain if LINKS.search(text)]


@each_page
def test_nothing_is_obeyed_or_given_away(shown):
    """A workflow's log obeys nothing, and readers see no secret."""
    assert "\x1b" not in shown
    assert TOKEN not in shown
    assert [] == [line for line in shown.splitlines() if line.lstrip().startswith("::")]
    assert "\n# heading" not in shown
