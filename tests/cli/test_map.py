"""`swarmnet map`."""

import json
import re

import pytest

from tests.explain.map.samples import ROOT, SHOP
from tests.support.command_line import swarmnet

FACTS = SHOP / "shop.facts.json"


@pytest.fixture
def draw(tmp_path, monkeypatch):
    """Run the command in an empty directory, on the shop's stack file."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        return swarmnet("map", "--dir", str(SHOP), *map(str, words))

    return run


def test_map_is_a_page_where_nothing_else_is_said(draw, tmp_path):
    """The file, and one line that sums it up; an overlap is no failure of drawing it."""
    ended = draw()

    assert (0, "map.html: 1 stack, 4 hosts, 7 networks, 2 overlaps\n") == (ended.exit_code, ended.stdout)
    assert (tmp_path / "map.html").read_text().startswith("<!DOCTYPE html>")


def test_commands_of_the_page_say_what_they_say_there(tmp_path, monkeypatch):
    """Each `swarmnet map` in docs/map.md that is shown with its line."""
    shown = re.findall(r"^\$ swarmnet map(.*)\n(.*: \d+ stacks?, .*)$", (ROOT / "docs" / "map.md").read_text(), re.M)

    (tmp_path / "stacks").symlink_to(ROOT / "stacks")
    monkeypatch.chdir(tmp_path)

    assert [line for _, line in shown] == [swarmnet("map", *words.split()).stdout.rstrip() for words, _ in shown]
    assert len(shown) == 3


@pytest.mark.parametrize(("name", "begins"), [("a.svg", "<svg "), ("a.mmd", "flowchart TB"), ("A.HTML", "<!DOCTYPE")])
def test_name_of_the_file_says_the_form(draw, tmp_path, name, begins):
    """The end of the name says the form, in any case."""
    draw("shop", "--out", name)

    assert (tmp_path / name).read_text().startswith(begins)


def test_facts_are_drawn(draw, tmp_path):
    """Services are in the page with them alone."""
    draw("--facts", FACTS)

    assert "tools_grafana" in (tmp_path / "map.html").read_text()


DEV, LATER = (json.dumps(json.loads(FACTS.read_text()) | change) for change in ({"stack": "dev"}, {"schema": 9}))
TORN = "torn: line 1, column 10: a value is missing here: write one, or remove the key"
REFUSED = [
    ("--out map.png", "map.png: a map is written as one of .html, .mmd, .svg, by the end of the file's name"),
    ("--out missing/map.html", "missing/map.html: no such file or directory"),
    ("--facts missing.json", "missing.json: no such file or directory"),
    ("--facts dev", "dev: facts of stack dev, but stacks are shop: leave this file out"),
    ("--facts later", "later: not facts of schema 1 as `swarmnet facts` writes them: schema: input should be 1"),
    (f"--facts {FACTS} --facts {FACTS}", f"{FACTS}: facts of stack shop, as another file is: leave one of the two out"),
    ("nope", f"nope: there is no file {SHOP}/Pulumi.nope.yaml; stacks are shop"),
    ("--dir .", TORN),
    ("--dir empty", "empty: there is no file Pulumi.STACK.yaml"),
]


@pytest.mark.parametrize(("words", "line"), REFUSED)
def test_what_cannot_be_drawn_is_one_line_and_no_file(draw, tmp_path, words, line):
    """A map that lacks a stack, or has the facts of another or of two times, without a word would mislead."""
    for name, text in {"dev": DEV, "later": LATER, "Pulumi.torn.yaml": "config: {"}.items():
        (tmp_path / name).write_text(text)
    ended = draw(*words.split())

    assert (1, f"{line}\n") == (ended.exit_code, ended.stderr)
    assert [] == [path.name for path in tmp_path.iterdir() if path.name.startswith("map")]
