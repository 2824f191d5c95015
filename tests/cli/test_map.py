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

    def run(*words, directory=SHOP):
        return swarmnet("map", "--dir", str(directory), *map(str, words))

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


def test_other_end_of_a_name_is_refused(draw):
    """It is refused before anything is read."""
    ended = draw("--out", "map.png")

    assert (1, "map.png: a map is written as one of .html, .mmd, .svg, by the end of the file's name\n") == (
        ended.exit_code,
        ended.stderr,
    )


def test_unknown_stack_is_refused(draw, tmp_path):
    """One line, and no file."""
    ended = draw("nope")

    assert (1, f"nope: there is no file {SHOP}/Pulumi.nope.yaml; stacks are shop\n") == (ended.exit_code, ended.stderr)
    assert not (tmp_path / "map.html").exists()


def test_stack_file_that_cannot_be_read_is_refused(draw, tmp_path):
    """A map that lacks a stack without a word would mislead."""
    (tmp_path / "Pulumi.torn.yaml").write_text("config: {")
    ended = draw(directory=tmp_path)

    assert (1, "torn: line 1, column 10: a value is missing here: write one, or take the key away\n") == (
        ended.exit_code,
        ended.stderr,
    )


def test_directory_without_stacks_is_refused(draw, tmp_path):
    """There is nothing to draw."""
    ended = draw(directory=tmp_path)

    assert (1, f"{tmp_path}: there is no file Pulumi.STACK.yaml\n") == (ended.exit_code, ended.stderr)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"stack": "dev"}, "facts of stack dev, which is not drawn: name it, or leave this file out"),
        ({"schema": 9}, "no facts of schema 1 as `swarmnet facts` writes them: schema: input should be 1"),
    ],
)
def test_facts_that_do_not_fit_are_refused(draw, tmp_path, change, expected):
    """Those of another stack, or of another version."""
    (tmp_path / "facts.json").write_text(json.dumps(json.loads(FACTS.read_text()) | change))
    ended = draw("--facts", "facts.json")

    assert (1, f"facts.json: {expected}\n") == (ended.exit_code, ended.stderr)


def test_facts_given_twice_are_refused(draw):
    """Two looks at one stack: which is the newer is not ours to guess."""
    ended = draw("--facts", FACTS, "--facts", FACTS)

    assert f"{FACTS}: facts of stack shop, as another file is: leave one of the two out\n" == ended.stderr


@pytest.mark.parametrize("words", [("--facts", "missing.json"), ("--out", "missing/map.html")])
def test_files_that_are_not_there_are_told(draw, words):
    """A missing file to read and a missing folder to write into are told."""
    ended = draw(*words)

    assert (1, f"{words[1]}: no such file or directory\n") == (ended.exit_code, ended.stderr)
