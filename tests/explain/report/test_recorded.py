"""Reports on previews that the real CLI wrote (tests/recorded), word for word, and as others read them."""

import re

import pytest
from markdown_it import MarkdownIt

from providers.explain.report.changes import changes, desired
from providers.explain.report.effects import consequence
from providers.explain.report.preview import Preview, name_in
from tests.recorded import markdown, names, preview, rendered

CELLS = ("network", "change", "subnet", "gateway", "MTU", "flags")
OURS = re.compile(r"<!-- swarmnet report -->|<details><summary>Full diff</summary>|</details>")


@pytest.mark.parametrize("name", names())
def test_report_is_the_one_that_was_read(name):
    """`python -m tests.recorded` makes them anew, for the diff to be read."""
    assert markdown(name).read_text() == rendered(name)


@pytest.mark.parametrize("name", names())
def test_preview_says_once_what_each_change_disturbs(name):
    """It is on the row of each changed or replaced resource that running workloads feel, and on no other."""
    seen = Preview.parse(preview(name).read_bytes())
    plan, _ = desired(seen)
    felt = {
        each.name: consequence(each, frozenset()) for each in changes(seen, plan) if each.op in ("update", "replace")
    }
    said = [(name_in(each.urn), each.message.strip()) for each in seen.diagnostics if each.severity == "info"]

    assert sorted((name, f"{words}; names: `swarmnet plan lab`") for name, words in felt.items() if words) == sorted(
        said
    )


@pytest.mark.parametrize("name", names())
def test_markdown_is_read_as_it_is_meant(name):
    """Every fence is closed, each row of the table has all cells, no HTML but ours, no link."""
    text = markdown(name).read_text()
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    inline = [child for token in tokens for child in token.children or []]
    html = [token.content.strip() for token in tokens if token.type == "html_block"]

    assert {"mermaid", "diff"} >= {token.info for token in tokens if token.type == "fence"}
    rows = re.findall(r"^\| (?!---).*$", text, re.MULTILINE)
    assert len(rows) == sum(token.type == "tr_open" for token in tokens)
    assert {len(CELLS)} >= {len(re.findall(r"(?<!\\)\|", row)) - 1 for row in rows}
    assert [] == [line for block in html for line in block.splitlines() if not OURS.fullmatch(line)]
    assert set() == {token.type for token in inline} & {"html_inline", "link_open", "image"}


@pytest.mark.timeout(400)
def test_mermaid_reads_every_picture(mermaid):
    """The real parser, on all of them at once."""
    found = {name: re.search(r"^```mermaid\n(.*?)^```$", markdown(name).read_text(), re.M | re.S) for name in names()}
    drawn = {name: match[1] for name, match in found.items() if match}

    assert dict.fromkeys(drawn, "") == dict(zip(drawn, mermaid(list(drawn.values())), strict=True))


def test_mermaid_finds_what_is_wrong(mermaid):
    """Or the test above would prove nothing."""
    assert [""] != mermaid(['flowchart TB\n  a["b" c"]'])


@pytest.mark.parametrize("name", names())
def test_no_path_of_a_machine_was_recorded(name):
    """A recording holds no path of the machine that made it."""
    assert [] == re.findall(r"sourcePosition|stackTrace|/root/\S*|/home/\S*|/tmp/\S*", preview(name).read_text())
