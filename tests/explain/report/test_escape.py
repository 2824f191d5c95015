"""Hostile text, as a Markdown parser reads it: made harmless, and in a report that shows it and obeys none of it."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from providers.explain import escape
from providers.explain.report.page import comment, no_page, page
from tests.explain.map.samples import hostile_facts
from tests.explain.report.previews import bridge, ingress, node, overlay, preview, step, swarm

MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Zs")), min_size=1) | st.text("a|`\\*_<>&[]~ 1")
TEXT_ONLY = {"text", "text_special", "softbreak"}


def cell(markdown):
    """The inline tokens of a table's only cell, and how many cells there are."""
    tokens = MARKDOWN.parse(f"| head |\n| --- |\n| {markdown} |\n")
    cells = [tokens[at + 1] for at, token in enumerate(tokens) if token.type == "td_open"]
    return cells[0].children or [], len(cells)


def written(tokens):
    """Return the text that a reader sees."""
    return "".join(token.content for token in tokens)


@given(TEXTS)
def test_plain_text_is_shown_as_it_is(text):
    """No markup, no HTML, no link, one cell; only the joiner that keeps a mention from being one is added."""
    tokens, cells = cell(f"x{escape.plain(text)}")

    assert 1 == cells
    assert TEXT_ONLY >= {token.type for token in tokens}
    assert f"x{escape.shown(text)}" == written(tokens).replace("\u2060", "")


@given(TEXTS)
def test_code_is_one_span_with_all_of_it(text):
    """Backticks, pipes and backslashes too."""
    shown = escape.shown(text)
    tokens, cells = cell(f"x{escape.code(text)}")

    assert (1, f"x{shown}") == (cells, written(tokens))
    assert {"text", "code_inline"} >= {token.type for token in tokens}


@given(TEXTS)
def test_prose_is_text_and_code(text):
    """Backticks in pairs make code, and nothing makes anything else."""
    tokens, cells = cell(f"x{escape.prose(text)}")

    assert 1 == cells
    assert TEXT_ONLY | {"code_inline"} >= {token.type for token in tokens}


@given(st.lists(st.text("`a\n"), max_size=4))
def test_no_line_closes_a_fence(lines):
    """No number of backticks does."""
    shown = [escape.shown(line) for line in lines]
    tokens = MARKDOWN.parse("\n".join(escape.fenced("diff", shown)))

    assert [("fence", "diff", "".join(f"{line}\n" for line in shown))] == [
        (token.type, token.info, token.content) for token in tokens
    ]


@pytest.mark.parametrize("text", ["@team look", "see #12", "(@a)"])
def test_nobody_is_called(text):
    """A word joiner stands after the sign that forges look for."""
    assert "\u2060" in escape.plain(text)


@pytest.mark.parametrize(
    ("expected", "written", "text"),
    [
        ("run `pulumi up`, \\<then\\> look", escape.prose, "run `pulumi up`, <then> look"),
        ("docker\\_gwbridge@w1", escape.plain, "docker_gwbridge@w1"),
        # A right-to-left override could make a label look like another.
        ("a b c", escape.shown, "a\u202eb\x1bc"),
        *(
            (text, escape.shown, text)
            for text in (
                "ssh://deploy@10.0.0.1:22",
                "https://docs.docker.com/engine/",
                "sudo asks for a password: allow it without one",
            )
        ),
    ],
)
def test_what_means_no_harm_can_be_read_and_copied(expected, written, text):
    """Commands in an error are code; a name with an at sign is no mention; not each address or password is secret."""
    assert expected == written(text)


@pytest.mark.parametrize(
    "text",
    [
        "join with SWMTKN-1-abc-def please",
        "unlock with SWMKEY-1-abc",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nabc",
        "https://user:abc@example.com/",
        "redis://:abc@db",
        "https://ghp_abc@github.com/x",
        "postgres://bob:p@abc@db",
        "postgres://bob:x/abc@db",
        "ssh://bob:abc@host",
        "docker login --password=abc",
        'TOKEN="x abc"',
        '{"api_key": "abc"}',
        "Authorization: Bearer abcabcabc",
    ],
)
def test_secrets_are_not_shown(text):
    """They are left out wherever they come from."""
    assert "abc" not in escape.shown(text)
    assert "[secret]" in escape.shown(text)


@pytest.mark.timeout(400)
def test_mermaid_reads_any_label(mermaid):
    """Every sign that has a meaning there, and words that have one."""
    signs = r'" ` a|b [x] {x} (x) <br> #quot; %% end ; \ é ```'
    texts = [*signs.split(), "a\nb", "--> b"]
    drawn = [f'flowchart TB\n  a["{escape.label(text)}"]' for text in texts]

    assert [""] * len(texts) == mermaid(drawn)


EVIL = "<b>x</b> | [x](http://e.example) https://e.example www.e.example a@e.example @team #12 GH-3 **x** ~~x~~ ![x](y)"
TOKEN = "SWMTKN-1-abc"
HOSTILE = f"`{EVIL} {TOKEN}\n\n# heading\n::error::x\x1b[2J\n<!-- x"
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


PAGES = [page(preview(*STEPS, errors=ERRORS), hostile_facts(HOSTILE), timedelta(days=2)), no_page(HOSTILE, HOSTILE)]
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
