"""Text written by users, as a Markdown parser reads it once it is made harmless."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from providers.explain import escape

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


def test_commands_in_an_error_are_code():
    """They stay between their backticks."""
    assert "run `pulumi up`, \\<then\\> look" == escape.prose("run `pulumi up`, <then> look")


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


def test_a_name_with_an_at_sign_is_no_mention():
    """It can be copied as it is."""
    assert "docker\\_gwbridge@w1" == escape.plain("docker_gwbridge@w1")


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


@pytest.mark.parametrize(
    "text",
    ["ssh://deploy@10.0.0.1:22", "https://docs.docker.com/engine/", "sudo asks for a password: allow it without one"],
)
def test_what_is_no_secret_is_shown(text):
    """Addresses, links and words about passwords are shown as they are."""
    assert text == escape.shown(text)


def test_what_turns_text_around_is_not_shown():
    """A right-to-left override could make a label look like another."""
    assert "a b c" == escape.shown("a\u202eb\x1bc")


@pytest.mark.timeout(400)
def test_mermaid_reads_any_label(mermaid):
    """Every sign that has a meaning there, and words that have one."""
    signs = r'" ` a|b [x] {x} (x) <br> #quot; %% end ; \ é ```'
    texts = [*signs.split(), "a\nb", "--> b"]
    drawn = [f'flowchart TB\n  a["{escape.label(text)}"]' for text in texts]

    assert [""] * len(texts) == mermaid(drawn)
